/* When a window closes, and with what: every rule by table, with a clock that is a number. */
#include "daemon/master/debounce.h"

#include "tests/support/unit.h"

#include <stdio.h>
#include <string.h>

#define T0 1000000 /* an arbitrary beginning, in ms */

static struct mono at(int64_t ms)
{
	return mono_add_ms((struct mono){0}, T0 + ms);
}

/* What looking finds; by default that every file changed. */
struct world {
	enum debounce_look answer;
	const char *only; /* the path it is about; others have changed */
	unsigned looks;
};

static enum debounce_look look(void *owner, struct debounce_entry *e)
{
	struct world *w = owner;

	w->looks++;
	return !w->only || strcmp(e->path, w->only) == 0 ? w->answer : DEBOUNCE_CHANGED;
}

enum verb { END, FILE_, DIR_, OVERFLOW_, LOCK, UNLOCK };

struct step {
	enum verb verb;
	int64_t ms;
	const char *path;
	enum debounce_edge edge;
};

#define OVER                    \
	{                       \
		END, 0, NULL, 0 \
	}
#define CLOSED(ms, path)                         \
	{                                        \
		FILE_, ms, path, DEBOUNCE_CLOSED \
	}
#define PLACED(ms, path)                         \
	{                                        \
		FILE_, ms, path, DEBOUNCE_PLACED \
	}
#define CREATED(ms, path)                         \
	{                                         \
		FILE_, ms, path, DEBOUNCE_CREATED \
	}
#define GONE(ms, path)                         \
	{                                      \
		FILE_, ms, path, DEBOUNCE_GONE \
	}

static void play(struct debounce *d, const struct step *steps)
{
	for (const struct step *s = steps; s->verb != END; s++) {
		switch (s->verb) {
		case FILE_:
			debounce_file(d, s->path, s->edge, at(s->ms));
			break;
		case DIR_:
			debounce_dir(d, at(s->ms));
			break;
		case OVERFLOW_:
			debounce_overflow(d, at(s->ms));
			break;
		case LOCK:
			debounce_lock(d, true, at(s->ms), at(s->ms));
			break;
		case UNLOCK:
			debounce_lock(d, false, at(s->ms), at(s->ms));
			break;
		case END:
			break;
		}
	}
}

static const struct {
	const char *what;
	uint32_t delay_ms;
	int64_t deadline; /* -1: none */
	struct step steps[8];
} deadlines[] = {
	{"nothing", 3, -1, {OVER}},
	{"one save", 3, 3, {CLOSED(0, "/a")}},
	{"a longer delay", 200, 200, {CLOSED(0, "/a")}},
	{"two final edges of one file", 3, 4, {CLOSED(0, "/a"), CLOSED(1, "/a")}},
	{"gio: old content closed, new one moved in", 3, 4, {CLOSED(0, "/a"), PLACED(1, "/a")}},
	{"two files", 3, 26, {CLOSED(0, "/a"), CLOSED(1, "/b")}},
	{"two files, longer delay", 40, 41, {CLOSED(0, "/a"), CLOSED(1, "/b")}},
	{"a directory, then a file", 3, 35, {{DIR_, 0, NULL, 0}, PLACED(10, "/a")}},
	{"a directory long before", 3, 103, {{DIR_, 0, NULL, 0}, PLACED(100, "/a")}},
	{"a directory alone", 3, -1, {{DIR_, 0, NULL, 0}}},
	{"a deletion", 3, 60, {GONE(0, "/a")}},
	{"vim: moved away, created, closed",
	 3,
	 8,
	 {GONE(0, "/a"), CREATED(1, "/a"), CLOSED(5, "/a")}},
	{"created and not closed", 3, 60, {CREATED(0, "/a")}},
	{"one is still open", 3, 60, {GONE(0, "/a"), CLOSED(10, "/b")}},
	{"overflow", 3, 25, {{OVERFLOW_, 0, NULL, 0}}},
	{"checkout under way", 3, 2005, {{LOCK, 0, NULL, 0}, CLOSED(5, "/a")}},
	{"checkout done", 3, 30, {{LOCK, 0, NULL, 0}, CLOSED(5, "/a"), {UNLOCK, 8, NULL, 0}}},
	{"lock goes late", 3, 108, {{LOCK, 0, NULL, 0}, CLOSED(5, "/a"), {UNLOCK, 100, NULL, 0}}},
	{"lock comes late", 3, 2000, {CLOSED(0, "/a"), {LOCK, 1, NULL, 0}}},
	{"a lock that was over before",
	 3,
	 13,
	 {{LOCK, 0, NULL, 0}, {UNLOCK, 5, NULL, 0}, CLOSED(10, "/a")}},
	{"a stale lock", 3, 20003, {{LOCK, 0, NULL, 0}, CLOSED(20000, "/a")}},
	{"changes that do not end",
	 3,
	 1500,
	 {CLOSED(0, "/a"), CLOSED(500, "/b"), CLOSED(1000, "/c"), CLOSED(1490, "/d")}},
	{"a checkout that does not end",
	 3,
	 10001,
	 {CLOSED(1, "/a"), {LOCK, 2, NULL, 0}, CLOSED(9999, "/b")}},
};

