/*
 * iq: stanzas on their way out, and the requests that wait for answers.
 */
#include <sys/queue.h>
#include <sys/tree.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xml/buf.h"
#include "xml/context.h"
#include "xml/elem.h"
#include "xml/iq.h"
#include "xml/jid.h"
#include "xml/stanza.h"
#include "xml/write.h"

/* Bytes of a stanza: more than the largest that we send, a block of 65535 bytes
 * in base64. */
#define STANZA_MAX	(256 * 1024)

struct request {
	char			 id[IQ_ID];
	char			*to;		/* NULL: our own account */
	iq_answer_fn		*fn;
	iq_piece_fn		*piece;
	void			*arg;
	unsigned		 context;	/* in which it is asked */
	int64_t			 deadline;
	RB_ENTRY(request)	 node, by_arg;
	TAILQ_ENTRY(request)	 timed;		/* only if it has a deadline */
};
RB_HEAD(request_tree, request);
RB_HEAD(request_args, request);
TAILQ_HEAD(request_list, request);

struct iq_table {
	iq_send_fn		*send;
	iq_starved_fn		*starved;	/* may be NULL */
	void			*arg;
	char			*jid;
	struct request_tree	 pending;
	struct request_args	 args;	/* the same, for iq_forget() */
	struct request_list	 timed;
	struct buf		 out;		/* the stanza being written */
	struct xw		 w;
	struct request		*asking;	/* not yet given to iq_ask() */
};

static int
request_cmp(const struct request *a, const struct request *b)
{
	return strcmp(a->id, b->id);
}

RB_GENERATE_INTERNAL(request_tree, request, node, request_cmp,
    __attribute__((__unused__)) static)

/* Streams in flight have thousands of requests, and each forgets its own. */
static int
request_cmp_arg(const struct request *a, const struct request *b)
{
	uintptr_t	 x = (uintptr_t)a->arg, y = (uintptr_t)b->arg;

	return x != y ? (x > y) - (x < y) : request_cmp(a, b);
}

RB_GENERATE_INTERNAL(request_args, request, by_arg, request_cmp_arg,
    __attribute__((__unused__)) static)

struct iq_table *
iq_new(iq_send_fn *send, void *arg)
{
	struct iq_table	*t;

	if ((t = calloc(1, sizeof(*t))) == NULL)
		return NULL;
	t->send = send;
	t->arg = arg;
	RB_INIT(&t->pending);
	RB_INIT(&t->args);
	TAILQ_INIT(&t->timed);
	buf_init(&t->out, STANZA_MAX);
	return t;
}

void
iq_on_starved(struct iq_table *t, iq_starved_fn *fn)
{
	t->starved = fn;
}

static void
request_free(struct request *r)
{
	if (r == NULL)
		return;
	free(r->to);
	free(r);
}

static void
request_remove(struct iq_table *t, struct request *r)
{
	RB_REMOVE(request_tree, &t->pending, r);
	RB_REMOVE(request_args, &t->args, r);
	if (r->deadline != IQ_NODEADLINE)
		TAILQ_REMOVE(&t->timed, r, timed);
}

void
iq_free(struct iq_table *t)
{
	struct request	*r;

	if (t == NULL)
		return;
	while ((r = RB_ROOT(&t->pending)) != NULL) {
		request_remove(t, r);
		request_free(r);
	}
	request_free(t->asking);
	buf_free(&t->out);
	free(t->jid);
	free(t);
}

int
iq_setjid(struct iq_table *t, const char *jid)
{
	char	*copy;

	if ((copy = strdup(jid)) == NULL)
		return -1;
	free(t->jid);
	t->jid = copy;
	return 0;
}

const char *
iq_jid(const struct iq_table *t)
{
	return t->jid;
}

static struct xw *
iq_start(struct iq_table *t, const char *kind, const char *type, const char *to,
    const char *id)
{
	buf_truncate(&t->out, 0);
	xw_init(&t->w, &t->out);
	xw_start(&t->w, kind, NULL);
	xw_attr(&t->w, "type", type);
	xw_attr(&t->w, "to", to);
	xw_attr(&t->w, "id", id);
	return &t->w;
}

