/* The whole of config_load(): sources in their order, and what follows from all of them together. */
#include "daemon/config/config.h"
#include "tests/unit/config/sandbox.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The strings of a list, parted by blanks, are these. */
static void assert_list(const struct strv *list, const char *expected)
{
	char text[1024] = "";
	size_t at = 0;

	for (size_t i = 0; i < list->len; i++)
		at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%s", i ? " " : "",
				       list->v[i]);
	assert_string_equal(text, expected);
}

TEST(without_any_source_the_defaults_hold)
{
	struct http_limits limits;
	struct config c = sandbox_config("main:app");

	http_limits_default(&limits);
	assert_memory_equal(&c.limits, &limits, sizeof(limits));
	assert_int_equal(c.binds.len, 0);
	assert_int_equal(c.workers, 1);
	assert_false(c.reload);
	assert_int_equal(c.reload_paths.len, 0);
	assert_int_equal(c.reload_delay_ms, 3);
	assert_int_equal(c.reload_poll_ms, 0);
	assert_int_equal(c.handover, HANDOVER_OVERLAP);
	assert_int_equal(c.ready, READY_AUTO);
	assert_int_equal(c.ready_timeout_ms, 30000);
	assert_int_equal(c.drain_timeout_ms, 10000);
	assert_true(c.access_log);
	assert_int_equal(c.log_level, LOG_LEVEL_INFO);
	assert_int_equal(c.log_format, LOG_FORMAT_TEXT);
	assert_string_equal(c.python, "python3");
	assert_string_equal(c.interface, "auto");
	assert_string_equal(c.lifespan, "auto");
	assert_string_equal(c.directory, sandbox_path(state));
	assert_string_equal(c.app_dir, sandbox_path(state));
	assert_null(c.build);
	assert_null(c.admin);
	assert_null(c.name);
	assert_null(c.root_path);
	assert_null(c.forwarded_allow_ips);
	config_finish(&c);
}

TEST(each_option_reaches_its_field)
{
	struct config c = sandbox_config(
		"main:app -b :0 --bind [::1]:80 -w 3 --reload --reload-include *.html "
		"--reload-include *.py "
		"--reload-exclude build --reload-delay 50 --reload-poll=250 --build 'make css' "
		"--handover overlap --ready delay:20 --ready-timeout 1.5 --drain-timeout 2m "
		"--interface wsgi "
		"--python python3.9 --root-path /api --lifespan off --no-access-log --log-level "
		"debug "
		"--log-format json --limit-body 1m --limit-request-line 1k --limit-header 2k "
		"--limit-headers 3 --limit-head 4k --limit-concurrency 5 --max-connections 6 "
		"--max-requests 7 "
		"--timeout-header 8 --timeout-body 9 --timeout-keep-alive 10 --timeout-write 500ms "
		"--forwarded-allow-ips '127.0.0.1, 10.0.0.0/8,::1' --admin off --name web-1");
	const struct http_limits limits = {1 << 20, 1024, 2048, 3,    4096,  6,
					   5,	    7,	  8000, 9000, 10000, 500};

	assert_list(&c.binds, ":0 [::1]:80");
	assert_int_equal(c.workers, 3);
	assert_true(c.reload);
	assert_list(&c.reload_include, "*.html *.py");
	assert_list(&c.reload_exclude, "build");
	assert_int_equal(c.reload_delay_ms, 50);
	assert_int_equal(c.reload_poll_ms, 250);
	assert_string_equal(c.build, "make css");
	assert_int_equal(c.handover, HANDOVER_OVERLAP);
	assert_int_equal(c.ready, READY_DELAY);
	assert_int_equal(c.ready_delay_ms, 20);
	assert_int_equal(c.ready_timeout_ms, 1500);
	assert_int_equal(c.drain_timeout_ms, 120000);
	assert_string_equal(c.interface, "wsgi");
	assert_string_equal(c.python, "python3.9");
	assert_string_equal(c.root_path, "/api");
	assert_string_equal(c.lifespan, "off");
	assert_false(c.access_log);
	assert_int_equal(c.log_level, LOG_LEVEL_DEBUG);
	assert_int_equal(c.log_format, LOG_FORMAT_JSON);
	assert_memory_equal(&c.limits, &limits, sizeof(limits));
	assert_string_equal(c.forwarded_allow_ips, "127.0.0.1,10.0.0.0/8,::1");
	assert_string_equal(c.admin, "off");
	assert_string_equal(c.name, "web-1");
	config_finish(&c);
}

