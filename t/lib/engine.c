/* engine.h says what this is. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ibb/dispatch.h"
#include "t/lib/engine.h"
#include "t/lib/must.h"
#include "xml/base64.h"
#include "xml/elem.h"
#include "xml/iq.h"
#include "xml/parse.h"
#include "xml/stanza.h"

char *
format(const char *fmt, ...)
{
	static char *ring[16];
	static size_t at;
	va_list ap;

	at = (at + 1) % N(ring);
	free(ring[at]);
	va_start(ap, fmt);
	must(vasprintf(&ring[at], fmt, ap) != -1);
	va_end(ap);
	return ring[at];
}

const char *
b64(const void *data, size_t len)
{
	char *out, *s;

	must((out = malloc(BASE64_ENCODED(len) + 1)) != NULL);
	out[base64_encode(out, data, len)] = '\0';
	s = format("%s", out);
	free(out);
	return s;
}

const char *
b64fill(size_t len)
{
	char *data;
	const char *s;

	must((data = malloc(len + 1)) != NULL);
	memset(data, 'x', len);
	s = b64(data, len);
	free(data);
	return s;
}

const char *
run_of(char c, size_t len)
{
	char *data;
	const char *s;

	must((data = malloc(len + 1)) != NULL);
	memset(data, c, len);
	data[len] = '\0';
	s = format("%s", data);
	free(data);
	return s;
}

/*
 * What an engine's user does
 */

const char *const faults[] = {
	[INBAND_REFUSED] = "refused",
	[INBAND_SILENT] = "silent",
	[INBAND_UNDELIVERED] = "undelivered",
	[INBAND_BAD_DATA] = "bad-data",
	[INBAND_OVERRUN] = "overrun",
	[INBAND_BROKEN] = "broken",
	[INBAND_UNSENT] = "unsent",
};

const char *
events(struct end *e)
{
	const char *s;

	s = format("%.*s", (int)buf_len(&e->log),
	    (const char *)buf_data(&e->log));
	buf_truncate(&e->log, 0);
	return s;
}

static void
note(struct end *e, const char *s)
{
	must(buf_addstr(&e->log, s) == 0);
}

static void
on_opened(void *arg, const struct elem *result)
{
	note(arg, elem_child(result, "urn:x", "extra") != NULL ?
	    "opened with extra; " : "opened; ");
}

/* Does it carry the next number? */
static void
count_block(struct end *e, const void *data, size_t len)
{
	if (len != sizeof(e->came) || memcmp(data, &e->came, len) != 0)
		e->wrong++;
	e->came++;
}

static void
on_block(void *arg, const void *data, size_t len)
{
	struct end *e = arg;

	if (e->counting)
		count_block(e, data, len);
	else {
		must(buf_add(&e->got, data, len) == 0);
		note(e, format("block %zu; ", len));
	}
	if (e->eager)
		inband_answer(e->s, 1);
}

static void
close_when_known(struct end *e)
{
	if (e->closing && inband_unanswered(e->s) == 0)
		inband_close(e->s, CLOSE_BY);
}

static void
on_answered(void *arg, size_t weight)
{
	struct end *e = arg;

	e->answered += weight;
	if (!e->counting)
		note(e, format("answered %zu; ", weight));
	if (e->abort_on_answer)
		inband_abort(e->s, SE_ITEM_NOT_FOUND);
	close_when_known(e);
}

static void
on_closing(void *arg, const struct elem *close)
{
	struct end *e = arg;

	note(e, elem_child(close, NS_XCAT, "receipt") != NULL ?
	    "closing with a receipt; " : "closing; ");
	e->closing = e->eager;
	close_when_known(e);
}

static void
on_closed(void *arg, const struct elem *answer)
{
	struct end *e = arg;

	e->closed++;
	note(e, answer == NULL ? "closed; " :
	    elem_child(answer, NS_XCAT, "receipt") != NULL ?
	    "closed with a receipt; " : "closed by answer; ");
}

static int
on_receipt(void *arg, char *out)
{
	struct end *e = arg;

	if (e->receipt == NULL)
		return -1;
	must(strlcpy(out, e->receipt, INBAND_RECEIPT) < INBAND_RECEIPT);
	return 0;
}

