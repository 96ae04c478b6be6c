#include <sys/types.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "t/bench/bosh.h"
#include "t/bench/flow.h"
#include "t/bench/stat.h"

#define IN_MAX		(256 * 1024)
#define TAG_MAX		8192	/* a tag is shorter */
#define ANSWERS		128	/* written at once */
#define ANSWER_MAX	512
#define PAD_MAX		65536

struct flow {
	struct xmpp		*x;
	const char		*peer;
	struct flow_setting	 s;
	unsigned char		*batch;		/* stanzas, one after another */
	size_t			 stanza, used;	/* bytes; less white space */
	size_t			 id, seq;	/* where its numbers are */
	size_t			 most;		/* in the batch */
	unsigned char		 answers[ANSWERS * ANSWER_MAX + PAD_MAX];
	const unsigned char	*out;		/* being written */
	size_t			 left, try;
	struct flow_input {
		char	 in[IN_MAX];
		size_t	 held;
	}			 input[2];	/* BOSH has two connections */
	uint64_t		 sent, confirmed, got, answered;
	double			 late;		/* when two thirds were ... */
	uint64_t		 most_sent;	/* ... of these, confirmed */
	double			 ended;
};

#define DIGITS	8	/* of an id; a seq has 5 */

static void
number(unsigned char *p, int digits, uint64_t n)
{
	while (digits-- > 0) {
		p[digits] = (unsigned char)('0' + n % 10);
		n /= 10;
	}
}

/*
 * Stanzas
 */

static char *
encode(size_t len)
{
	unsigned char	*raw = malloc(len), *text = malloc(len * 4 / 3 + 8);
	size_t		 i;
	uint32_t	 x = 1;

	if (raw == NULL || text == NULL)
		err(1, NULL);
	for (i = 0; i < len; i++) {
		x = x * 1664525 + 1013904223;
		raw[i] = (unsigned char)(x >> 24);
	}
	EVP_EncodeBlock(text, raw, (int)len);
	free(raw);
	return (char *)text;
}

static size_t
where(const unsigned char *stanza, const char *what)
{
	const char	*p = strstr((const char *)stanza, what);

	if (p == NULL)
		errx(1, "no %s", what);
	return (size_t)(p - (const char *)stanza) + strlen(what);
}

/* One stanza with what a WebSocket wants in front, and white space behind. */
static unsigned char *
make_stanza(struct flow *f)
{
	char		*data = encode(f->s.block);
	size_t		 len = strlen(data) + 512, n, frame;
	char		*text = malloc(len);
	unsigned char	*b;

	if (text == NULL)
		err(1, NULL);
	snprintf(text, len, "<iq xmlns='jabber:client' to='%s' type='set' "
	    "id='p%0*d'><data xmlns='http://jabber.org/protocol/ibb' "
	    "sid='pump' seq='%05d'>%s</data></iq>", f->peer, DIGITS, 0, 0,
	    data);
	free(data);
	len = strlen(text);
	n = len + (f->x->transport == XMPP_WEBSOCKET ? XMPP_FRAME : 0);
	n = (n + f->s.pad - 1) / f->s.pad * f->s.pad;
	if ((b = malloc(n + 1)) == NULL)
		err(1, NULL);
	memset(b, ' ', n);
	b[n] = '\0';
	frame = 0;
	if (f->x->transport == XMPP_WEBSOCKET) {
		/* The header counts what is behind it: all of it. */
		frame = n - len < XMPP_FRAME ? n - len : XMPP_FRAME;
		frame = xmpp_frame(f->x, n - frame, b);
		if (f->s.pad == 1)
			n = frame + len;
		xmpp_frame(f->x, n - frame, b);
	}
	memcpy(b + frame, text, len);
	free(text);
	f->stanza = n;
	f->used = frame + len;
	b[n] = '\0';
	f->id = frame + where(b + frame, " id='p");
	f->seq = frame + where(b + frame, " seq='");
	return b;
}

static void
make_batch(struct flow *f)
{
	unsigned char	*one = make_stanza(f);
	size_t		 i;

	f->most = f->s.record / f->stanza;
	if (f->most > f->s.window)
		f->most = f->s.window;
	if (f->most == 0)
		f->most = 1;
	if ((f->batch = malloc(f->most * f->stanza)) == NULL)
		err(1, NULL);
	for (i = 0; i < f->most; i++)
		memcpy(f->batch + i * f->stanza, one, f->stanza);
	free(one);
}

