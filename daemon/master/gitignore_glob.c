/* One glob in the language of gitignore(5). Backtracking remembers only the last star, so time stays polynomial. */
#include "daemon/master/gitignore_glob.h"

#include <ctype.h>
#include <string.h>

/* A piece of a pattern or of a path that holds no slash. */
struct piece {
	const char *p;
	const char *end;
};

static bool is_special(char c)
{
	return c == '*' || c == '?' || c == '[' || c == '\\';
}

static bool has_special(const char *p, const char *end)
{
	for (; p < end; p++)
		if (is_special(*p))
			return true;
	return false;
}

static enum gitignore_shape shape_of(const char *p, const char *end)
{
	if (!has_special(p, end))
		return GLOB_LITERAL;
	if (*p == '*' && !has_special(p + 1, end))
		return GLOB_SUFFIX;
	return GLOB_GENERAL;
}

bool gitignore_glob_init(struct gitignore_glob *g, const char *text, size_t len)
{
	const char *p = text, *end = text + len;

	*g = (struct gitignore_glob){0};
	if (p < end && end[-1] == '/') {
		g->directories_only = true;
		end--;
	}
	if (p < end && *p == '/') {
		g->leading_slash = true;
		p++;
	}
	if (p == end)
		return false;
	g->text = p;
	g->len = (size_t)(end - p);
	g->anchored = g->leading_slash || memchr(p, '/', g->len);
	g->shape = shape_of(p, end);
	return true;
}

static const struct {
	const char *name;
	int (*holds)(int c);
} classes[] = {
	{"alnum", isalnum}, {"alpha", isalpha}, {"blank", isblank}, {"cntrl", iscntrl},
	{"digit", isdigit}, {"graph", isgraph}, {"lower", islower}, {"print", isprint},
	{"punct", ispunct}, {"space", isspace}, {"upper", isupper}, {"xdigit", isxdigit},
};

/* "[:alpha:]" at p: 1 or 0 for in it or not, -1 for no such class. *next is behind it. */
static int match_class(const char *p, const char *end, unsigned char c, const char **next)
{
	const char *name = p + 2, *close = name;

	while (close < end && *close != ':')
		close++;
	if (end - close < 2 || close[1] != ']')
		return -1;
	*next = close + 2;
	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {
		size_t len = strlen(classes[i].name);

		if ((size_t)(close - name) == len && memcmp(name, classes[i].name, len) == 0)
			return classes[i].holds(c) != 0;
	}
	return -1;
}

/* One byte of a set, which a backslash may quote. */
static bool take_byte(const char **p, const char *end, unsigned char *c)
{
	if (*p < end && **p == '\\')
		(*p)++;
	if (*p >= end)
		return false;
	*c = (unsigned char)*(*p)++;
	return true;
}

/* A byte or a range at *p. Returns 1 or 0 for in it or not, -1 when the set does not end. */
static int match_range(const char **p, const char *end, unsigned char c)
{
	unsigned char low, high;

	if (!take_byte(p, end, &low))
		return -1;
	if (end - *p < 2 || (*p)[0] != '-' || (*p)[1] == ']')
		return c == low;
	(*p)++;
	if (!take_byte(p, end, &high))
		return -1;
	return c >= low && c <= high;
}

/* The set that begins at p[0] == '['. Returns 1 or 0, -1 when it is malformed: such a pattern matches nothing. */
static int match_set(const char *p, const char *end, unsigned char c, const char **next)
{
	bool negated = false, found = false, first = true;

	p++;
	if (p < end && (*p == '!' || *p == '^')) {
		negated = true;
		p++;
	}
	for (; p < end && (first || *p != ']'); first = false) {
		int in = end - p > 2 && p[0] == '[' && p[1] == ':' ? match_class(p, end, c, &p)
								   : match_range(&p, end, c);
		if (in < 0)
			return -1;
		found |= in;
	}
	if (p >= end)
		return -1;
	*next = p + 1;
	return found != negated;
}

