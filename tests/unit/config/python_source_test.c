/* Which statements of Python bind `app` at the top level, without running them. */
#include "daemon/config/python_source.h"
#include "tests/support/unit.h"

#include <stdlib.h>
#include <string.h>

/* A copy without a byte behind it, so that the sanitizer sees a read beyond the end. */
static bool defines(const char *text, const char *name)
{
	size_t len = strlen(text);
	char *copy = malloc(len ? len : 1);
	bool result;

	assert_non_null(copy);
	memcpy(copy, text, len);
	result = python_source_defines(copy, len, name);
	free(copy);
	return result;
}

TEST(top_level_bindings_are_found)
{
	static const char *const texts[] = {
		"app = FastAPI()\n",
		"app=1",
		"\357\273\277app = 1\n",
		"import os\r\napp = x\r\n",
		"app: FastAPI = FastAPI()\n",
		"app: Dict[str, int] = x\n",
		"app: 'FastAPI' = x\n",
		"application = app = make()\n",
		"app = application = make()\n",
		"x = 1; app = 2\n",
		"app \\\n = x\n",
		"app = (\n    x)\n",
		"def app(environ, start_response):\n",
		"async def app(scope, receive, send):\n    pass\n",
		"async  def app ():...",
		"class app:\n",
		"@decorated\ndef app(): pass\n",
		"from web import app\n",
		"from web import app as app\n",
		"from web import make as app\n",
		"from .web import (\n    db,\n    app,\n)\n",
		"from web import a, app, b\n",
		"from web import a, \\\n    app",
		"'''text\napp\n'''\napp = 1\n",
		"x = '\\'' # '\napp = 1\n",
		"x = r'\\'\napp = r\n",
		"if x:\n    y = 1\n\napp = 1\n",
		"x = {\n'a': 1,\n}\napp = 1\n",
		"x = 'open\napp = 1\n",
		"x = f\"{y}\"\napp = 1\n",
	};

	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		if (!defines(texts[i], "app"))
			fail_msg("app is not seen in:\n%s", texts[i]);
}

TEST(what_only_looks_like_a_binding_is_not_one)
{
	static const char *const texts[] = {
		"",
		"\n\n",
		"# app = 1\n",
		"'''\napp = 1\n'''\n",
		"x = \"\"\"\napp = 1\n\"\"\"\n",
		"rb'''\napp = 1\n'''\n",
		"def main():\n    app = 1\n",
		"if x:\n\tapp = 1\n",
		"x = (\napp = 1\n)\n",
		"run(\napp = 1,\n)\n",
		"x = [\\\napp\n]\n",
		"app == 1\n",
		"app += 1\n",
		"app.state = 1\n",
		"app[0] = 1\n",
		"app()\n",
		"app: FastAPI\n",
		"app: Dict[a=b]\n",
		"app = None\n",
		"app: FastAPI | None = None\n",
		"x = app\n",
		"x = app == 1\n",
		"x: app = 1\n",
		"application = 1\n",
		"my_app = 1\n",
		"app2 = 1\n",
		"\303\251app = 1\n",
		"def app2(): pass\n",
		"def f(app=1): pass\n",
		"class C(app): pass\n",
		"import app\n",
		"import web as app\n",
		"from app import web\n",
		"from web import app as web\n",
		"from web import make_app\n",
		"from web import *\n",
		"for app in x: pass\n",
		"print('x', app='y')\n",
		"x \\\napp = 1\n",
		"(app := 1)\n",
	};

	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		if (defines(texts[i], "app"))
			fail_msg("app is seen in:\n%s", texts[i]);
}

TEST(every_cut_of_a_source_is_read_within_its_end)
{
	static const char text[] =
		"async def f(): '''a'''; x = r\"b\\\"\" # c\\\r\nfrom a import (b)\napp: "
		"c[1] = \\\n0x1f\n";

	for (size_t len = 0; len < sizeof(text); len++) {
		char *copy = strndup(text, len);

		assert_non_null(copy);
		assert_int_equal(defines(copy, "app"), strstr(copy, "[1] =") != NULL);
		free(copy);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(top_level_bindings_are_found),
		cmocka_unit_test(what_only_looks_like_a_binding_is_not_one),
		cmocka_unit_test(every_cut_of_a_source_is_read_within_its_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
