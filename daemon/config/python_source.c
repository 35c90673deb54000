/* What a Python source file binds at its top level: a light tokenizer and one statement at a time. */
#include "daemon/config/python_source.h"

#include <ctype.h>
#include <string.h>

enum token_kind { TOKEN_NAME, TOKEN_MARK, TOKEN_OTHER, TOKEN_NEWLINE, TOKEN_END };

struct token {
	enum token_kind kind;
	const char *p;
	size_t len;
	bool indented; /* its line begins with a blank */
	bool nested;   /* within brackets */
};

struct lexer {
	const char *p;
	const char *end;
	unsigned depth; /* of open brackets */
	bool line_start;
	bool indented;
};

static bool name_char(char c)
{
	return isalnum((unsigned char)c) || c == '_' || (unsigned char)c >= 0x80;
}

static char peek(const struct lexer *x, size_t n)
{
	return (size_t)(x->end - x->p) > n ? x->p[n] : '\0';
}

static bool token_is(const struct token *t, const char *text)
{
	return t->len == strlen(text) && memcmp(t->p, text, t->len) == 0;
}

static bool is_name(const struct token *t, const char *name)
{
	return t->kind == TOKEN_NAME && token_is(t, name);
}

static bool is_mark(const struct token *t, char mark)
{
	return t->kind == TOKEN_MARK && *t->p == mark && !t->nested;
}

/* Blanks, comments, joined lines; and ends of lines within brackets, which mean nothing. */
static void skip_blanks(struct lexer *x)
{
	for (;; x->p++) {
		char c = peek(x, 0);

		if (c == '#') {
			while (peek(x, 1) != '\n' && x->p + 1 < x->end)
				x->p++;
		} else if (c == '\\' && (peek(x, 1) == '\n' || peek(x, 1) == '\r')) {
			x->p += 1 + (peek(x, 1) == '\r' && peek(x, 2) == '\n');
		} else if (c == ' ' || c == '\t' || c == '\f') {
			x->indented |= x->line_start;
		} else if (c != '\r' && !(c == '\n' && x->depth > 0)) {
			return;
		}
	}
}

/* At the opening quote. A string of one line ends with it, closed or not. */
static void skip_string(struct lexer *x)
{
	char quote = *x->p;
	bool triple = peek(x, 1) == quote && peek(x, 2) == quote;

	x->p += triple ? 3 : 1;
	while (x->p < x->end && (triple || *x->p != '\n')) {
		if (*x->p == '\\' && x->p + 1 < x->end) {
			x->p += 2;
		} else if (*x->p == quote &&
			   (!triple || (peek(x, 1) == quote && peek(x, 2) == quote))) {
			x->p += triple ? 3 : 1;
			return;
		} else {
			x->p++;
		}
	}
}

/* r, b, u, f, t, and pairs of them. */
static bool is_string_prefix(const char *p, size_t len)
{
	if (len > 2)
		return false;
	for (size_t i = 0; i < len; i++)
		if (!strchr("rbuft", tolower((unsigned char)p[i])))
			return false;
	return true;
}

/* A name, a number, or a string with a prefix such as rb"…". */
static enum token_kind take_word(struct lexer *x)
{
	const char *start = x->p;

	while (x->p < x->end && name_char(*x->p))
		x->p++;
	if ((peek(x, 0) == '"' || peek(x, 0) == '\'') &&
	    is_string_prefix(start, (size_t)(x->p - start))) {
		skip_string(x);
		return TOKEN_OTHER;
	}
	return isdigit((unsigned char)*start) ? TOKEN_OTHER : TOKEN_NAME;
}

/* An operator. '=' alone is a mark; "==", "+=", ":=" and their like are not. */
static enum token_kind take_operator(struct lexer *x)
{
	char c = *x->p++;

	if (strchr("([{", c))
		x->depth++;
	else if (strchr(")]}", c) && x->depth > 0)
		x->depth--;
	else if (strchr("=!<>+-*/%@&|^:", c) && peek(x, 0) == '=') {
		x->p++;
		return TOKEN_OTHER;
	}
	return TOKEN_MARK;
}

static void next(struct lexer *x, struct token *t)
{
	skip_blanks(x);
	*t = (struct token){TOKEN_END, x->p, 0, x->indented, x->depth > 0};
	x->line_start = false;
	if (x->p == x->end)
		return;
	if (*x->p == '\n' || (*x->p == ';' && x->depth == 0)) {
		x->line_start = *x->p == '\n';
		x->indented &= !x->line_start;
		t->kind = TOKEN_NEWLINE;
		x->p++;
	} else if (*x->p == '"' || *x->p == '\'') {
		t->kind = TOKEN_OTHER;
		skip_string(x);
	} else if (name_char(*x->p)) {
		t->kind = take_word(x);
	} else {
		t->kind = *x->p ? take_operator(x) : (x->p++, TOKEN_OTHER);
	}
	t->len = (size_t)(x->p - t->p);
}

static bool at_end(const struct token *t)
{
	return t->kind == TOKEN_NEWLINE || t->kind == TOKEN_END;
}

/* "from x import a, (b as name)": *t is "from". */
static bool import_binds(struct lexer *x, struct token *t, const char *name)
{
	bool list = false, found = false;

	for (; !at_end(t); next(x, t)) {
		if (t->kind != TOKEN_NAME) {
			if (found && *t->p == ',')
				return true;
		} else if (!list) {
			list = token_is(t, "import");
		} else {
			/* "name as other" binds the other: the last name before the comma counts. */
			found = is_name(t, name);
		}
	}
	return found;
}

/* "a = name = value", "name: T = value": *t is the first target. */
static bool assignment_binds(struct lexer *x, struct token *t, const char *name)
{
	bool found = false;

	while (t->kind == TOKEN_NAME) {
		bool match = token_is(t, name);

		next(x, t);
		if (is_mark(t, ':'))
			while (!at_end(t) && !is_mark(t, '='))
				next(x, t);
		if (!is_mark(t, '='))
			break;
		next(x, t);
		found |= match;
		if (is_name(t, "None"))
			return false;
	}
	return found;
}

/* *t is the first token of an unindented statement; it may have moved on when this returns. */
static bool statement_binds(struct lexer *x, struct token *t, const char *name)
{
	if (is_name(t, "from"))
		return import_binds(x, t, name);
	if (is_name(t, "async"))
		next(x, t);
	if (is_name(t, "def") || is_name(t, "class")) {
		next(x, t);
		return is_name(t, name);
	}
	return assignment_binds(x, t, name);
}

bool python_source_defines(const char *text, size_t len, const char *name)
{
	struct lexer x = {.p = text, .end = text + len, .line_start = true};
	struct token t;

	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		x.p += 3; /* a byte order mark */
	do {
		next(&x, &t);
		if (t.kind == TOKEN_NAME && !t.indented && statement_binds(&x, &t, name))
			return true;
		while (!at_end(&t))
			next(&x, &t);
	} while (t.kind != TOKEN_END);
	return false;
}
