/* tickets: see tickets.h. */
#include <openssl/crypto.h>

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/lines.h"
#include "net/tickets.h"
#include "xml/base64.h"
#include "xml/jid.h"

#define FILE_NAME	"tls_sessions"
#define OF_KEY		4		/* tickets for a key, ... */
#define OF_ACCOUNT	16		/* ... for an account, ... */
#define BYTES		(LINES_MAX / 2)	/* ... and bytes of its lines */
#define NUMBERS		44		/* two, and spaces */

struct tickets {
	char	 path[PATH_MAX];	/* "": there is no file */
	char	 jid[JID_MAX];
	char	*memory;		/* lines that are not in it, or NULL */
};

struct line {
	const char	*key, *data;	/* data in base64 */
	int64_t		 trusted, until;
};

/* The account's lines in the file, or those in memory, oldest first. */
struct shelf {
	struct tickets	*t;
	int		 fd;		/* of the file, claimed; -1: memory */
	char		*text;		/* what they are in */
	struct line	 lines[OF_ACCOUNT + 1];
	size_t		 n;
};

/*
 * Lines
 */

/* What makes no sense is not there.  0 or -1. */
static int
parse(char *p, struct line *l)
{
	const char	*trusted, *until, *wrong;

	l->key = strsep(&p, " ");
	trusted = strsep(&p, " ");
	until = strsep(&p, " ");
	l->data = p;
	if (p == NULL || strlen(l->key) != TICKETS_KEY - 1 || *p == '\0' ||
	    strpbrk(p, " \t\r") != NULL)
		return -1;
	l->trusted = strtonum(trusted, 0, INT64_MAX, &wrong);
	if (wrong == NULL)
		l->until = strtonum(until, 0, INT64_MAX, &wrong);
	return wrong == NULL ? 0 : -1;
}

/* Nor are those from a future to which the clock no longer belongs. */
static int
is_good(const struct line *l, int64_t now)
{
	return l->until > now && l->until <= l->trusted &&
	    l->trusted <= now + TICKETS_DAY;
}

static int
decode(const struct line *l, struct ticket *out)
{
	size_t	 len = strlen(l->data);

	if (len > BASE64_ENCODED(TICKET_MAX) ||
	    base64_decode(out->data, &out->len, l->data, len) == -1)
		return -1;
	out->trusted = l->trusted;
	out->until = l->until;
	return 0;
}

/*
 * A shelf of them
 */

static void
drop(struct shelf *s, size_t i)
{
	s->n--;
	memmove(s->lines + i, s->lines + i + 1,
	    (s->n - i) * sizeof(*s->lines));
}

static size_t
bytes(const struct shelf *s)
{
	size_t	 i, sum = 0;

	for (i = 0; i < s->n; i++)
		sum += strlen(s->t->jid) + TICKETS_KEY + NUMBERS +
		    strlen(s->lines[i].data);
	return sum;
}

/* The oldest of its key, or of all, make room. */
static void
add(struct shelf *s, const struct line *l)
{
	size_t	 i, first = 0, same = 0;

	for (i = s->n; i > 0; i--)
		if (strcmp(s->lines[i - 1].key, l->key) == 0) {
			first = i - 1;
			same++;
		}
	if (same == OF_KEY)
		drop(s, first);
	s->lines[s->n++] = *l;
	while (s->n > OF_ACCOUNT || bytes(s) > BYTES)
		drop(s, 0);
}

/* All lines, to be wiped by lines_free(); or NULL. */
static char *
load(const struct shelf *s)
{
	char	*text = lines_read(s->fd);

	if (text != NULL && s->fd == -1 && s->t->memory != NULL)
		strlcpy(text, s->t->memory, LINES_MAX + 1);
	return text;
}

static void
shelf_open(struct shelf *s, struct tickets *t, int fd, int64_t now)
{
	struct line	 l;
	char		*next, *p;

	memset(s, 0, sizeof(*s));
	s->t = t;
	s->fd = fd;
	next = s->text = load(s);
	while ((p = strsep(&next, "\n")) != NULL)
		if ((p = lines_about(p, t->jid)) != NULL &&
		    parse(p, &l) == 0 && is_good(&l, now))
			add(s, &l);
}

/* The file's, if it is to be had now; -1 if not. */
static int
shelf_claim(struct shelf *s, struct tickets *t, int64_t now)
{
	char	 err[TICKETS_ERR];
	int	 fd = -1;

	if (*t->path != '\0')
		fd = lines_claim(t->path, "TLS session", err);
	if (fd == -1)
		return -1;
	shelf_open(s, t, fd, now);
	return 0;
}

