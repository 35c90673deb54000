/* Listening sockets: bound, kept across execve, matched with the configuration again. */
#include "daemon/master/listener.h"

#include "common/fd.h"
#include "daemon/master/handoff.h"
#include "daemon/master/sockaddr_text.h"
#include "daemon/master/socket_bind.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

struct listener {
	char *spec; /* as in the configuration: the key that a later image matches by */
	int fd;
	int family;
	bool inherited; /* somebody gave it to us: we did not bind it */
	dev_t dev;	/* of the Unix socket's file, to remove only our own */
	ino_t ino;
	char address[160];
	char url[192];
};

struct listeners {
	struct listener *v;
	size_t count;
};

/* Fills in what the socket says of itself. Returns 0, or -errno when it is no listening socket. */
static int listener_describe(struct listener *l)
{
	struct sockaddr_storage sa = {0};
	socklen_t len = sizeof(sa);
	int accepting = 0;
	socklen_t opt_len = sizeof(accepting);
	struct stat st;

	if (getsockopt(l->fd, SOL_SOCKET, SO_ACCEPTCONN, &accepting, &opt_len) < 0)
		return -errno;
	if (!accepting)
		return -EINVAL;
	if (getsockname(l->fd, (struct sockaddr *)&sa, &len) < 0)
		return -errno;
	l->family = sa.ss_family;
	if (sockaddr_text(&sa, len, l->address, sizeof(l->address)) < 0)
		return -EAFNOSUPPORT;
	if (l->family == AF_UNIX)
		memcpy(l->url, l->address, sizeof(l->address));
	else
		snprintf(l->url, sizeof(l->url), "http://%s", l->address);
	if (l->family == AF_UNIX && stat(l->address + strlen("unix:"), &st) == 0) {
		l->dev = st.st_dev;
		l->ino = st.st_ino;
	}
	return 0;
}

static void listener_close(struct listener *l)
{
	const char *path = l->address + strlen("unix:");
	struct stat st;

	if (l->family == AF_UNIX && !l->inherited && lstat(path, &st) == 0 && st.st_dev == l->dev &&
	    st.st_ino == l->ino)
		(void)unlink(path);
	fd_close(&l->fd);
	free(l->spec);
}

/* Appends an empty entry. NULL when memory runs out. */
static struct listener *listeners_grow(struct listeners *l, const char *spec)
{
	struct listener *v = realloc(l->v, (l->count + 1) * sizeof(*v));
	struct listener *added;

	if (!v)
		return NULL;
	l->v = v;
	added = &l->v[l->count];
	*added = (struct listener){.spec = strdup(spec), .fd = -1};
	if (!added->spec)
		return NULL;
	l->count++;
	return added;
}

static int listeners_add(struct listeners *ls, const char *spec, struct config_error *e)
{
	struct listener *l = listeners_grow(ls, spec);
	int rc;

	if (!l)
		return -ENOMEM;
	rc = socket_bind(spec, &l->fd, &l->inherited, e);
	if (rc == 0) {
		rc = listener_describe(l);
		if (rc < 0)
			snprintf(e->text, sizeof(e->text),
				 "--bind %s: not a listening stream socket", spec);
	}
	if (rc < 0) {
		listener_close(l);
		ls->count--;
	}
	return rc;
}

int listeners_effective(const struct strv *binds, struct strv *out)
{
	int passed = binds->len ? 0 : socket_bind_passed();

	if (binds->len)
		return strv_copy(out, binds);
	for (int i = 0; i < passed; i++) {
		char spec[32];

		snprintf(spec, sizeof(spec), "fd://%d", SOCKET_BIND_FIRST_FD + i);
		if (strv_add(out, spec) < 0)
			return -ENOMEM;
	}
	return passed ? 0 : strv_add(out, "127.0.0.1:8000");
}

int listeners_open(struct listeners **out, const struct strv *binds, struct config_error *e)
{
	struct listeners *l = calloc(1, sizeof(*l));
	struct strv specs = {0};
	int rc;

	if (!l)
		return -ENOMEM;
	rc = listeners_effective(binds, &specs);
	for (size_t i = 0; i < specs.len && rc == 0; i++)
		rc = listeners_add(l, specs.v[i], e);
	strv_finish(&specs);
	if (rc < 0) {
		listeners_close(l);
		return rc;
	}
	*out = l;
	return 0;
}

void listeners_close(struct listeners *l)
{
	if (!l)
		return;
	for (size_t i = 0; i < l->count; i++)
		listener_close(&l->v[i]);
	free(l->v);
	free(l);
}

