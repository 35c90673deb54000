/* What runs: named, found, or wrong. */
#include "daemon/config/target.h"
#include "tests/unit/config/sandbox.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void assert_runs(const char *words, enum target_kind kind, const char *target,
			const char *app_dir)
{
	struct config c = sandbox_config(words);

	assert_int_equal(c.kind, kind);
	assert_string_equal(c.target, target);
	assert_string_equal(c.app_dir, app_dir);
	config_finish(&c);
}

/* The same, app_dir being relative to the sandbox. */
static void assert_app(void **state, const char *words, const char *target, const char *folder)
{
	char dir[4096];

	snprintf(dir, sizeof(dir), "%s%s", sandbox_path(state), folder);
	assert_runs(words, TARGET_APP, target, dir);
}

TEST(module_and_attribute_may_be_dotted_names)
{
	assert_true(target_is_app("main:app"));
	assert_true(target_is_app("my_pkg.web2:factory.app"));
	assert_true(target_is_app("m\xc3\xb6wen:app"));
	assert_true(target_is_app("main:create_app()"));
	assert_false(target_is_app("main"));
	assert_false(target_is_app("main:"));
	assert_false(target_is_app(":app"));
	assert_false(target_is_app("a.:b"));
	assert_false(target_is_app(".a:b"));
	assert_false(target_is_app("a..b:c"));
	assert_false(target_is_app("a:b:c"));
	assert_false(target_is_app("1a:b"));
	assert_false(target_is_app("a-b:c"));
	assert_false(target_is_app("./a:b"));
	assert_false(target_is_app("a:()"));
	assert_false(target_is_app("a:b(1)"));
}

TEST(a_named_application_need_not_be_there_yet)
{
	assert_app(state, "web.main:app", "web.main:app", "");
	assert_app(state, "main:app --app-dir ./src/", "main:app", "/src");
}

TEST(a_directory_is_a_site)
{
	sandbox_mkdir("public/docs");
	struct config c = sandbox_config("public/docs/");

	assert_int_equal(c.kind, TARGET_SITE);
	assert_true(strstr(c.target, "/public/docs") && c.target[0] == '/');
	assert_null(c.target_origin);
	config_finish(&c);
}

TEST(the_app_is_found_where_fastapi_dev_looks)
{
	static const struct {
		const char *file;
		const char *text;
		const char *target;
		const char *folder;
	} rows[] = {
		/* Each is found before the one above it. */
		{"src/app/wsgi.py", "application = 1", "wsgi:application", "/src/app"},
		{"src/main.py", "app = 1", "main:app", "/src"},
		{"app/wsgi.py", "application = 1", "wsgi:application", "/app"},
		{"app/asgi.py", "application = 1", "asgi:application", "/app"},
		{"app/api.py", "api = 1", "api:api", "/app"},
		{"app/app.py", "app = 1", "app:app", "/app"},
		{"app/main.py", "api = 1", "main:api", "/app"},
		{"wsgi.py", "def application(e, s): ...", "wsgi:application", ""},
		{"asgi.py", "application = 1", "asgi:application", ""},
		{"api.py", "api = 1", "api:api", ""},
		{"app.py", "api = 1; app = 1", "app:app", ""},
		{"main.py", "async def app(): ...", "main:app", ""},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct config c;

		sandbox_write(rows[i].file, rows[i].text);
		assert_app(state, "", rows[i].target, rows[i].folder);
		c = sandbox_config("");
		assert_non_null(strstr(c.target_origin, rows[i].file));
		config_finish(&c);
	}
}

TEST(a_package_is_imported_by_its_name)
{
	sandbox_write("app/__init__.py", "");
	sandbox_write("app/main.py", "app = 1");
	assert_app(state, "", "app.main:app", "");
	assert_app(state, "--app-dir app", "main:app", "/app");
}

TEST(with_app_dir_the_app_is_looked_for_there_alone)
{
	sandbox_write("main.py", "app = 1");
	sandbox_write("web/app/main.py", "app = 1");
	assert_app(state, "--app-dir web", "app.main:app", "/web");
	sandbox_mkdir("empty");
	sandbox_refuses("--app-dir empty", CONFIG_STATUS_ENVIRONMENT, "/empty\": no application");
}

TEST(a_script_without_an_app_is_passed_over)
{
	sandbox_write("main.py", "# app = 1\nprint('app = 1')\n");
	sandbox_write("api.py", "app = 1");
	assert_app(state, "", "api:app", "");
}

