/* A directory of its own for a test, a watch on it, and the batches that come of what is done there. */
#ifndef TESTS_UNIT_WATCH_PLACE_H
#define TESTS_UNIT_WATCH_PLACE_H

#include "common/str.h"
#include "daemon/master/watch.h"

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#define PLACE_WAIT_MS 10000 /* for what must happen */

struct place {
	char dir[64]; /* absolute, no symbolic links on the way */
	struct strv include;
	struct strv exclude;
	struct strv roots;
	struct watch_config config;
	struct watch_limits limits;
	bool loads; /* at each batch a generation starts */
	struct watch *watch;
	/* What came of it. */
	unsigned batches;
	struct strv paths;	/* of the last batch, relative to dir */
	bool overflow;		/* of the last batch */
	struct mono at;		/* when it came */
	char text[8][PATH_MAX]; /* of place_path() */
	unsigned turn;
};

/* The directory, watched for *.py by place_watch() unless the fields are changed before. */
void place_init(struct place *p);
void place_finish(struct place *p);
void place_root(struct place *p, const char *path);
void place_watch(struct place *p);
/* What a re-exec does, without one: saves, closes nothing, restores. */
void place_hand_over(struct place *p);

/* Absolute, good for the next seven calls. */
const char *place_path(struct place *p, const char *path);
void place_mkdir(struct place *p, const char *path); /* with parents */
void place_write(struct place *p, const char *path,
		 const char *text); /* truncates, writes, closes */
void place_rename(struct place *p, const char *from, const char *to);
void place_unlink(struct place *p, const char *path);
void place_remove(struct place *p, const char *path); /* with everything below */
/* Runs /bin/sh in dir, which must succeed. */
void place_shell(struct place *p, const char *script);
/* The same, while the watch goes on. Returns the number of batches until nothing is pending any more. */
unsigned place_shell_watched(struct place *p, const char *script);

/* Reads and ticks until nothing is pending any more. Returns the number of batches that came. */
unsigned place_settle(struct place *p);
/* Reads and ticks until one batch came; fails the test after PLACE_WAIT_MS. */
void place_await(struct place *p);
/* Reads and ticks for so long; returns the number of batches. */
unsigned place_run(struct place *p, int ms);
bool place_sync(struct place *p);

/* Exactly one batch, holding exactly these (NULL-terminated), or at least this one. */
void place_expect(struct place *p, ...);
void place_expect_with(struct place *p, const char *path);
void place_expect_nothing(struct place *p);

/* A test of a directory: WATCH_TEST(sentence) { struct place *p = *state; … } and RUN(sentence) in main(). */
#define WATCH_TEST(sentence) static void sentence(void **state)
#define RUN(sentence)	     cmocka_unit_test_setup_teardown(sentence, place_set_up, place_tear_down)
int place_set_up(void **state);
int place_tear_down(void **state);

#endif
