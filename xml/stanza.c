/*
 * stanza: kinds, types and error conditions.
 */
#include <stddef.h>
#include <string.h>

#include "xml/elem.h"
#include "xml/stanza.h"
#include "xml/write.h"

#define N(a)	(sizeof(a) / sizeof((a)[0]))

static const struct {
	const char	*name;
	const char	*type;
} conditions[] = {
	[SE_NONE] =			{ "none", "cancel" },
	[SE_BAD_REQUEST] =		{ "bad-request", "cancel" },
	[SE_CONFLICT] =			{ "conflict", "cancel" },
	[SE_FEATURE_NOT_IMPLEMENTED] =	{ "feature-not-implemented", "cancel" },
	[SE_FORBIDDEN] =		{ "forbidden", "auth" },
	[SE_GONE] =			{ "gone", "cancel" },
	[SE_INTERNAL_SERVER_ERROR] =	{ "internal-server-error", "cancel" },
	[SE_ITEM_NOT_FOUND] =		{ "item-not-found", "cancel" },
	[SE_JID_MALFORMED] =		{ "jid-malformed", "modify" },
	[SE_NOT_ACCEPTABLE] =		{ "not-acceptable", "cancel" },
	[SE_NOT_ALLOWED] =		{ "not-allowed", "cancel" },
	[SE_NOT_AUTHORIZED] =		{ "not-authorized", "auth" },
	[SE_POLICY_VIOLATION] =		{ "policy-violation", "modify" },
	[SE_RECIPIENT_UNAVAILABLE] =	{ "recipient-unavailable", "wait" },
	[SE_REDIRECT] =			{ "redirect", "modify" },
	[SE_REGISTRATION_REQUIRED] =	{ "registration-required", "auth" },
	[SE_REMOTE_SERVER_NOT_FOUND] =	{ "remote-server-not-found", "cancel" },
	[SE_REMOTE_SERVER_TIMEOUT] =	{ "remote-server-timeout", "wait" },
	[SE_RESOURCE_CONSTRAINT] =	{ "resource-constraint", "modify" },
	[SE_BUSY] =			{ "resource-constraint", "wait" },
	[SE_SERVICE_UNAVAILABLE] =	{ "service-unavailable", "cancel" },
	[SE_SUBSCRIPTION_REQUIRED] =	{ "subscription-required", "auth" },
	[SE_UNDEFINED_CONDITION] =	{ "undefined-condition", "cancel" },
	[SE_UNEXPECTED_REQUEST] =	{ "unexpected-request", "cancel" },
};

const char *
stanza_strerror(enum stanza_error err)
{
	return conditions[err].name;
}

static enum stanza_error
stanza_named(const char *name, const char *type)
{
	size_t	 i;

	for (i = 1; i < N(conditions); i++) {
		if (strcmp(conditions[i].name, name) != 0)
			continue;
		if (i == SE_RESOURCE_CONSTRAINT && type != NULL &&
		    strcmp(type, "wait") == 0)
			return SE_BUSY;
		return (enum stanza_error)i;
	}
	return SE_UNDEFINED_CONDITION;
}

enum stanza_error
stanza_condition(const struct elem *parent)
{
	const struct elem	*e;

	for (e = elem_child(parent, NS_STANZA_ERROR, NULL); e != NULL;
	    e = elem_next(e, NS_STANZA_ERROR, NULL))
		if (strcmp(e->name, "text") != 0)
			return stanza_named(e->name, elem_attr(parent, "type"));
	return SE_NONE;
}

enum stanza_error
stanza_error(const struct elem *stanza)
{
	enum stanza_error	 err;

	if (!stanza_type(stanza, "error"))
		return SE_NONE;
	err = stanza_condition(elem_child(stanza, NULL, "error"));
	return err == SE_NONE ? SE_UNDEFINED_CONDITION : err;
}

const char *
stanza_errortext(const struct elem *stanza)
{
	return elem_text(elem_child(elem_child(stanza, NULL, "error"),
	    NS_STANZA_ERROR, "text"));
}

int
stanza_is(const struct elem *e, const char *kind)
{
	return elem_is(e, NS_CLIENT, kind);
}

int
stanza_type(const struct elem *e, const char *type)
{
	const char	*t = elem_attr(e, "type");

	return t != NULL && strcmp(t, type) == 0;
}

void
stanza_writecondition(struct xw *w, enum stanza_error err)
{
	xw_elem(w, conditions[err].name, NS_STANZA_ERROR, NULL);
}

void
stanza_writeerror(struct xw *w, enum stanza_error err, const char *text)
{
	xw_start(w, "error", NULL);
	xw_attr(w, "type", conditions[err].type);
	stanza_writecondition(w, err);
	if (text != NULL)
		xw_elem(w, "text", NS_STANZA_ERROR, text);
	xw_end(w);
}