TEST(the_command_line_beats_the_environment_and_that_beats_the_file)
{
	struct config c;

	sandbox_write("blackbulld.conf", "workers = 2\nlog-level = error\nhandover = fresh\n");
	setenv("BLACKBULLD_WORKERS", "3", 1);
	setenv("BLACKBULLD_LOG_LEVEL", "warn", 1);
	c = sandbox_config("main:app --workers 4");
	assert_int_equal(c.workers, 4);
	assert_int_equal(c.log_level, LOG_LEVEL_WARN);
	assert_int_equal(c.handover, HANDOVER_FRESH);
	config_finish(&c);
}

TEST(a_list_of_a_stronger_source_replaces_the_weaker_one)
{
	struct config c;

	sandbox_write("blackbulld.conf", "bind = :1\nbind = :2\nreload-include = *.a\n"
					 "reload-exclude = x\nreload-exclude = y\n");
	setenv("BLACKBULLD_RELOAD_INCLUDE", "*.b,*.c", 1);
	setenv("BLACKBULLD_RELOAD_PATH", "/p:/q", 1);
	c = sandbox_config("main:app -b :3 -b :4");
	assert_list(&c.binds, ":3 :4");
	assert_list(&c.reload_include, "*.b *.c");
	assert_list(&c.reload_exclude, "x y");
	assert_list(&c.reload_paths, "/p /q");
	config_finish(&c);
}

TEST(a_switch_can_be_turned_off_by_a_stronger_source)
{
	struct config c;

	sandbox_write("blackbulld.conf", "reload = yes\nno-access-log = yes\n");
	setenv("BLACKBULLD_ACCESS_LOG", "on", 1);
	c = sandbox_config("main:app --no-reload");
	assert_false(c.reload);
	assert_true(c.access_log);
	config_finish(&c);
	unsetenv("BLACKBULLD_ACCESS_LOG");
	setenv("BLACKBULLD_NO_RELOAD", "1", 1);
	c = sandbox_config("main:app --reload");
	assert_true(c.reload);
	assert_false(c.access_log);
	config_finish(&c);
	c = sandbox_config("main:app");
	assert_false(c.reload);
	config_finish(&c);
}

TEST(what_runs_may_be_named_by_every_source)
{
	struct config c;

	sandbox_write("blackbulld.conf", "command = uvicorn 'my app:app' --fd 3\n");
	c = sandbox_config("");
	assert_int_equal(c.kind, TARGET_COMMAND);
	assert_list(&c.command, "uvicorn my app:app --fd 3");
	assert_int_equal(c.command.len, 4);
	assert_non_null(c.target_origin);
	config_finish(&c);

	setenv("BLACKBULLD_TARGET", "web:app", 1);
	c = sandbox_config("");
	assert_int_equal(c.kind, TARGET_APP);
	assert_string_equal(c.target, "web:app");
	assert_int_equal(c.command.len, 0);
	assert_null(c.target_origin);
	config_finish(&c);

	c = sandbox_config("-- sleep 1");
	assert_int_equal(c.kind, TARGET_COMMAND);
	assert_list(&c.command, "sleep 1");
	assert_null(c.target);
	config_finish(&c);
}

