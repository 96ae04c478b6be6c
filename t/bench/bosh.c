#include <sys/types.h>

#include <err.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "t/bench/bosh.h"
#include "t/bench/stat.h"
#include "t/bench/xmpp.h"

#define LINES		2
#define HEAD_MAX	4096	/* of a response */
#define HEARD		65536	/* of a response that is waited for */
#define PATIENCE	60000	/* ms */
#define NS		"http://jabber.org/protocol/httpbind"

struct text {
	unsigned char	*data;
	size_t		 len, size;
};

/* A connection, which has a request under way or none. */
struct line {
	struct xmpp	 x;
	int		 busy;
	struct text	 out;		/* the request, and how much of it */
	size_t		 gone, try;	/* is written; SSL_write's last try */
	int		 blocked;
	char		 head[HEAD_MAX + 1];
	size_t		 nhead;
	uint64_t	 left;		/* of the body, once there is a head */
};

struct bosh {
	const struct xmpp_login	*login;
	struct line		 line[LINES];
	struct text		 next;	/* of the next request */
	char			 sid[256];
	uint64_t		 rid;
	double			 apart, posted;
	char			 heard[HEARD];	/* see bosh_ask() */
	size_t			 nheard;
};

static void
add(struct text *t, const void *data, size_t len)
{
	if (t->size - t->len < len) {
		t->size = 2 * (t->size + len);
		if ((t->data = realloc(t->data, t->size)) == NULL)
			err(1, NULL);
	}
	if (len > 0)
		memcpy(t->data + t->len, data, len);
	t->len += len;
}

static void
add_string(struct text *t, const char *s)
{
	add(t, s, strlen(s));
}

/*
 * Requests
 */

static void
write_some(struct line *l)
{
	int	 r;

	l->blocked = 0;
	while (l->gone < l->out.len) {
		if (l->try == 0)
			l->try = l->out.len - l->gone < 16384 ?
			    l->out.len - l->gone : 16384;
		r = SSL_write(l->x.ssl, l->out.data + l->gone, (int)l->try);
		if (r <= 0 && SSL_get_error(l->x.ssl, r) ==
		    SSL_ERROR_WANT_WRITE) {
			l->blocked = 1;
			return;
		}
		if (r <= 0)
			errx(1, "cannot write to the server");
		l->gone += (size_t)r;
		l->try = 0;
	}
}

static struct line *
idle_line(struct bosh *b)
{
	struct line	*l;

	for (l = b->line; l < b->line + LINES; l++)
		if (!l->busy)
			return l;
	errx(1, "no connection is free");
}

static void
send_request(struct bosh *b, const char *attributes)
{
	struct line	*l = idle_line(b);
	char		 body[1024], head[512];

	snprintf(body, sizeof(body),
	    "<body xmlns='" NS "' rid='%llu'%s%s%s %s>",
	    (unsigned long long)b->rid++, *b->sid != '\0' ? " sid='" : "",
	    b->sid, *b->sid != '\0' ? "'" : "", attributes);
	snprintf(head, sizeof(head), "POST /http-bind HTTP/1.1\r\n"
	    "Host: %s\r\nContent-Type: text/xml; charset=utf-8\r\n"
	    "Content-Length: %zu\r\n\r\n", b->login->server,
	    strlen(body) + b->next.len + strlen("</body>"));
	l->out.len = l->gone = l->try = 0;
	add_string(&l->out, head);
	add_string(&l->out, body);
	add(&l->out, b->next.data, b->next.len);
	add_string(&l->out, "</body>");
	b->next.len = 0;
	l->busy = 1;
	l->nhead = 0;
	b->posted = stat_now();
	write_some(l);
}

void
bosh_put(struct bosh *b, const void *data, size_t len)
{
	add(&b->next, data, len);
}

void
bosh_post(struct bosh *b)
{
	send_request(b, "");
}

int
bosh_is_held(const struct bosh *b)
{
	return b->line[0].busy || b->line[1].busy;
}

int
bosh_is_free(const struct bosh *b)
{
	return !(b->line[0].busy && b->line[1].busy) &&
	    (!bosh_is_held(b) || stat_now() >= b->posted + b->apart);
}

/*
 * Responses
 */

static void
take_head(struct line *l)
{
	const char	*p = strcasestr(l->head, "\r\nContent-Length: ");

	if (strncmp(l->head, "HTTP/1.1 200", 12) != 0 || p == NULL)
		errx(1, "the server answers %.200s", l->head);
	l->left = strtoull(p + strlen("\r\nContent-Length: "), NULL, 10);
}

/* Returns how many of the bytes belong to the head. */
static size_t
read_head(struct line *l, const char *data, size_t len)
{
	size_t	 i;

	for (i = 0; i < len; i++) {
		if (l->nhead == HEAD_MAX)
			errx(1, "the server sends long heads");
		l->head[l->nhead++] = data[i];
		l->head[l->nhead] = '\0';
		if (l->nhead >= 4 &&
		    memcmp(l->head + l->nhead - 4, "\r\n\r\n", 4) == 0) {
			take_head(l);
			return i + 1;
		}
	}
	return len;
}

