/* A pending window crosses execve(2) as bytes, which are not trusted. */
#include "daemon/master/debounce.h"

#include "tests/support/unit.h"

#include <errno.h>

static struct mono at(int64_t ms)
{
	return mono_add_ms((struct mono){0}, 1000000 + ms);
}

static enum debounce_look nothing_is_there(void *owner BB_UNUSED,
					   struct debounce_entry *e BB_UNUSED)
{
	return DEBOUNCE_AWAY;
}

/* A checkout with a lost event in the middle: every kind of entry, every flag. */
static void make_window(struct debounce *d)
{
	debounce_init(d, 3);
	debounce_series(d, true);
	debounce_lock(d, true, at(0), at(0));
	debounce_file(d, "/b", DEBOUNCE_GONE, at(2));
	debounce_file(d, "/c", DEBOUNCE_CREATED, at(3));
	debounce_dir(d, at(4));
	debounce_overflow(d, at(5));
}

static void save(const struct debounce *d, struct buf *bytes)
{
	buf_init(bytes, SIZE_MAX);
	assert_int_equal(debounce_save(d, bytes), 0);
}

TEST(a_pending_window_survives_being_saved)
{
	struct debounce d, copy;
	struct debounce_batch b;
	struct buf bytes;
	struct reader r;

	make_window(&d);
	save(&d, &bytes);
	debounce_init(&copy, 3);
	reader_init(&r, buf_data(&bytes), buf_len(&bytes));
	assert_int_equal(debounce_restore(&copy, &r), 0);
	assert_int_equal(reader_left(&r), 0);
	assert_true(debounce_deadline(&copy).ns == debounce_deadline(&d).ns);
	debounce_lock(&copy, false, at(10), at(10));
	assert_true(debounce_deadline(&copy).ns == at(10 + DEBOUNCE_SERIES_MS).ns);
	assert_true(debounce_take(&copy, at(300), false, nothing_is_there, NULL, &b));
	assert_true(b.overflow);
	assert_int_equal(b.paths.len, 1); /* what came and went within the window is nothing */
	assert_string_equal(b.paths.v[0], "/b");
	strv_finish(&b.paths);
	buf_finish(&bytes);
	debounce_finish(&d);
	debounce_finish(&copy);
}

TEST(a_window_that_was_cut_is_refused_and_leaves_none)
{
	struct debounce d, copy;
	struct buf bytes;
	struct reader r;

	make_window(&d);
	save(&d, &bytes);
	debounce_init(&copy, 3);
	for (size_t len = 0; len < buf_len(&bytes); len++) {
		reader_init(&r, buf_data(&bytes), len);
		assert_int_equal(debounce_restore(&copy, &r), -EBADMSG);
		assert_false(debounce_pending(&copy));
	}
	buf_finish(&bytes);
	debounce_finish(&d);
	debounce_finish(&copy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pending_window_survives_being_saved),
		cmocka_unit_test(a_window_that_was_cut_is_refused_and_leaves_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
