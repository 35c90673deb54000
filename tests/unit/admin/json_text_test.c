/* Bytes into JSON strings, and objects into lines of bounded length. */
#include "daemon/master/json_text.h"

#include "common/str.h"
#include "tests/support/unit.h"

#include <stdlib.h>
#include <string.h>

#define FFFD "\xef\xbf\xbd"

TEST(bytes_that_are_no_utf8_are_replaced_one_by_one)
{
	static const struct {
		const char *in;
		const char *out;
	} cases[] = {
		{"", ""},
		{"plain", "plain"},
		{"gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f"},
		{"\xf0\x9f\x90\x82", "\xf0\x9f\x90\x82"},
		{"a\xff"
		 "b",
		 "a" FFFD "b"},
		{"cut \xe2\x82", "cut " FFFD FFFD},
		{"\xc0\xaf", FFFD FFFD},		   /* overlong */
		{"\xed\xa0\x80", FFFD FFFD FFFD},	   /* a surrogate */
		{"\xf4\x90\x80\x80", FFFD FFFD FFFD FFFD}, /* above U+10FFFF */
		{"\x80\x80", FFFD FFFD},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		json_t *text = json_text(cases[i].in, strlen(cases[i].in));
		char *clean = text_clean(cases[i].in, strlen(cases[i].in));

		assert_non_null(text);
		assert_string_equal(json_string_value(text), cases[i].out);
		assert_string_equal(clean, cases[i].out);
		json_decref(text);
		free(clean);
	}
}

TEST(a_nul_byte_does_not_end_a_text)
{
	char *clean = text_clean("a\0b", 3);

	assert_string_equal(clean, "a" FFFD "b");
	free(clean);
}

TEST(an_array_of_texts_keeps_their_order)
{
	struct strv v = {0};

	assert_int_equal(strv_add(&v, "/one"), 0);
	assert_int_equal(strv_add(&v, "/\xff"), 0);

	json_t *array = json_texts(&v);

	assert_int_equal(json_array_size(array), 2);
	assert_string_equal(json_string_value(json_array_get(array, 0)), "/one");
	assert_string_equal(json_string_value(json_array_get(array, 1)), "/" FFFD);
	json_decref(array);
	strv_finish(&v);
}

TEST(what_is_handed_over_comes_back_byte_by_byte)
{
	struct strv in = {0}, out = {0};
	json_t *list;

	assert_int_equal(strv_add(&in, ""), 0);
	assert_int_equal(strv_add(&in, "gr\xc3\xbc\xc3\x9f"), 0);
	assert_int_equal(strv_add(&in, "caf\xe9"), 0);
	list = json_bytes_list(&in);
	assert_non_null(list);
	assert_int_equal(json_bytes_values(list, &out), 0);
	assert_int_equal(out.len, in.len);
	for (size_t i = 0; i < in.len; i++)
		assert_string_equal(out.v[i], in.v[i]);
	json_decref(list);
	strv_finish(&in);
	strv_finish(&out);
	assert_null(json_bytes(NULL));
	assert_null(json_bytes_value(NULL));
}

TEST(a_short_object_is_one_line_as_it_is)
{
	json_t *o = json_pack("{s:i, s:s}", "n", 1, "text", "two\nlines");
	char *line = json_line(o, 100);

	assert_string_equal(line, "{\"n\":1,\"text\":\"two\\nlines\"}");
	free(line);
	json_decref(o);
}

/* {"paths":[n paths],"error":{"detail": a text of `detail` bytes that ends in "the end"}} */
static json_t *long_object(size_t n, size_t detail)
{
	json_t *paths = json_array();
	char *text = malloc(detail + 1);

	for (size_t i = 0; i < n; i++)
		json_array_append_new(paths, json_sprintf("/some/where/in/the/tree/file%zu.py", i));
	memset(text, 'x', detail);
	memcpy(text + detail - 7, "the end", 8);

	json_t *o = json_pack("{s:o, s:{s:s}}", "paths", paths, "error", "detail", text);

	free(text);
	return o;
}

TEST(a_long_object_keeps_the_beginning_of_arrays_and_the_end_of_texts)
{
	json_t *o = long_object(5000, 100000);
	char *line = json_line(o, 16 * 1024);

	assert_non_null(line);
	assert_true(strlen(line) <= 16 * 1024);

	json_t *back = json_loads(line, 0, NULL);
	const char *detail =
		json_string_value(json_object_get(json_object_get(back, "error"), "detail"));

	assert_true(json_is_true(json_object_get(back, "truncated")));
	assert_string_equal(json_string_value(json_array_get(json_object_get(back, "paths"), 0)),
			    "/some/where/in/the/tree/file0.py");
	assert_true(str_ends(detail, "the end"));
	json_decref(back);
	free(line);
	json_decref(o);
}

TEST(what_cannot_be_made_short_is_refused)
{
	json_t *o = json_object();

	for (int i = 0; i < 1000; i++) {
		char key[16];

		snprintf(key, sizeof(key), "key%d", i);
		json_object_set_new(o, key, json_integer(i));
	}
	assert_null(json_line(o, 1024));
	json_decref(o);
}

TEST(a_text_is_not_cut_within_a_character)
{
	json_t *o = json_object();
	char text[9001];

	for (size_t i = 0; i < 9000; i += 3)
		memcpy(text + i, "\xe2\x82\xac", 3);
	text[9000] = '\0';
	json_object_set_new(o, "detail", json_string(text));

	char *line = json_line(o, 5000);

	assert_non_null(line);
	assert_non_null(strstr(line, "\"\xe2\x82\xac"));
	free(line);
	json_decref(o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_that_are_no_utf8_are_replaced_one_by_one),
		cmocka_unit_test(a_nul_byte_does_not_end_a_text),
		cmocka_unit_test(an_array_of_texts_keeps_their_order),
		cmocka_unit_test(what_is_handed_over_comes_back_byte_by_byte),
		cmocka_unit_test(a_short_object_is_one_line_as_it_is),
		cmocka_unit_test(a_long_object_keeps_the_beginning_of_arrays_and_the_end_of_texts),
		cmocka_unit_test(what_cannot_be_made_short_is_refused),
		cmocka_unit_test(a_text_is_not_cut_within_a_character),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