/*
 * Out
 */

/* An answer of len bytes or more, white space behind it; its length. */
static size_t
answer(struct flow *f, unsigned char *p, size_t len)
{
	char	 text[ANSWER_MAX - XMPP_FRAME];
	size_t	 n, frame;

	n = (size_t)snprintf(text, sizeof(text), "<iq xmlns='jabber:client' "
	    "to='%s' type='result' id='p%0*llu'/>", f->peer, DIGITS,
	    (unsigned long long)f->answered++);
	frame = xmpp_frame(f->x, n, p);
	if (len > n + frame) {
		frame = xmpp_frame(f->x, len - frame, p);
		xmpp_frame(f->x, len - frame, p);
		memset(p + frame + n, ' ', len - n - frame);
	} else {
		len = n + frame;
	}
	memcpy(p + frame, text, n);
	return len;
}

/* All there are, up to where a stanza may end. */
static void
next_answers(struct flow *f)
{
	unsigned char	*p = f->answers;
	size_t		 i, len, pad = f->s.pad;

	for (i = 0; i < ANSWERS && f->answered < f->got; i++) {
		len = (size_t)(p - f->answers);
		if (i + 1 < ANSWERS && f->answered + 1 < f->got)
			len = 0;
		else
			len = (len + ANSWER_MAX + pad - 1) / pad * pad - len;
		p += answer(f, p, pad == 1 ? 0 : len);
	}
	f->out = f->answers;
	f->left = (size_t)(p - f->answers);
}

/* As many as fit into the white space behind the last stanza. */
static void
slip_answers(struct flow *f, unsigned char *end)
{
	unsigned char	 one[ANSWER_MAX], *p = end - f->stanza + f->used;
	size_t		 len;

	if (f->x->transport == XMPP_WEBSOCKET)	/* a frame has one stanza */
		return;
	memset(p, ' ', (size_t)(end - p));
	while (f->answered < f->got && (size_t)(end - p) >= ANSWER_MAX) {
		len = answer(f, one, 0);
		memcpy(p, one, len);
		p += len;
	}
}

static void
next_blocks(struct flow *f, uint64_t send)
{
	uint64_t	 room = f->s.window - (f->sent - f->confirmed), i;
	unsigned char	*p = f->batch;

	if (room > send - f->sent)
		room = send - f->sent;
	if (room > f->most)
		room = f->most;
	if (room == 0)
		return;
	for (i = 0; i < room; i++, p += f->stanza) {
		number(p + f->id, DIGITS, f->sent);
		number(p + f->seq, 5, f->sent % 65536);
		f->sent++;
	}
	slip_answers(f, p);
	f->out = f->batch;
	f->left = (size_t)(p - f->batch);
}

/* Returns whether it waits for the socket. */
static int
push(struct flow *f, uint64_t send)
{
	int	 r;

	for (;;) {
		if (f->left == 0)
			next_blocks(f, send);
		if (f->left == 0 && f->answered < f->got)
			next_answers(f);
		if (f->left == 0)
			return 0;
		if (f->try == 0)
			f->try = f->left < f->s.record ? f->left : f->s.record;
		r = SSL_write(f->x->ssl, f->out, (int)f->try);
		if (r <= 0 &&
		    SSL_get_error(f->x->ssl, r) == SSL_ERROR_WANT_WRITE)
			return 1;
		if (r <= 0)
			errx(1, "cannot write to the server");
		f->out += r;
		f->left -= (size_t)r;
		f->try = 0;
	}
}

/*
 * In
 */

/* One tag, from < to >. */
static void
tag(struct flow *f, const char *p, const char *end)
{
	if (memcmp(p, "</iq", 4) == 0) {
		f->got++;
	} else if (memcmp(p, "<iq", 3) == 0) {
		if (memmem(p, (size_t)(end - p), "error", 5) != NULL)
			errx(1, "refused: %.*s", (int)(end - p), p);
		if (end[-1] == '/' &&
		    ++f->confirmed == f->most_sent / 3 * 2)
			f->late = stat_now();
	} else if (memcmp(p, "<stream:error", 13) == 0) {
		errx(1, "the server ends the stream");
	}
}

