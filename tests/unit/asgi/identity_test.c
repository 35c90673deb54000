/* Whether a file is still the one that it was. */
#include "daemon/asgi/identity.h"

#include "tests/support/unit.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct place {
	char folder[32], path[64], other[64];
};

static void write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "we");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

/* Sets the time of change, so that two writes within a tick of the clock differ or not as the test wants it. */
static void set_time(const char *path, long ns)
{
	const struct timespec times[2] = {{.tv_sec = 1000, .tv_nsec = ns},
					  {.tv_sec = 1000, .tv_nsec = ns}};

	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static int setup(void **state)
{
	struct place *p = calloc(1, sizeof(*p));

	if (!p)
		return -1;
	strcpy(p->folder, "/tmp/bb-identity-XXXXXX");
	if (!mkdtemp(p->folder))
		return -1;
	snprintf(p->path, sizeof(p->path), "%s/a.py", p->folder);
	snprintf(p->other, sizeof(p->other), "%s/b.py", p->folder);
	write_file(p->path, "one");
	set_time(p->path, 1);
	*state = p;
	return 0;
}

static int teardown(void **state)
{
	struct place *p = *state;

	unlink(p->path);
	unlink(p->other);
	rmdir(p->folder);
	free(p);
	return 0;
}

static void identify(const char *path, unsigned char out[IDENTITY_LEN])
{
	struct buf b;

	buf_init(&b, IDENTITY_LEN);
	assert_int_equal(identity_add(&b, path), 0);
	assert_int_equal(buf_len(&b), IDENTITY_LEN);
	memcpy(out, buf_data(&b), IDENTITY_LEN);
	buf_finish(&b);
}

static bool is_same(const struct place *p, const unsigned char before[IDENTITY_LEN])
{
	unsigned char now[IDENTITY_LEN];

	identify(p->path, now);
	return memcmp(before, now, IDENTITY_LEN) == 0;
}

TEST(a_file_that_was_only_read_is_the_same)
{
	struct place *p = *state;
	unsigned char before[IDENTITY_LEN];
	int fd;

	identify(p->path, before);
	fd = open(p->path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	close(fd);
	assert_true(is_same(p, before));
}

TEST(another_link_to_a_file_does_not_change_it)
{
	struct place *p = *state;
	unsigned char before[IDENTITY_LEN];

	identify(p->path, before);
	assert_int_equal(link(p->path, p->other), 0);
	assert_true(is_same(p, before));
}

TEST(a_change_shows_by_its_size_or_by_its_time_to_the_nanosecond)
{
	struct place *p = *state;
	unsigned char before[IDENTITY_LEN];

	identify(p->path, before);
	write_file(p->path, "three");
	set_time(p->path, 1);
	assert_false(is_same(p, before));
	write_file(p->path, "two");
	set_time(p->path, 2);
	assert_false(is_same(p, before));
}

TEST(a_file_that_takes_the_place_of_another_is_not_the_same)
{
	struct place *p = *state;
	unsigned char before[IDENTITY_LEN];

	identify(p->path, before);
	write_file(p->other, "two");
	set_time(p->other, 1);
	assert_int_equal(rename(p->other, p->path), 0);
	assert_false(is_same(p, before));
}

TEST(what_is_not_there_is_zeros_and_shows_when_it_comes)
{
	static const unsigned char zeros[IDENTITY_LEN];
	struct place *p = *state;
	unsigned char before[IDENTITY_LEN];

	assert_int_equal(unlink(p->path), 0);
	identify(p->path, before);
	assert_memory_equal(before, zeros, IDENTITY_LEN);
	write_file(p->path, "");
	assert_false(is_same(p, before));
}

TEST(the_environment_is_told_in_full)
{
	struct buf b;

	assert_int_equal(clearenv(), 0);
	assert_int_equal(setenv("A", "1", 1), 0);
	assert_int_equal(setenv("B", "", 1), 0);
	buf_init(&b, SIZE_MAX);
	assert_int_equal(identity_add_environment(&b), 0);
	assert_int_equal(buf_len(&b), 7);
	assert_memory_equal(buf_data(&b), "A=1\0B=\0", 7);
	buf_finish(&b);
}

#define WITH_FILE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_FILE(a_file_that_was_only_read_is_the_same),
		WITH_FILE(another_link_to_a_file_does_not_change_it),
		WITH_FILE(a_change_shows_by_its_size_or_by_its_time_to_the_nanosecond),
		WITH_FILE(a_file_that_takes_the_place_of_another_is_not_the_same),
		WITH_FILE(what_is_not_there_is_zeros_and_shows_when_it_comes),
		WITH_FILE(the_environment_is_told_in_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
