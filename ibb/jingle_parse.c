/* jingle_parse: stanzas of Jingle as they come; see jingle.h. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "ibb/jingle.h"
#include "xml/date.h"
#include "xml/elem.h"
#include "xml/ns.h"
#include "xml/number.h"
#include "xml/stanza.h"

#define COUNT(array)	(sizeof(array) / sizeof((array)[0]))
#define BLOCK_MOST	65535	/* XEP-0047 section 2.1 */

static const char *const actions[] = {
	[JINGLE_NO_ACTION] = "",
	[JINGLE_CONTENT_ACCEPT] = "content-accept",
	[JINGLE_CONTENT_ADD] = "content-add",
	[JINGLE_CONTENT_MODIFY] = "content-modify",
	[JINGLE_CONTENT_REJECT] = "content-reject",
	[JINGLE_CONTENT_REMOVE] = "content-remove",
	[JINGLE_DESCRIPTION_INFO] = "description-info",
	[JINGLE_SECURITY_INFO] = "security-info",
	[JINGLE_SESSION_ACCEPT] = "session-accept",
	[JINGLE_SESSION_INFO] = "session-info",
	[JINGLE_SESSION_INITIATE] = "session-initiate",
	[JINGLE_SESSION_TERMINATE] = "session-terminate",
	[JINGLE_TRANSPORT_ACCEPT] = "transport-accept",
	[JINGLE_TRANSPORT_INFO] = "transport-info",
	[JINGLE_TRANSPORT_REJECT] = "transport-reject",
	[JINGLE_TRANSPORT_REPLACE] = "transport-replace",
};

static const char *const reasons[] = {
	[JINGLE_NO_REASON] = "",
	[JINGLE_ALTERNATIVE_SESSION] = "alternative-session",
	[JINGLE_BUSY] = "busy",
	[JINGLE_CANCEL] = "cancel",
	[JINGLE_CONNECTIVITY_ERROR] = "connectivity-error",
	[JINGLE_DECLINE] = "decline",
	[JINGLE_EXPIRED] = "expired",
	[JINGLE_FAILED_APPLICATION] = "failed-application",
	[JINGLE_FAILED_TRANSPORT] = "failed-transport",
	[JINGLE_GENERAL_ERROR] = "general-error",
	[JINGLE_GONE] = "gone",
	[JINGLE_INCOMPATIBLE_PARAMETERS] = "incompatible-parameters",
	[JINGLE_MEDIA_ERROR] = "media-error",
	[JINGLE_SECURITY_ERROR] = "security-error",
	[JINGLE_SUCCESS] = "success",
	[JINGLE_TIMEOUT] = "timeout",
	[JINGLE_UNSUPPORTED_APPLICATIONS] = "unsupported-applications",
	[JINGLE_UNSUPPORTED_TRANSPORTS] = "unsupported-transports",
	[JINGLE_FILE_NOT_AVAILABLE] = "failed-application",
	[JINGLE_FILE_TOO_LARGE] = "media-error",
};

const char *
jingle_reason_name(enum jingle_reason reason)
{
	return reasons[reason];
}

const char *
jingle_action_name(enum jingle_action action)
{
	return actions[action];
}

/* The place of a word in a list whose first place stands for none. */
static size_t
find_word(const char *word, const char *const *list, size_t n)
{
	size_t	 i;

	for (i = 1; word != NULL && i < n; i++)
		if (strcmp(word, list[i]) == 0)
			return i;
	return 0;
}

/* A sid or a name that we keep; NULL if it is none. */
static const char *
read_name(const struct elem *e, const char *attr)
{
	const char	*s = elem_attr(e, attr);

	return s != NULL && *s != '\0' && strlen(s) <= JINGLE_SID_MAX ? s :
	    NULL;
}

/*
 * The file (XEP-0234 section 4)
 */

/* Of the hashes inside e take the strongest that we know, rather one that has
 * its sum than one whose sum is to come (XEP-0300; XEP-0234 section 7.2). */
static void
read_hashes(const struct elem *e, struct si_file *f)
{
	unsigned char	 bytes[HASH_BYTES];
	char		 sum[HASH_HEX];
	enum hash_algo	 algo;

	for (e = elem_child(e, NS_HASHES, NULL); e != NULL;
	    e = elem_next(e, NS_HASHES, NULL)) {
		algo = hash_find(elem_attr(e, "algo"));
		if (algo == HASH_NONE)
			continue;
		*sum = '\0';
		if (strcmp(e->name, "hash") == 0 &&
		    hash_read(algo, e, bytes) == 0)
			number_to_hex(bytes, hash_size(algo), sum);
		if ((*sum != '\0') == (*f->hash != '\0') ? algo <= f->algo :
		    *sum == '\0')
			continue;
		f->algo = algo;
		strlcpy(f->hash, sum, sizeof(f->hash));
	}
}

/* 0, or -1 if a range is not one of 63-bit numbers. */
static int
read_range(const struct elem *range, struct jingle_content *c)
{
	c->offset = 0;
	if ((elem_attr(range, "offset") != NULL &&
	    elem_number(range, "offset", 0, INT64_MAX, &c->offset) == -1) ||
	    (elem_attr(range, "length") != NULL &&
	    elem_number(range, "length", 0, INT64_MAX, &c->length) == -1))
		return -1;
	return 0;
}