/* One character of the pattern other than a star. Returns 1 or 0, -1 for never. */
static int match_one(const char *p, const char *end, unsigned char c, const char **next)
{
	if (*p == '[')
		return match_set(p, end, c, next);
	if (*p == '\\') {
		if (p + 1 == end)
			return -1;
		p++;
	} else if (*p == '?') {
		*next = p + 1;
		return 1;
	}
	*next = p + 1;
	return (unsigned char)*p == c;
}

static bool match_piece(struct piece glob, struct piece name)
{
	const char *p = glob.p, *s = name.p, *star = NULL, *mark = NULL;

	while (s < name.end) {
		const char *next = NULL;

		if (p < glob.end && *p == '*') {
			star = ++p;
			mark = s;
			continue;
		}

		int hit = p < glob.end ? match_one(p, glob.end, (unsigned char)*s, &next) : 0;

		if (hit < 0)
			return false;
		if (hit) {
			p = next;
			s++;
		} else if (star) {
			p = star;
			s = ++mark;
		} else {
			return false;
		}
	}
	while (p < glob.end && *p == '*')
		p++;
	return p == glob.end;
}

static struct piece piece_at(const char *p, const char *end)
{
	const char *slash = memchr(p, '/', (size_t)(end - p));

	return (struct piece){p, slash ? slash : end};
}

/* "**"; git takes more stars for the same. */
static bool is_any_depth(struct piece g)
{
	const char *p = g.p;

	while (p < g.end && *p == '*')
		p++;
	return p == g.end && g.end - g.p >= 2;
}

/* The piece behind `g`; p is NULL behind the last. */
static struct piece piece_next(struct piece g, const char *end)
{
	return g.end < end ? piece_at(g.end + 1, end) : (struct piece){NULL, NULL};
}

enum walk { WALK_NO, WALK_YES, WALK_REACHED };

/*
 * Both paths piece by piece. "**" takes as few pieces as possible and one more whenever the rest fails; only
 * the last one needs to be tried again. WALK_REACHED: the path ended first, inside the pattern.
 */
static enum walk walk_pieces(const char *glob, const char *glob_end, const char *path,
			     const char *path_end)
{
	struct piece g = piece_at(glob, glob_end), s = piece_at(path, path_end);
	struct piece deep = {NULL, NULL}, mark = s;

	for (;;) {
		if (g.p && is_any_depth(g)) {
			deep = piece_next(g, glob_end);
			if (!deep.p) /* "a/" and two stars: everything inside a */
				return s.p ? WALK_YES : WALK_REACHED;
			g = deep;
			mark = s;
			continue;
		}
		if (g.p && s.p && match_piece(g, s)) {
			g = piece_next(g, glob_end);
			s = piece_next(s, path_end);
			if (!g.p && !s.p)
				return WALK_YES;
			continue;
		}
		if (g.p && !s.p)
			return WALK_REACHED;
		if (!deep.p)
			return WALK_NO;
		mark = piece_next(mark, path_end);
		if (!mark.p)
			return WALK_REACHED;
		g = deep;
		s = mark;
	}
}

static bool match_name(const struct gitignore_glob *g, const char *name)
{
	size_t len = strlen(name), tail;

	switch (g->shape) {
	case GLOB_LITERAL:
		return len == g->len && memcmp(name, g->text, len) == 0;
	case GLOB_SUFFIX:
		tail = g->len - 1;
		return len >= tail && memcmp(name + len - tail, g->text + 1, tail) == 0;
	case GLOB_GENERAL:
		break;
	}
	return match_piece((struct piece){g->text, g->text + g->len},
			   (struct piece){name, name + len});
}

bool gitignore_glob_match(const struct gitignore_glob *g, const char *path, const char *name,
			  bool is_dir)
{
	if (g->directories_only && !is_dir)
		return false;
	if (!g->anchored)
		return match_name(g, name);
	return walk_pieces(g->text, g->text + g->len, path, path + strlen(path)) == WALK_YES;
}

bool gitignore_glob_reaches(const struct gitignore_glob *g, const char *dir)
{
	if (!g->anchored || *dir == '\0')
		return true;
	return walk_pieces(g->text, g->text + g->len, dir, dir + strlen(dir)) != WALK_NO;
}
