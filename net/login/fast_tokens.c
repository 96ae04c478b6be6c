/* fast_tokens: see fast_tokens.h. */
#include <sys/types.h>

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "net/conf/statefile.h"
#include "net/login/fast_tokens.h"
#include "xml/buf.h"
#include "xml/date.h"
#include "xml/jid.h"
#include "xml/number.h"

#define FILE_NAME	"tokens"
#define FILES		8		/* programs at a time */
#define UUID_MAX	37		/* bytes with the NUL */
#define LINE_MOST	(JID_MAX + TOKEN_MECH + TOKEN_MAX + 80)

struct fast_tokens {
	char		 path[PATH_MAX];
	int		 fd;		/* locked */
	char		 jid[JID_MAX];
	char		 id[UUID_MAX];
	int		 has;
	struct fast_token	 token;
	int		 error;		/* of the last time it was written */
	struct statefile_note note;
};

/*
 * What is in there
 */

/* RFC 9562 section 5.4. */
static int
make_uuid(char *out)
{
	unsigned char	 b[16];
	char		 s[2 * sizeof(b) + 1];

	if (RAND_bytes(b, sizeof(b)) != 1)
		return -1;
	b[6] = (b[6] & 0x0f) | 0x40;
	b[8] = (b[8] & 0x3f) | 0x80;
	number_to_hex(b, sizeof(b), s);
	snprintf(out, UUID_MAX, "%.8s-%.4s-%.4s-%.4s-%s", s, s + 8, s + 12,
	    s + 16, s + 20);
	return 0;
}

static int
is_uuid(const char *s)
{
	static const char	 like[] =
				    "xxxxxxxx-xxxx-4xxx-xxxx-xxxxxxxxxxxx";
	size_t			 i;

	for (i = 0; s[i] != '\0' && like[i] != '\0'; i++)
		if (like[i] == 'x' ? strchr(NUMBER_HEX_LOWER, s[i]) == NULL :
		    s[i] != like[i])
			return 0;
	return s[i] == like[i];
}

/* Is s a word that can stand in a line? */
static int
is_word(const char *s, size_t size)
{
	size_t	 i;

	for (i = 0; s[i] > ' ' && s[i] < 0x7f; i++)
		;
	return i > 0 && i < size && s[i] == '\0';
}

/* Take the words behind a JID: 0, or -1 if they make no sense. */
static int
parse_token(struct fast_token *k, char *p)
{
	const char	*mech = strsep(&p, " "), *expiry = strsep(&p, " ");
	const char	*count = strsep(&p, " ");
	uint64_t	 seconds, n;

	if (p == NULL || !is_word(mech, sizeof(k->mechanism)) ||
	    !is_word(p, sizeof(k->secret)) ||
	    number_read(expiry, 0, INT64_MAX, &seconds) == -1 ||
	    number_read(count, 0, INT_MAX, &n) == -1)
		return -1;
	k->expiry = (int64_t)seconds;
	k->count = (unsigned)n;
	strlcpy(k->mechanism, mech, sizeof(k->mechanism));
	strlcpy(k->secret, p, sizeof(k->secret));
	return 0;
}

static int
fast_tokens_is_line(const char *line)
{
	char		 copy[LINE_MOST];
	struct fast_token	 k;
	const char	*space = strchr(line, ' ');
	int		 r = -1;

	if (space != NULL && strlcpy(copy, space + 1, sizeof(copy)) <
	    sizeof(copy))
		r = parse_token(&k, copy);
	OPENSSL_cleanse(copy, sizeof(copy));
	OPENSSL_cleanse(&k, sizeof(k));
	return r == 0;
}

/* Put the file together: the lines of other accounts as they are, and ours. */
static int
fast_tokens_compose(const struct fast_tokens *t, struct buf *out)
{
	char	*text = statefile_read(t->fd), *next = text;
	char	*line = strsep(&next, "\n");
	int	 r = buf_printf(out, "%s\n", t->id);

	if (r == 0 && line != NULL && strcmp(line, t->id) == 0)
		r = statefile_others(out, next, t->jid, fast_tokens_is_line,
		    LINE_MOST);
	statefile_free(text);
	if (r == 0 && t->has)
		r = buf_printf(out, "%s %s %lld %u %s\n", t->jid,
		    t->token.mechanism, (long long)t->token.expiry,
		    t->token.count, t->token.secret);
	return r;
}

