/* A folder for one test program, removed with what is in it. */
#ifndef TESTS_UNIT_ADMIN_TEMP_DIR_H
#define TESTS_UNIT_ADMIN_TEMP_DIR_H

#include <limits.h>

struct temp_dir {
	char path[64];
	char buffer[PATH_MAX];
};

/* Asserts that it works. */
void temp_dir_make(struct temp_dir *d);
void temp_dir_remove(struct temp_dir *d);
/* path/name, valid until the next call. */
const char *temp_dir_file(struct temp_dir *d, const char *name);

#endif
