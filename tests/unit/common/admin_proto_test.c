/* Error codes and the exit statuses that they mean. */
#include "common/admin_proto.h"
#include "tests/support/unit.h"

TEST(each_code_leads_back_to_the_documented_exit_status)
{
	static const struct {
		enum admin_error error;
		enum ctl_exit status;
	} rows[] = {
		{ADMIN_ERR_FAILED, CTL_FAILED},
		{ADMIN_ERR_BAD_REQUEST, CTL_FAILED},
		{ADMIN_ERR_UNKNOWN_OP, CTL_VERSION},
		{ADMIN_ERR_NOT_FOUND, CTL_FAILED},
		{ADMIN_ERR_NOT_PERMITTED, CTL_NOT_PERMITTED},
		{ADMIN_ERR_CONFLICT, CTL_CONFLICT},
		{ADMIN_ERR_SUPERSEDED, CTL_CONFLICT},
		{ADMIN_ERR_VERSION, CTL_VERSION},
		{ADMIN_ERR_STOPPING, CTL_FAILED},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(admin_error_exit(admin_error_code(rows[i].error)), rows[i].status);
}

TEST(a_code_of_a_newer_daemon_counts_as_a_failure)
{
	assert_int_equal(admin_error_exit("out_of_coffee"), CTL_FAILED);
	assert_int_equal(admin_error_exit(""), CTL_FAILED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_code_leads_back_to_the_documented_exit_status),
		cmocka_unit_test(a_code_of_a_newer_daemon_counts_as_a_failure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
