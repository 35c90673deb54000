/* config_load_again(): a daemon that runs already goes on, whatever has become of its files. */
#include "tests/unit/config/sandbox.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What an image hands to the next. */
static struct config_kept keep(const struct config *c)
{
	return (struct config_kept){
		.kind = c->kind,
		.target = c->target ? strdup(c->target) : NULL,
		.app_dir = strdup(c->app_dir),
		.found = c->target_found,
		.file_text = c->file_text ? strdup(c->file_text) : NULL,
	};
}

/* The daemon that was started with `word` (or nothing) reads its configuration again. */
static struct config again(const char *word, struct config_kept kept, struct config_error *e)
{
	char *words[] = {(char *)"blackbulld", (char *)word, NULL};
	struct config c;

	if (config_load_again(&c, word ? 2 : 1, words, &kept, e) < 0)
		fail_msg("not loaded again: %s", e->text);
	config_kept_finish(&kept);
	return c;
}

static struct config_kept start(const char *words)
{
	struct config c = sandbox_config(words);
	struct config_kept kept = keep(&c);

	config_finish(&c);
	return kept;
}

TEST(a_changed_file_takes_effect)
{
	struct config_error e;
	struct config c;

	sandbox_write("blackbulld.conf", "workers = 2\n");
	struct config_kept kept = start("main:app");

	sandbox_write("blackbulld.conf", "workers = 3\n");
	c = again("main:app", kept, &e);
	assert_int_equal(c.workers, 3);
	assert_string_equal(c.file_text, "workers = 3\n");
	assert_string_equal(e.text, "");
	config_finish(&c);
}

TEST(a_broken_file_gives_way_to_the_text_that_was_good)
{
	struct config_error e;
	struct config c;

	sandbox_write("blackbulld.conf", "workers = 2\n");
	struct config_kept kept = start("main:app");

	sandbox_write("blackbulld.conf", "workers = many\n");
	c = again("main:app", kept, &e);
	assert_int_equal(c.workers, 2);
	assert_string_equal(c.file_text, "workers = 2\n");
	assert_non_null(strstr(e.text, "blackbulld.conf:1: workers \"many\""));
	config_finish(&c);
}

TEST(a_broken_file_that_was_not_there_before_changes_nothing)
{
	struct config_kept kept = start("main:app");
	struct config_error e;
	struct config c;

	sandbox_write("blackbulld.conf", "nonsense\n");
	c = again("main:app", kept, &e);
	assert_int_equal(c.workers, 1);
	assert_null(c.file_text);
	assert_non_null(strstr(e.text, "blackbulld.conf:1:"));
	config_finish(&c);
}

TEST(an_application_that_was_found_stays_the_target_when_its_file_is_gone)
{
	struct config_error e;
	struct config c;

	sandbox_write("src/main.py", "app = 1\n");
	struct config_kept kept = start("");

	assert_int_equal(unlink("src/main.py"), 0);
	c = again(NULL, kept, &e);
	assert_int_equal(c.kind, TARGET_APP);
	assert_string_equal(c.target, "main:app");
	assert_non_null(strstr(c.app_dir, "/src"));
	assert_true(c.target_found);
	config_finish(&c);
}

TEST(a_site_that_was_found_stays_one_when_an_application_appears)
{
	struct config_kept kept = start("");
	struct config_error e;
	struct config c;

	sandbox_write("main.py", "app = 1\n");
	c = again(NULL, kept, &e);
	assert_int_equal(c.kind, TARGET_SITE);
	assert_string_equal(c.target, sandbox_path(state));
	config_finish(&c);
}

TEST(a_target_that_the_file_names_anew_is_taken)
{
	struct config_kept kept = start("");
	struct config_error e;
	struct config c;

	sandbox_write("blackbulld.conf", "target = web:app\n");
	c = again(NULL, kept, &e);
	assert_int_equal(c.kind, TARGET_APP);
	assert_string_equal(c.target, "web:app");
	assert_false(c.target_found);
	config_finish(&c);
}

TEST(the_directory_of_a_site_may_be_gone_for_a_moment)
{
	struct config_error e;
	struct config c;

	sandbox_mkdir("public");
	struct config_kept kept = start("public");

	assert_int_equal(rmdir("public"), 0);
	c = again("public", kept, &e);
	assert_int_equal(c.kind, TARGET_SITE);
	assert_non_null(strstr(c.target, "/public"));
	assert_string_equal(e.text, "");
	config_finish(&c);
}

TEST(without_a_use_for_either_text_it_fails)
{
	struct config_kept kept = start("main:app");
	char *words[] = {(char *)"blackbulld", (char *)"main:app", NULL};
	struct config_error e;
	struct config c;

	setenv("BLACKBULLD_WORKERS", "many", 1);
	assert_true(config_load_again(&c, 2, words, &kept, &e) < 0);
	assert_non_null(strstr(e.text, "BLACKBULLD_WORKERS"));
	config_kept_finish(&kept);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SANDBOX_TEST(a_changed_file_takes_effect),
		SANDBOX_TEST(a_broken_file_gives_way_to_the_text_that_was_good),
		SANDBOX_TEST(a_broken_file_that_was_not_there_before_changes_nothing),
		SANDBOX_TEST(an_application_that_was_found_stays_the_target_when_its_file_is_gone),
		SANDBOX_TEST(a_site_that_was_found_stays_one_when_an_application_appears),
		SANDBOX_TEST(a_target_that_the_file_names_anew_is_taken),
		SANDBOX_TEST(the_directory_of_a_site_may_be_gone_for_a_moment),
		SANDBOX_TEST(without_a_use_for_either_text_it_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
