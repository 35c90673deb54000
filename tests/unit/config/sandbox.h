/* A directory of its own for each test, which is the current one, and a clean environment. */
#ifndef TESTS_UNIT_CONFIG_SANDBOX_H
#define TESTS_UNIT_CONFIG_SANDBOX_H

#include "daemon/config/config.h"
#include "tests/support/unit.h"

int sandbox_enter(void **state);
int sandbox_leave(void **state);
#define SANDBOX_TEST(f) cmocka_unit_test_setup_teardown(f, sandbox_enter, sandbox_leave)

/* Absolute, symbolic links resolved: what getcwd(3) says. */
const char *sandbox_path(void **state);

/* Makes the directories above it, too. */
void sandbox_write(const char *path, const char *text);
void sandbox_mkdir(const char *path);

/* config_load() with "blackbulld" and the words of a line, which is to succeed. */
struct config sandbox_config(const char *words);
/* The same, and it is to fail so. */
void sandbox_refuses(const char *words, int status, const char *text);

#endif
