/* Whatever a daemon sends as its status is shown, and what is missing does no harm. */
#include "ctl/output.h"
#include "tests/support/unit.h"

#include <stdlib.h>
#include <string.h>

static const struct style style = {.width = 40, .cwd = "/home/me"};

static char *render(const char *json)
{
	char *text = NULL;
	size_t len;
	json_t *status = json_loads(json, 0, NULL);
	FILE *out = open_memstream(&text, &len);

	assert_non_null(status);
	text_status(out, &style, status);
	fclose(out);
	json_decref(status);
	return text;
}

static void assert_shows(const char *json, const char *const *facts)
{
	char *text = render(json);

	for (; *facts; facts++)
		if (!strstr(text, *facts))
			fail_msg("\"%s\" is not in:\n%s", *facts, text);
	free(text);
}

TEST(each_state_is_a_sentence)
{
	static const struct {
		const char *json;
		const char *sentence;
	} rows[] = {
		{"{\"state\":\"serving\",\"target\":\"a:b\",\"generation\":{\"number\":7,\"state\":"
		 "\"serving\"}}",
		 "a:b is serving, generation 7, serving\n"},
		{"{\"state\":\"paused\",\"target\":\"a:b\"}",
		 "a:b is serving, reloading is paused\n"},
		{"{\"state\":\"reloading\",\"target\":\"a:b\",\"generation\":{\"number\":1,"
		 "\"state\":"
		 "\"booting\"}}",
		 "a:b is reloading, generation 1, booting\n"},
		{"{\"state\":\"failed\",\"target\":\"a:b\",\"handover\":\"fresh\"}",
		 "a:b has failed; requests are answered with the error\n"},
		{"{\"state\":\"failed\",\"target\":\"a:b\",\"handover\":\"overlap\"}",
		 "a:b has failed; nothing is served\n"},
		{"{\"state\":\"failed\",\"target\":\"a:b\",\"generation\":{\"number\":7,\"state\":"
		 "\"serving\"}}",
		 "a:b has failed to reload; still serving generation 7"},
		{"{}", "blackbulld is in no known state\n"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_shows(rows[i].json, (const char *const[]){rows[i].sentence, NULL});
}

TEST(members_of_another_type_do_no_harm)
{
	free(render("{\"state\":7,\"target\":[],\"generation\":\"x\",\"binds\":{},\"workers\":7,"
		    "\"watch\":[],\"nursery\":0,\"last_failed\":[]}"));
	free(render("{\"binds\":[7,null,{}],\"workers\":[null,{},7],\"last_failed\":{},"
		    "\"watch\":{\"enabled\":true,\"paths\":[7,null],\"include\":[null]},"
		    "\"state\":\"failed\"}"));
}

TEST(a_long_list_of_paths_is_broken_into_lines)
{
	assert_shows(
		"{\"watch\":{\"enabled\":true,\"directories\":1,\"backend\":\"poll\",\"paths\":["
		"\"/home/me/aaaaaaaaaa\",\"/home/me/bbbbbbbbbb\",\"/home/me/cccccccccc\"]}}",
		(const char *const[]){"aaaaaaaaaa, bbbbbbbbbb,\n                cccccccccc\n",
				      "1 directory by poll\n", NULL});
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_state_is_a_sentence),
		cmocka_unit_test(members_of_another_type_do_no_harm),
		cmocka_unit_test(a_long_list_of_paths_is_broken_into_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
