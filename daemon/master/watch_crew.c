/* A few threads that list directories. One lock; two queues through it. */
#include "daemon/master/watch_crew.h"

#include "daemon/master/watch_tree.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#define THREADS	     16
#define LISTINGS     32
#define LISTING_SIZE (32 * 1024)
#define STACK_SIZE   (64 * 1024)
#define AT_ONCE	     8	/* finished listings before somebody is woken for them */
#define CHECK_EVERY  64 /* listings between two looks at whether they come from a disk */
#define READS_MANY   64 /* blocks of 512 bytes in that time, getrusage(2) */

enum stage { STAGE_FREE, STAGE_HIRED, STAGE_TO_DO, STAGE_UNDER_WAY, STAGE_DONE };

struct watch_crew {
	int inotify_fd;
	pthread_t threads[THREADS];
	size_t count;
	unsigned results;
	long blocks;	      /* read from disks so far */
	pthread_mutex_t lock; /* over everything below */
	pthread_cond_t to_do;
	pthread_cond_t done;
	bool over;
	enum stage stage[LISTINGS];
	struct watch_listing listings[LISTINGS]; /* each belongs to whom its stage says */
	/* Numbers of listings, first come first served. */
	struct fifo {
		unsigned char item[LISTINGS];
		unsigned head;
		unsigned len;
	} waiting, finished;
	unsigned under_way; /* started and not yet waited for */
};

static void push(struct fifo *f, size_t i)
{
	f->item[(f->head + f->len++) % LISTINGS] = (unsigned char)i;
}

static size_t pop(struct fifo *f)
{
	size_t i = f->item[f->head];

	f->head = (f->head + 1) % LISTINGS;
	f->len--;
	return i;
}

/* A current directory of its own makes adding a watch cheaper. Not everybody lets us have one. */
static enum watch_list_how prepare_thread(void)
{
	return unshare(CLONE_FS) == 0 ? LIST_BY_CWD : LIST_BY_PROC;
}

static void *work(void *owner)
{
	struct watch_crew *c = owner;
	enum watch_list_how how = prepare_thread();

	pthread_mutex_lock(&c->lock);
	for (;;) {
		while (c->waiting.len == 0 && !c->over)
			pthread_cond_wait(&c->to_do, &c->lock);
		if (c->over)
			break;

		size_t i = pop(&c->waiting);

		c->stage[i] = STAGE_UNDER_WAY;
		pthread_mutex_unlock(&c->lock);
		watch_list_run(&c->listings[i], c->inotify_fd, how);
		pthread_mutex_lock(&c->lock);
		c->stage[i] = STAGE_DONE;
		push(&c->finished, i);
		if (c->finished.len >= AT_ONCE || c->waiting.len == 0)
			pthread_cond_signal(&c->done);
	}
	pthread_mutex_unlock(&c->lock);
	return NULL;
}

/* Starts threads up to this many, or as many as there can be. Signals are the first thread's. */
static int start_threads(struct watch_crew *c, size_t wanted)
{
	pthread_attr_t attr;
	sigset_t all, before;
	int err = pthread_attr_init(&attr);

	if (err)
		return -err;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = pthread_attr_setstacksize(&attr, STACK_SIZE);
	while (!err && c->count < wanted && c->count < THREADS) {
		err = pthread_create(&c->threads[c->count], &attr, work, c);
		c->count += !err;
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attr);
	return c->count > 0 ? 0 : -err;
}

static long blocks_read(void)
{
	struct rusage u;

	return getrusage(RUSAGE_SELF, &u) == 0 ? u.ru_inblock : 0;
}

/*
 * One thread is best while the kernel has everything in memory, since adding watches goes one by one there. Where a disk has to
 * be waited for, many can wait at once.
 */
static void grow_if_slow(struct watch_crew *c)
{
	long blocks;

	if (++c->results % CHECK_EVERY != 0)
		return;
	blocks = blocks_read();
	if (blocks - c->blocks >= READS_MANY)
		start_threads(c, 2 * c->count); /* should it fail, those that there are go on */
	c->blocks = blocks;
}

int watch_crew_create(struct watch_crew **out, int inotify_fd)
{
	struct watch_crew *c = calloc(1, sizeof(*c));
	int err = 0;

	if (!c)
		return -ENOMEM;
	c->inotify_fd = inotify_fd;
	pthread_mutex_init(&c->lock, NULL);
	pthread_cond_init(&c->to_do, NULL);
	pthread_cond_init(&c->done, NULL);
	for (size_t i = 0; i < LISTINGS && !err; i++)
		err = watch_listing_init(&c->listings[i], LISTING_SIZE);
	c->blocks = blocks_read();
	err = err ? err : start_threads(c, 1);
	if (err) {
		watch_crew_destroy(c);
		return err;
	}
	*out = c;
	return 0;
}

void watch_crew_destroy(struct watch_crew *c)
{
	if (!c)
		return;
	pthread_mutex_lock(&c->lock);
	c->over = true;
	pthread_cond_broadcast(&c->to_do);
	pthread_mutex_unlock(&c->lock);
	for (size_t i = 0; i < c->count; i++)
		pthread_join(c->threads[i], NULL);
	for (size_t i = 0; i < LISTINGS; i++)
		watch_listing_finish(&c->listings[i]);
	pthread_cond_destroy(&c->done);
	pthread_cond_destroy(&c->to_do);
	pthread_mutex_destroy(&c->lock);
	free(c);
}

struct watch_listing *watch_crew_hire(struct watch_crew *c)
{
	struct watch_listing *l = NULL;

	pthread_mutex_lock(&c->lock);
	for (size_t i = 0; i < LISTINGS && !l; i++) {
		if (c->stage[i] != STAGE_FREE)
			continue;
		c->stage[i] = STAGE_HIRED;
		l = &c->listings[i];
	}
	pthread_mutex_unlock(&c->lock);
	return l;
}

void watch_crew_start(struct watch_crew *c, struct watch_listing *l)
{
	size_t i = (size_t)(l - c->listings);

	pthread_mutex_lock(&c->lock);
	c->stage[i] = STAGE_TO_DO;
	push(&c->waiting, i);
	c->under_way++;
	pthread_cond_signal(&c->to_do);
	pthread_mutex_unlock(&c->lock);
}

struct watch_listing *watch_crew_wait(struct watch_crew *c)
{
	struct watch_listing *l = NULL;

	pthread_mutex_lock(&c->lock);
	if (c->under_way > 0) {
		while (c->finished.len == 0)
			pthread_cond_wait(&c->done, &c->lock);
		l = &c->listings[pop(&c->finished)];
		c->under_way--;
	}
	pthread_mutex_unlock(&c->lock);
	if (l)
		grow_if_slow(c);
	return l;
}

void watch_crew_release(struct watch_crew *c, struct watch_listing *l)
{
	pthread_mutex_lock(&c->lock);
	c->stage[l - c->listings] = STAGE_FREE;
	pthread_mutex_unlock(&c->lock);
}

/* No thread looks at the id: it is the asker's, under way or not. */
void watch_crew_forget(struct watch_crew *c, uint32_t id)
{
	pthread_mutex_lock(&c->lock);
	for (size_t i = 0; i < LISTINGS; i++)
		if (c->stage[i] != STAGE_FREE && c->listings[i].id == id)
			c->listings[i].id = WATCH_NONE;
	pthread_mutex_unlock(&c->lock);
}