static void
read_file(const struct elem *e, struct jingle_content *c)
{
	const struct elem	*size = elem_child(e, NS_JINGLE_FILE, "size");
	const struct elem	*range = elem_child(e, NS_JINGLE_FILE, "range");

	c->file.name = elem_text(elem_child(e, NS_JINGLE_FILE, "name"));
	c->sized = number_read(elem_text(size), 0, INT64_MAX,
	    &c->file.size) == 0;
	c->file.dated = date_read(elem_text(elem_child(e, NS_JINGLE_FILE,
	    "date")), &c->file.date) == 0;
	c->file.ranged = range != NULL;
	read_hashes(e, &c->file);
	c->nonsense = read_range(range, c) == -1;
}

/*
 * The transport
 */

static enum jingle_kind
kind_of(const struct elem *transport)
{
	if (transport == NULL)
		return JINGLE_NO_TRANSPORT;
	if (strcmp(transport->ns, NS_JINGLE_IBB) == 0)
		return JINGLE_IBB;
	return strcmp(transport->ns, NS_JINGLE_S5B) == 0 ? JINGLE_S5B :
	    JINGLE_OTHER_TRANSPORT;
}

/* A datagram transport is none for files (XEP-0260 section 2.2, mode). */
static int
is_stream(const struct elem *transport)
{
	const char	*mode = elem_attr(transport, "mode");

	return mode == NULL || strcmp(mode, "tcp") == 0;
}

static void
read_said(const struct elem *e, struct jingle_transport *t)
{
	static const char *const	 words[] = {
		[JINGLE_CANDIDATES] = "",
		[JINGLE_CANDIDATE_USED] = "candidate-used",
		[JINGLE_CANDIDATE_ERROR] = "candidate-error",
		[JINGLE_ACTIVATED] = "activated",
		[JINGLE_PROXY_ERROR] = "proxy-error",
	};

	for (e = e->first; e != NULL; e = e->next)
		if (strcmp(e->ns, NS_JINGLE_S5B) == 0 && (t->says =
		    (enum jingle_says)find_word(e->name, words,
		    COUNT(words))) != JINGLE_CANDIDATES) {
			t->cid = elem_attr(e, "cid");
			return;
		}
}

static void
read_transport(const struct elem *e, struct jingle_transport *t)
{
	const char	*stanza = elem_attr(e, "stanza");
	uint64_t	 n;

	t->kind = kind_of(e);
	t->elem = e;
	if (t->kind == JINGLE_NO_TRANSPORT ||
	    t->kind == JINGLE_OTHER_TRANSPORT)
		return;
	t->sid = read_name(e, "sid");
	if (t->kind == JINGLE_IBB) {
		t->block = elem_number(e, "block-size", 1, BLOCK_MOST,
		    &n) == 0 ? (size_t)n : 0;
		t->message = stanza != NULL && strcmp(stanza, "message") == 0;
		return;
	}
	if (!is_stream(e))
		t->kind = JINGLE_OTHER_TRANSPORT;
	t->dstaddr = elem_attr(e, "dstaddr");
	if (t->dstaddr != NULL && (*t->dstaddr == '\0' ||
	    strlen(t->dstaddr) > JINGLE_SID_MAX))
		t->dstaddr = NULL;
	read_said(e, t);
}

static enum jingle_type
type_of(const char *s)
{
	static const struct {
		const char		*name;
		enum jingle_type	 type;
	} types[] = {
		{ "direct", JINGLE_DIRECT }, { "assisted", JINGLE_ASSISTED },
		{ "tunnel", JINGLE_TUNNEL }, { "proxy", JINGLE_PROXY },
	};
	size_t	 i;

	for (i = 0; s != NULL && i < COUNT(types); i++)
		if (strcmp(s, types[i].name) == 0)
			return types[i].type;
	return JINGLE_DIRECT;	/* as the schema has it */
}

/* 0, or -1 if it makes no sense. */
static int
read_candidate(const struct elem *e, struct jingle_candidate *c)
{
	const char	*cid = elem_attr(e, "cid"), *jid = elem_attr(e, "jid");
	const char	*host = elem_attr(e, "host");
	uint64_t	 port = S5B_PORT, priority;

	if (cid == NULL || *cid == '\0' || host == NULL || *host == '\0' ||
	    jid == NULL ||
	    elem_number(e, "priority", 0, UINT32_MAX, &priority) == -1 ||
	    (elem_attr(e, "port") != NULL &&
	    elem_number(e, "port", 1, UINT16_MAX, &port) == -1) ||
	    strlcpy(c->cid, cid, sizeof(c->cid)) >= sizeof(c->cid) ||
	    strlcpy(c->host.host, host, sizeof(c->host.host)) >=
	    sizeof(c->host.host) ||
	    strlcpy(c->host.jid, jid, sizeof(c->host.jid)) >=
	    sizeof(c->host.jid))
		return -1;
	c->host.port = (uint16_t)port;
	c->priority = (uint32_t)priority;
	c->type = type_of(elem_attr(e, "type"));
	return 0;
}

