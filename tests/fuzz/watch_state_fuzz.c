/* States of any kind: reading them ends, and what was accepted can be written and read again. */
#include "daemon/master/watch_state.h"

#include "common/log.h"
#include "daemon/master/watch.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int decode(struct watch **w, const void *data, size_t size, uint32_t *used)
{
	static const struct strv nothing;
	const struct watch_config c = {.roots = &nothing, .delay_ms = DEBOUNCE_DELAY_MS};
	struct watch_state_head head;
	struct strv rules = {0};
	int err;

	if (watch_alloc(w, &c))
		abort();
	err = watch_state_decode(*w, data, size, &head, &rules);
	*used = (*w)->tree.used;
	strv_finish(&rules);
	return err;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct watch *w, *again;
	uint32_t used, used_again;
	struct buf out;

	log_init("fuzz", LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
	if (decode(&w, data, size, &used) == 0) {
		buf_init(&out, SIZE_MAX);
		if (watch_state_encode(w, &out))
			abort();
		if (decode(&again, buf_data(&out), buf_len(&out), &used_again) ||
		    used != used_again)
			abort();
		watch_destroy(again);
		buf_finish(&out);
	}
	watch_destroy(w);
	return 0;
}