static void
on_failed(void *arg, enum inband_fault fault, enum stanza_error err,
    const char *text)
{
	struct end *e = arg;

	e->failed++;
	note(e, format("failed %s %s%s%s%s; ", faults[fault],
	    stanza_strerror(err), err == SE_BUSY ? " (busy)" : "",
	    *text != '\0' ? ": " : "", text));
}

static size_t
on_room(void *arg, int all)
{
	struct end *e = arg;

	(void)all;
	return e->side->room;
}

const struct inband_user user = {
	.opened = on_opened,
	.block = on_block,
	.answered = on_answered,
	.closing = on_closing,
	.closed = on_closed,
	.receipt = on_receipt,
	.room = on_room,
	.failed = on_failed,
};

struct end *
add_end(struct side *a, struct inband *s)
{
	struct end *e;

	must((e = calloc(1, sizeof(*e))) != NULL);
	e->side = a;
	e->s = s;
	e->eager = a->eager;
	e->counting = a->counting;
	buf_init(&e->log, 1024 * 1024);
	buf_init(&e->got, 4 * INBAND_RX_MAX);
	SLIST_INSERT_HEAD(&a->ends, e, next);
	a->end = e;
	a->nends++;
	return e;
}

int
on_allowed(void *arg, const char *from)
{
	(void)arg;
	return strcmp(from, EVIL) != 0;
}

void
on_ignored(void *arg)
{
	(void)arg;
}

int64_t
on_deadline(void *arg)
{
	(void)arg;
	return OPEN_BY;
}

const char *
on_judged(void *arg, const char *fingerprint)
{
	(void)arg;
	(void)fingerprint;
	return NULL;
}

static void
on_offer(void *arg, struct inband *s, const struct elem *open)
{
	struct side *a = arg;
	struct end *e = add_end(a, s);

	must(elem_is(open, NS_IBB, "open"));
	inband_own(s, &user, e);
	if (a->accept)
		must(inband_accept(s, NULL) == 0);
}

static void
no_trace(void *arg, const char *line)
{
	(void)arg;
	must(strlen(line) < 128);
}

/*
 * Sides
 */

static int
post(void *arg, const void *stanza, size_t len)
{
	struct side *a = arg;
	struct letter *l;

	if (a->broken)
		return -1;
	must((l = malloc(sizeof(*l))) != NULL);
	must((l->xml = strndup(stanza, len)) != NULL);
	STAILQ_INSERT_TAIL(&a->out, l, next);
	return 0;
}

int64_t (*engine_clock)(void);
size_t engine_most;
int engine_waits;

static size_t
most(void *arg)
{
	(void)arg;
	return engine_most;
}

static void
ask_later(void *arg)
{
	struct side *a = arg;

	a->asks_later++;
}

static void
answer_later(void *arg)
{
	struct side *a = arg;

	a->answers_later++;
}

void
side_init(struct side *a, const char *jid)
{
	struct ibb_host host = {
		.allowed = on_allowed,
		.offer = on_offer,
		.trace = no_trace,
		.now = engine_clock,
		.ask_later = ask_later,
		.answer_later = engine_waits ? answer_later : NULL,
		.most = most,
		.arg = a,
	};
	struct elem *e;

	memset(a, 0, sizeof(*a));
	a->jid = jid;
	a->accept = 1;
	a->room = SIZE_MAX;
	STAILQ_INIT(&a->out);
	SLIST_INIT(&a->ends);
	must((a->iqs = iq_new(post, a)) != NULL);
	must(iq_setjid(a->iqs, jid) == 0);
	must((a->dispatch = dispatch_new()) != NULL);
	must((a->ibb = ibb_new(a->iqs, a->dispatch, &host)) != NULL);
	must((a->in = parse_new(parse_defaults())) != NULL);
	must(parse_feed(a->in, HEADER, strlen(HEADER)) == 0);
	must(parse_next(a->in, &e) == PARSE_OPEN);
	elem_free(e);
}

char *
next_letter(struct side *a)
{
	struct letter *l = STAILQ_FIRST(&a->out);
	char *xml;

	if (l == NULL)
		return NULL;
	STAILQ_REMOVE_HEAD(&a->out, next);
	xml = l->xml;
	free(l);
	return xml;
}

