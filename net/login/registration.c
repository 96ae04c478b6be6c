/* registration: see registration.h. */
#include <openssl/crypto.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/io/loop.h"
#include "net/login/registration.h"
#include "net/transport/transport.h"
#include "xml/buf.h"
#include "xml/elem.h"
#include "xml/jid.h"
#include "xml/ns.h"
#include "xml/stanza.h"
#include "xml/text.h"
#include "xml/write.h"

#define WHY_MAX		512
#define STANZA_MAX	16384	/* bytes; names and passwords are short */

enum registration_state {
	REGISTRATION_CONNECTING,	/* features are to come */
	REGISTRATION_ASKED,		/* what the server wants to know */
	REGISTRATION_SENT,		/* name and password */
	REGISTRATION_OVER
};

struct registration {
	struct loop		*loop;
	struct registration_conf conf;
	struct transport	*transport;
	struct timer		 timer;
	enum registration_state	 state;
	char			 domain[JID_MAX], ascii[JID_MAX];
	char			 local[JID_MAX];
};

static void	 over(struct registration *, enum session_fault,
	    const char *, ...) __attribute__((__format__(__printf__, 3, 4)));

static void
over(struct registration *r, enum session_fault fault, const char *fmt, ...)
{
	char	 why[WHY_MAX];
	va_list	 ap;

	if (r->state == REGISTRATION_OVER)
		return;
	r->state = REGISTRATION_OVER;
	timer_clear(r->loop, &r->timer);
	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	transport_close(r->transport);
	r->conf.done(r->conf.arg, fault, why);
}

static void
registration_late(void *arg)
{
	over(arg, SESSION_TIMEOUT, "no answer in time; try again, or give it "
	    "more time with -w");
}

/*
 * What is sent.  No other party speaks on a stream without a login: the id
 * need not be a secret.
 */

/* Begin an iq of this type with a <query/>. */
static void
begin(struct xw *w, struct buf *b, const char *type,
    const struct registration *r)
{
	buf_init(b, STANZA_MAX);
	xw_init(w, b);
	xw_start(w, "iq", NULL);
	xw_attr(w, "type", type);
	xw_attr(w, "id", type);
	xw_attr(w, "to", r->domain);
	xw_start(w, "query", NS_REGISTER);
}

/* The storage has had a password in it. */
static void
wipe(struct buf *b)
{
	if (b->p != NULL)
		OPENSSL_cleanse(b->p, b->cap);
	buf_free(b);
}

static void
finish(struct registration *r, struct xw *w, struct buf *b,
    enum registration_state next)
{
	if (xw_done(w) == -1 || transport_send(r->transport, b->p + b->off,
	    b->len) == -1)
		over(r, SESSION_INTERNAL, "out of memory");
	else
		r->state = next;
	wipe(b);
}

static void
ask(struct registration *r)
{
	struct buf	 b;
	struct xw	 w;

	begin(&w, &b, "get", r);
	finish(r, &w, &b, REGISTRATION_ASKED);
}

static void
put_field(struct xw *w, const char *var, const char *value)
{
	xw_start(w, "field", NULL);
	xw_attr(w, "var", var);
	xw_elem(w, "value", NULL, value);
	xw_end(w);
}

/* By a form (XEP-0004), if the server shows nothing else. */
static void
submit(struct registration *r, int form)
{
	struct buf	 b;
	struct xw	 w;

	begin(&w, &b, "set", r);
	if (form) {
		xw_start(&w, "x", NS_DATA);
		xw_attr(&w, "type", "submit");
		put_field(&w, "FORM_TYPE", NS_REGISTER);
		put_field(&w, "username", r->local);
		put_field(&w, "password", r->conf.password);
	} else {
		xw_elem(&w, "username", NULL, r->local);
		xw_elem(&w, "password", NULL, r->conf.password);
	}
	finish(r, &w, &b, REGISTRATION_SENT);
}

/*
 * What comes
 */

/* Is this the name of something that we can tell? */
static int
is_known(const char *name)
{
	static const char *const	 known[] = {
		"FORM_TYPE", "instructions", "key", "password", "registered",
		"username", "x"
	};
	size_t				 i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(name, known[i]) == 0)
			return 1;
	return 0;
}

/* What the server wants to know besides, by its name; NULL: nothing. */
static const char *
wants_more(const struct elem *query, const struct elem *form)
{
	const struct elem	*e;
	const char		*var;

	for (e = elem_child(query, NS_REGISTER, NULL); e != NULL;
	    e = elem_next(e, NS_REGISTER, NULL))
		if (!is_known(e->name))
			return e->name;
	for (e = elem_child(form, NS_DATA, "field"); e != NULL;
	    e = elem_next(e, NS_DATA, "field"))
		if ((var = elem_attr(e, "var")) != NULL && !is_known(var) &&
		    elem_child(e, NS_DATA, "required") != NULL)
			return var;
	return NULL;
}