static int
has_head(const struct line *l)
{
	return l->nhead >= 4 &&
	    memcmp(l->head + l->nhead - 4, "\r\n\r\n", 4) == 0;
}

static void
take(struct bosh *b, struct line *l, const char *data, size_t len,
    void (*heard)(void *, int, const char *, size_t), void *arg)
{
	size_t	 n = has_head(l) ? 0 : read_head(l, data, len);

	if (!has_head(l))
		return;
	data += n;
	len -= n;
	if (!l->busy || len > l->left)
		errx(1, "the server answers what was not asked");
	heard(arg, (int)(l - b->line), data, len);
	l->left -= len;
	if (l->left == 0)
		l->busy = 0;
}

static void
read_some(struct bosh *b, struct line *l,
    void (*heard)(void *, int, const char *, size_t), void *arg)
{
	static char	 data[65536];
	int		 r;

	while ((r = SSL_read(l->x.ssl, data, sizeof(data))) > 0)
		take(b, l, data, (size_t)r, heard, arg);
	if (SSL_get_error(l->x.ssl, r) != SSL_ERROR_WANT_READ)
		errx(1, "the server ends the connection");
}

int
bosh_wait(struct bosh *b, void (*heard)(void *, int, const char *, size_t),
    void *arg)
{
	struct pollfd	 p[LINES];
	double		 left = b->posted + b->apart - stat_now();
	int		 i, ms = PATIENCE;

	for (i = 0; i < LINES; i++) {
		p[i].fd = b->line[i].x.fd;
		p[i].events = b->line[i].blocked ? POLLIN | POLLOUT : POLLIN;
	}
	if (left > 0 && !(b->line[0].busy && b->line[1].busy))
		ms = (int)(left * 1000) + 1;
	i = poll(p, LINES, ms);
	if (i == 0 && ms == PATIENCE)
		return 0;
	for (i = 0; i < LINES; i++) {
		if (p[i].revents & POLLOUT)
			write_some(&b->line[i]);
		if (p[i].revents & ~POLLOUT)
			read_some(b, &b->line[i], heard, arg);
	}
	return 1;
}

/*
 * The login
 */

static void
keep(void *arg, int line, const char *data, size_t len)
{
	struct bosh	*b = arg;

	(void)line;
	if (len > HEARD - 1 - b->nheard)
		errx(1, "the server says too much");
	memcpy(b->heard + b->nheard, data, len);
	b->heard[b->nheard += len] = '\0';
}

const char *
bosh_ask(struct bosh *b, const char *attributes, const char *stanzas,
    const char *words)
{
	b->nheard = 0;
	*b->heard = '\0';
	bosh_put(b, stanzas, strlen(stanzas));
	send_request(b, attributes);
	while (strstr(b->heard, words) == NULL || b->line[0].busy) {
		if (strstr(b->heard, "terminate") != NULL ||
		    strstr(b->heard, "<failure") != NULL)
			errx(1, "the server says %s", b->heard);
		if (!b->line[0].busy)
			send_request(b, "");
		if (!bosh_wait(b, keep, b))
			errx(1, "the server does not say %s", words);
	}
	return b->heard;
}

void
bosh_restart(struct bosh *b)
{
	bosh_ask(b, "xmlns:xmpp='urn:xmpp:xbosh' xmpp:restart='true'", "",
	    "features");
}

struct bosh *
bosh_new(const struct xmpp_login *l, const char *domain)
{
	struct bosh	*b;
	char		 attributes[512];
	const char	*sid;
	int		 i;

	if ((b = calloc(1, sizeof(*b))) == NULL)
		err(1, NULL);
	b->login = l;
	b->rid = 1000000;
	for (i = 0; i < LINES; i++) {
		xmpp_secure(&b->line[i].x, l, domain);
		if (fcntl(b->line[i].x.fd, F_SETFL, O_NONBLOCK) == -1)
			err(1, "fcntl");
	}
	snprintf(attributes, sizeof(attributes), "to='%s' wait='30' hold='1' "
	    "ver='1.11' content='text/xml; charset=utf-8' "
	    "xmlns:xmpp='urn:xmpp:xbosh' xmpp:version='1.0'", domain);
	sid = strstr(bosh_ask(b, attributes, "", "features"), " sid=");
	if (sid == NULL)
		errx(1, "a session without a name");
	sid += strlen(" sid=") + 1;
	snprintf(b->sid, sizeof(b->sid), "%.*s", (int)strcspn(sid, "'\""), sid);
	return b;
}

void
bosh_go(struct bosh *b, unsigned int apart)
{
	b->apart = apart / 1e3;
}
