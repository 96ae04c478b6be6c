/* jrd: see jrd.h. */
#include <string.h>

#include "net/http/jrd.h"
#include "xml/number.h"

#define DEPTH_MAX	32

/* The text being read.  Once it is bad, nothing more is found in it. */
struct json {
	const char	*p, *end;
	int		 depth;
	int		 bad;
};

static void	 skip_value(struct json *);

static void
skip_space(struct json *j)
{
	static const char	 space[] = " \t\r\n";

	while (j->p < j->end &&
	    memchr(space, *j->p, sizeof(space) - 1) != NULL)
		j->p++;
}

/* The next character that is not white space; 0 at the end. */
static char
peek(struct json *j)
{
	skip_space(j);
	if (j->bad || j->p == j->end)
		return '\0';
	return *j->p;
}

static int
jrd_take(struct json *j, char c)
{
	if (peek(j) != c)
		return 0;
	j->p++;
	return 1;
}

static void
need(struct json *j, char c)
{
	if (!jrd_take(j, c))
		j->bad = 1;
}

static unsigned
hex4(struct json *j)
{
	uint64_t	 n;

	if (j->end - j->p < 4 || number_hex(j->p, 4, UINT16_MAX, &n) == -1) {
		j->bad = 1;
		return 0;
	}
	j->p += 4;
	return (unsigned)n;
}

/* The character that an escape stands for.  A URL is ASCII: anything else, and
 * NUL, becomes a character that no URL contains. */
static char
escaped(struct json *j)
{
	static const char	 names[] = "\"\\/bfnrt";
	static const char	 chars[] = "\"\\/\b\f\n\r\t";
	const char		*n;
	unsigned		 u;

	if (j->p == j->end) {
		j->bad = 1;
		return '\0';
	}
	if (*j->p == 'u') {
		j->p++;
		u = hex4(j);
		if (u == 0 || u > 0x7f)
			return ' ';
		return (char)u;
	}
	if ((n = memchr(names, *j->p, sizeof(names) - 1)) == NULL) {
		j->bad = 1;
		return '\0';
	}
	j->p++;
	return chars[n - names];
}

/* A string into out[JRD_MAX], which may be NULL; "" if it is too long. */
static void
string(struct json *j, char *out)
{
	size_t	 n = 0;
	char	 c;

	need(j, '"');
	while (!j->bad) {
		if (j->p == j->end || (unsigned char)*j->p < ' ') {
			j->bad = 1;
			break;
		}
		if ((c = *j->p++) == '"')
			break;
		if (c == '\\')
			c = escaped(j);
		if (out != NULL && n < JRD_MAX)
			out[n++] = c;
	}
	if (out != NULL)
		out[j->bad || n == JRD_MAX ? 0 : n] = '\0';
}

/* Numbers, true, false and null; which of them does not matter. */
static void
skip_word(struct json *j)
{
	static const char	 others[] = "+-.E";
	const char		*start = j->p;

	while (j->p < j->end && ((*j->p >= 'a' && *j->p <= 'z') ||
	    (*j->p >= '0' && *j->p <= '9') ||
	    memchr(others, *j->p, sizeof(others) - 1) != NULL))
		j->p++;
	if (j->p == start)
		j->bad = 1;
}

/* Call member for what is in an array ([) or, with its name read into
 * key[JRD_MAX], in an object ({). */
static void
members(struct json *j, char open, char *key,
    void (*member)(struct json *, void *), void *arg)
{
	char	 close = open == '[' ? ']' : '}';

	need(j, open);
	if (++j->depth > DEPTH_MAX)
		j->bad = 1;
	if (!j->bad && !jrd_take(j, close)) {
		do {
			if (open == '{') {
				string(j, key);
				need(j, ':');
			}
			if (!j->bad)
				member(j, arg);
		} while (jrd_take(j, ','));
		need(j, close);
	}
	j->depth--;
}

static void
skip_member(struct json *j, void *arg)
{
	(void)arg;
	skip_value(j);
}

static void
skip_value(struct json *j)
{
	char	 c = peek(j);

	if (c == '[' || c == '{')
		members(j, c, NULL, skip_member, NULL);
	else if (c == '"')
		string(j, NULL);
	else
		skip_word(j);
}

struct jrd {
	char	 key[JRD_MAX];
	char	 rel[JRD_MAX], href[JRD_MAX];
	jrd_fn	*fn;
	void	*arg;
};

static void
channel_member(struct json *j, void *arg)
{
	struct jrd	*d = arg;
	int		 text = peek(j) == '"';

	if (text && strcmp(d->key, "rel") == 0)
		string(j, d->rel);
	else if (text && strcmp(d->key, "href") == 0)
		string(j, d->href);
	else
		skip_value(j);
}

static void
channels_member(struct json *j, void *arg)
{
	struct jrd	*d = arg;

	if (peek(j) != '{') {
		skip_value(j);
		return;
	}
	d->rel[0] = d->href[0] = '\0';
	members(j, '{', d->key, channel_member, d);
	if (!j->bad && *d->rel != '\0' && *d->href != '\0')
		d->fn(d->arg, d->rel, d->href);
}

static void
top_member(struct json *j, void *arg)
{
	struct jrd	*d = arg;

	if (peek(j) == '[' && strcmp(d->key, "links") == 0)
		members(j, '[', NULL, channels_member, d);
	else
		skip_value(j);
}

int
jrd_links(const void *data, size_t len, jrd_fn *fn, void *arg)
{
	struct json	 j = { .p = data };
	struct jrd	 d = { .fn = fn, .arg = arg };

	j.end = j.p + len;
	members(&j, '{', d.key, top_member, &d);
	skip_space(&j);
	return j.bad || j.p != j.end ? -1 : 0;
}
