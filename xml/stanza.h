/*
 * stanza: what all stanzas share: kinds, types and error conditions (RFC 6120
 * section 8).
 */
#ifndef XML_STANZA_H
#define XML_STANZA_H

#include "xml/ns.h"

struct elem;
struct xw;

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

/* The name of the condition's element, for example "item-not-found". */
const char *stanza_strerror(enum stanza_error err);

/* The condition in a stanza of type error; SE_NONE if its type is another,
 * SE_UNDEFINED_CONDITION if it has none that we know. */
enum stanza_error stanza_error(const struct elem *stanza);
/* The text of a stanza's error; "" if it has none. */
const char *stanza_errortext(const struct elem *stanza);

/* The condition among the children of e, which need be no <error/>; SE_NONE if
 * there is none, or e is NULL. */
enum stanza_error stanza_condition(const struct elem *e);
/* Write the element of this condition. */
void	 stanza_writecondition(struct xw *w, enum stanza_error err);

/* Is e this kind of stanza ("iq", "message", "presence")? */
int	 stanza_is(const struct elem *e, const char *kind);
/* Is the attribute type of e this? */
int	 stanza_type(const struct elem *e, const char *type);

/* Write <error/> for err into an open stanza; text may be NULL. */
void	 stanza_writeerror(struct xw *w, enum stanza_error err,
	    const char *text);

#endif
