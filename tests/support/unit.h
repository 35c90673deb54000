/* What every unit test includes: cmocka with the headers that it needs before it. */
#ifndef TESTS_SUPPORT_UNIT_H
#define TESTS_SUPPORT_UNIT_H

#include "common/attr.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* A test, whose name is a sentence: TEST(an_empty_list_has_no_first_node) { … } */
#define TEST(sentence) static void sentence(void **state BB_UNUSED)

#endif
