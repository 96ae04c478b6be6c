/* sasl2: see sasl2.h. */
#include <string.h>

#include "net/login/features.h"
#include "net/login/sasl2.h"
#include "net/login/sm.h"
#include "xml/buf.h"
#include "xml/elem.h"
#include "xml/write.h"

/* Do not tell the server which machine this is. */
static void
user_agent(struct xw *w, const char *client)
{
	xw_start(w, "user-agent", NULL);
	xw_attr(w, "id", client);
	xw_elem(w, "software", NULL, "xcat");
	xw_end(w);
}

/* XEP-0386: without a tag the server makes up all of the resource. */
static void
bind2(struct xw *w, int enable)
{
	xw_start(w, "bind", NS_BIND2);
	if (enable) {
		xw_start(w, "enable", NS_SM);
		xw_attr(w, "resume", "true");
		xw_end(w);
	}
	xw_end(w);
}

static void
resume(struct xw *w, const char *previd, uint32_t h)
{
	xw_start(w, "resume", NS_SM);
	xw_attr(w, "previd", previd);
	xw_attrf(w, "h", "%u", h);
	xw_end(w);
}

static void
fast(struct xw *w, const struct sasl2_request *r)
{
	if (r->want != NULL) {
		xw_start(w, "request-token", NS_FAST);
		xw_attr(w, "mechanism", r->want);
		xw_end(w);
	}
	if (r->count > 0) {
		xw_start(w, "fast", NS_FAST);
		xw_attrf(w, "count", "%u", r->count);
		xw_end(w);
	}
}

int
sasl2_authenticate(struct buf *out, const struct sasl2_request *r)
{
	struct xw	 w;

	xw_init(&w, out);
	xw_start(&w, "authenticate", NS_SASL2);
	xw_attr(&w, "mechanism", r->mechanism);
	xw_start(&w, "initial-response", NULL);
	if (buf_len(r->initial) > 0)
		xw_base64(&w, buf_data(r->initial), buf_len(r->initial));
	xw_end(&w);
	if (r->client != NULL)
		user_agent(&w, r->client);
	fast(&w, r);
	if (r->previd != NULL)
		resume(&w, r->previd, r->h);
	if (r->bind)
		bind2(&w, r->enable);
	return xw_done(&w);
}

int
sasl2_success(const struct elem *e, struct sasl2_success *out)
{
	const struct elem	*id, *token;

	memset(out, 0, sizeof(*out));
	id = elem_child(e, NS_SASL2, "authorization-identifier");
	if (jid_prep(elem_text(id), out->jid, NULL) == -1)
		return -1;
	out->data = elem_child(e, NS_SASL2, "additional-data");
	out->bound = elem_child(e, NS_BIND2, "bound");
	out->enabled = elem_child(out->bound, NS_SM, "enabled");
	out->resumed = elem_child(e, NS_SM, "resumed");
	out->failed = elem_child(e, NS_SM, "failed");
	token = elem_child(e, NS_FAST, "token");
	if (token != NULL && elem_attr(token, "token") != NULL &&
	    elem_attr(token, "expiry") != NULL) {
		out->token = elem_attr(token, "token");
		out->expiry = elem_attr(token, "expiry");
	}
	return 0;
}

const char *
sasl2_condition(const struct elem *failure)
{
	const struct elem	*c;
	const char		*any = "no reason given";

	for (c = failure->first; c != NULL; c = c->next) {
		if (strcmp(c->name, "text") == 0)
			continue;
		if (strcmp(c->ns, NS_SASL) == 0)
			return c->name;
		any = c->name;	/* Prosody's module has some there */
	}
	return any;
}
