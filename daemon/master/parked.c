/* Connections between two workers. */
#include "daemon/master/parked.h"

#include "common/buf.h"
#include "common/fd.h"
#include "common/hex.h"
#include "daemon/master/handoff.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct parked *parked_add(struct list *l, int fd, const void *record, size_t len)
{
	struct parked *p = malloc(sizeof(*p) + len);

	if (!p) {
		close(fd);
		return NULL;
	}
	*p = (struct parked){.fd = fd, .len = len};
	memcpy(p->record, record, len);
	list_push_back(l, &p->link);
	return p;
}

void parked_destroy(struct parked *p)
{
	list_remove(&p->link);
	fd_close(&p->fd);
	free(p);
}

void parked_clear(struct list *l)
{
	list_for_each(p, l, struct parked, link)
		parked_destroy(p);
}

json_t *parked_save(const struct list *l, struct handoff_fds *fds)
{
	json_t *a = json_array();

	list_for_each(p, l, struct parked, link) {
		char *hex = hex_encode(p->record, p->len);

		if (hex && handoff_fds_add(fds, p->fd) == 0)
			json_array_append_new(a,
					      json_pack("{s:i, s:s}", "fd", p->fd, "record", hex));
		free(hex);
	}
	return a;
}

void parked_restore(struct list *l, const json_t *state, struct handoff_fds *fds)
{
	const json_t *one;
	size_t i;

	json_array_foreach((json_t *)state, i, one)
	{
		struct buf record;
		const char *hex;
		int fd;

		if (json_unpack((json_t *)one, "{s:i, s:s}", "fd", &fd, "record", &hex) < 0)
			continue;
		buf_init(&record, SIZE_MAX);
		if (hex_decode(hex, &record) == 0 && handoff_fds_claim(fds, fd) == 0)
			(void)parked_add(l, fd, buf_data(&record), buf_len(&record));
		buf_finish(&record);
	}
}
