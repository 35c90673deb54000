/* Any bytes as blackbulld.conf, as an address, as a command line in it, and as the source of an application. */
#include "daemon/config/address.h"
#include "daemon/config/python_source.h"
#include "daemon/config/settings.h"
#include "daemon/config/words.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A refusal says why, in one line. */
static void check_error(const struct config_error *e)
{
	if (e->text[0] == '\0' || strchr(e->text, '\n') || e->status == 0)
		abort();
}

static void read_file(const char *text, size_t len)
{
	struct config_error e = {.text = ""};
	struct settings s = {0};

	if (settings_init(&s, &e) < 0)
		abort();
	if (settings_read_file(&s, "fuzz.conf", text, len, &e) < 0)
		check_error(&e);
	settings_finish(&s);
}

static void read_address(const char *text)
{
	struct config_error e = {.text = ""};
	struct address a;

	if (address_parse(text, &a, &e) < 0)
		check_error(&e);
}

/* No word is longer than the line, and there are no more of them than blanks between. */
static void read_words(const char *line)
{
	struct strv words = {0};

	if (words_split(line, &words) == 0)
		for (size_t i = 0; i < words.len; i++)
			if (strlen(words.v[i]) > strlen(line) || words.len > strlen(line))
				abort();
	strv_finish(&words);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	if (!text)
		return 0;
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	read_file((const char *)data, size);
	(void)python_source_defines((const char *)data, size, "app");
	read_address(text);
	read_words(text);
	free(text);
	return 0;
}