size_t listeners_count(const struct listeners *l)
{
	return l->count;
}

int listeners_fd(const struct listeners *l, size_t i)
{
	return l->v[i].fd;
}

const char *listeners_address(const struct listeners *l, size_t i)
{
	return l->v[i].address;
}

const char *listeners_url(const struct listeners *l, size_t i)
{
	return l->v[i].url;
}

static const char *family_name(int family)
{
	return family == AF_INET ? "inet" : family == AF_INET6 ? "inet6" : "unix";
}

json_t *listeners_to_json(const struct listeners *l)
{
	json_t *a = json_array();

	for (size_t i = 0; a && i < l->count; i++) {
		json_array_append_new(a, json_pack("{s:s, s:s, s:b}", "address", l->v[i].address,
						   "family", family_name(l->v[i].family),
						   "inherited", (int)l->v[i].inherited));
	}
	return a;
}

json_t *listeners_save(const struct listeners *l, struct handoff_fds *fds)
{
	json_t *a = json_array();

	for (size_t i = 0; a && i < l->count; i++) {
		const struct listener *v = &l->v[i];
		struct stat st;

		if (fstat(v->fd, &st) < 0 || handoff_fds_add(fds, v->fd) < 0)
			continue;
		json_array_append_new(a,
				      json_pack("{s:s, s:i, s:I, s:s, s:b}", "spec", v->spec, "fd",
						v->fd, "ino", (json_int_t)st.st_ino, "address",
						v->address, "inherited", (int)v->inherited));
	}
	return a;
}

/* Takes over one socket if it is still what the state says. */
static int restore_one(struct listeners *ls, const json_t *j, struct handoff_fds *fds)
{
	const char *spec, *address;
	json_int_t ino;
	int fd, inherited;
	struct listener *l;
	struct stat st;

	if (json_unpack((json_t *)j, "{s:s, s:i, s:I, s:s, s:b}", "spec", &spec, "fd", &fd, "ino",
			&ino, "address", &address, "inherited", &inherited) < 0)
		return -EBADMSG;
	if (fstat(fd, &st) < 0 || (json_int_t)st.st_ino != ino || handoff_fds_claim(fds, fd) < 0)
		return -EBADF;
	l = listeners_grow(ls, spec);
	if (!l) {
		close(fd);
		return -ENOMEM;
	}
	l->fd = fd;
	l->inherited = inherited;
	if (listener_describe(l) < 0 || strcmp(l->address, address) != 0) {
		listener_close(l);
		ls->count--;
		return -EBADF;
	}
	return 0;
}

static struct listener *find_spec(struct listeners *l, const char *spec)
{
	for (size_t i = 0; i < l->count; i++) {
		if (strcmp(l->v[i].spec, spec) == 0)
			return &l->v[i];
	}
	return NULL;
}

/* Adds what the configuration has and we have not. */
static int add_missing(struct listeners *l, const struct strv *specs, struct config_error *e)
{
	int rc = 0;

	for (size_t i = 0; i < specs->len && rc == 0; i++) {
		if (!find_spec(l, specs->v[i]))
			rc = listeners_add(l, specs->v[i], e);
	}
	return rc;
}

/* In the order of the configuration, which commands know their descriptors by; the others come last. */
static void arrange(struct listeners *l, const struct strv *specs)
{
	for (size_t i = 0; i < specs->len; i++) {
		struct listener *one = find_spec(l, specs->v[i]);
		struct listener other = l->v[i];

		l->v[i] = *one;
		*one = other;
	}
}

/* Brings us to what the configuration has; or leaves all as it was. */
static int match(struct listeners *l, const struct strv *specs, struct config_error *e)
{
	size_t count = l->count;
	int rc = add_missing(l, specs, e);

	if (rc == 0) {
		arrange(l, specs);
		count = specs->len;
	}
	while (l->count > count)
		listener_close(&l->v[--l->count]);
	return rc;
}

int listeners_restore(struct listeners **out, const struct strv *binds, const json_t *state,
		      struct handoff_fds *fds, struct config_error *e)
{
	struct listeners *l = calloc(1, sizeof(*l));
	struct strv specs = {0};
	const json_t *one;
	size_t i;
	int rc;

	if (!l)
		return -ENOMEM;
	json_array_foreach((json_t *)state, i, one)(void) restore_one(l, one, fds);
	rc = listeners_effective(binds, &specs);
	if (rc == 0)
		rc = match(l, &specs, e);
	strv_finish(&specs);
	*out = l;
	return rc;
}
