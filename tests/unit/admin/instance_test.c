/* The instance's folder: its lock, its paths, and what is said when it cannot be had. */
#include "daemon/master/instance.h"

#include "common/fd.h"
#include "common/path.h"
#include "daemon/master/handoff.h"
#include "tests/support/unit.h"
#include "tests/unit/admin/temp_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static struct temp_dir dir;
static struct config_error error;

static struct config config_of(const char *target)
{
	return (struct config){
		.target = (char *)target, .directory = (char *)"/src/project", .kind = TARGET_APP};
}

static int set_up(void **state BB_UNUSED)
{
	temp_dir_make(&dir);
	setenv("XDG_RUNTIME_DIR", dir.path, 1);
	error.text[0] = '\0';
	return 0;
}

static int tear_down(void **state BB_UNUSED)
{
	temp_dir_remove(&dir);
	return 0;
}

static struct instance *open_instance(const struct config *c)
{
	struct instance *i;

	assert_int_equal(instance_open(&i, c, &error), 0);
	return i;
}

static void assert_refused(const struct config *c, int err, const char *text)
{
	struct instance *i = NULL;

	assert_int_equal(instance_open(&i, c, &error), err);
	assert_null(i);
	if (!strstr(error.text, text))
		fail_msg("\"%s\" is not in: %s", text, error.text);
	assert_null(strchr(error.text, '\n'));
}

static mode_t mode_of(const char *path)
{
	struct stat st;

	assert_int_equal(lstat(path, &st), 0);
	return st.st_mode & 0777;
}

TEST(the_folder_is_private_and_alive_while_it_is_open)
{
	struct config c = config_of("main:app");
	struct instance *i = open_instance(&c);
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s", instance_dir(i));
	assert_int_equal(mode_of(path), 0700);
	assert_int_equal(path_instance_alive(path), 1);
	instance_close(i);
	assert_int_equal(path_instance_alive(path), 0);
}

TEST(those_who_only_look_do_not_keep_a_daemon_from_starting)
{
	struct config c = config_of("main:app");
	struct instance *i = open_instance(&c);
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s", instance_dir(i));
	instance_close(i);

	pid_t tester = getpid(), looker = fork();

	assert_true(looker >= 0);
	if (looker == 0) {
		while (getppid() == tester && path_instance_alive(path) >= 0)
			;
		_exit(0);
	}
	for (int n = 0; n < 1000; n++)
		instance_close(open_instance(&c));
	assert_int_equal(kill(looker, SIGKILL), 0);
	assert_int_equal(waitpid(looker, NULL, 0), looker);
}

TEST(a_second_daemon_for_the_same_target_is_told_the_pid_of_the_first)
{
	struct config c = config_of("main:app");
	struct instance *i = open_instance(&c);
	char pid[32];

	snprintf(pid, sizeof(pid), "(pid %d)", (int)getpid());
	assert_refused(&c, -EWOULDBLOCK, pid);
	assert_refused(&c, -EWOULDBLOCK, "blackbullctl stop");
	assert_int_equal(error.status, CONFIG_STATUS_ENVIRONMENT);
	instance_close(i);
	instance_close(open_instance(&c));
}

TEST(other_targets_commands_and_names_are_other_instances)
{
	struct config configs[5];
	struct instance *instances[5];
	struct strv one = {0}, two = {0};

	assert_int_equal(strv_add(&one, "node"), 0);
	assert_int_equal(strv_add(&one, "a.js"), 0);
	assert_int_equal(strv_add(&two, "node"), 0);
	assert_int_equal(strv_add(&two, "b.js"), 0);
	for (size_t n = 0; n < ARRAY_LEN(configs); n++)
		configs[n] = config_of(n == 0 ? "a:app" : n == 1 ? "b:app" : NULL);
	configs[2].command = one;
	configs[3].command = two;
	configs[4].name = (char *)"mine";
	for (size_t n = 0; n < ARRAY_LEN(configs); n++)
		instances[n] = open_instance(&configs[n]);
	assert_string_equal(path_basename(instance_dir(instances[4])), "mine");
	for (size_t n = 0; n < ARRAY_LEN(configs); n++)
		instance_close(instances[n]);

	char *target = instance_target(&configs[2]);

	assert_string_equal(target, "node a.js");
	free(target);
	strv_finish(&one);
	strv_finish(&two);
}

