/* The worker that serves the files of a directory. */
#include "common/fd.h"
#include "common/log.h"
#include "common/path.h"
#include "common/str.h"
#include "daemon/worker/beneath.h"
#include "daemon/worker/escape.h"
#include "daemon/worker/host.h"
#include "daemon/worker/listing.h"
#include "daemon/worker/reply.h"
#include "daemon/worker/site_file.h"
#include "daemon/worker/urlpath.h"
#include "daemon/worker/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>

#define INDEX "index.html"

struct site {
	struct host host;
	const char *directory; /* worker_config's */
	bool no_cache;
};

/* One request while it is answered. */
struct visit {
	const struct site *site;
	struct http_request *req;
	struct urlpath url;
	int root;
};

/* What a failed open says to the client. Only our own trouble is worth a line in the log. */
static void reply_error(const struct visit *v, int err)
{
	switch (err) {
	case -ENOENT:
	case -ENOTDIR:
	case -EXDEV:
	case -ELOOP:
	case -ENAMETOOLONG:
		reply_status(v->req, 404, "There is no such file here.");
		return;
	case -EACCES:
		reply_status(v->req, 403, "This file cannot be read.");
		return;
	}
	log_error_errno(err, "\"%s/%s\": cannot be served", v->site->directory, v->url.path);
	reply_status(v->req, 500, "The log says why.");
}

/*
 * To the same path with a slash, so that relative links in the index work. The address is relative
 * too: it holds behind any proxy, and cannot be made to name another host ("//host").
 */
static int render_location(const struct visit *v, struct buf *out)
{
	const char *name = path_basename(v->url.path);
	struct http_str query = http_request_query(v->req);
	int err = escape_path(out, name, strlen(name), false);

	if (!err)
		err = buf_add_str(out, query.len > 0 ? "/?" : "/");
	if (!err && query.len > 0)
		err = buf_add(out, query.p, query.len);
	return err;
}

static void reply_redirect(const struct visit *v)
{
	struct buf location;
	int err;

	buf_init(&location, SIZE_MAX);
	err = render_location(v, &location);
	if (!err)
		err = http_response_start(v->req, 301);
	if (!err)
		err = http_response_header(v->req, "location", 8, buf_data(&location),
					   buf_len(&location));
	buf_finish(&location);
	if (err) {
		http_response_abort(v->req);
		return;
	}
	if (v->site->no_cache)
		reply_header(v->req, "cache-control", "no-cache");
	reply_status_page(v->req, 301, "This is a folder: its address ends with a slash.");
}

/* Takes dir. */
static void reply_listing(const struct visit *v, int dir)
{
	struct listing listing;
	struct buf page;
	int err = listing_read(&listing, v->root, v->url.path, dir);

	if (!err)
		err = http_response_start(v->req, 200);
	if (err) {
		reply_error(v, err);
		return;
	}
	reply_header(v->req, "cache-control", "no-cache");
	buf_init(&page, SIZE_MAX);
	err = listing_render(&listing, v->url.path, &page);
	listing_finish(&listing);
	reply_page(v->req, &page, err);
}

/* Opens the folder's index. Returns the descriptor, -ENOENT when it is to be listed, or -errno. */
static int open_index(const struct visit *v, struct stat *st)
{
	char path[PATH_MAX];
	int fd, err = *v->url.path ? path_join(path, sizeof(path), v->url.path, INDEX)
				   : str_copy(path, sizeof(path), INDEX);

	if (err)
		return -ENOENT;
	fd = beneath_open(v->root, path, st);
	if (fd >= 0 && S_ISDIR(st->st_mode)) {
		fd_close(&fd);
		return -ENOENT;
	}
	return fd;
}

/* Takes dir. */
static void reply_folder(const struct visit *v, int dir)
{
	struct stat st;
	int fd;

	if (!v->url.folder) {
		fd_close(&dir);
		reply_redirect(v);
		return;
	}
	fd = open_index(v, &st);
	if (fd == -ENOENT) {
		reply_listing(v, dir);
		return;
	}
	fd_close(&dir);
	if (fd < 0)
		reply_error(v, fd);
	else
		site_file_reply(v->req, fd, &st, INDEX, v->site->no_cache);
}

static void reply_path(const struct visit *v)
{
	struct stat st;
	int fd = beneath_open(v->root, v->url.path, &st);

	if (fd < 0) {
		reply_error(v, fd);
	} else if (S_ISDIR(st.st_mode)) {
		reply_folder(v, fd);
	} else if (v->url.folder) { /* "page.html/": its links would lead elsewhere */
		fd_close(&fd);
		reply_error(v, -ENOENT);
	} else {
		site_file_reply(v->req, fd, &st, v->url.path, v->site->no_cache);
	}
}

static bool is_method(const struct http_request *req, const char *name)
{
	struct http_str method = http_request_method(req);

	return method.len == strlen(name) && memcmp(method.p, name, method.len) == 0;
}

static void reply_method(struct http_request *req)
{
	if (http_response_start(req, 405) < 0) {
		http_response_abort(req);
		return;
	}
	reply_header(req, "allow", "GET, HEAD");
	reply_status_page(req, 405, "Files are read here, with GET and HEAD.");
}

/* A path that decodes to nothing we would serve is a missing file, whatever it tried. */
static bool decode_path(struct visit *v)
{
	struct http_str path = http_request_path(v->req);
	int err = urlpath_decode(&v->url, path.p, path.len);

	if (err == -EINVAL)
		reply_status(v->req, 400, "The address cannot be decoded.");
	else if (err)
		reply_error(v, -ENOENT);
	return err == 0;
}

/*
 * The directory is opened for each request: a build tool may remove it and make it anew, and an
 * old descriptor would go on showing the one that is gone.
 */
static void on_request(void *app, struct http_request *req)
{
	const struct site *s = container_of((struct host *)app, struct site, host);
	struct visit v = {.site = s, .req = req};

	if (!is_method(req, "GET") && !is_method(req, "HEAD")) {
		reply_method(req);
		return;
	}
	if (!decode_path(&v))
		return;
	v.root = open(s->directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (v.root < 0)
		reply_error(&v, -errno);
	else
		reply_path(&v);
	fd_close(&v.root);
}

static int prepare(struct host *h, const struct worker_config *c, struct worker_error *e)
{
	struct site *s = container_of(h, struct site, host);
	const char *directory = c->target ? c->target : ".";
	int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int err = fd < 0 ? -errno : 0;

	if (err) {
		e->stage = strdup("site");
		e->message = str_printf("\"%s\": %s", directory, strerror(-err));
		return err;
	}
	fd_close(&fd);
	s->directory = directory;
	s->no_cache = c->reload;
	return 0;
}

int worker_site_main(void)
{
	struct site s = {
		.host.prepare = prepare,
		.host.http = {on_request, host_ignore, host_ignore, host_ignore},
	};

	return host_main(&s.host);
}