static int
fast_tokens_save(struct fast_tokens *t)
{
	struct buf	 b;
	int		 fd = -1;

	buf_init(&b, 2 * STATEFILE_MAX);
	if (fast_tokens_compose(t, &b) == 0)
		fd = statefile_replace(t->path, &b);
	buf_free(&b);
	if (fd == -1)
		return -1;
	close(t->fd);
	t->fd = fd;
	return 0;
}

static void
read_line(struct fast_tokens *t, char *line, unsigned n)
{
	char	*p;

	if (*line == '\0')
		return;
	if (!fast_tokens_is_line(line))
		statefile_bad_line(&t->note, t->path, n);
	else if ((p = statefile_about(line, t->jid)) != NULL)
		t->has = parse_token(&t->token, p) == 0;
}

/* Read the client's name and token; a new file gets a new name, which is saved.
 * 0 or -1. */
static int
read_or_make(struct fast_tokens *t)
{
	char		*text = statefile_read(t->fd), *next = text, *line;
	unsigned	 n = 1;

	line = strsep(&next, "\n");
	if (line != NULL && is_uuid(line))
		strlcpy(t->id, line, sizeof(t->id));
	else if (line != NULL && *line != '\0')
		statefile_bad_line(&t->note, t->path, n);
	while (*t->id != '\0' && (line = strsep(&next, "\n")) != NULL)
		read_line(t, line, ++n);
	statefile_free(text);
	return *t->id != '\0' || (make_uuid(t->id) == 0 &&
	    fast_tokens_save(t) == 0) ? 0 :
	    -1;
}

/*
 * Claiming it
 */

struct fast_tokens *
fast_tokens_open(const char *dir, const char *jid, char *err)
{
	struct fast_tokens	*t;
	int		 i;

	*err = '\0';
	if ((t = calloc(1, sizeof(*t))) == NULL)
		return NULL;
	t->fd = -1;
	strlcpy(t->jid, jid, sizeof(t->jid));
	for (i = 0; i < FILES && t->fd == -1 && *err == '\0'; i++) {
		if (snprintf(t->path, sizeof(t->path), "%s/" FILE_NAME ".%d",
		    dir, i) >= (int)sizeof(t->path))
			break;
		t->fd = statefile_claim(t->path, "token", err);
	}
	if (t->fd != -1 && read_or_make(t) == 0)
		return t;
	fast_tokens_close(t);
	return NULL;
}

void
fast_tokens_close(struct fast_tokens *t)
{
	if (t == NULL)
		return;
	if (t->fd != -1)
		close(t->fd);
	OPENSSL_cleanse(t, sizeof(*t));
	free(t);
}

/*
 * Using it
 */

const char *
fast_tokens_id(const struct fast_tokens *t)
{
	return t->id;
}

const struct fast_token *
fast_tokens_get(const struct fast_tokens *t, int64_t now)
{
	return t->has && t->token.expiry > now ? &t->token : NULL;
}

const char *
fast_tokens_note(const struct fast_tokens *t)
{
	return t->note.text;
}

unsigned
fast_tokens_use(struct fast_tokens *t)
{
	t->token.count = t->token.count < INT_MAX ? t->token.count + 1 : 1;
	t->error = fast_tokens_save(t) == -1 ? errno : 0;
	return t->token.count;
}

int
fast_tokens_put(struct fast_tokens *t, const char *mechanism,
    const char *secret, const char *expiry, int64_t now)
{
	struct fast_token	*k = &t->token;
	time_t			 when;

	if (date_read(expiry, &when) == -1 || when <= now ||
	    !is_word(mechanism, sizeof(k->mechanism)) ||
	    !is_word(secret, sizeof(k->secret)))
		return -1;
	strlcpy(k->mechanism, mechanism, sizeof(k->mechanism));
	strlcpy(k->secret, secret, sizeof(k->secret));
	k->expiry = when;
	k->count = 0;
	t->has = 1;
	return fast_tokens_save(t);
}

void
fast_tokens_drop(struct fast_tokens *t)
{
	OPENSSL_cleanse(&t->token, sizeof(t->token));
	t->has = 0;
	t->error = fast_tokens_save(t) == -1 ? errno : 0;
}

int
fast_tokens_error(const struct fast_tokens *t)
{
	return t->error;
}
