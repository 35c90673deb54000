/* A folder for one test program. */
#include "tests/unit/admin/temp_dir.h"

#include "tests/support/unit.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

void temp_dir_make(struct temp_dir *d)
{
	snprintf(d->path, sizeof(d->path), "/tmp/blackbulld-test-XXXXXX");
	assert_non_null(mkdtemp(d->path));
}

static int remove_one(const char *path, const struct stat *st BB_UNUSED, int type BB_UNUSED,
		      struct FTW *ftw BB_UNUSED)
{
	return remove(path);
}

void temp_dir_remove(struct temp_dir *d)
{
	nftw(d->path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

const char *temp_dir_file(struct temp_dir *d, const char *name)
{
	snprintf(d->buffer, sizeof(d->buffer), "%s/%s", d->path, name);
	return d->buffer;
}
