/* Re-exec of the master: memfd, descriptors, signals, execve. */
#include "daemon/master/reexec.h"

#include "common/fd.h"
#include "common/parse.h"
#include "common/path.h"
#include "common/str.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static int sealed_memfd(const void *data, size_t len)
{
	int fd = memfd_create("blackbulld-state", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	int rc;

	if (fd < 0)
		return -errno;
	rc = fd_write_full(fd, data, len);
	if (rc == 0 &&
	    fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0)
		rc = -errno;
	if (rc < 0) {
		fd_close(&fd);
		return rc;
	}
	return fd;
}

/* Descriptors are kept or not kept together; an error leaves them half done for the caller to undo. */
static int set_kept(const struct handoff_fds *keep, bool kept)
{
	int rc = 0;

	for (size_t i = 0; i < keep->count; i++) {
		int r = fd_set_cloexec(keep->fd[i], !kept);

		if (r < 0 && rc == 0)
			rc = r;
	}
	return rc;
}

int reexec_run(const char *path, char *const argv[], const void *state, size_t len,
	       const struct handoff_fds *keep)
{
	sigset_t all, before;
	char number[16];
	int fd = sealed_memfd(state, len);
	int rc;

	if (fd < 0)
		return fd;
	snprintf(number, sizeof(number), "%d", fd);
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &before);
	rc = set_kept(keep, true);
	if (rc == 0)
		rc = fd_set_cloexec(fd, false);
	if (rc == 0 && setenv(REEXEC_ENV, number, 1) < 0)
		rc = -errno;
	if (rc == 0) {
		execv(path, argv);
		rc = -errno;
	}
	unsetenv(REEXEC_ENV);
	(void)set_kept(keep, false);
	fd_close(&fd);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return rc;
}

bool reexec_resuming(void)
{
	return getenv(REEXEC_ENV) != NULL;
}

int reexec_take_state(struct buf *state)
{
	const char *text = getenv(REEXEC_ENV);
	struct stat st;
	uint64_t number;
	int fd, rc;

	if (!text)
		return -ENOENT;
	rc = parse_uint(text, 3, INT_MAX, &number);
	unsetenv(REEXEC_ENV);
	if (rc < 0)
		return -EBADF;
	fd = (int)number;
	if (fstat(fd, &st) < 0)
		return -errno;
	rc = buf_reserve(state, (size_t)st.st_size + 1);
	if (rc == 0) {
		ssize_t n = pread(fd, buf_tail(state), (size_t)st.st_size, 0);

		if (n == st.st_size)
			buf_commit(state, (size_t)n);
		else
			rc = n < 0 ? -errno : -EIO;
	}
	fd_close(&fd);
	return rc;
}

static bool is_program(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

/* The first program of that name in PATH, as a path that may still be relative. */
static char *search_path(const char *name)
{
	const char *path = getenv("PATH");

	while (path && *path) {
		size_t len = strcspn(path, ":");
		char *candidate = str_printf("%.*s%s%s", (int)len, path, len ? "/" : "./", name);

		if (candidate && is_program(candidate))
			return candidate;
		free(candidate);
		path += len + (path[len] == ':');
	}
	errno = ENOENT;
	return NULL;
}

char *reexec_resolve(const char *argv0)
{
	char cwd[PATH_MAX], out[PATH_MAX];
	char *found = strchr(argv0, '/') ? strdup(argv0) : search_path(argv0);
	int rc;

	if (!found)
		return NULL;
	if (found[0] == '/')
		return found;
	if (!getcwd(cwd, sizeof(cwd))) {
		free(found);
		return NULL;
	}
	rc = path_join(out, sizeof(out), cwd, found);
	free(found);
	if (rc < 0) {
		errno = -rc;
		return NULL;
	}
	return strdup(out);
}

bool reexec_is_new(const char *path)
{
	struct stat file, image;

	/* The link leads to the file that was executed, even when its name is gone. */
	if (stat("/proc/self/exe", &image) < 0)
		return false;
	return stat(path, &file) < 0 || file.st_dev != image.st_dev || file.st_ino != image.st_ino;
}
