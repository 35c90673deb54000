/* What reload, wait and sync have in common: a generation is awaited, and its verdict printed. */
#include "ctl/verdict.h"

#include "common/str.h"
#include "ctl/member.h"
#include "ctl/output.h"
#include "ctl/text.h"

#include <stdlib.h>
#include <string.h>

#define LOOK_BACK_MS 1000

/* The generation that a reload which timed out is about: the daemon knows it by the id. */
static json_t *accepted_generation(struct ctl *c, const char *id)
{
	struct answer a;
	json_t *generation = NULL;

	c->deadline = mono_add_ms(mono_now(), LOOK_BACK_MS);
	if (ctl_ask(c, "reload", id, json_pack("{s:s}", "wait", "accepted"), &a) == CTL_OK)
		generation = json_incref(json_object_get(a.result, "generation"));
	answer_finish(&a);
	return generation;
}

/* Says how to go on waiting. `number` is 0 if it is not known. */
static char *timeout_message(const struct ctl *c, const char *op, json_int_t number)
{
	char took[TEXT_LEN];

	text_duration(took, (double)c->timeout_ms);
	if (number == 0)
		return str_printf(
			"timed out after %s; what is under way goes on: \"blackbullctl wait\" "
			"waits for it",
			took);
	return str_printf(
		"timed out after %s; %s goes on: \"blackbullctl wait %" JSON_INTEGER_FORMAT
		"\" waits for it",
		took, strcmp(op, "reload") == 0 ? "the reload" : "the generation", number);
}

static void explain_timeout(struct ctl *c, const char *op, const char *id, json_int_t awaited,
			    struct answer *a)
{
	json_t *generation = strcmp(op, "reload") == 0 ? accepted_generation(c, id) : NULL;
	json_int_t number = generation ? member_integer(generation, "number") : awaited;

	free(a->message);
	a->message = timeout_message(c, op, number);
	if (generation)
		a->result = json_pack("{s:o}", "generation", generation);
}

enum ctl_exit verdict_await(struct ctl *c, const char *op, const char *id, json_t *args)
{
	json_int_t awaited = member_integer(args, "generation");
	struct style style = output_style(c);
	struct answer a;
	enum ctl_exit status = ctl_ask(c, op, id, args, &a);

	if (status == CTL_TIMEOUT)
		explain_timeout(c, op, id, awaited, &a);
	if (status != CTL_OK) {
		ctl_report(c, &a);
	} else if (c->json) {
		output_json(json_incref(a.result));
	} else if (!c->quiet) {
		text_verdict(stdout, &style, json_object_get(a.result, "generation"));
		putchar('\n');
	}
	answer_finish(&a);
	return status;
}