/* A list of candidates, the best first; those of one priority stay in their
 * order. */
struct list {
	struct jingle_candidate	*c;
	size_t			 n;
};

static void
list_add(struct list *l, const struct jingle_candidate *c)
{
	size_t	 i;

	for (i = 0; i < l->n; i++)	/* a cid names one of them */
		if (strcmp(l->c[i].cid, c->cid) == 0)
			return;
	for (i = l->n; i > 0 && l->c[i - 1].priority < c->priority; i--)
		if (i < S5B_HOSTS)
			l->c[i] = l->c[i - 1];
	if (i < S5B_HOSTS)
		l->c[i] = *c;
	if (l->n < S5B_HOSTS)
		l->n++;
}

size_t
jingle_candidates(const struct jingle_transport *t,
    struct jingle_candidate *out)
{
	struct list		 l = { out, 0 };
	struct jingle_candidate	 c;
	const struct elem	*e;

	if (t->kind != JINGLE_S5B)
		return 0;
	for (e = elem_child(t->elem, NS_JINGLE_S5B, "candidate"); e != NULL;
	    e = elem_next(e, NS_JINGLE_S5B, "candidate"))
		if (read_candidate(e, &c) == 0)
			list_add(&l, &c);
	return l.n;
}

/*
 * The content, and the rest
 */

static void
read_content(const struct elem *e, struct jingle_content *c)
{
	static const char *const	 senders[] = {
		"both", "initiator", "responder", "none"
	};
	const struct elem	*d = elem_child(e, NULL, "description");
	const char		*creator = elem_attr(e, "creator");
	const struct elem	*file;

	c->by_responder = creator != NULL && strcmp(creator, "responder") == 0;
	c->name = elem_attr(e, "name");
	if (c->name == NULL)
		c->name = "";
	c->senders = (enum jingle_senders)find_word(elem_attr(e, "senders"),
	    senders, COUNT(senders));
	c->described = d != NULL;
	c->file.mode = -1;
	c->file.name = "";
	file = elem_is(d, NS_JINGLE_FILE, "description") ?
	    elem_child(d, NS_JINGLE_FILE, "file") : NULL;
	c->is_file = file != NULL;
	c->length = UINT64_MAX;
	if (file != NULL)
		read_file(file, c);
	read_transport(elem_child(e, NULL, "transport"), &c->transport);
}

static void
read_reason(const struct elem *e, struct jingle *j)
{
	const struct elem	*child;

	j->text = elem_text(elem_child(e, NS_JINGLE, "text"));
	for (child = e != NULL ? e->first : NULL;
	    child != NULL && j->reason == JINGLE_NO_REASON; child = child->next)
		if (strcmp(child->ns, NS_JINGLE) == 0)
			j->reason = (enum jingle_reason)find_word(child->name,
			    reasons, JINGLE_FILE_NOT_AVAILABLE);
	if (elem_child(e, NS_JINGLE_FILE_ERRORS, "file-not-available") != NULL)
		j->reason = JINGLE_FILE_NOT_AVAILABLE;
	if (elem_child(e, NS_JINGLE_FILE_ERRORS, "file-too-large") != NULL)
		j->reason = JINGLE_FILE_TOO_LARGE;
}

/* A checksum says something of the file, in the place of a content. */
static void
read_info(const struct elem *jingle, struct jingle *j)
{
	const struct elem	*e = elem_child(jingle, NS_JINGLE_FILE,
				     "checksum");
	const struct elem	*file = elem_child(e, NS_JINGLE_FILE, "file");

	j->info = jingle->first == NULL ? JINGLE_PING : JINGLE_OTHER_INFO;
	if (elem_child(jingle, NS_JINGLE_FILE, "received") != NULL)
		j->info = JINGLE_RECEIVED;
	if (file == NULL)
		return;
	j->info = JINGLE_CHECKSUM;
	read_hashes(file, &j->content.file);
}

int
jingle_parse(const struct elem *iq, const struct elem *jingle,
    struct jingle *j)
{
	const struct elem	*e;

	memset(j, 0, sizeof(*j));
	j->elem = jingle;
	j->from = elem_attr(iq, "from");
	j->id = elem_attr(iq, "id");
	j->sid = read_name(jingle, "sid");
	j->action = (enum jingle_action)find_word(elem_attr(jingle, "action"),
	    actions, COUNT(actions));
	if (j->from == NULL || j->id == NULL || j->sid == NULL ||
	    j->action == JINGLE_NO_ACTION)
		return -1;
	for (e = elem_child(jingle, NS_JINGLE, "content"); e != NULL;
	    e = elem_next(e, NS_JINGLE, "content")) {
		if (read_name(e, "name") == NULL)
			return -1;
		if (j->ncontents++ == 0)
			read_content(e, &j->content);
	}
	read_reason(elem_child(jingle, NS_JINGLE, "reason"), j);
	if (j->action == JINGLE_SESSION_INFO)
		read_info(jingle, j);
	return 0;
}
