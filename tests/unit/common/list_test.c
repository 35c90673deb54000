/* The intrusive list and its walk. */
#include "common/list.h"
#include "tests/support/unit.h"

#include <stdlib.h>

struct item {
	int number;
	struct list_node link; /* the list of the test */
};

static int sum(const struct list *l)
{
	int total = 0;

	list_for_each(it, l, struct item, link)
		total = total * 10 + it->number;
	return total;
}

static void fill(struct list *l, struct item items[3])
{
	list_init(l);
	for (int i = 0; i < 3; i++) {
		items[i] = (struct item){.number = i + 1};
		list_push_back(l, &items[i].link);
	}
}

TEST(an_empty_list_has_neither_first_nor_last)
{
	struct list l;

	list_init(&l);
	assert_true(list_empty(&l));
	assert_null(list_first(&l));
	assert_null(list_last(&l));
	assert_int_equal(sum(&l), 0);
}

TEST(nodes_stand_in_the_order_of_pushing)
{
	struct item items[3], zero = {.number = 9};
	struct list l;

	fill(&l, items);
	assert_int_equal(sum(&l), 123);
	list_push_front(&l, &zero.link);
	assert_int_equal(sum(&l), 9123);
	assert_ptr_equal(list_first(&l), &zero.link);
	assert_ptr_equal(list_last(&l), &items[2].link);
}

TEST(removing_unlinks_and_may_be_done_twice)
{
	struct item items[3];
	struct list l;

	fill(&l, items);
	list_remove(&items[1].link);
	assert_false(list_linked(&items[1].link));
	assert_true(list_linked(&items[0].link));
	list_remove(&items[1].link);
	assert_int_equal(sum(&l), 13);
}

TEST(the_body_of_a_walk_may_free_its_item)
{
	struct list l;

	list_init(&l);
	for (int i = 0; i < 5; i++) {
		struct item *it = calloc(1, sizeof(*it));

		assert_non_null(it);
		list_push_back(&l, &it->link);
	}
	list_for_each(it, &l, struct item, link) {
		list_remove(&it->link);
		free(it);
	}
	assert_true(list_empty(&l));
}

TEST(break_leaves_a_walk_and_continue_goes_on)
{
	struct item items[3];
	struct list l;
	int seen = 0;

	fill(&l, items);
	list_for_each(it, &l, struct item, link) {
		if (it->number == 1)
			continue;
		seen = seen * 10 + it->number;
		if (it->number == 2)
			break;
	}
	assert_int_equal(seen, 2);
}

TEST(walks_may_be_nested)
{
	struct item items[3], others[3];
	struct list l, m;
	int pairs = 0;

	fill(&l, items);
	fill(&m, others);
	list_for_each(a, &l, struct item, link) {
		list_for_each(b, &m, struct item, link) {
			if (b->number > a->number)
				break;
			pairs++;
		}
	}
	assert_int_equal(pairs, 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_list_has_neither_first_nor_last),
		cmocka_unit_test(nodes_stand_in_the_order_of_pushing),
		cmocka_unit_test(removing_unlinks_and_may_be_done_twice),
		cmocka_unit_test(the_body_of_a_walk_may_free_its_item),
		cmocka_unit_test(break_leaves_a_walk_and_continue_goes_on),
		cmocka_unit_test(walks_may_be_nested),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
