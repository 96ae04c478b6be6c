/*
 * disco: what every entity answers: XEP-0030 service discovery, XEP-0199
 * ping, and service-unavailable to the rest (RFC 6120 section 8.4).
 */
#include <string.h>

#include "net/login/session_int.h"
#include "xml/elem.h"
#include "xml/iq.h"
#include "xml/ns.h"
#include "xml/stanza.h"
#include "xml/write.h"

static void
feature(struct xw *w, const char *var)
{
	xw_start(w, "feature", NULL);
	xw_attr(w, "var", var);
	xw_end(w);
}

/* The hash functions are the commonest of ibb/hash.h (XEP-0300 section 5). */
static void
jingle_features(const struct session *s, struct xw *w)
{
	feature(w, NS_JINGLE);
	feature(w, NS_JINGLE_FILE);
	feature(w, NS_JINGLE_IBB);
	if (s->conf.bytestreams)
		feature(w, NS_JINGLE_S5B);
	feature(w, NS_HASHES);
	feature(w, NS_HASH_NAMES "sha-1");
	feature(w, NS_HASH_NAMES "sha-256");
	feature(w, NS_HASH_NAMES "sha-512");
}

/* Only peers that may open bytestreams are told of them; others see a client
 * without any. */
static void
answer_info(struct session *s, const struct elem *iq, const struct elem *query)
{
	const char	*from = elem_attr(iq, "from");
	struct xw	*w;

	if (elem_attr(query, "node") != NULL) {
		iq_refuse(s->iqs, iq, SE_ITEM_NOT_FOUND, NULL);
		return;
	}
	w = iq_result(s->iqs, iq);
	xw_start(w, "query", NS_INFO);
	xw_start(w, "identity", NULL);
	xw_attr(w, "category", "client");
	xw_attr(w, "type", "bot");
	xw_attr(w, "name", "xcat");
	xw_end(w);
	feature(w, NS_INFO);
	feature(w, NS_ITEMS);
	feature(w, NS_PING);
	if (from == NULL || s->host.allowed(s->host.arg, from)) {
		feature(w, NS_IBB);
		feature(w, NS_XCAT);
		feature(w, NS_XCAT_PROBE);
		if (s->conf.bytestreams)
			feature(w, NS_BYTESTREAMS);
		if (s->conf.files) {
			feature(w, NS_SI);
			feature(w, NS_SI_FILE);
			feature(w, NS_XCAT_FILE);
			if (s->conf.folders)
				feature(w, NS_XCAT_FOLDER);
			jingle_features(s, w);
		}
		if (s->conf.oob) {
			feature(w, NS_IQ_OOB);
			feature(w, NS_X_OOB);
			feature(w, NS_RECEIPTS);
		}
	}
	iq_post(s->iqs);
}

void
disco_answer(struct session *s, const struct elem *iq)
{
	const struct elem	*info = elem_child(iq, NS_INFO, "query");
	int			 get = stanza_type(iq, "get");

	if (get && info != NULL) {
		answer_info(s, iq, info);
	} else if (get && elem_child(iq, NS_ITEMS, "query") != NULL) {
		xw_elem(iq_result(s->iqs, iq), "query", NS_ITEMS, NULL);
		iq_post(s->iqs);
	} else if (get && elem_child(iq, NS_PING, "ping") != NULL) {
		iq_ok(s->iqs, iq);
	} else {
		iq_refuse(s->iqs, iq, SE_SERVICE_UNAVAILABLE, NULL);
	}
}