TEST(the_deadline_follows_the_rules)
{
	for (size_t i = 0; i < ARRAY_LEN(deadlines); i++) {
		struct debounce d;
		struct mono deadline;
		int64_t ms;

		debounce_init(&d, deadlines[i].delay_ms);
		play(&d, deadlines[i].steps);
		deadline = debounce_deadline(&d);
		ms = mono_is_set(deadline) ? deadline.ns / 1000000 - T0 : -1;
		debounce_finish(&d);
		if (ms != deadlines[i].deadline)
			fail_msg("%s: %lld ms, expected %lld", deadlines[i].what, (long long)ms,
				 (long long)deadlines[i].deadline);
	}
}

TEST(between_two_locks_of_a_rebase_the_window_goes_on)
{
	struct debounce d;

	debounce_init(&d, 3);
	debounce_series(&d, true);
	debounce_file(&d, "/a", DEBOUNCE_CLOSED, at(0));
	assert_true(debounce_deadline(&d).ns == at(3).ns); /* halted, and somebody edits: no lock */
	debounce_lock(&d, true, at(1), at(1));
	debounce_lock(&d, false, at(5), at(5));
	assert_true(debounce_deadline(&d).ns == at(5 + DEBOUNCE_SERIES_MS).ns);
	debounce_series(&d, false);
	assert_true(debounce_deadline(&d).ns == at(25).ns);
	debounce_finish(&d);
}

/* A batch as text: its paths, "overflow", or "-" for none. */
static const char *take(struct debounce *d, int64_t ms, bool force, struct world *w, char *out,
			size_t size)
{
	struct debounce_batch b;
	size_t len = 0;

	snprintf(out, size, "-");
	if (!debounce_take(d, at(ms), force, look, w, &b))
		return out;
	out[0] = '\0';
	for (size_t i = 0; i < b.paths.len; i++)
		len += (size_t)snprintf(out + len, size - len, "%s%s", i ? " " : "", b.paths.v[i]);
	if (b.overflow)
		snprintf(out + len, size - len, "overflow");
	strv_finish(&b.paths);
	return out;
}

static const struct {
	const char *what;
	struct step steps[6];
	enum debounce_look answer;
	const char *only;
	int64_t ms;
	bool force;
	const char *batch;
	int64_t again; /* the deadline afterwards, or -1 */
} takes[] = {
	{"sorted",
	 {CLOSED(0, "/b"), CLOSED(0, "/a"), CLOSED(0, "/c")},
	 .ms = 30,
	 .batch = "/a /b /c",
	 .again = -1},
	{"no change", {CLOSED(0, "/a")}, DEBOUNCE_SAME, NULL, 3, false, "-", -1},
	{"one of two",
	 {CLOSED(0, "/a"), CLOSED(0, "/b")},
	 DEBOUNCE_SAME,
	 "/a",
	 30,
	 false,
	 "/b",
	 -1},
	{"deleted", {GONE(0, "/a")}, DEBOUNCE_AWAY, NULL, 60, false, "/a", -1},
	{"replaced", {GONE(0, "/a")}, DEBOUNCE_CHANGED, NULL, 60, false, "/a", -1},
	{"came and went",
	 {CREATED(0, "/a"), CLOSED(1, "/a"), GONE(2, "/a")},
	 DEBOUNCE_AWAY,
	 NULL,
	 62,
	 false,
	 "-",
	 -1},
	{"went, came and went",
	 {GONE(0, "/a"), CREATED(1, "/a"), GONE(2, "/a")},
	 DEBOUNCE_AWAY,
	 NULL,
	 62,
	 false,
	 "/a",
	 -1},
	{"created, still written", {CREATED(0, "/a")}, DEBOUNCE_BUSY, NULL, 60, false, "-", 120},
	{"created, still written after a second",
	 {CREATED(0, "/a")},
	 DEBOUNCE_BUSY,
	 NULL,
	 1000,
	 false,
	 "-",
	 -1},
	{"created, still written, beside another",
	 {CREATED(0, "/a"), CLOSED(0, "/b")},
	 DEBOUNCE_BUSY,
	 "/a",
	 60,
	 false,
	 "/b",
	 120},
	{"closed, written again", {CLOSED(0, "/a")}, DEBOUNCE_BUSY, NULL, 3, false, "-", 63},
	{"closed, written for ever", {CLOSED(0, "/a")}, DEBOUNCE_BUSY, NULL, 1000, false, "/a", -1},
	{"closed, written again, asked to hurry",
	 {CLOSED(0, "/a"), CLOSED(0, "/b")},
	 DEBOUNCE_BUSY,
	 "/a",
	 1,
	 true,
	 "/b",
	 61},
	{"still moves", {{FILE_, 0, "/a", DEBOUNCE_SEEN}}, DEBOUNCE_MOVED, NULL, 3, false, "-", 63},
	{"still moves at the cap",
	 {{FILE_, 0, "/a", DEBOUNCE_SEEN}},
	 DEBOUNCE_MOVED,
	 NULL,
	 1500,
	 false,
	 "/a",
	 -1},
	{"closed and gone, the news of it to come",
	 {CLOSED(0, "/a")},
	 DEBOUNCE_AWAY,
	 NULL,
	 3,
	 false,
	 "-",
	 63},
	{"closed and gone, asked to hurry",
	 {CLOSED(0, "/a")},
	 DEBOUNCE_AWAY,
	 NULL,
	 3,
	 true,
	 "/a",
	 -1},
	{"deleted, asked to hurry", {GONE(0, "/a")}, DEBOUNCE_AWAY, NULL, 0, true, "/a", -1},
	{"overflow", {{OVERFLOW_, 0, NULL, 0}}, .ms = 25, .batch = "overflow", .again = -1},
	{"nothing pending", {OVER}, .ms = 0, .force = true, .batch = "-", .again = -1},
};

