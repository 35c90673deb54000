/* What a nursery is to import: learnt from workers, in one message or in many. */
#include "daemon/master/nursery_list.h"

#include "daemon/ipc/nursery_message.h"
#include "tests/support/unit.h"

#include <errno.h>
#include <string.h>

/* The body of a MODULES message with texts that are given as one string, separated by spaces. */
static void body_of(struct buf *body, uint8_t flags, const char *texts)
{
	buf_consume(body, buf_len(body));
	assert_int_equal(buf_add_u8(body, flags), 0);
	while (*texts) {
		size_t len = strcspn(texts, " ");

		assert_int_equal(texts_add(body, texts, len), 0);
		texts += len + (texts[len] == ' ');
	}
}

static int learn(struct nursery_list *l, uint64_t generation, uint8_t flags, const char *texts)
{
	struct buf body;
	char why[32] = "";
	int news;

	buf_init(&body, SIZE_MAX);
	body_of(&body, flags, texts);
	news = nursery_list_learn(l, generation, buf_data(&body), buf_len(&body), why, sizeof(why));
	if (news == NEWS_FORBIDDEN)
		assert_string_equal(why, "gevent");
	buf_finish(&body);
	return news;
}

/* What PRELOAD would say, separated by spaces. */
static void assert_composed(const struct nursery_list *l, bool bare, const char *expected)
{
	struct buf texts, joined;
	struct reader r;
	const char *one;
	size_t len;

	buf_init(&texts, SIZE_MAX);
	buf_init(&joined, SIZE_MAX);
	assert_int_equal(nursery_list_compose(l, bare, &texts), 0);
	reader_init(&r, buf_data(&texts), buf_len(&texts));
	while (texts_next(&r, &one, &len) == 1)
		assert_int_equal(
			buf_printf(&joined, "%s%.*s", buf_len(&joined) ? " " : "", (int)len, one),
			0);
	assert_int_equal(buf_add(&joined, "", 1), 0);
	assert_string_equal(buf_data(&joined), expected);
	buf_finish(&texts);
	buf_finish(&joined);
}

static int setup(void **state)
{
	static struct nursery_list list;

	nursery_list_init(&list);
	*state = &list;
	return 0;
}

static int teardown(void **state)
{
	nursery_list_finish(*state);
	return 0;
}

TEST(what_a_cold_start_imported_replaces_what_was_known)
{
	struct nursery_list *l = *state;

	assert_int_equal(learn(l, 1, MODULES_WHOLE, "ia ib"), NEWS_STEPS);
	assert_composed(l, false, "ia ib");
	assert_int_equal(learn(l, 2, MODULES_WHOLE, "ia ib"), NEWS_NONE);
	assert_int_equal(learn(l, 3, MODULES_WHOLE, "ib"), NEWS_STEPS);
	assert_composed(l, false, "ib");
	assert_int_equal(learn(l, 4, MODULES_WHOLE, ""), NEWS_STEPS);
	assert_composed(l, false, "");
}

TEST(even_a_cold_start_that_imported_nothing_is_news_once)
{
	struct nursery_list *l = *state;

	assert_int_equal(learn(l, 1, MODULES_WHOLE, ""), NEWS_STEPS);
	assert_int_equal(learn(l, 2, MODULES_WHOLE, ""), NEWS_NONE);
}

TEST(what_other_workers_import_is_added_once)
{
	struct nursery_list *l = *state;

	assert_int_equal(learn(l, 1, 0, "ia"), NEWS_NONE); /* nothing to add to yet */
	assert_int_equal(learn(l, 1, MODULES_WHOLE, "ia"), NEWS_STEPS);
	assert_int_equal(learn(l, 2, 0, "eX=1 ib"), NEWS_STEPS);
	assert_int_equal(learn(l, 3, 0, "eX=1 ib"), NEWS_NONE);
	assert_int_equal(learn(l, 3, 0, "ia"), NEWS_NONE);
	assert_int_equal(learn(l, 3, 0, "eX=2"), NEWS_NONE);
	assert_composed(l, false, "ia eX=1 ib");
}