TEST(a_factory_is_found_where_there_is_no_app)
{
	sandbox_write("main.py", "def create_app():\n    app = 1\n");
	assert_app(state, "", "main:create_app()", "");
	sandbox_write("main.py", "def create_app(): ...\napi = create_app()\n");
	assert_app(state, "", "main:api", "");
}

TEST(without_any_app_the_current_directory_is_served)
{
	struct config c = sandbox_config("");

	assert_int_equal(c.kind, TARGET_SITE);
	assert_string_equal(c.target, sandbox_path(state));
	assert_non_null(strstr(c.target_origin, "no application"));
	config_finish(&c);

	sandbox_write("app.py", "print(1)");
	c = sandbox_config("");
	assert_int_equal(c.kind, TARGET_SITE);
	assert_string_equal(c.target_origin, "app.py has no app, api or application");
	config_finish(&c);
}

TEST(directories_with_the_names_of_files_are_no_candidates)
{
	sandbox_mkdir("main.py");
	sandbox_write("app", "a file");
	sandbox_write("asgi.py", "app = 1");
	assert_app(state, "", "asgi:app", "");
}

TEST(a_candidate_that_cannot_be_read_is_named)
{
	/* A link in a circle cannot be read by root either. */
	assert_int_equal(symlink("main.py", "main.py"), 0);
	sandbox_refuses("", CONFIG_STATUS_ENVIRONMENT, "main.py: ");
}

TEST(what_follows_two_dashes_is_a_command)
{
	struct config c = sandbox_config("--reload --reload-path src/ -- uvicorn main:app --fd 3");

	assert_int_equal(c.kind, TARGET_COMMAND);
	assert_null(c.target);
	assert_int_equal(c.command.len, 4);
	assert_string_equal(c.command.v[0], "uvicorn");
	assert_string_equal(c.command.v[2], "--fd");
	assert_int_equal(c.reload_paths.len, 1);
	config_finish(&c);
}

TEST(a_wrong_target_gets_advice)
{
	static const struct {
		const char *words;
		int status;
		const char *text;
	} rows[] = {
		{"main.py", 2, "did you mean main:api?"},
		{"other.py", 2, "did you mean other:app?"},
		{"src/main.py", 2, "did you mean main:app --app-dir src/?"},
		{"nosuch.py", 1, "no such file"},
		{"src/main:app", 2, "did you mean main:app --app-dir src/?"},
		{"main:", 2, "did you mean main:app?"},
		{"main", 2, "did you mean main:app?"},
		{"main:1app", 2, "\"1app\" is no attribute's name"},
		{"my-app:app", 2, "\"my-app\" is no module's name"},
		{"nosuch/", 1, "no such directory"},
		{"README", 2, "is a file"},
		{"'a b'", 2, "neither"},
		{"one:app two:app", 2, "\"two:app\""},
		{"uvicorn main:app", 2, "put \"--\" before it"},
		{"main:app -- sleep 1", 2,
		 "both the target \"main:app\" and the command \"sleep\""},
		{"--", 2, "no command after \"--\""},
		{"--reload --", 2, "no command after \"--\""},
		{"''", 2, "the target is empty"},
	};

	sandbox_write("main.py", "api = 1");
	sandbox_write("src/main.py", "app = 1");
	sandbox_write("other.py", "");
	sandbox_write("README", "");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		sandbox_refuses(rows[i].words, rows[i].status, rows[i].text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(module_and_attribute_may_be_dotted_names),
		SANDBOX_TEST(a_named_application_need_not_be_there_yet),
		SANDBOX_TEST(a_directory_is_a_site),
		SANDBOX_TEST(the_app_is_found_where_fastapi_dev_looks),
		SANDBOX_TEST(a_package_is_imported_by_its_name),
		SANDBOX_TEST(with_app_dir_the_app_is_looked_for_there_alone),
		SANDBOX_TEST(a_script_without_an_app_is_passed_over),
		SANDBOX_TEST(a_factory_is_found_where_there_is_no_app),
		SANDBOX_TEST(without_any_app_the_current_directory_is_served),
		SANDBOX_TEST(directories_with_the_names_of_files_are_no_candidates),
		SANDBOX_TEST(a_candidate_that_cannot_be_read_is_named),
		SANDBOX_TEST(what_follows_two_dashes_is_a_command),
		SANDBOX_TEST(a_wrong_target_gets_advice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