struct xw *
iq_stanza(struct iq_table *t, const char *kind, const char *type,
    const char *to)
{
	return iq_start(t, kind, type, to, NULL);
}

static int
iq_send_out(struct iq_table *t)
{
	errno = 0;
	if (xw_done(&t->w) == -1) {
		errno = t->w.starved ? ENOMEM : 0;
		return -1;
	}
	return t->send(t->arg, buf_data(&t->out), buf_len(&t->out));
}

int
iq_send(struct iq_table *t)
{
	if (iq_send_out(t) == 0)
		return 0;
	if (errno == ENOMEM && t->starved != NULL)
		t->starved(t->arg);
	return -1;
}

void
iq_post(struct iq_table *t)
{
	if (iq_send(t) == -1)
		buf_truncate(&t->out, 0);
}

struct xw *
iq_request_id(struct iq_table *t, const char *type, const char *to,
    const char *id)
{
	struct request	*r;
	uint64_t	 random;

	request_free(t->asking);
	if ((t->asking = r = calloc(1, sizeof(*r))) == NULL)
		return iq_start(t, "iq", type, to, "");
	strlcpy(r->id, id != NULL ? id : "", sizeof(r->id));
	while (*r->id == '\0' ||
	    RB_FIND(request_tree, &t->pending, r) != NULL) {
		arc4random_buf(&random, sizeof(random));
		snprintf(r->id, sizeof(r->id), "%016" PRIx64, random);
	}
	if (to != NULL && (r->to = strdup(to)) == NULL) {
		request_free(r);
		t->asking = NULL;
		return iq_start(t, "iq", type, to, "");
	}
	return iq_start(t, "iq", type, to, r->id);
}

struct xw *
iq_request(struct iq_table *t, const char *type, const char *to)
{
	return iq_request_id(t, type, to, NULL);
}

void
iq_in_pieces(struct iq_table *t, iq_piece_fn *piece)
{
	if (t->asking != NULL)
		t->asking->piece = piece;
}

int
iq_ask(struct iq_table *t, iq_answer_fn *fn, void *arg, int64_t deadline)
{
	struct request	*r = t->asking;

	t->asking = NULL;
	if (r == NULL)
		return -1;
	r->fn = fn;
	r->arg = arg;
	r->context = context_now();
	r->deadline = deadline;
	RB_INSERT(request_tree, &t->pending, r);
	RB_INSERT(request_args, &t->args, r);
	if (deadline != IQ_NODEADLINE)
		TAILQ_INSERT_TAIL(&t->timed, r, timed);
	if (iq_send_out(t) == -1) {
		request_remove(t, r);
		request_free(r);
		return -1;
	}
	return 0;
}

/* It is not kept: a peer that never answers would have it kept for ever. */
void
iq_tell(struct iq_table *t)
{
	struct request	*r = t->asking;

	t->asking = NULL;
	if (r == NULL || iq_send_out(t) == -1)
		buf_truncate(&t->out, 0);
	request_free(r);
}

struct xw *
iq_resultto(struct iq_table *t, const char *to, const char *id)
{
	return iq_start(t, "iq", "result", to, id);
}

struct xw *
iq_result(struct iq_table *t, const struct elem *request)
{
	return iq_resultto(t, elem_attr(request, "from"),
	    elem_attr(request, "id"));
}

void
iq_ok(struct iq_table *t, const struct elem *request)
{
	iq_result(t, request);
	iq_post(t);
}

struct xw *
iq_errorto(struct iq_table *t, const char *to, const char *id)
{
	return iq_start(t, "iq", "error", to, id);
}

void
iq_refuseto(struct iq_table *t, const char *to, const char *id,
    enum stanza_error err, const char *text)
{
	stanza_writeerror(iq_errorto(t, to, id), err, text);
	iq_post(t);
}

void
iq_refuse(struct iq_table *t, const struct elem *request,
    enum stanza_error err, const char *text)
{
	iq_refuseto(t, elem_attr(request, "from"),
	    elem_attr(request, "id"), err, text);
}

/* A request that was asked with arg, or NULL. */
static struct request *
request_with(const struct iq_table *t, const void *arg)
{
	struct request	*r = RB_ROOT(&t->args);

	while (r != NULL && r->arg != arg)
		r = (uintptr_t)arg < (uintptr_t)r->arg ? RB_LEFT(r, by_arg) :
		    RB_RIGHT(r, by_arg);
	return r;
}