TEST(variables_that_are_no_options_are_left_alone)
{
	struct config c;

	setenv("BLACKBULLD_STATE_FD", "9", 1);
	setenv("BLACKBULLD_SOCKET", "/run/x", 1);
	setenv("BLACKBULLD_VERSION", "1.2", 1);
	setenv("BLACKBULLD_HELP", "", 1);
	setenv("BLACKBULLD_WORKERS", "", 1);
	setenv("BLACKBULLD_workers", "x", 1);
	c = sandbox_config("main:app");
	assert_int_equal(c.workers, 1);
	config_finish(&c);
}

TEST(another_file_can_be_named)
{
	struct config c;

	sandbox_write("blackbulld.conf", "workers = x\n");
	sandbox_write("other.conf", "workers = 2\n");
	sandbox_write("third.conf", "workers = 3\n");
	c = sandbox_config("main:app --config other.conf");
	assert_int_equal(c.workers, 2);
	config_finish(&c);
	setenv("BLACKBULLD_CONFIG", "third.conf", 1);
	c = sandbox_config("main:app");
	assert_int_equal(c.workers, 3);
	config_finish(&c);
	c = sandbox_config("main:app --config other.conf");
	assert_int_equal(c.workers, 2);
	config_finish(&c);
	sandbox_refuses("main:app --config nosuch.conf", CONFIG_STATUS_ENVIRONMENT,
			"\"nosuch.conf\": No such file");
	sandbox_refuses("main:app --config .", CONFIG_STATUS_ENVIRONMENT, "Is a directory");
}

TEST(with_reload_paths_patterns_and_handover_follow_from_the_target)
{
	char site[4096];
	struct config c = sandbox_config("main:app --reload");

	assert_list(&c.reload_paths, sandbox_path(state));
	assert_list(&c.reload_include, "*.py");
	assert_int_equal(c.handover, HANDOVER_FRESH);
	config_finish(&c);

	c = sandbox_config("--reload -- sleep 1");
	assert_list(&c.reload_paths, sandbox_path(state));
	assert_int_equal(c.reload_include.len, 0);
	config_finish(&c);

	sandbox_mkdir("public");
	c = sandbox_config("--reload public");
	snprintf(site, sizeof(site), "%s/public", sandbox_path(state));
	assert_list(&c.reload_paths, site);
	assert_int_equal(c.reload_include.len, 0);
	config_finish(&c);
}

TEST(paths_become_absolute)
{
	char expected[4096];
	struct config c =
		sandbox_config("main:app --reload --reload-path ./src/ --reload-path /etc/../usr "
			       "--admin run/a.sock -b unix:run/../web.sock --app-dir ..");
	const char *dir = sandbox_path(state);

	snprintf(expected, sizeof(expected), "%s/src /usr", dir);
	assert_list(&c.reload_paths, expected);
	snprintf(expected, sizeof(expected), "%s/run/a.sock", dir);
	assert_string_equal(c.admin, expected);
	snprintf(expected, sizeof(expected), "unix:%s/web.sock", dir);
	assert_list(&c.binds, expected);
	assert_string_equal(c.app_dir, "/tmp");
	config_finish(&c);
}

TEST(zero_workers_means_one_a_cpu_that_we_may_use)
{
	cpu_set_t set;
	struct config c = sandbox_config("main:app -w 0");

	assert_int_equal(sched_getaffinity(0, sizeof(set), &set), 0);
	assert_int_equal(c.workers, CPU_COUNT(&set));
	config_finish(&c);
}

TEST(polling_takes_its_time_with_or_without_an_equals_sign)
{
	static const struct {
		const char *words;
		uint32_t ms;
	} rows[] = {
		{"main:app --reload-poll", 500},   {"main:app --reload-poll=20", 20},
		{"main:app --reload-poll 20", 20}, {"--reload-poll main:app", 500},
		{"--reload-poll 20 main:app", 20}, {"main:app --reload-poll=0", 0},
		{"main:app --reload-poll=off", 0}, {"main:app --reload-poll --reload", 500},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct config c = sandbox_config(rows[i].words);

		assert_int_equal(c.reload_poll_ms, rows[i].ms);
		assert_string_equal(c.target, "main:app");
		config_finish(&c);
	}
}

