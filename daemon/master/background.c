/* A daemon in the background: its log file, and its report to the process that waits for it. */
#include "daemon/master/background.h"

#include "common/fd.h"
#include "common/str.h"
#include "daemon/master/detach.h"
#include "daemon/master/handoff.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOG_NAME "daemon.log"
#define CHUNK	 1024

struct background {
	int report;	/* -1 after the verdict */
	char *log_path; /* NULL: not open yet, 1 and 2 still lead to whoever waits */
};

struct background *background_create(int report)
{
	struct background *b = calloc(1, sizeof(*b));

	if (!b) {
		fd_close(&report);
		return NULL;
	}
	b->report = report;
	return b;
}

void background_destroy(struct background *b)
{
	if (!b)
		return;
	fd_close(&b->report);
	free(b->log_path);
	free(b);
}

/* --- the log ------------------------------------------------------------------------------- */

/* The file at `path` becomes standard output and error, which keep their numbers. */
static int write_to(const char *path)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	int rc = fd < 0 ? -errno : 0;

	if (rc == 0 && (dup2(fd, STDOUT_FILENO) < 0 || dup2(fd, STDERR_FILENO) < 0))
		rc = -errno;
	fd_close(&fd);
	return rc;
}

int background_open_log(struct background *b, const char *dir)
{
	char *path;
	int rc;

	if (!b)
		return 0;
	path = str_printf("%s/%s", dir, LOG_NAME);
	rc = path ? write_to(path) : -ENOMEM;
	if (rc < 0) {
		free(path);
		return rc;
	}
	b->log_path = path;
	return 0;
}

int background_reopen_log(struct background *b)
{
	return b && b->log_path ? write_to(b->log_path) : 0;
}

const char *background_log_path(const struct background *b)
{
	return b ? b->log_path : NULL;
}

/* The full file takes another name, in the place of the one before. What cannot be renamed goes on growing. */
static void keep_short(struct background *b)
{
	struct stat st;
	char *before;

	if (fstat(STDERR_FILENO, &st) < 0 || st.st_size < BACKGROUND_LOG_MAX)
		return;
	before = str_printf("%s.1", b->log_path);
	if (before && rename(b->log_path, before) == 0)
		(void)write_to(b->log_path);
	free(before);
}

/* --- the report ---------------------------------------------------------------------------- */

/* Whether n bytes leave room for the verdict, whatever the reader does: a pipe may waste a half of each page. */
static bool takes(int fd, size_t n)
{
	int unread, size = fcntl(fd, F_GETPIPE_SZ);

	return size > 0 && ioctl(fd, FIONREAD, &unread) == 0 &&
	       (size_t)unread + n <= (size_t)size / 4;
}

/* Text without the byte that means something. A reader that is slow, or gone, misses some. */
static void show(const struct background *b, const char *data, size_t len)
{
	while (len) {
		size_t n = strnlen(data, len < CHUNK ? len : CHUNK);

		if (n && takes(b->report, n) && write(b->report, data, n) < 0)
			return;
		n += n < len && data[n] == DETACH_SERVING;
		data += n;
		len -= n;
	}
}

void background_written(struct background *b, const char *data, size_t len)
{
	if (!b || !b->log_path)
		return;
	if (b->report >= 0)
		show(b, data, len);
	keep_short(b);
}

bool background_is_awaited(const struct background *b)
{
	return b && b->report >= 0;
}

void background_serving(struct background *b)
{
	const char verdict = DETACH_SERVING;

	if (!background_is_awaited(b))
		return;
	/* There is room for it. An error says that nobody is left to be told. */
	if (write(b->report, &verdict, 1) < 0)
		errno = 0;
	fd_close(&b->report);
}

/* --- across execve ------------------------------------------------------------------------- */

json_t *background_save(const struct background *b, struct handoff_fds *fds)
{
	if (b->report >= 0 && handoff_fds_add(fds, b->report) < 0)
		return NULL;
	return json_pack("{s:i, s:s?}", "report", b->report, "log", b->log_path);
}

int background_restore(struct background **b, const json_t *state, struct handoff_fds *fds)
{
	const char *path = json_string_value(json_object_get(state, "log"));
	const json_t *report = json_object_get(state, "report");
	int fd = json_is_integer(report) ? (int)json_integer_value(report) : -1;
	struct background *new;

	if (!json_is_object(state))
		return 0;
	if (fd >= 0 && handoff_fds_claim(fds, fd) < 0)
		fd = -1;
	new = background_create(fd);
	if (!new)
		return -ENOMEM;
	new->log_path = path ? strdup(path) : NULL;
	*b = new;
	return 0;
}