void
iq_forget(struct iq_table *t, const void *arg)
{
	struct request	*r;

	/* They go, or requests that are never answered would pile up. */
	while ((r = request_with(t, arg)) != NULL) {
		request_remove(t, r);
		request_free(r);
	}
}

int
iq_from_server(const struct iq_table *t, const char *from)
{
	char	 own[JID_MAX];

	if (from == NULL)
		return 1;
	if (t->jid == NULL)
		return 0;
	return strcmp(from, t->jid) == 0 ||
	    strcmp(from, jid_bare(t->jid, own)) == 0 ||
	    strcmp(from, jid_domain(t->jid, own)) == 0;
}

static int
iq_answers(const struct iq_table *t, const struct request *r, const char *from)
{
	char	 own[JID_MAX];

	if (r->to == NULL)
		return iq_from_server(t, from);
	/* Servers send addresses prepared; not all peers' servers do. */
	if (from != NULL)
		return strcmp(from, r->to) == 0 ||
		    (jid_prep(from, own, NULL) == 0 &&
		    strcmp(own, r->to) == 0);
	return t->jid != NULL && (strcmp(r->to, jid_bare(t->jid, own)) == 0 ||
	    strcmp(r->to, jid_domain(t->jid, own)) == 0);
}

/* The request that this stanza answers, or NULL. */
static struct request *
iq_find(struct iq_table *t, const struct elem *iq)
{
	struct request	 key, *r;
	const char	*id = elem_attr(iq, "id");

	if (id == NULL ||
	    strlcpy(key.id, id, sizeof(key.id)) >= sizeof(key.id) ||
	    (r = RB_FIND(request_tree, &t->pending, &key)) == NULL ||
	    !iq_answers(t, r, elem_attr(iq, "from")))
		return NULL;
	return r;
}

/* Take the request out, and pass its answer on. */
static int
iq_call(struct iq_table *t, struct request *r, const struct elem *e)
{
	unsigned	 left;

	if (r == NULL)
		return 0;
	request_remove(t, r);
	left = context_enter(r->context);
	if (r->fn != NULL)
		r->fn(r->arg, e);
	context_enter(left);
	request_free(r);
	return 1;
}

int
iq_answer(struct iq_table *t, const struct elem *iq)
{
	return iq_call(t, iq_find(t, iq), iq);
}

int
iq_piece(struct iq_table *t, const struct elem *piece)
{
	const struct elem	*iq = piece->parent->parent;
	struct request		*r;
	unsigned		 left;
	int			 taken;

	if (!stanza_is(iq, "iq") || !stanza_type(iq, "result") ||
	    (r = iq_find(t, iq)) == NULL || r->piece == NULL)
		return 0;
	left = context_enter(r->context);
	taken = r->piece(r->arg, piece);
	context_enter(left);
	return taken;
}

int
iq_answer_cut(struct iq_table *t, const struct elem *iq)
{
	static struct attr		 type = { "", "type", "error" };
	static const struct elem	 error = {
		.ns = NS_CLIENT, .name = "iq", .attrs = &type, .nattrs = 1,
	};

	return iq_call(t, iq_find(t, iq), &error);
}

int64_t
iq_deadline(const struct iq_table *t)
{
	struct request	*r;
	int64_t		 first = IQ_NODEADLINE;

	TAILQ_FOREACH(r, &t->timed, timed)
		if (r->deadline < first)
			first = r->deadline;
	return first;
}

/* The first request whose deadline has passed.  Callbacks may ask or forget, so
 * the caller starts over after each. */
static struct request *
iq_expired(struct iq_table *t, int64_t now)
{
	struct request	*r;

	TAILQ_FOREACH(r, &t->timed, timed)
		if (r->deadline <= now)
			return r;
	return NULL;
}

void
iq_expire(struct iq_table *t, int64_t now)
{
	while (iq_call(t, iq_expired(t, now), NULL))
		;
}

void
iq_postpone(struct iq_table *t, int64_t ms)
{
	struct request	*r;

	TAILQ_FOREACH(r, &t->timed, timed)
		r->deadline += ms;
}