void
drop_letters(struct side *a)
{
	while (!STAILQ_EMPTY(&a->out))
		free(next_letter(a));
}

void
side_host(struct side *a, const struct ibb_host *host)
{
	ibb_free(a->ibb);
	must((a->ibb = ibb_new(a->iqs, a->dispatch, host)) != NULL);
}

void
side_free(struct side *a)
{
	struct end *e;

	while ((e = SLIST_FIRST(&a->ends)) != NULL) {
		SLIST_REMOVE_HEAD(&a->ends, next);
		inband_free(e->s);
		buf_free(&e->log);
		buf_free(&e->got);
		free(e);
	}
	ibb_free(a->ibb);
	dispatch_free(a->dispatch);
	iq_free(a->iqs);
	parse_free(a->in);
	drop_letters(a);
}

void
drop_end(struct side *a, struct end *e)
{
	SLIST_REMOVE(&a->ends, e, end, next);
	inband_free(e->s);
	buf_free(&e->log);
	buf_free(&e->got);
	free(e);
	a->end = SLIST_FIRST(&a->ends);
}

/* As the session does it.  1 if anybody dealt with it. */
static int
dispatch(struct side *a, const struct elem *e)
{
	if (stanza_is(e, "iq") &&
	    (stanza_type(e, "result") || stanza_type(e, "error")))
		return iq_answer(a->iqs, e);
	if (dispatch_stanza(a->dispatch, e, 0))
		return 1;
	if (stanza_is(e, "iq") && elem_child(e, NS_PING, "ping") != NULL) {
		iq_ok(a->iqs, e);
		return 1;
	}
	return 0;
}

int
hear(struct side *a, const char *from, const char *xml)
{
	struct elem *e;
	size_t kind = strcspn(xml, " />");
	int r;

	must(parse_feed(a->in, xml, kind) == 0);
	must(parse_next(a->in, &e) == PARSE_MORE);
	if (from != NULL) {
		must(parse_feed(a->in, " from='", 7) == 0);
		must(parse_next(a->in, &e) == PARSE_MORE);
		must(parse_feed(a->in, from, strlen(from)) == 0);
		must(parse_next(a->in, &e) == PARSE_MORE);
		must(parse_feed(a->in, "'", 1) == 0);
		must(parse_next(a->in, &e) == PARSE_MORE);
	}
	must(parse_feed(a->in, xml + kind, strlen(xml + kind)) == 0);
	must(parse_next(a->in, &e) == PARSE_STANZA);
	r = dispatch(a, e);
	elem_free(e);
	must(parse_next(a->in, &e) == PARSE_MORE);
	return r;
}

int
hear_text(struct side *a, const char *from, const char *xml)
{
	size_t kind = strcspn(xml, " />");
	struct elem *e = stanza_parse(format("%.*s from='%s'%s", (int)kind,
	    xml, from, xml + kind));
	int r = e != NULL && dispatch(a, e);

	elem_free(e);
	return r;
}

void
deliver(struct side *from, struct side *to)
{
	char *xml = next_letter(from);

	hear(to, from->jid, xml);
	free(xml);
}

void
pump(struct side *a, struct side *b)
{
	while (!STAILQ_EMPTY(&a->out) || !STAILQ_EMPTY(&b->out)) {
		if (!STAILQ_EMPTY(&a->out))
			deliver(a, b);
		if (!STAILQ_EMPTY(&b->out))
			deliver(b, a);
	}
}

/*
 * Scripts
 */

static size_t
hex_run(const char *s)
{
	return strspn(s, "0123456789abcdef");
}

const char *
said(struct side *a)
{
	char *xml = next_letter(a), *p, *o;
	size_t n;

	if (xml == NULL)
		return "";
	for (p = o = xml; *p != '\0'; p += n > 0 ? n : 1) {
		n = hex_run(p);
		if (n == 16) {
			snprintf(a->id, sizeof(a->id), "%.16s", p);
			o = stpcpy(o, "ID");
		} else if (n == 32) {
			snprintf(a->sid, sizeof(a->sid), "%.32s", p);
			if (p[32] == '\'' && strncmp(o - 5, " id='", 5) == 0)
				strlcpy(a->id, a->sid, sizeof(a->id));
			o = stpcpy(o, "SID");
		} else if (n > 0) {
			memmove(o, p, n);
			o += n;
		} else
			*o++ = *p;
	}
	*o = '\0';
	p = format("%s", xml);
	free(xml);
	return p;
}

