/* One clear line for each mistake: it names the source, the value, and what to write. */
#include "tests/unit/config/sandbox.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TEST(a_wrong_command_line_is_named)
{
	static const struct {
		const char *words;
		const char *text;
	} rows[] = {
		{"--relaod", "unknown option \"--relaod\"; did you mean --reload?"},
		{"--relaod=5", "did you mean --reload?"},
		{"-reload", "did you mean --reload?"},
		{"-x", "unknown option \"-x\"; see blackbulld --help"},
		{"-nz", "unknown option \"-nz\""},
		{"--host 0.0.0.0", "here it is --bind HOST:PORT"},
		{"--reload-dir src", "here it is --reload-path"},
		{"--target x", "unknown option \"--target\""},
		{"--role=site", "unknown option \"--role=site\""},
		{"--reload=yes", "takes no value: write --reload"},
		{"--no-reload=yes", "takes no value: write --no-reload"},
		{"--help=x", "takes no value: write --help"},
		{"--bind", "option --bind needs a value: --bind ADDR"},
		{"-b", "option --bind needs a value: --bind ADDR"},
		{"--bind ''", "--bind: the value is empty"},
		{"-b 8000", "--bind \"8000\": no address"},
		{"-b :1 -b :1", "--bind \":1\": is given twice"},
		{"-w two", "--workers \"two\": expected a number from 0 to 1024"},
		{"-w -1", "\"-1\""},
		{"-w 1025", "\"1025\""},
		{"--handover maybe", "\"maybe\": expected one of fresh|overlap"},
		{"--interface cgi", "\"cgi\": expected one of auto|asgi|wsgi"},
		{"--interface a", "expected one of"},
		{"--lifespan 'on|off'", "expected one of auto|on|off"},
		{"--ready soon", "\"soon\": expected one of notify|delay:MS|auto"},
		{"--ready delay:", "milliseconds after delay:"},
		{"--ready delay:1s", "milliseconds after delay:"},
		{"--ready-timeout 1x", "\"1x\": expected seconds"},
		{"--ready-timeout 0", "more than 0"},
		{"--drain-timeout 48h", "at most 86400 seconds"},
		{"--log-level loud", "\"loud\": expected one of error|warn|info|debug"},
		{"--log-format xml", "\"xml\": expected one of text|json"},
		{"--limit-body 1x", "\"1x\": expected a size"},
		{"--limit-head 4g", "at most 4294967295 bytes"},
		{"--max-requests -5", "\"-5\""},
		{"--reload-delay 1s", "\"1s\""},
		{"--reload-poll=soon", "\"soon\""},
		{"--reload-poll=5", "at least 10"},
		{"--root-path api", "\"api\""},
		{"--root-path /api/", "\"/api/\""},
		{"--forwarded-allow-ips 127.0.0.1,x", "addresses or networks"},
		{"--forwarded-allow-ips 10.0.0.0/33", "addresses or networks"},
		{"--forwarded-allow-ips ::1/129", "addresses or networks"},
		{"--forwarded-allow-ips ,", "addresses or networks"},
		{"--name a/b", "\"a/b\""},
		{"--name .x", "\".x\""},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		sandbox_refuses(rows[i].words, CONFIG_STATUS_USAGE, rows[i].text);
}

TEST(a_socket_path_that_the_kernel_would_not_take_is_named)
{
	char words[200] = "--admin /";

	memset(words + strlen(words), 'x', 120);
	sandbox_refuses(words, CONFIG_STATUS_USAGE, "100 bytes, this has 121");
}

TEST(a_wrong_line_of_the_file_is_named_by_its_number)
{
	static const struct {
		const char *text;
		const char *complaint;
	} rows[] = {
		{"wrokers = 2\n",
		 "blackbulld.conf:1: unknown key \"wrokers\"; did you mean \"workers\"?"},
		{"# x\n\nworkers = two\n", "blackbulld.conf:3: workers \"two\": expected a number"},
		{"bind = 127.0.0.1:0\nnonsense\n", "blackbulld.conf:2: expected \"key = value\""},
		{"reload\n", "blackbulld.conf:1: expected \"key = value\""},
		{"[blackbulld\nreload = yes\n", "blackbulld.conf:1: expected"},
		{"[web]\nreload = yes\n", "blackbulld.conf:2: unknown section [web]"},
		{"workers = 1\nworkers = 2\n",
		 "blackbulld.conf:2: \"workers\" was given in line 1"},
		{"reload = maybe\n", "blackbulld.conf:1: reload \"maybe\": expected yes or no"},
		{"no-reload = maybe\n", "no-reload \"maybe\": expected yes or no"},
		{"workers =\n", "blackbulld.conf:1: workers: the value is empty"},
		{"workers = ''\n", "the value is empty"},
		{"target = a:b\ncommand = c\n", "blackbulld.conf:2: command: target and command"},
		{"command = 'a\n", "a quote is left open"},
		{"config = x\n", "unknown key \"config\""},
		{"help = yes\n", "unknown key \"help\""},
		{"check = yes\n", "unknown key \"check\""},
		{"= 2\n", "unknown key \"\""},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		sandbox_write("blackbulld.conf", rows[i].text);
		sandbox_refuses("", CONFIG_STATUS_USAGE, rows[i].complaint);
	}
}

TEST(a_line_that_is_too_long_is_named)
{
	char text[1200] = "reload = yes\nbuild = ";

	memset(text + strlen(text), 'x', 1100);
	sandbox_write("blackbulld.conf", text);
	sandbox_refuses("", CONFIG_STATUS_USAGE, "blackbulld.conf:2: the line is longer than");
}

TEST(a_file_that_is_no_text_is_named)
{
	FILE *f = fopen("blackbulld.conf", "w");

	assert_non_null(f);
	assert_int_equal(fwrite("reload = y\0s\n", 1, 13, f), 13);
	assert_int_equal(fclose(f), 0);
	sandbox_refuses("", CONFIG_STATUS_USAGE, "blackbulld.conf:1: the line holds a NUL byte");
}

TEST(a_wrong_variable_is_named)
{
	setenv("BLACKBULLD_WORKERS", "many", 1);
	sandbox_refuses("", CONFIG_STATUS_USAGE, "BLACKBULLD_WORKERS \"many\": expected a number");
	unsetenv("BLACKBULLD_WORKERS");
	setenv("BLACKBULLD_BIND", ":1,80", 1);
	sandbox_refuses("", CONFIG_STATUS_USAGE, "BLACKBULLD_BIND \"80\": no address");
	setenv("BLACKBULLD_BIND", ":1,,:2", 1);
	sandbox_refuses("", CONFIG_STATUS_USAGE, "BLACKBULLD_BIND: the value is empty");
	unsetenv("BLACKBULLD_BIND");
	setenv("BLACKBULLD_TARGET", "a:b", 1);
	setenv("BLACKBULLD_COMMAND", "c", 1);
	sandbox_refuses("", CONFIG_STATUS_USAGE, "target and command are both given");
}

TEST(a_complaint_is_one_line_whatever_it_quotes)
{
	sandbox_refuses("'a\nb\tc\033[1m'", CONFIG_STATUS_USAGE, "\"a?b?c?[1m\"");
}

TEST(indented_keys_sections_comments_and_quotes_are_read)
{
	struct config c;

	sandbox_write("blackbulld.conf", "\xef\xbb\xbf; a comment\r\n"
					 "[blackbulld]\r\n"
					 "  workers = 2\r\n"
					 "\tlog-level = warn   ; not the default\r\n"
					 "  # another\r\n"
					 "build: 'make css; make js'\r\n"
					 "reload-path = \"a b\"\r\n"
					 "reload-path = c\r\n"
					 "reload-poll = yes");
	c = sandbox_config("main:app");
	assert_int_equal(c.workers, 2);
	assert_int_equal(c.log_level, LOG_LEVEL_WARN);
	assert_string_equal(c.build, "make css; make js");
	assert_int_equal(c.reload_paths.len, 2);
	assert_non_null(strstr(c.reload_paths.v[0], "/a b"));
	assert_int_equal(c.reload_poll_ms, 500);
	config_finish(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SANDBOX_TEST(a_wrong_command_line_is_named),
		SANDBOX_TEST(a_socket_path_that_the_kernel_would_not_take_is_named),
		SANDBOX_TEST(a_wrong_line_of_the_file_is_named_by_its_number),
		SANDBOX_TEST(a_line_that_is_too_long_is_named),
		SANDBOX_TEST(a_file_that_is_no_text_is_named),
		SANDBOX_TEST(a_wrong_variable_is_named),
		SANDBOX_TEST(a_complaint_is_one_line_whatever_it_quotes),
		SANDBOX_TEST(indented_keys_sections_comments_and_quotes_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
