/* oob: which side -o oob makes us, and what peers offer; see oob.h. */
#include <sys/types.h>

#include <string.h>

#include "ibb/dispatch.h"
#include "net/channel/admit.h"
#include "net/channel/channel.h"
#include "net/channel/app.h"
#include "net/conf/allow.h"
#include "net/file/filename.h"
#include "net/file/oob.h"
#include "net/file/oob_int.h"
#include "net/http/url.h"
#include "net/io/log.h"
#include "xml/elem.h"
#include "xml/iq.h"
#include "xml/ns.h"
#include "xml/number.h"
#include "xml/write.h"

const char *
oob_option(const struct app *app, const char *word)
{
	const char	*s = app->conf.oob;
	size_t		 n = strlen(word);

	if (s == NULL || strncmp(s, word, n) != 0 ||
	    (s[n] != '\0' && s[n] != ':'))
		return NULL;
	return s[n] == ':' ? s + n + 1 : s + n;
}

int
oob_sends(const struct app *app)
{
	return app->mode == MODE_SEND && app->conf.oob != NULL &&
	    oob_option(app, "fetch") == NULL;
}

int
oob_fetches(const struct app *app)
{
	return oob_option(app, "fetch") != NULL;
}

/*
 * A peer offers
 */

void
oob_name(const char *target, char *out)
{
	char		 path[URL_TARGET], *o = path;
	size_t		 i, n = strcspn(target, "?");
	uint64_t	 c;

	for (i = 0; i < n; i++) {
		*o++ = target[i];
		if (target[i] != '%' || i + 2 >= n)
			continue;
		if (number_hex(target + i + 1, 2, UINT8_MAX, &c) == 0 &&
		    c != 0) {
			o[-1] = (char)c;
			i += 2;
		}
	}
	*o = '\0';
	file_name(path, out);
}

/* XEP-0066 has the answer repeat what was asked for. */
void
oob_refuse(struct app *app, const char *from, const char *id, const char *url,
    enum stanza_error err)
{
	struct xw	*w;

	if (id == NULL)
		return;
	w = iq_errorto(app->iqs, from, id);
	xw_start(w, "query", NS_IQ_OOB);
	xw_elem(w, "url", NULL, url);
	xw_end(w);
	stanza_writeerror(w, err, NULL);
	iq_post(app->iqs);
}

const char *
oob_objection(struct app *app, const char *url, struct url *u)
{
	struct stream_conf	 sc = channel_stream_conf(app);

	if (!oob_fetches(app))
		return "not without -o oob=fetch";
	if (sc.require)
		return "end-to-end encryption is required";
	if (url_parse(url, u) != NULL || (strcmp(u->scheme, "http") != 0 &&
	    strcmp(u->scheme, "https") != 0))
		return "it is none of http or https";
	return NULL;
}

int
oob_admits(struct app *app, const char *from)
{
	return from != NULL && app_listens(app) &&
	    (app->mode == MODE_LISTEN || app->conf.receive != NULL) &&
	    admit_opens(app, from) &&
	    allow_check(app->allow, from) != ALLOW_KEY;
}

static void
oob_take(struct app *app, const struct oob_offer *offer)
{
	struct url	 u;
	const char	*why = oob_objection(app, offer->url, &u);

	log_line(LOG_EVENT, "%s: offers %.200s%s%s", offer->from, offer->url,
	    why != NULL ? "; not fetched: " : "", why != NULL ? why : "");
	if (why != NULL)
		oob_refuse(app, offer->from, offer->id, offer->url,
		    SE_NOT_ACCEPTABLE);
	else if (oob_fetch(app->fetcher, offer, u.target) == -1)
		oob_refuse(app, offer->from, offer->id, offer->url, SE_BUSY);
}

static int
oob_input(void *arg, const struct elem *stanza, const struct elem *oob)
{
	struct app		*app = arg;
	const struct elem	*url;
	struct oob_offer	 offer = { .from = elem_attr(stanza, "from"),
				     .id = elem_attr(stanza, "id") };

	/* Other offers are answered as any client answers them. */
	if (!oob_admits(app, offer.from))
		return 0;
	if ((url = elem_child(oob, oob->ns, "url")) == NULL ||
	    strlen(elem_text(url)) >= URL_TEXT) {
		iq_refuse(app->iqs, stanza, SE_BAD_REQUEST, NULL);
		return 1;
	}
	offer.url = elem_text(url);
	oob_take(app, &offer);
	return 1;
}

int
oob_login(struct app *app, struct dispatch *d)
{
	static const struct dispatch_entry	 entries[] = {
		{ DISPATCH_SET, NS_IQ_OOB, "query", oob_input },
	};

	return dispatch_add(d, entries, sizeof(entries) / sizeof(*entries),
	    app) == -1 ? -1 : oob_message_login(app, d);
}
