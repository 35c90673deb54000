/* What a nursery is to import, and what is to be left out. */
#include "daemon/master/nursery_list.h"

#include "daemon/ipc/nursery_message.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define LIST_MAX (4 * 1024 * 1024) /* bytes of each part */

static void empty(struct buf *b)
{
	buf_consume(b, buf_len(b));
}

void nursery_list_init(struct nursery_list *l)
{
	*l = (struct nursery_list){0};
	buf_init(&l->whole, LIST_MAX);
	buf_init(&l->more, LIST_MAX);
	buf_init(&l->excluded, LIST_MAX);
	buf_init(&l->incoming, LIST_MAX);
}

void nursery_list_finish(struct nursery_list *l)
{
	buf_finish(&l->whole);
	buf_finish(&l->more);
	buf_finish(&l->excluded);
	buf_finish(&l->incoming);
}

static int append(struct buf *to, const void *data, size_t len)
{
	return len ? buf_add(to, data, len) : 0;
}

static bool contains(const struct buf *texts, const char *text, size_t len)
{
	struct reader r;
	const char *one;
	size_t n;

	reader_init(&r, buf_data(texts), buf_len(texts));
	while (texts_next(&r, &one, &n) == 1) {
		if (n == len && memcmp(one, text, len) == 0)
			return true;
	}
	return false;
}

/* Whether one of the texts is an import that the list does not have. */
static bool has_new(const struct nursery_list *l, const struct buf *texts)
{
	struct reader r;
	const char *one;
	size_t n;

	reader_init(&r, buf_data(texts), buf_len(texts));
	while (texts_next(&r, &one, &n) == 1) {
		if (n && one[0] == STEP_IMPORT && !contains(&l->whole, one, n) &&
		    !contains(&l->more, one, n))
			return true;
	}
	return false;
}

/* Keeps the imports of `more` alone: in which surroundings they were made is out of date. */
static int keep_imports(struct buf *more)
{
	struct buf kept;
	struct reader r;
	const char *one;
	size_t n;
	int err = 0;

	buf_init(&kept, LIST_MAX);
	reader_init(&r, buf_data(more), buf_len(more));
	while (!err && texts_next(&r, &one, &n) == 1) {
		if (n && one[0] == STEP_IMPORT)
			err = texts_add(&kept, one, n);
	}
	if (err) {
		buf_finish(&kept);
		return err;
	}
	buf_finish(more);
	*more = kept;
	return 0;
}

static bool same(const struct buf *a, const struct buf *b)
{
	return buf_len(a) == buf_len(b) &&
	       (buf_len(a) == 0 || memcmp(buf_data(a), buf_data(b), buf_len(a)) == 0);
}

/* Returns enum nursery_news or -ENOMEM. */
static int take_whole(struct nursery_list *l)
{
	struct buf before = l->whole;

	if (l->known && same(&l->whole, &l->incoming))
		return NEWS_NONE;
	l->known = true;
	l->whole = l->incoming;
	l->incoming = before;
	return keep_imports(&l->more) < 0 ? -ENOMEM : NEWS_STEPS;
}

static int take_more(struct nursery_list *l)
{
	if (!l->known || !has_new(l, &l->incoming))
		return NEWS_NONE;
	if (append(&l->more, buf_data(&l->incoming), buf_len(&l->incoming)) < 0)
		return -ENOMEM;
	return NEWS_STEPS;
}

/* Whether a worker says that there must be no nursery, and why. */
static bool is_forbidden(const struct nursery_list *l, char *why, size_t size)
{
	struct reader r;
	const char *one;
	size_t n;

	reader_init(&r, buf_data(&l->incoming), buf_len(&l->incoming));
	while (texts_next(&r, &one, &n) == 1) {
		if (n == 0 || one[0] != STEP_NONE)
			continue;
		snprintf(why, size, "%.*s", (int)(n - 1 < size ? n - 1 : size), one + 1);
		return true;
	}
	return false;
}

int nursery_list_learn(struct nursery_list *l, uint64_t generation, const void *body, size_t len,
		       char *why, size_t size)
{
	const void *texts;
	size_t texts_len;
	uint8_t flags;

	if (texts_receive(body, len, &flags, &texts, &texts_len) < 0)
		return -EBADMSG;
	if (l->sender != generation)
		empty(&l->incoming);
	l->sender = generation;
	if (append(&l->incoming, texts, texts_len) < 0) {
		empty(&l->incoming);
		return -ENOMEM;
	}
	if (flags & MODULES_MORE)
		return NEWS_NONE;
	/* Whoever sends again begins anew. */
	l->sender = 0;
	if (is_forbidden(l, why, size)) {
		l->known = false; /* whatever comes next is news */
		return NEWS_FORBIDDEN;
	}
	return flags & MODULES_WHOLE ? take_whole(l) : take_more(l);
}

int nursery_list_exclude(struct nursery_list *l, const char *name, size_t len)
{
	size_t size = len + 1;
	int err = buf_reserve(&l->excluded, sizeof(uint32_t) + size);

	if (!err)
		err = buf_add_u32(&l->excluded, (uint32_t)size);
	if (!err)
		err = buf_add_u8(&l->excluded, STEP_EXCLUDE);
	if (!err)
		err = append(&l->excluded, name, len);
	return err;
}

int nursery_list_compose(const struct nursery_list *l, bool bare, struct buf *out)
{
	int err = append(out, buf_data(&l->excluded), buf_len(&l->excluded));

	if (!err && !bare)
		err = append(out, buf_data(&l->whole), buf_len(&l->whole));
	if (!err && !bare)
		err = append(out, buf_data(&l->more), buf_len(&l->more));
	return err;
}
