/* What Python's modules were made of, in a form that is quickly compared with what there is now. */
#include "daemon/asgi/identity.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NS_PER_S 1000000000ULL

int identity_add(struct buf *out, const char *path)
{
	struct stat st = {0};
	int err = buf_reserve(out, IDENTITY_LEN);

	if (stat(path, &st) < 0)
		st = (struct stat){0};
	if (!err)
		err = buf_add_u64(out, st.st_dev);
	if (!err)
		err = buf_add_u64(out, st.st_ino);
	if (!err)
		err = buf_add_u64(out, (uint64_t)st.st_size);
	if (!err)
		err = buf_add_u64(out, (uint64_t)st.st_mtim.tv_sec * NS_PER_S +
					       (uint64_t)st.st_mtim.tv_nsec);
	return err;
}

int identity_add_environment(struct buf *out)
{
	int err = 0;

	for (char **entry = environ; !err && entry && *entry; entry++)
		err = buf_add(out, *entry, strlen(*entry) + 1);
	return err;
}