TEST(of_what_was_added_only_imports_outlive_the_next_cold_start)
{
	struct nursery_list *l = *state;

	assert_int_equal(learn(l, 1, MODULES_WHOLE, "ia"), NEWS_STEPS);
	assert_int_equal(learn(l, 2, 0, "eX=1 ib"), NEWS_STEPS);
	assert_int_equal(learn(l, 3, MODULES_WHOLE, "ia eX=2"), NEWS_STEPS);
	assert_composed(l, false, "ia eX=2 ib");
}

TEST(a_long_list_counts_when_its_last_message_has_come)
{
	struct nursery_list *l = *state;

	assert_int_equal(learn(l, 1, MODULES_WHOLE | MODULES_MORE, "ia"), NEWS_NONE);
	assert_composed(l, false, "");
	assert_int_equal(learn(l, 1, MODULES_WHOLE, "ib"), NEWS_STEPS);
	assert_composed(l, false, "ia ib");
}

TEST(the_beginning_of_a_list_whose_worker_died_is_dropped)
{
	struct nursery_list *l = *state;

	assert_int_equal(learn(l, 1, MODULES_WHOLE | MODULES_MORE, "ia"), NEWS_NONE);
	assert_int_equal(learn(l, 2, MODULES_WHOLE, "ib"), NEWS_STEPS);
	assert_composed(l, false, "ib");
	assert_int_equal(learn(l, 2, MODULES_WHOLE, "ic"), NEWS_STEPS);
	assert_composed(l, false, "ic");
}

TEST(a_worker_may_say_that_there_must_be_no_nursery)
{
	struct nursery_list *l = *state;

	assert_int_equal(learn(l, 1, MODULES_WHOLE, "ia"), NEWS_STEPS);
	assert_int_equal(learn(l, 2, MODULES_WHOLE, "!gevent"), NEWS_FORBIDDEN);
	/* That there may be one again is news, though the list is not. */
	assert_int_equal(learn(l, 3, MODULES_WHOLE, "ia"), NEWS_STEPS);
}

TEST(what_is_left_out_is_said_first_and_stays_so)
{
	struct nursery_list *l = *state;

	assert_int_equal(learn(l, 1, MODULES_WHOLE, "ia ib"), NEWS_STEPS);
	assert_int_equal(nursery_list_exclude(l, "grpc", 4), 0);
	assert_int_equal(learn(l, 2, MODULES_WHOLE, "ic"), NEWS_STEPS);
	assert_composed(l, false, "xgrpc ic");
	assert_composed(l, true, "xgrpc");
}

TEST(bytes_that_are_no_list_change_nothing)
{
	struct nursery_list *l = *state;
	char why[8];

	assert_int_equal(learn(l, 1, MODULES_WHOLE, "ia"), NEWS_STEPS);
	assert_int_equal(nursery_list_learn(l, 2, "\2\0\0\0\5ab", 7, why, sizeof(why)), -EBADMSG);
	assert_int_equal(nursery_list_learn(l, 2, "", 0, why, sizeof(why)), -EBADMSG);
	assert_composed(l, false, "ia");
}

#define WITH_LIST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_LIST(what_a_cold_start_imported_replaces_what_was_known),
		WITH_LIST(even_a_cold_start_that_imported_nothing_is_news_once),
		WITH_LIST(what_other_workers_import_is_added_once),
		WITH_LIST(of_what_was_added_only_imports_outlive_the_next_cold_start),
		WITH_LIST(a_long_list_counts_when_its_last_message_has_come),
		WITH_LIST(the_beginning_of_a_list_whose_worker_died_is_dropped),
		WITH_LIST(a_worker_may_say_that_there_must_be_no_nursery),
		WITH_LIST(what_is_left_out_is_said_first_and_stays_so),
		WITH_LIST(bytes_that_are_no_list_change_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