static void
look(struct flow *f, struct flow_input *i)
{
	const char	*p = i->in, *end, *stop = i->in + i->held;

	while ((p = memchr(p, '<', (size_t)(stop - p))) != NULL &&
	    (end = memchr(p, '>', (size_t)(stop - p))) != NULL) {
		if (end - p >= 3)
			tag(f, p, end);
		p = end + 1;
	}
	i->held = p == NULL ? 0 : (size_t)(stop - p);
	if (i->held > TAG_MAX)
		errx(1, "the server sends long tags");
	if (p != NULL)
		memmove(i->in, p, i->held);
}

static void
pull(struct flow *f)
{
	struct flow_input	*i = &f->input[0];
	int			 r, e;

	while ((r = SSL_read(f->x->ssl, i->in + i->held,
	    (int)(sizeof(i->in) - i->held))) > 0) {
		i->held += (size_t)r;
		look(f, i);
	}
	e = SSL_get_error(f->x->ssl, r);
	if (e != SSL_ERROR_WANT_READ)
		errx(1, "the server ends the connection");
}

/*
 * BOSH: a request has the blocks that may go, and all answers that are due.
 */

static void
ask(struct flow *f, uint64_t send)
{
	struct bosh	*b = f->x->bosh;
	size_t		 n;

	while (bosh_is_free(b)) {
		n = 0;
		next_blocks(f, send);
		do {
			bosh_put(b, f->out, f->left);
			n += f->left;
			f->left = 0;
			if (f->answered < f->got)
				next_answers(f);
		} while (f->left > 0);
		if (n == 0 && bosh_is_held(b))
			break;
		bosh_post(b);
	}
}

static void
hear(void *arg, int line, const char *data, size_t len)
{
	struct flow		*f = arg;
	struct flow_input	*i = &f->input[line];

	if (len > sizeof(i->in) - i->held)
		errx(1, "the server sends too much at once");
	memcpy(i->in + i->held, data, len);
	i->held += len;
	look(f, i);
}

/* Returns whether something has come within a minute. */
static int
wait_for(struct flow *f, int blocked)
{
	struct pollfd	 p = { .fd = f->x->fd };

	if (f->x->transport == XMPP_BOSH)
		return bosh_wait(f->x->bosh, hear, f);
	p.events = (short)(blocked ? POLLIN | POLLOUT : POLLIN);
	if (poll(&p, 1, 60000) == 0)
		return 0;
	pull(f);
	return 1;
}

void
flow_run(struct flow *f, uint64_t send, uint64_t receive)
{
	int	 blocked = 0;

	f->sent = f->confirmed = f->got = f->answered = 0;
	f->most_sent = send;
	f->late = stat_now();
	for (;;) {
		if (f->x->transport == XMPP_BOSH)
			ask(f, send);
		else
			blocked = push(f, send);
		f->ended = stat_now();
		if (!blocked && f->confirmed >= send && f->answered >= receive)
			return;
		if (!wait_for(f, blocked))
			errx(1, "nothing moves; %llu of %llu sent, %llu "
			    "confirmed, %llu of %llu received",
			    (unsigned long long)f->sent,
			    (unsigned long long)send,
			    (unsigned long long)f->confirmed,
			    (unsigned long long)f->got,
			    (unsigned long long)receive);
	}
}

double
flow_last_rate(const struct flow *f)
{
	uint64_t	 n = f->most_sent - f->most_sent / 3 * 2;

	return f->ended > f->late ? (double)(n * f->s.block) /
	    (f->ended - f->late) : 0;
}

struct flow *
flow_new(struct xmpp *x, const char *peer, const struct flow_setting *s)
{
	struct flow	*f;

	if ((f = calloc(1, sizeof(*f))) == NULL)
		err(1, NULL);
	f->x = x;
	f->peer = peer;
	f->s = *s;
	if (s->pad > PAD_MAX)
		errx(2, "a pad of %zu is too large", s->pad);
	make_batch(f);
	if (x->transport != XMPP_BOSH &&
	    fcntl(x->fd, F_SETFL, O_NONBLOCK) == -1)
		err(1, "fcntl");
	return f;
}

void
flow_free(struct flow *f)
{
	free(f->batch);
	free(f);
}