TEST(sockets_are_in_the_folder_or_where_admin_says_or_nowhere)
{
	struct config c = config_of("main:app");
	struct instance *i = open_instance(&c);
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/admin.sock", instance_dir(i));
	assert_string_equal(instance_admin_path(i), path);
	snprintf(path, sizeof(path), "%s/events.sock", instance_dir(i));
	assert_string_equal(instance_events_path(i), path);
	instance_close(i);

	c.admin = (char *)"run/../ctl";
	i = open_instance(&c);
	assert_string_equal(instance_admin_path(i), "/src/project/ctl");
	assert_string_equal(instance_events_path(i), "/src/project/ctl.events");
	instance_close(i);

	c.admin = (char *)"off";
	i = open_instance(&c);
	assert_null(instance_admin_path(i));
	assert_null(instance_events_path(i));
	instance_close(i);
}

TEST(a_path_that_no_socket_can_have_is_refused_with_its_length)
{
	struct config c = config_of("main:app");
	char path[120];

	memset(path, 'x', sizeof(path));
	path[0] = '/';
	path[101] = '\0'; /* with ".events" one byte too many */
	c.admin = path;
	assert_refused(&c, -ENAMETOOLONG, "108 bytes, but the path of a socket has at most 107");
	path[100] = '\0';
	instance_close(open_instance(&c));
}

TEST(a_name_that_is_no_name_is_a_usage_error)
{
	struct config c = config_of("main:app");

	c.name = (char *)"../elsewhere";
	assert_refused(&c, -EINVAL, "--name \"../elsewhere\"");
	assert_int_equal(error.status, CONFIG_STATUS_USAGE);
}

TEST(a_folder_that_others_can_enter_is_refused)
{
	struct config c = config_of("main:app");
	char path[PATH_MAX];
	struct instance *i = open_instance(&c);

	snprintf(path, sizeof(path), "%s", instance_dir(i));
	instance_close(i);
	assert_int_equal(chmod(path, 0755), 0);
	assert_refused(&c, -EPERM, path);
	assert_int_equal(chmod(path, 0700), 0);
	assert_int_equal(chmod(temp_dir_file(&dir, "blackbulld"), 0755), 0);
	assert_refused(&c, -EPERM, "set XDG_RUNTIME_DIR");
}

