/* jingle_write: stanzas of Jingle as we send them; see jingle.h. */
#include <stdio.h>
#include <string.h>

#include "ibb/jingle.h"
#include "xml/date.h"
#include "xml/elem.h"
#include "xml/iq.h"
#include "xml/ns.h"
#include "xml/number.h"
#include "xml/stanza.h"
#include "xml/write.h"

struct xw *
jingle_start(struct iq_table *t, const char *peer, const char *sid,
    enum jingle_action action, const char *initiator, const char *responder)
{
	struct xw	*w = iq_request(t, "set", peer);

	xw_start(w, "jingle", NS_JINGLE);
	xw_attr(w, "action", jingle_action_name(action));
	xw_attr(w, "sid", sid);
	xw_attr(w, "initiator", initiator);
	xw_attr(w, "responder", responder);
	return w;
}

/* 0 for characters that are no digits of a hexadecimal. */
static unsigned
digit(char c)
{
	const char	*p = strchr(NUMBER_HEX_LOWER, c);

	return p != NULL ? (unsigned)(p - NUMBER_HEX_LOWER) : 0;
}

static void
write_hash(struct xw *w, const struct si_file *f)
{
	unsigned char	 sum[HASH_BYTES];
	size_t		 i, n = strlen(f->hash) / 2;

	if (f->algo == HASH_NONE)
		return;
	for (i = 0; i < n; i++)
		sum[i] = (unsigned char)(digit(f->hash[2 * i]) << 4 |
		    digit(f->hash[2 * i + 1]));
	xw_start(w, n > 0 ? "hash" : "hash-used", NS_HASHES);
	xw_attr(w, "algo", hash_name(f->algo));
	if (n > 0)
		xw_base64(w, sum, n);
	xw_end(w);
}

/* XEP-0234 section 4.  An answer names the range that it wants, an offer that
 * it can be ranged. */
static void
write_file(struct xw *w, const struct jingle_out *o)
{
	const struct si_file	*f = o->file;
	char			 text[DATE_TEXT];

	xw_start(w, "description", NS_JINGLE_FILE);
	xw_start(w, "file", NULL);
	if (f->dated && date_text(f->date, text) != NULL)
		xw_elem(w, "date", NULL, text);
	if (o->mime != NULL)
		xw_elem(w, "media-type", NULL, o->mime);
	if (f->name != NULL && *f->name != '\0')
		xw_elem(w, "name", NULL, f->name);
	xw_start(w, "size", NULL);
	snprintf(text, sizeof(text), "%llu", (unsigned long long)f->size);
	xw_text(w, text);
	xw_end(w);
	write_hash(w, f);
	if (f->ranged) {
		xw_start(w, "range", NULL);
		if (o->answer && o->offset > 0)
			xw_attrf(w, "offset", "%llu",
			    (unsigned long long)o->offset);
		xw_end(w);
	}
	xw_end(w);
	xw_end(w);
}

static const char *
type_name(enum jingle_type type)
{
	switch (type) {
	case JINGLE_ASSISTED:
		return "assisted";
	case JINGLE_TUNNEL:
		return "tunnel";
	case JINGLE_PROXY:
		return "proxy";
	default:
		return "direct";
	}
}

static void
write_s5b(struct xw *w, const struct jingle_out *o)
{
	static const char *const	 words[] = {
		[JINGLE_CANDIDATES] = NULL,
		[JINGLE_CANDIDATE_USED] = "candidate-used",
		[JINGLE_CANDIDATE_ERROR] = "candidate-error",
		[JINGLE_ACTIVATED] = "activated",
		[JINGLE_PROXY_ERROR] = "proxy-error",
	};
	const struct jingle_candidate	*c;
	size_t				 i;

	xw_start(w, "transport", NS_JINGLE_S5B);
	xw_attr(w, "sid", o->stream);
	if (words[o->says] != NULL) {
		xw_start(w, words[o->says], NULL);
		xw_attr(w, "cid", o->cid);
		xw_end(w);
		xw_end(w);
		return;
	}
	xw_attr(w, "dstaddr", o->dstaddr);
	if (!o->answer)
		xw_attr(w, "mode", "tcp");
	for (i = 0; i < o->ncandidates; i++) {
		c = &o->candidates[i];
		xw_start(w, "candidate", NULL);
		xw_attr(w, "cid", c->cid);
		xw_attr(w, "host", c->host.host);
		xw_attr(w, "jid", c->host.jid);
		xw_attrf(w, "port", "%u", c->host.port);
		xw_attrf(w, "priority", "%lu", (unsigned long)c->priority);
		xw_attr(w, "type", type_name(c->type));
		xw_end(w);
	}
	xw_end(w);
}

void
jingle_write_content(struct xw *w, const struct jingle_out *o)
{
	xw_start(w, "content", NULL);
	xw_attr(w, "creator", o->by_responder ? "responder" : "initiator");
	xw_attr(w, "name", o->name);
	if (o->file != NULL) {
		xw_attr(w, "senders", "initiator");
		write_file(w, o);
	}
	if (o->kind == JINGLE_IBB) {
		xw_start(w, "transport", NS_JINGLE_IBB);
		xw_attrf(w, "block-size", "%zu", o->block);
		xw_attr(w, "sid", o->stream);
		xw_end(w);
	} else if (o->kind == JINGLE_S5B) {
		write_s5b(w, o);
	}
	xw_end(w);
}

void
jingle_write_reason(struct xw *w, enum jingle_reason reason, const char *text)
{
	if (reason == JINGLE_NO_REASON)
		return;
	xw_start(w, "reason", NULL);
	xw_elem(w, jingle_reason_name(reason), NULL, NULL);
	if (text != NULL && *text != '\0')
		xw_elem(w, "text", NULL, text);
	if (reason == JINGLE_FILE_NOT_AVAILABLE)
		xw_elem(w, "file-not-available", NS_JINGLE_FILE_ERRORS, NULL);
	if (reason == JINGLE_FILE_TOO_LARGE)
		xw_elem(w, "file-too-large", NS_JINGLE_FILE_ERRORS, NULL);
	xw_end(w);
}

void
jingle_refuse(struct iq_table *t, const struct jingle *j, enum jingle_error err)
{
	static const struct {
		enum stanza_error	 err;
		const char		*type, *name;
	} errors[] = {
		[JINGLE_OUT_OF_ORDER] = { SE_UNEXPECTED_REQUEST, "wait",
		    "out-of-order" },
		[JINGLE_TIE_BREAK] = { SE_CONFLICT, "cancel", "tie-break" },
		[JINGLE_UNKNOWN_SESSION] = { SE_ITEM_NOT_FOUND, "cancel",
		    "unknown-session" },
		[JINGLE_UNSUPPORTED_INFO] = { SE_FEATURE_NOT_IMPLEMENTED,
		    "modify", "unsupported-info" },
	};
	struct xw	*w = iq_errorto(t, j->from, j->id);

	xw_start(w, "error", NULL);
	xw_attr(w, "type", errors[err].type);
	stanza_writecondition(w, errors[err].err);
	xw_elem(w, errors[err].name, NS_JINGLE_ERRORS, NULL);
	xw_end(w);
	iq_post(t);
}