/* The server has said what it wants to know. */
static void
asked(struct registration *r, const struct elem *query)
{
	const struct elem	*form = elem_child(query, NS_DATA, "x");
	const struct elem	*url = elem_child(elem_child(query, NS_X_OOB,
				     "x"), NS_X_OOB, "url");
	const char		*more = wants_more(query, form);
	int			 plain = elem_child(query, NS_REGISTER,
				     "username") != NULL;
	char			 shown[128];

	if (url != NULL && (more != NULL || !plain))
		over(r, SESSION_REFUSED, "it registers accounts on a web "
		    "page: %s", text_cut(elem_text(url), shown,
		    sizeof(shown)));
	else if (more != NULL)
		over(r, SESSION_REFUSED, "it wants a form to be filled in "
		    "(%s): register with a client that shows forms, or on its "
		    "web page", text_cut(more, shown, sizeof(shown)));
	else if (!plain && form == NULL)
		over(r, SESSION_REFUSED, "it does not say how to register; "
		    "ask its operator for an account");
	else
		submit(r, !plain);
}

/* Why there is no account, in words. */
static const char *
refusal(enum stanza_error err)
{
	switch (err) {
	case SE_CONFLICT:
		return "this name is taken: choose another one with -j";
	case SE_NOT_ACCEPTABLE:
		return "it does not accept this name or password: try others";
	case SE_RESOURCE_CONSTRAINT:
	case SE_BUSY:
		return "it makes no account so soon after another one: try "
		    "again later";
	case SE_JID_MALFORMED:
	case SE_BAD_REQUEST:
		return "it does not accept this name: choose another one";
	default:
		return "it does not let programs register accounts: see its "
		    "web page, or ask its operator";
	}
}

static void
answered(struct registration *r, const struct elem *iq)
{
	enum stanza_error	 err = stanza_error(iq);
	char			 said[128];

	if (err != SE_NONE)
		over(r, SESSION_REFUSED, "%s (%s%s%s)", refusal(err),
		    stanza_strerror(err),
		    *stanza_errortext(iq) != '\0' ? ": " : "",
		    text_cut(stanza_errortext(iq), said, sizeof(said)));
	else if (r->state == REGISTRATION_ASKED)
		asked(r, elem_child(iq, NS_REGISTER, "query"));
	else
		over(r, SESSION_FINE, "registered");
}

static void
registration_stanza(struct registration *r, const struct elem *e)
{
	if (elem_is(e, NS_STREAMS, "error"))
		over(r, SESSION_UNREACHED, "the server ended the stream; ask "
		    "its operator");
	else if (r->state == REGISTRATION_CONNECTING &&
	    elem_is(e, NS_STREAMS, "features"))
		ask(r);
	else if ((r->state == REGISTRATION_ASKED ||
	    r->state == REGISTRATION_SENT) && stanza_is(e, "iq") &&
	    (stanza_type(e, "result") || stanza_type(e, "error")))
		answered(r, e);
}

static void
registration_event(void *arg, enum transport_event ev, const struct elem *e)
{
	struct registration	*r = arg;

	switch (ev) {
	case TRANSPORT_SECURE:
	case TRANSPORT_OPEN:
		break;
	case TRANSPORT_STANZA:
		registration_stanza(r, e);
		break;
	case TRANSPORT_CUT:
	case TRANSPORT_CLOSE:
		over(r, SESSION_UNREACHED, "the server closed the connection; "
		    "try again, or ask its operator");
		break;
	case TRANSPORT_ERROR:
		over(r, transport_fault(r->transport) == TRANSPORT_UNTRUSTED ?
		    SESSION_UNTRUSTED : SESSION_UNREACHED, "%s",
		    transport_error(r->transport));
		break;
	}
}

static void
registration_log(void *arg, int level, const char *line)
{
	const struct registration	*r = arg;

	r->conf.log(r->conf.arg, level, line);
}

struct registration *
registration_new(struct loop *l, struct resolver *resolver,
    const struct registration_conf *conf)
{
	struct registration	*r;
	struct transport_conf	 tc = { .ways = conf->ways,
				     .log = registration_log };

	if ((r = calloc(1, sizeof(*r))) == NULL)
		return NULL;
	r->loop = l;
	r->conf = *conf;
	r->timer = (struct timer){ .fire = registration_late, .arg = r };
	tc.domain = jid_domain(conf->jid, r->domain);
	tc.tls_name = r->ascii;
	jid_local(conf->jid, r->local);
	if (jid_ascii(r->domain, r->ascii) == -1 ||
	    (r->transport = transport_new(l, resolver, &tc,
	    registration_event, r)) == NULL) {
		registration_free(r);
		return NULL;
	}
	timer_set(l, &r->timer, clock_ms() + conf->ms);
	return r;
}

void
registration_free(struct registration *r)
{
	if (r == NULL)
		return;
	timer_clear(r->loop, &r->timer);
	transport_free(r->transport);
	free(r);
}
