/* oob_message: links to files in messages of peers; see oob.h. */
#include <sys/types.h>

#include <string.h>

#include "ibb/dispatch.h"
#include "ibb/link.h"
#include "net/channel/app.h"
#include "net/file/oob.h"
#include "net/file/oob_int.h"
#include "net/http/url.h"
#include "net/io/log.h"
#include "xml/elem.h"
#include "xml/ns.h"
#include "xml/stanza.h"

/* Why a link is not fetched; NULL if it can be. */
static const char *
link_objection(struct app *app, const struct file_link *l, struct url *u)
{
	const char	*why;

	if (strlen(l->url) >= URL_TEXT)
		return "it is too long";
	if ((why = oob_objection(app, l->url, u)) != NULL)
		return why;
	/* XEP-0447 section 6 */
	if (l->described && !l->hashed && strcmp(u->scheme, "https") != 0)
		return "it is not https, and no SHA-256 of the file is given";
	return NULL;
}

static void
take_link(struct app *app, const struct elem *message,
    const struct file_link *l, int last)
{
	struct oob_offer	 offer = { .from = elem_attr(message, "from"),
				     .url = l->url, .said = l };
	const char		*why;
	struct url		 u;

	if (last && link_wants_receipt(message))
		offer.receipt = elem_attr(message, "id");
	why = link_objection(app, l, &u);
	log_line(LOG_EVENT, "%s: offers %.200s%s%s", offer.from, l->url,
	    why != NULL ? "; not fetched: " : "", why != NULL ? why : "");
	if (why == NULL && oob_fetch(app->fetcher, &offer, u.target) == -1)
		log_line(LOG_FAULT, "%s: %.200s: not fetched: %s", offer.from,
		    l->url, app->conf.keep ? "too many wait already" :
		    "another one is under way; -k takes more than one");
}

/* Is it from one person to another?  And not a message that takes the place of
 * one which has come before. */
static int
is_chat(const struct elem *message)
{
	const char	*type = elem_attr(message, "type");

	return (type == NULL || strcmp(type, "chat") == 0 ||
	    strcmp(type, "normal") == 0) &&
	    elem_child(message, NS_CORRECT, "replace") == NULL;
}

/*
 * A message of a peer, which may have a link in it.  Messages within it, as
 * those of carbons and archives, are not looked at: they are only what the
 * sender of this message says that others have said.
 */
static int
message_input(void *arg, const struct elem *message, const struct elem *e)
{
	struct app		*app = arg;
	struct file_link	 links[LINK_READ_MAX];
	const char		*from = elem_attr(message, "from"), *hidden;
	size_t			 i, n;

	(void)e;
	if (!is_chat(message) || !oob_admits(app, from))
		return 0;
	if ((hidden = link_encryption(message)) != NULL) {
		if (!oob_fetches(app))
			return 0;
		log_line(LOG_EVENT, "%s: something encrypted (%s), which xcat "
		    "cannot read; have it sent without encryption", from,
		    hidden);
		return 1;
	}
	n = link_read(message, links);
	for (i = 0; i < n; i++)
		take_link(app, message, &links[i], i + 1 == n);
	if (n == 0 && oob_fetches(app))
		log_line(LOG_DETAIL, "%s: a message without a link to a file",
		    from);
	return n > 0;
}

int
oob_message_login(struct app *app, struct dispatch *d)
{
	static const struct dispatch_entry	 entries[] = {
		{ DISPATCH_MESSAGE, NS_X_OOB, "x", message_input },
		{ DISPATCH_MESSAGE, NS_SHARING, "file-sharing",
		    message_input },
		{ DISPATCH_MESSAGE, NS_OMEMO, "encrypted", message_input },
		{ DISPATCH_MESSAGE, NS_OMEMO_OLD, "encrypted", message_input },
		{ DISPATCH_MESSAGE, NS_OPENPGP, "openpgp", message_input },
		{ DISPATCH_MESSAGE, NS_PGP, "x", message_input },
		{ DISPATCH_MESSAGE, NS_CLIENT, "body", message_input },
	};

	return dispatch_add(d, entries, sizeof(entries) / sizeof(*entries),
	    app);
}