TEST(a_window_that_closes_holds_what_changed)
{
	for (size_t i = 0; i < ARRAY_LEN(takes); i++) {
		struct world w = {takes[i].answer, takes[i].only, 0};
		struct debounce d;
		struct mono deadline;
		char text[256];
		int64_t ms;

		debounce_init(&d, 3);
		play(&d, takes[i].steps);
		take(&d, takes[i].ms, takes[i].force, &w, text, sizeof(text));
		deadline = debounce_deadline(&d);
		ms = mono_is_set(deadline) ? deadline.ns / 1000000 - T0 : -1;
		debounce_finish(&d);
		if (strcmp(text, takes[i].batch) != 0 || ms != takes[i].again)
			fail_msg("%s: \"%s\" and then %lld, expected \"%s\" and %lld",
				 takes[i].what, text, (long long)ms, takes[i].batch,
				 (long long)takes[i].again);
	}
}

TEST(a_file_that_is_gone_at_the_second_look_is_deleted)
{
	struct world w = {DEBOUNCE_AWAY, NULL, 0};
	struct debounce d;
	char text[64];

	debounce_init(&d, 3);
	debounce_file(&d, "/a", DEBOUNCE_CLOSED, at(0));
	assert_string_equal(take(&d, 3, false, &w, text, sizeof(text)), "-");
	assert_string_equal(take(&d, 63, false, &w, text, sizeof(text)), "/a");
	assert_int_equal(w.looks, 2);
	debounce_finish(&d);
}

TEST(batches_are_numbered_and_empty_windows_are_not)
{
	struct world w = {DEBOUNCE_CHANGED, NULL, 0};
	struct debounce d;
	struct debounce_batch b;

	debounce_init(&d, 3);
	for (unsigned i = 1; i <= 3; i++) {
		w.answer = DEBOUNCE_SAME;
		debounce_file(&d, "/a", DEBOUNCE_CLOSED, at(100 * i));
		assert_false(debounce_take(&d, at(100 * i + 3), false, look, &w, &b));
		w.answer = DEBOUNCE_CHANGED;
		debounce_file(&d, "/a", DEBOUNCE_CLOSED, at(100 * i + 10));
		debounce_file(&d, "/a", DEBOUNCE_CLOSED, at(100 * i + 12));
		assert_true(debounce_take(&d, at(100 * i + 15), false, look, &w, &b));
		assert_int_equal(b.seq, i);
		assert_int_equal(b.edges, 2);
		assert_true(b.first.ns == at(100 * i + 10).ns && b.last.ns == at(100 * i + 12).ns);
		strv_finish(&b.paths);
	}
	debounce_finish(&d);
}

TEST(a_window_takes_thousands_of_files_once_each)
{
	struct world w = {DEBOUNCE_CHANGED, NULL, 0};
	struct debounce d;
	struct debounce_batch b;
	char path[32];

	debounce_init(&d, 3);
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 5000; i++) {
			snprintf(path, sizeof(path), "/src/file%d.py", i);
			debounce_file(&d, path, DEBOUNCE_CLOSED, at(0));
		}
	}
	assert_non_null(debounce_find(&d, "/src/file4711.py"));
	assert_null(debounce_find(&d, "/src/file5000.py"));
	assert_true(debounce_take(&d, at(25), false, look, &w, &b));
	assert_int_equal(b.paths.len, 5000);
	assert_string_equal(b.paths.v[0], "/src/file0.py");
	assert_string_equal(b.paths.v[4999], "/src/file999.py");
	strv_finish(&b.paths);
	debounce_finish(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_deadline_follows_the_rules),
		cmocka_unit_test(between_two_locks_of_a_rebase_the_window_goes_on),
		cmocka_unit_test(a_window_that_closes_holds_what_changed),
		cmocka_unit_test(a_file_that_is_gone_at_the_second_look_is_deleted),
		cmocka_unit_test(batches_are_numbered_and_empty_windows_are_not),
		cmocka_unit_test(a_window_takes_thousands_of_files_once_each),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
