/* absence: see absence.h. */
#include <sys/queue.h>

#include <stdlib.h>
#include <string.h>

#include "net/io/loop.h"
#include "net/login/absence.h"
#include "xml/buf.h"
#include "xml/copy.h"
#include "xml/elem.h"
#include "xml/iq.h"
#include "xml/jid.h"
#include "xml/ns.h"
#include "xml/stanza.h"
#include "xml/write.h"

#define ASK_TIME	2000		/* ms for the server's answer */
#define HELD_MAX	64		/* strangers that wait for it */
#define PAYLOAD_MAX	(64 * 1024)	/* bytes of a request */

enum absence_state {
	ABSENCE_UNKNOWN,	/* the server has not been asked */
	ABSENCE_ASKED,
	ABSENCE_KNOWN
};

/* What an answer is made of. */
struct held {
	const char	*kind;		/* "iq" or "message" */
	char		*from, *id, *lang;
	struct buf	 payload;	/* as markup; empty: not repeated */
	STAILQ_ENTRY(held) next;
};

struct absence {
	struct iq_table		*iqs;
	enum absence_state	 state;
	int			 repeats;	/* the server, the payload */
	int			 keeps_lang;	/* and the request's language */
	char			*text, *text_lang;
	STAILQ_HEAD(, held)	 held;
	size_t			 nheld;
};

struct absence *
absence_new(struct iq_table *t)
{
	struct absence	*a;

	if ((a = calloc(1, sizeof(*a))) == NULL)
		return NULL;
	a->iqs = t;
	STAILQ_INIT(&a->held);
	return a;
}

static void
held_free(struct held *h)
{
	free(h->from);
	free(h->id);
	free(h->lang);
	buf_free(&h->payload);
	free(h);
}

void
absence_free(struct absence *a)
{
	struct held	*h;

	if (a == NULL)
		return;
	while ((h = STAILQ_FIRST(&a->held)) != NULL) {
		STAILQ_REMOVE_HEAD(&a->held, next);
		held_free(h);
	}
	iq_forget(a->iqs, a);
	free(a->text);
	free(a->text_lang);
	free(a);
}

static char *
absence_copy(const char *s, int *failed)
{
	char	*p;

	if (s == NULL)
		return NULL;
	if ((p = strdup(s)) == NULL)
		*failed = 1;
	return p;
}

/* Keep the children of a request as markup, unless they are too large. */
static void
keep_payload(struct held *h, const struct elem *stanza)
{
	const struct elem	*e;
	struct buf		 one;
	struct xw		 w;

	buf_init(&one, PAYLOAD_MAX);
	for (e = stanza->first; e != NULL; e = e->next) {
		buf_truncate(&one, 0);
		xw_init(&w, &one);
		copy_elem(&w, e, NS_CLIENT);
		if (xw_done(&w) == -1 || buf_add(&h->payload, buf_data(&one),
		    buf_len(&one)) == -1) {
			buf_truncate(&h->payload, 0);
			break;
		}
	}
	buf_free(&one);
}

static struct held *
held_new(const struct elem *stanza, int with_payload)
{
	struct held	*h;
	int		 failed = 0;

	if ((h = calloc(1, sizeof(*h))) == NULL)
		return NULL;
	buf_init(&h->payload, PAYLOAD_MAX);
	h->kind = stanza_is(stanza, "iq") ? "iq" : "message";
	h->from = absence_copy(elem_attr(stanza, "from"), &failed);
	h->id = absence_copy(elem_attr(stanza, "id"), &failed);
	h->lang = absence_copy(elem_attrns(stanza, NS_XML, "lang"), &failed);
	if (failed) {
		held_free(h);
		return NULL;
	}
	if (with_payload)
		keep_payload(h, stanza);
	return h;
}

static void
absence_refuse(struct absence *a, const struct held *h)
{
	struct xw	*w;

	w = iq_stanza(a->iqs, h->kind, "error", h->from);
	xw_attr(w, "id", h->id);
	if (a->keeps_lang)
		xw_attr(w, "xml:lang", h->lang);
	if (a->repeats)
		xw_markup(w, buf_data(&h->payload), buf_len(&h->payload));
	xw_start(w, "error", NULL);
	xw_attr(w, "type", "cancel");
	xw_elem(w, "service-unavailable", NS_STANZA_ERROR, NULL);
	if (a->text != NULL) {
		xw_start(w, "text", NS_STANZA_ERROR);
		xw_attr(w, "xml:lang", a->text_lang);
		xw_text(w, a->text);
	}
	iq_post(a->iqs);
}

static void
refuse_held(struct absence *a)
{
	struct held	*h;

	a->state = ABSENCE_KNOWN;
	while ((h = STAILQ_FIRST(&a->held)) != NULL) {
		STAILQ_REMOVE_HEAD(&a->held, next);
		a->nheld--;
		absence_refuse(a, h);
		held_free(h);
	}
}

/* Learn from the server's answer, if it is the error that was expected. */
static void
absence_learn(void *arg, const struct elem *answer)
{
	struct absence		*a = arg;
	const struct elem	*error, *text;
	int			 failed = 0;

	if (answer != NULL &&
	    stanza_error(answer) == SE_SERVICE_UNAVAILABLE) {
		error = elem_child(answer, NULL, "error");
		a->repeats = elem_child(answer, NS_PING, "ping") != NULL;
		a->keeps_lang = elem_attrns(answer, NS_XML, "lang") != NULL;
		text = elem_child(error, NS_STANZA_ERROR, "text");
		if (text != NULL) {
			a->text = absence_copy(elem_text(text), &failed);
			a->text_lang = absence_copy(elem_attrns(text, NS_XML,
			    "lang"),
			    &failed);
		}
	}
	refuse_held(a);
}

static int
absence_ask(struct absence *a)
{
	char		 jid[JID_MAX];
	struct xw	*w;

	jid_bare(iq_jid(a->iqs), jid);
	jid_setresource(jid, NULL);
	w = iq_request(a->iqs, "get", jid);
	xw_attr(w, "xml:lang", "en");
	xw_elem(w, "ping", NS_PING, NULL);
	return iq_ask(a->iqs, absence_learn, a, clock_ms() + ASK_TIME);
}

static int
is_answered(const struct elem *stanza)
{
	if (stanza_is(stanza, "iq"))
		return stanza_type(stanza, "get") ||
		    stanza_type(stanza, "set");
	return stanza_is(stanza, "message") &&
	    stanza_type(stanza, "groupchat");
}

void
absence_answer(struct absence *a, const struct elem *stanza)
{
	struct held	*h;

	if (!is_answered(stanza) || (h = held_new(stanza,
	    a->state != ABSENCE_KNOWN || a->repeats)) == NULL)
		return;
	if (a->state == ABSENCE_UNKNOWN)
		a->state = absence_ask(a) == 0 ? ABSENCE_ASKED : ABSENCE_KNOWN;
	if (a->state == ABSENCE_ASKED && a->nheld < HELD_MAX) {
		STAILQ_INSERT_TAIL(&a->held, h, next);
		a->nheld++;
		return;
	}
	absence_refuse(a, h);
	held_free(h);
}