const char *
ask(struct side *a, const char *from, const char *type, const char *body)
{
	static char verdict[64];
	static int n;
	char id[32], *xml;
	const char *p, *q;

	snprintf(id, sizeof(id), "q%d", ++n);
	hear(a, from, format("<iq type='%s' id='%s'>%s</iq>", type, id, body));
	if ((xml = next_letter(a)) == NULL)
		return "";
	if (strstr(xml, format(" id='%s'", id)) == NULL)
		strlcpy(verdict, "something else", sizeof(verdict));
	else if (strncmp(xml, "<iq type='result'", 17) == 0)
		strlcpy(verdict, "result", sizeof(verdict));
	else if ((p = strstr(xml, "<error type='")) != NULL &&
	    (q = strstr(p, "'><")) != NULL)
		snprintf(verdict, sizeof(verdict), "%.*s/%.*s",
		    (int)strcspn(q + 3, " "), q + 3,
		    (int)(q - (p + 13)), p + 13);
	else
		strlcpy(verdict, "nonsense", sizeof(verdict));
	free(xml);
	return verdict;
}

const char *
error_xml(const char *id, const char *condition, const char *type,
    const char *echo)
{
	return format("<iq type='error' id='%s'>%s<error type='%s'>"
	    "<%s" STANZAS "/><text" STANZAS ">so there</text></error></iq>",
	    id, echo, type, condition);
}

int
result(struct side *a)
{
	return hear(a, PEER, format(RESULT, a->id));
}

int
refuse(struct side *a, const char *condition, const char *type)
{
	return hear(a, PEER, error_xml(a->id, condition, type, ""));
}

const char *
open_xml(const char *sid, const char *block, const char *rest)
{
	return format("<open" IBB " sid='%s' block-size='%s'%s/>", sid, block,
	    rest);
}

const char *
data_xml(const char *sid, const char *seq, const char *text)
{
	return format("<data" IBB " sid='%s' seq='%s'>%s</data>", sid, seq,
	    text);
}

const char *
close_xml(const char *sid)
{
	return format("<close" IBB " sid='%s'/>", sid);
}

struct end *
called(struct side *a, size_t block, int message)
{
	struct end *e = add_end(a, NULL);

	e->s = inband_new(a->ibb, PEER, NULL, block, message, &user, e);
	must(e->s != NULL);
	must(inband_open(e->s, OPEN_BY, NULL) == 0);
	must(*said(a) != '\0');
	must(result(a));
	must(strcmp(events(e), "opened; ") == 0);
	return e;
}

struct end *
listening(struct side *a, const char *block, const char *rest)
{
	must(strcmp(ask(a, PEER, "set", open_xml("sid", block, rest)),
	    a->accept ? "result" : "") == 0);
	return a->end;
}

struct end *
calling(struct side *a, size_t block, int message)
{
	struct end *e = add_end(a, NULL);

	e->s = inband_new(a->ibb, PEER, NULL, block, message, &user, e);
	must(e->s != NULL);
	must(inband_open(e->s, OPEN_BY, NULL) == 0);
	return e;
}

/*
 * Two engines
 */

void
join(struct side *a, struct side *b, size_t block, int message)
{
	side_init(a, US);
	side_init(b, PEER);
	a->eager = b->eager = 1;
	add_end(a, NULL);
	a->end->s = inband_new(a->ibb, PEER, NULL, block, message, &user,
	    a->end);
	must(a->end->s != NULL);
	must(inband_open(a->end->s, OPEN_BY, NULL) == 0);
	pump(a, b);
	must(strcmp(events(a->end), "opened; ") == 0);
	must(b->end != NULL);
}

void
part(struct side *a, struct side *b)
{
	side_free(a);
	side_free(b);
}
