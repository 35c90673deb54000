/*
 * The frame of the small pages that we show to people: light or dark as their system is, nothing
 * loaded.
 */
#include "daemon/worker/page.h"

#include "daemon/worker/escape.h"

#include <string.h>

static const char head[] =
	"<!DOCTYPE html>\n"
	"<html lang=\"en\">\n"
	"<meta charset=\"utf-8\">\n"
	"<meta name=\"viewport\" content=\"width=device-width\">\n"
	"<meta name=\"color-scheme\" content=\"light dark\">\n"
	"<style>\n"
	":root { --text: #1c1e21; --quiet: #666b73; --line: #dfe2e6; --back: #fff; --sheet: "
	"#f5f6f8;\n"
	"  --mark: #b3261e; --link: #0b57d0 }\n"
	"@media (prefers-color-scheme: dark) { :root { --text: #e4e6ea; --quiet: #9aa0a8;\n"
	"  --line: #3a3e44; --back: #17191c; --sheet: #212428; --mark: #ff8a80; --link: #8ab4f8 } "
	"}\n"
	"body { margin: 0 auto; max-width: 60rem; padding: 2.5rem 1.5rem; background: "
	"var(--back);\n"
	"  color: var(--text); font: 16px/1.5 system-ui, sans-serif }\n"
	"h1 { font-size: 1.4rem; font-weight: 600; margin: 0 0 1rem; overflow-wrap: anywhere }\n"
	"p { margin: 0 0 1rem; overflow-wrap: anywhere } .quiet { color: var(--quiet) }\n"
	"a { color: var(--link); text-decoration: none } a:hover { text-decoration: underline }\n"
	".mark { color: var(--mark); font-weight: 600 }\n"
	"code, pre { font: 14px/1.5 ui-monospace, monospace }\n"
	"pre { background: var(--sheet); border: 1px solid var(--line); border-radius: 6px;\n"
	"  margin: 0 0 1rem; overflow-x: auto; padding: 1rem; white-space: pre-wrap;\n"
	"  overflow-wrap: anywhere }\n"
	"table { border-collapse: collapse; width: 100% }\n"
	"td { border-top: 1px solid var(--line); padding: .35rem 0; overflow-wrap: anywhere }\n"
	"td + td { color: var(--quiet); padding-left: 1.5rem; text-align: right; white-space: "
	"nowrap;\n"
	"  font-variant-numeric: tabular-nums; width: 1% }\n"
	"</style>\n"
	"<title>";

int page_begin(struct buf *out, const char *title)
{
	int err = buf_add(out, head, sizeof(head) - 1);

	if (!err)
		err = escape_html(out, title, strlen(title));
	if (!err)
		err = buf_add_str(out, "</title>\n<h1>");
	if (!err)
		err = escape_html(out, title, strlen(title));
	if (!err)
		err = buf_add_str(out, "</h1>\n");
	return err;
}

int page_end(struct buf *out)
{
	return buf_add_str(out, "</html>\n");
}
