/* oob: which side -o oob makes us, and what peers offer; see oob.h. */
#include <sys/types.h>

#include <string.h>

#include "net/channel/admit.h"
#include "net/channel/channel.h"
#include "net/channel/app.h"
#include "net/conf/allow.h"
#include "net/file/oob.h"
#include "net/file/oob_int.h"
#include "net/http/url.h"
#include "net/io/log.h"
#include "net/login/session.h"
#include "xml/elem.h"
#include "xml/iq.h"
#include "xml/write.h"

const char *
oob_option(const char *word)
{
	const char	*s = run.conf.oob;
	size_t		 n = strlen(word);

	if (s == NULL || strncmp(s, word, n) != 0 ||
	    (s[n] != '\0' && s[n] != ':'))
		return NULL;
	return s[n] == ':' ? s + n + 1 : s + n;
}

int
oob_sends(void)
{
	return run.mode == MODE_SEND && run.conf.oob != NULL &&
	    oob_option("fetch") == NULL;
}

int
oob_fetches(void)
{
	return oob_option("fetch") != NULL;
}

/*
 * A peer offers
 */

/* As XEP-0066 has it, with what was asked for. */
void
oob_refuse(const char *from, const char *id, const char *url,
    enum stanza_error err)
{
	struct xw	*w;

	if (id == NULL)
		return;
	w = iq_errorto(session_iqs(run.session), from, id);
	xw_start(w, "query", NS_IQ_OOB);
	xw_elem(w, "url", NULL, url);
	xw_end(w);
	stanza_writeerror(w, err, NULL);
	iq_post(session_iqs(run.session));
}

static const char *
objection(const char *url, struct url *u)
{
	struct stream_conf	 sc = channel_stream_conf(&run);

	if (!oob_fetches())
		return "not without -o oob=fetch";
	if (sc.require)
		return "end-to-end encryption is required";
	if (url_parse(url, u) != NULL || (strcmp(u->scheme, "http") != 0 &&
	    strcmp(u->scheme, "https") != 0))
		return "it is none of http or https";
	return NULL;
}

static void
take(const char *from, const char *id, const char *url)
{
	struct url	 u;
	const char	*why = objection(url, &u);

	log_line(0, "%s: offers %.200s%s%s", from, url, why != NULL ?
	    "; not fetched: " : "", why != NULL ? why : "");
	if (why != NULL) {
		oob_refuse(from, id, url, SE_NOT_ACCEPTABLE);
		return;
	}
	if (oob_fetch(from, id, url, u.target) == -1)
		oob_refuse(from, id, url, SE_BUSY);
}

static const struct elem *
find(const struct elem *e)
{
	if (stanza_is(e, "iq") && stanza_type(e, "set"))
		return elem_child(e, NS_IQ_OOB, "query");
	if (stanza_is(e, "message") && !stanza_type(e, "error"))
		return elem_child(e, NS_X_OOB, "x");
	return NULL;
}

int
oob_input(const struct elem *e)
{
	const struct elem	*oob = find(e), *url;
	const char		*from = elem_attr(e, "from");
	int			 iq = oob != NULL && stanza_is(e, "iq");

	/* Others are answered as any client answers. */
	if (oob == NULL || from == NULL || !app_listens(&run) ||
	    (run.mode != MODE_LISTEN && run.conf.receive == NULL) ||
	    !admit_opens(&run, from) ||
	    allow_check(run.allow, from) == ALLOW_KEY)
		return 0;
	if ((url = elem_child(oob, oob->ns, "url")) == NULL ||
	    strlen(elem_text(url)) >= URL_TEXT) {
		if (iq)
			iq_refuse(session_iqs(run.session), e,
			    SE_BAD_REQUEST, NULL);
		return 1;
	}
	take(from, iq ? elem_attr(e, "id") : NULL, elem_text(url));
	return 1;
}