TEST(check_names_what_is_not_there)
{
	static const struct {
		const char *words;
		const char *text;
	} rows[] = {
		{"main:app --reload --reload-path nosuch", "--reload-path"},
		{"main:app --app-dir nosuch", "--app-dir"},
		{"main:app --app-dir file", "Not a directory"},
		{"main:app --python nosuch", "not found in PATH"},
		{"main:app --python ./nosuch", "No such file"},
		{"main:app --python ./file", "not executable"},
		{"-- nosuch --fd 3", "command \"nosuch\": not found in PATH"},
		{"-- ./file", "not executable"},
		{"-- /", "Is a directory"},
	};
	struct config_error e;
	struct config c;

	sandbox_write("file", "");
	setenv("PATH", "/usr/bin:/bin", 1);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		c = sandbox_config(rows[i].words);
		assert_true(config_check(&c, &e) < 0);
		assert_int_equal(e.status, CONFIG_STATUS_ENVIRONMENT);
		if (!strstr(e.text, rows[i].text))
			fail_msg("%s: \"%s\"", rows[i].words, e.text);
		config_finish(&c);
	}
	c = sandbox_config("--reload --reload-path file -- sh -c true");
	assert_int_equal(config_check(&c, &e), 0);
	config_finish(&c);
}

TEST(help_and_version_look_at_nothing_else)
{
	char *words[] = {(char *)"blackbulld", (char *)"-n", (char *)"--help", (char *)"--nosuch",
			 NULL};
	enum config_action action = CONFIG_RUN;
	struct config_error e;
	struct config c;

	sandbox_write("blackbulld.conf", "nonsense\n");
	assert_int_equal(config_load(&c, &action, 4, words, &e), 0);
	assert_int_equal(action, CONFIG_HELP);
	config_finish(&c);
	words[2] = (char *)"-V";
	assert_int_equal(config_load(&c, &action, 4, words, &e), 0);
	assert_int_equal(action, CONFIG_VERSION);
	config_finish(&c);
}

TEST(the_words_given_stay_in_their_order)
{
	char *words[] = {(char *)"blackbulld", (char *)"main:app", (char *)"--reload", (char *)"-n",
			 NULL};
	enum config_action action;
	struct config_error e;
	struct config c;

	assert_int_equal(config_load(&c, &action, 4, words, &e), 0);
	assert_int_equal(action, CONFIG_CHECK);
	assert_true(c.reload);
	assert_string_equal(words[1], "main:app");
	assert_string_equal(words[2], "--reload");
	config_finish(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SANDBOX_TEST(without_any_source_the_defaults_hold),
		SANDBOX_TEST(each_option_reaches_its_field),
		SANDBOX_TEST(the_command_line_beats_the_environment_and_that_beats_the_file),
		SANDBOX_TEST(a_list_of_a_stronger_source_replaces_the_weaker_one),
		SANDBOX_TEST(a_switch_can_be_turned_off_by_a_stronger_source),
		SANDBOX_TEST(what_runs_may_be_named_by_every_source),
		SANDBOX_TEST(variables_that_are_no_options_are_left_alone),
		SANDBOX_TEST(another_file_can_be_named),
		SANDBOX_TEST(with_reload_paths_patterns_and_handover_follow_from_the_target),
		SANDBOX_TEST(paths_become_absolute),
		SANDBOX_TEST(zero_workers_means_one_a_cpu_that_we_may_use),
		SANDBOX_TEST(polling_takes_its_time_with_or_without_an_equals_sign),
		SANDBOX_TEST(check_names_what_is_not_there),
		SANDBOX_TEST(help_and_version_look_at_nothing_else),
		SANDBOX_TEST(the_words_given_stay_in_their_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