static void
shelf_close(struct shelf *s)
{
	if (s->fd != -1)
		close(s->fd);
	lines_free(s->text);
}

static void
write_lines(void *arg, FILE *f)
{
	const struct shelf	*s = arg;
	const struct line	*l;
	char			*text = load(s);

	lines_others(f, text, s->t->jid, bytes(s));
	lines_free(text);
	for (l = s->lines; l < s->lines + s->n; l++)
		fprintf(f, "%s %s %lld %lld %s\n", s->t->jid, l->key,
		    (long long)l->trusted, (long long)l->until, l->data);
}

/* 0 or -1. */
static int
save_file(struct shelf *s)
{
	int	 fd = lines_replace(s->t->path, write_lines, s);

	if (fd == -1)
		return -1;
	close(fd);
	return 0;
}

static int
save_memory(struct shelf *s)
{
	char	*text = lines_read(-1);
	FILE	*f = NULL;

	if (text == NULL || (f = fmemopen(text, LINES_MAX + 1, "w")) == NULL) {
		lines_free(text);
		return -1;
	}
	setvbuf(f, NULL, _IONBF, 0);	/* no copy that nobody wipes */
	write_lines(s, f);
	fclose(f);
	lines_free(s->t->memory);
	s->t->memory = text;
	return 0;
}

static int
shelf_save(struct shelf *s)
{
	return s->fd != -1 ? save_file(s) : save_memory(s);
}

/*
 * Putting and taking
 */

struct tickets *
tickets_new(const char *dir, const char *jid, char *err)
{
	struct tickets	*t;
	int		 fd = -1;

	*err = '\0';
	if ((t = calloc(1, sizeof(*t))) == NULL)
		return NULL;
	strlcpy(t->jid, jid, sizeof(t->jid));
	if (dir == NULL || snprintf(t->path, sizeof(t->path), "%s/" FILE_NAME,
	    dir) >= (int)sizeof(t->path))
		*t->path = '\0';
	if (*t->path != '\0')
		fd = lines_claim(t->path, "TLS session", err);
	if (fd != -1)
		close(fd);
	if (*err == '\0')
		return t;
	tickets_free(t);
	return NULL;
}

void
tickets_free(struct tickets *t)
{
	if (t == NULL)
		return;
	lines_free(t->memory);
	free(t);
}

void
tickets_put(struct tickets *t, const char *key, const struct ticket *k,
    int64_t now)
{
	char		 data[BASE64_ENCODED(TICKET_MAX) + 1];
	struct line	 l = { .key = key, .data = data,
			    .trusted = k->trusted, .until = k->until };
	struct shelf	 s;

	data[base64_encode(data, k->data, k->len)] = '\0';
	if (shelf_claim(&s, t, now) == -1)
		shelf_open(&s, t, -1, now);
	if (is_good(&l, now)) {
		add(&s, &l);
		shelf_save(&s);
	}
	shelf_close(&s);
	OPENSSL_cleanse(data, sizeof(data));
}

/* What cannot be removed has not been taken. */
static int
take(struct shelf *s, const char *key, struct ticket *out)
{
	size_t	 i;
	int	 found = 0;

	for (i = s->n; i > 0 && !found; i--)
		if (strcmp(s->lines[i - 1].key, key) == 0) {
			found = decode(&s->lines[i - 1], out) == 0;
			drop(s, i - 1);
		}
	if (found && shelf_save(s) == 0)
		return 0;
	OPENSSL_cleanse(out, sizeof(*out));
	return -1;
}

int
tickets_take(struct tickets *t, const char *key, int64_t now,
    struct ticket *out)
{
	struct shelf	 s;
	int		 r;

	shelf_open(&s, t, -1, now);
	r = take(&s, key, out);
	shelf_close(&s);
	if (r == 0 || shelf_claim(&s, t, now) == -1)
		return r;
	r = take(&s, key, out);
	shelf_close(&s);
	return r;
}

static void
forget(struct shelf *s, const char *key)
{
	size_t	 i, before = s->n;

	for (i = s->n; i > 0; i--)
		if (strcmp(s->lines[i - 1].key, key) == 0)
			drop(s, i - 1);
	if (s->n < before)
		shelf_save(s);
	shelf_close(s);
}

void
tickets_forget(struct tickets *t, const char *key, int64_t now)
{
	struct shelf	 s;

	shelf_open(&s, t, -1, now);
	forget(&s, key);
	if (shelf_claim(&s, t, now) == 0)
		forget(&s, key);
}
