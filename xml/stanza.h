/*
 * stanza: what all stanzas share: namespaces, error conditions, replies
 * (RFC 6120 section 8).
 */
#ifndef XML_STANZA_H
#define XML_STANZA_H

struct elem;
struct xw;

#define NS_CLIENT	"jabber:client"
#define NS_STREAMS	"http://etherx.jabber.org/streams"
#define NS_STREAM_ERROR	"urn:ietf:params:xml:ns:xmpp-streams"
#define NS_STANZA_ERROR	"urn:ietf:params:xml:ns:xmpp-stanzas"
#define NS_IBB		"http://jabber.org/protocol/ibb"
#define NS_PING		"urn:xmpp:ping"
#define NS_XCAT		"urn:xcat:0"	/* see xcat-protocol(7) */
#define NS_XCAT_FILE	NS_XCAT "#file"	/* a feature: files in streams */
#define NS_BYTESTREAMS	"http://jabber.org/protocol/bytestreams"
#define NS_IQ_OOB	"jabber:iq:oob"
#define NS_X_OOB	"jabber:x:oob"
#define NS_SI		"http://jabber.org/protocol/si"
#define NS_SI_FILE	"http://jabber.org/protocol/si/profile/file-transfer"

/* The defined conditions of RFC 6120 section 8.3.3. */
enum stanza_error {
	SE_NONE,		/* no error */
	SE_BAD_REQUEST,
	SE_CONFLICT,
	SE_FEATURE_NOT_IMPLEMENTED,
	SE_FORBIDDEN,
	SE_GONE,
	SE_INTERNAL_SERVER_ERROR,
	SE_ITEM_NOT_FOUND,
	SE_JID_MALFORMED,
	SE_NOT_ACCEPTABLE,
	SE_NOT_ALLOWED,
	SE_NOT_AUTHORIZED,
	SE_POLICY_VIOLATION,
	SE_RECIPIENT_UNAVAILABLE,
	SE_REDIRECT,
	SE_REGISTRATION_REQUIRED,
	SE_REMOTE_SERVER_NOT_FOUND,
	SE_REMOTE_SERVER_TIMEOUT,
	SE_RESOURCE_CONSTRAINT,	/* type modify: a smaller request would do */
	SE_BUSY,		/* resource-constraint, type wait */
	SE_SERVICE_UNAVAILABLE,
	SE_SUBSCRIPTION_REQUIRED,
	SE_UNDEFINED_CONDITION,
	SE_UNEXPECTED_REQUEST
};

/* Its element name, e.g. "item-not-found". */
const char *stanza_strerror(enum stanza_error err);

/* The condition in a stanza of type error; SE_NONE if its type is another,
 * SE_UNDEFINED_CONDITION if it has none that we know. */
enum stanza_error stanza_error(const struct elem *stanza);
/* The text a stanza's error carries; "" if none. */
const char *stanza_errortext(const struct elem *stanza);

/* The condition among the children of e (NULL: none), as elements that are not
 * in an <error/> have it; SE_NONE if there is none. */
enum stanza_error stanza_condition(const struct elem *e);
/* Write the element of this condition. */
void	 stanza_writecondition(struct xw *w, enum stanza_error err);

/* Is it this kind of stanza ("iq", "message", "presence")?  Is it of this
 * type? */
int	 stanza_is(const struct elem *e, const char *kind);
int	 stanza_type(const struct elem *e, const char *type);

/* Write <error/> for err into an open stanza; text may be NULL. */
void	 stanza_writeerror(struct xw *w, enum stanza_error err,
	    const char *text);

#endif
