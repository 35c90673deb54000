/* Looking at a file when its window closes. */
#include "daemon/master/watch_look.h"

#include "common/fd.h"
#include "daemon/master/watch_core.h"
#include "daemon/master/watch_network.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <time.h>

#define TICKS_NS INT64_C(50000000)

enum writer { WRITER_NONE, WRITER_SOME, WRITER_UNKNOWN };

/*
 * A lease is held for an instant. Who opens the file just then makes the kernel send a signal: SIGURG, which is
 * ignored unless somebody asked for it, instead of SIGIO, which kills.
 */
static enum writer find_writer(const char *path)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
	enum writer writer = WRITER_UNKNOWN;

	if (fd < 0)
		return WRITER_UNKNOWN;
	if (fcntl(fd, F_SETSIG, SIGURG) == 0) {
		if (fcntl(fd, F_SETLEASE, F_RDLCK) == 0)
			writer = WRITER_NONE;
		else if (errno == EAGAIN)
			writer = WRITER_SOME;
	}
	if (writer == WRITER_NONE)
		(void)fcntl(fd, F_SETLEASE, F_UNLCK);
	fd_close(&fd);
	return writer;
}

static int64_t ns_of(struct timespec t)
{
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

/* Whether size and ctime are as they were the last time; the first time they are not. */
static bool stands_still(struct debounce_entry *e, const struct stat *st)
{
	int64_t changed = ns_of(st->st_ctim);
	bool still = e->seen_ctime_ns == changed && e->seen_size == (uint64_t)st->st_size;

	e->seen_ctime_ns = changed;
	e->seen_size = (uint64_t)st->st_size;
	return still;
}

/*
 * Whether the inode was last changed before the running code was loaded: then it was only opened and closed. Should the clock
 * have been set since, the earlier of both readings counts: rather one reload too many.
 */
static bool is_older_than_baseline(const struct watch *w, const struct stat *st)
{
	int64_t shifted = wall_now().ns - (mono_now().ns - w->baseline_at.ns);
	int64_t baseline = w->baseline.ns < shifted ? w->baseline.ns : shifted;

	return w->baseline.ns != 0 && ns_of(st->st_ctim) < baseline;
}

/*
 * The kernel stamps files by the clock as it was at the last tick (ktime_get_coarse_real_ts64()): what is written from now on
 * bears that time or a later one, however fresh the tick is. A moment that is over lies some ticks back at worst.
 */
void watch_look_set_baseline(struct watch *w, struct wall loaded)
{
	struct timespec t;
	int64_t coarse = clock_gettime(CLOCK_REALTIME_COARSE, &t) == 0 ? ns_of(t) : 0;

	if (coarse > loaded.ns)
		coarse = loaded.ns - TICKS_NS;
	w->baseline.ns = coarse > 0 ? coarse : 0;
	w->baseline_at = (struct mono){mono_now().ns - (wall_now().ns - w->baseline.ns)};
}

enum debounce_look watch_look(void *owner, struct debounce_entry *e)
{
	const struct watch *w = owner;
	struct stat st;

	if (lstat(e->path, &st) < 0)
		return DEBOUNCE_AWAY;
	if (!S_ISREG(st.st_mode))
		return DEBOUNCE_CHANGED;

	bool network = watch_network_known(w, watch_dev(st.st_dev));
	enum writer writer = network ? WRITER_UNKNOWN : find_writer(e->path);

	if (writer == WRITER_SOME)
		return DEBOUNCE_BUSY;
	if (writer == WRITER_UNKNOWN && (e->polled || !e->closed) && !stands_still(e, &st))
		return DEBOUNCE_MOVED;
	if (e->closed && !e->certain && !e->born && !network && is_older_than_baseline(w, &st))
		return DEBOUNCE_SAME;
	return DEBOUNCE_CHANGED;
}
