/* The output queue: sendmsg(2) for bytes, sendfile(2) for files. */
#include "daemon/http/output.h"

#include "common/fd.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

/* Of one file in one turn of the loop, so that a fast reader does not keep all others waiting. */
#define FILE_TURN_MAX (1024 * 1024)

struct output_file {
	struct list_node link; /* output.files */
	int fd;
	off_t offset;
	uint64_t left;
	size_t before; /* bytes of output.bytes between the file before and this one */
};

void output_init(struct output *o)
{
	*o = (struct output){.tail = 0};
	buf_init(&o->bytes, SIZE_MAX);
	list_init(&o->files);
}

static struct output_file *first_file(const struct output *o)
{
	struct list_node *n = list_first(&o->files);

	return n ? list_entry(n, struct output_file, link) : NULL;
}

static void file_free(struct output_file *f)
{
	list_remove(&f->link);
	fd_close(&f->fd);
	free(f);
}

void output_finish(struct output *o)
{
	struct output_file *f;

	while ((f = first_file(o)))
		file_free(f);
	buf_finish(&o->bytes);
	o->tail = 0;
	o->file_bytes = 0;
}

int output_reserve(struct output *o, size_t n)
{
	return buf_reserve(&o->bytes, n);
}

void output_commit(struct output *o, size_t n)
{
	buf_commit(&o->bytes, n);
	o->tail += n;
}

int output_add(struct output *o, const void *data, size_t len)
{
	int rc = buf_add(&o->bytes, data, len);

	if (rc == 0)
		o->tail += len;
	return rc;
}

int output_add_file(struct output *o, int fd, off_t offset, uint64_t len)
{
	struct output_file *f = calloc(1, sizeof(*f));

	if (!f) {
		fd_close(&fd);
		return -ENOMEM;
	}
	*f = (struct output_file){.fd = fd, .offset = offset, .left = len, .before = o->tail};
	list_push_back(&o->files, &f->link);
	o->tail = 0;
	o->file_bytes += len;
	return 0;
}

/* Takes n bytes off the front, which belong to the stretch before the first file. */
static void consume(struct output *o, struct output_file *first, size_t n)
{
	buf_consume(&o->bytes, n);
	if (first)
		first->before -= n;
	else
		o->tail -= n;
}

/* Returns how many bytes went out, or -errno; -EAGAIN when none can. */
static ssize_t send_iov(int sock, struct iovec *iov, size_t count, bool more)
{
	struct msghdr msg = {.msg_iov = iov, .msg_iovlen = count};
	ssize_t n;

	do {
		n = sendmsg(sock, &msg, MSG_NOSIGNAL | (more ? MSG_MORE : 0));
	} while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

/* For what sendfile(2) cannot read from: through memory, a piece at a time. */
static ssize_t copy_file(struct output_file *f, int sock, size_t len)
{
	char piece[16 * 1024];
	ssize_t n = pread(f->fd, piece, len < sizeof(piece) ? len : sizeof(piece), f->offset);

	if (n <= 0)
		return n < 0 ? -errno : 0;
	struct iovec iov = {.iov_base = piece, .iov_len = (size_t)n};
	return send_iov(sock, &iov, 1, false);
}

static ssize_t send_piece(struct output_file *f, int sock, size_t len)
{
	off_t offset = f->offset;
	ssize_t n;

	do {
		n = sendfile(sock, f->fd, &offset, len);
	} while (n < 0 && errno == EINTR);
	if (n < 0 && (errno == EINVAL || errno == ENOSYS))
		return copy_file(f, sock, len);
	return n < 0 ? -errno : n;
}

/* Returns 0 when the file is out, 1 to go on in another turn, -errno. */
static int send_file(struct output *o, struct output_file *f, int sock)
{
	size_t turn = FILE_TURN_MAX;

	while (f->left > 0 && turn > 0) {
		ssize_t n = send_piece(f, sock, f->left < turn ? (size_t)f->left : turn);

		if (n < 0)
			return n == -EAGAIN ? 1 : (int)n;
		if (n == 0)
			return -EIO; /* the file shrank: what was promised cannot be kept */
		f->offset += n;
		f->left -= (uint64_t)n;
		o->file_bytes -= (uint64_t)n;
		turn -= (size_t)n;
	}
	if (f->left > 0)
		return 1;
	file_free(f);
	return 0;
}

/* The bytes before the first file, or all if there is none. Returns 0, 1 or -errno. */
static int send_bytes(struct output *o, struct output_file *first, int sock)
{
	size_t len = first ? first->before : o->tail;

	while (len > 0) {
		struct iovec iov = {.iov_base = buf_data(&o->bytes), .iov_len = len};
		ssize_t n = send_iov(sock, &iov, 1, first != NULL);

		if (n < 0)
			return n == -EAGAIN ? 1 : (int)n;
		consume(o, first, (size_t)n);
		len -= (size_t)n;
	}
	return 0;
}

int output_flush(struct output *o, int sock)
{
	struct output_file *f;
	int rc = 0;

	while (rc == 0 && (f = first_file(o))) {
		rc = send_bytes(o, f, sock);
		if (rc == 0)
			rc = send_file(o, f, sock);
	}
	return rc == 0 ? send_bytes(o, NULL, sock) : rc;
}

int output_write(struct output *o, int sock, const void *data, size_t len)
{
	if (!list_empty(&o->files)) {
		int rc = output_add(o, data, len);
		return rc < 0 ? rc : output_flush(o, sock);
	}
	size_t queued = o->tail;
	struct iovec iov[2] = {
		{.iov_base = buf_data(&o->bytes), .iov_len = queued},
		{.iov_base = (void *)data, .iov_len = len},
	};
	ssize_t n = send_iov(sock, queued ? iov : iov + 1, queued ? 2 : 1, false);
	if (n < 0 && n != -EAGAIN)
		return (int)n;
	size_t sent = n < 0 ? 0 : (size_t)n;
	size_t of_queue = sent < queued ? sent : queued;
	consume(o, NULL, of_queue);
	sent -= of_queue;
	if (sent == len)
		return 0;
	int rc = output_add(o, (const char *)data + sent, len - sent);
	return rc < 0 ? rc : 1;
}
