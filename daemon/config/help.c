/* --help, read off the option table. */
#include "daemon/config/config.h"

#include "daemon/config/options.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define WIDTH	    79
#define TEXT_COLUMN 30

static const char intro[] =
	"Usage: blackbulld [OPTION...] [TARGET]\n"
	"       blackbulld [OPTION...] -- COMMAND [ARG...]\n"
	"\n"
	"Keeps a web application running while its code changes.\n"
	"\n"
	"TARGET   module:attribute, an ASGI or WSGI application: main:app\n"
	"         or a directory, whose files are served: public/\n"
	"COMMAND  any program that takes its listening socket as systemd passes it\n"
	"         (LISTEN_FDS, descriptor 3)\n"
	"\n"
	"Without either, blackbulld.conf names it; else the application is looked for\n"
	"in main.py, app.py, api.py, asgi.py, wsgi.py, the same in app/, and all of\n"
	"these in src/; else the current directory is served.\n";

static const char outro[] =
	"\n"
	"Defaults are in brackets. SIZE is bytes, or 64k, 10m, 1g; S is seconds, or\n"
	"500ms, 2m; MS is milliseconds. For limits and timeouts of HTTP, 0 means none.\n"
	"\n"
	"Each option is also a key of blackbulld.conf (\"reload-path = src\") and an\n"
	"environment variable (BLACKBULLD_RELOAD_PATH=src). The command line beats the\n"
	"environment, and that beats the file. See blackbulld(8), blackbulld.conf(5).\n"
	"\n"
	"Examples:\n"
	"  blackbulld main:app --reload                     develop an application\n"
	"  blackbulld main:app --reload --reload-path src --reload-path templates \\\n"
	"             --reload-include '*.py' --reload-include '*.html'\n"
	"  blackbulld --reload -- uvicorn main:app --fd 3   any server, any language\n"
	"  blackbulld public/                               serve files\n"
	"  blackbulld main:app -b :8000 -w 4                in production\n"
	"  blackbullctl reload                              new code, without a gap\n";

/* "  -b, --bind ADDR", "      --[no-]reload", "      --reload-poll[=MS]" */
static int format_names(const struct option_def *o, char *out, size_t size)
{
	const char *no = o->kind == OPTION_SWITCH ? "[no-]" : "";
	char letter[] = "    ";

	if (o->letter)
		memcpy(letter, (char[]){'-', o->letter, ',', ' '}, 4);
	if (!o->arg)
		return snprintf(out, size, "  %s--%s%s", letter, no, o->name);
	return snprintf(out, size, o->kind == OPTION_OPTIONAL ? "  %s--%s%s[=%s]" : "  %s--%s%s %s",
			letter, no, o->name, o->arg);
}

static void format_text(const struct option_def *o, char *out, size_t size)
{
	const char *fallback = o->preset ? o->preset : o->otherwise;
	bool none = fallback && o->preset && strcmp(fallback, "0") == 0;

	if (fallback)
		snprintf(out, size, "%s [%s]", o->help, none ? "none" : fallback);
	else
		snprintf(out, size, "%s", o->help);
}

/* Words from the column on, the cursor being at `at`. */
static void print_wrapped(FILE *out, const char *text, int at)
{
	if (at > TEXT_COLUMN - 2) {
		fputc('\n', out);
		at = 0;
	}
	fprintf(out, "%*s", TEXT_COLUMN - at, "");
	at = TEXT_COLUMN;
	while (*text) {
		int len = (int)strcspn(text, " ");

		if (at > TEXT_COLUMN && at + 1 + len > WIDTH) {
			fprintf(out, "\n%*s", TEXT_COLUMN, "");
			at = TEXT_COLUMN;
		}
		at += fprintf(out, "%s%.*s", at > TEXT_COLUMN ? " " : "", len, text);
		text += len;
		text += strspn(text, " ");
	}
	fputc('\n', out);
}

static void print_option(FILE *out, const struct option_def *o)
{
	char names[80], text[512];
	int at = format_names(o, names, sizeof(names));

	fputs(names, out);
	format_text(o, text, sizeof(text));
	print_wrapped(out, text, at);
}

void config_print_help(FILE *out)
{
	size_t count;
	const struct option_def *o = option_table(&count);

	fputs(intro, out);
	for (unsigned g = 0; g < OPTION_GROUPS; g++) {
		fprintf(out, "\n%s:\n", option_group_title(g));
		for (size_t i = 0; i < count; i++)
			if (option_on_line(&o[i]) && o[i].group == g)
				print_option(out, &o[i]);
	}
	fputs(outro, out);
}