TEST(info_is_there_for_discovery_until_the_end_and_history_stays)
{
	struct config c = config_of("main:app");
	struct instance *i = open_instance(&c);
	json_t *info = json_pack("{s:i}", "pid", 42);
	char path[PATH_MAX], history[PATH_MAX];
	char *text;
	size_t len;

	snprintf(path, sizeof(path), "%s/info.json", instance_dir(i));
	snprintf(history, sizeof(history), "%s/history.jsonl", instance_dir(i));
	close(open(history, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	assert_int_equal(instance_write_info(i, info), 0);
	assert_int_equal(mode_of(path), 0600);
	assert_int_equal(fd_read_file(path, 1000, &text, &len), 0);
	assert_string_equal(text, "{\n  \"pid\": 42\n}\n");
	instance_close(i);
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(access(history, F_OK), 0);
	free(text);
	json_decref(info);
}

TEST(info_that_is_there_already_is_left_alone_and_other_is_replaced)
{
	static const struct {
		const char *before;
		int replaced;
	} cases[] = {
		{"{\n  \"pid\": 42\n}\n", 0},  {"{\n  \"pid\": 43\n}\n", 1}, {"{}\n", 1}, {"", 1},
		{"{\n  \"pid\": 42\n}\n ", 1},
	};
	struct config c = config_of("main:app");
	struct instance *i = open_instance(&c);
	json_t *info = json_pack("{s:i}", "pid", 42);
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/info.json", instance_dir(i));
	for (size_t n = 0; n < ARRAY_LEN(cases); n++) {
		struct stat before, after;
		char *text;
		size_t len;

		assert_int_equal(
			fd_replace_file(path, cases[n].before, strlen(cases[n].before), 0600), 0);
		assert_int_equal(stat(path, &before), 0);
		assert_int_equal(instance_write_info(i, info), 0);
		assert_int_equal(stat(path, &after), 0);
		assert_int_equal(before.st_ino != after.st_ino, cases[n].replaced);
		assert_int_equal(fd_read_file(path, 1000, &text, &len), 0);
		assert_string_equal(text, "{\n  \"pid\": 42\n}\n");
		free(text);
	}
	instance_close(i);
	json_decref(info);
}

TEST(the_next_image_holds_the_same_lock_and_the_same_paths)
{
	struct config c = config_of("main:app");
	struct instance *i = open_instance(&c), *next;
	struct handoff_fds fds = {0};
	json_t *saved = instance_save(i, &fds);

	assert_int_equal(fd_set_cloexec(fds.fd[0], false), 0);
	c.admin = (char *)"/somewhere/else"; /* clients know the first place */
	assert_int_equal(instance_restore(&next, &c, saved, &fds), 0);
	handoff_fds_finish(&fds, true);
	assert_string_equal(instance_dir(next), instance_dir(i));
	assert_string_equal(instance_admin_path(next), instance_admin_path(i));
	assert_string_equal(instance_events_path(next), instance_events_path(i));
	assert_int_equal(path_instance_alive(instance_dir(next)), 1);

	int fd = (int)json_integer_value(json_object_get(saved, "lock_fd"));

	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	json_decref(saved);
	instance_close(next);
	/* `i` has lost its descriptor to `next`, as the memory of an image that is gone has. */
	assert_int_equal(fcntl(fd, F_GETFD), -1);
	instance_close(i);
}

TEST(a_lock_that_did_not_come_along_is_taken_again)
{
	struct config c = config_of("main:app");
	struct instance *i = open_instance(&c), *next;
	struct handoff_fds fds = {0};
	json_t *saved = instance_save(i, &fds);

	handoff_fds_finish(&fds, false);
	instance_close(i);
	assert_int_equal(instance_restore(&next, &c, saved, &fds), 0);
	assert_int_equal(path_instance_alive(instance_dir(next)), 1);
	json_decref(saved);
	instance_close(next);
}

TEST(state_that_cannot_be_read_leads_to_the_same_places)
{
	struct config c = config_of("main:app");
	struct instance *i = open_instance(&c), *next;
	struct handoff_fds fds = {0};
	json_t *nothing = json_object();
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s", instance_admin_path(i));
	instance_close(i);
	assert_int_equal(instance_restore(&next, &c, nothing, &fds), 0);
	assert_string_equal(instance_admin_path(next), path);
	json_decref(nothing);
	instance_close(next);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define IN_DIR(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
		IN_DIR(the_folder_is_private_and_alive_while_it_is_open),
		IN_DIR(those_who_only_look_do_not_keep_a_daemon_from_starting),
		IN_DIR(a_second_daemon_for_the_same_target_is_told_the_pid_of_the_first),
		IN_DIR(other_targets_commands_and_names_are_other_instances),
		IN_DIR(sockets_are_in_the_folder_or_where_admin_says_or_nowhere),
		IN_DIR(a_path_that_no_socket_can_have_is_refused_with_its_length),
		IN_DIR(a_name_that_is_no_name_is_a_usage_error),
		IN_DIR(a_folder_that_others_can_enter_is_refused),
		IN_DIR(info_is_there_for_discovery_until_the_end_and_history_stays),
		IN_DIR(info_that_is_there_already_is_left_alone_and_other_is_replaced),
		IN_DIR(the_next_image_holds_the_same_lock_and_the_same_paths),
		IN_DIR(a_lock_that_did_not_come_along_is_taken_again),
		IN_DIR(state_that_cannot_be_read_leads_to_the_same_places),
#undef IN_DIR
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
