/* oob_send: a URL is offered, and what is behind it served; see oob.h. */
#include <sys/types.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/channel/channel.h"
#include "net/channel/app.h"
#include "net/channel/await.h"
#include "net/dial/addr.h"
#include "net/dial/resolve.h"
#include "net/file/http_serve.h"
#include "net/file/media_type.h"
#include "net/file/oob.h"
#include "net/file/oob_int.h"
#include "net/file/progress.h"
#include "net/http/url.h"
#include "net/io/log.h"
#include "net/login/session.h"
#include "xml/iq.h"
#include "xml/write.h"

#define SILENT_TIME	10000	/* ms without an answer or a request */

struct oob_sender {
	struct app	*app;
	int		 serving;	/* we serve what the URL names */
	const char	*where;		/* address and port; "": any */
	struct http_serve	*serve;
	struct http_serve_file file;
	uint64_t	 at;		/* the most that has been fetched */
	char		 url[URL_TEXT];
	struct await	 absent;	/* -W: until it is offered again */
	struct timer	 timer;		/* -w */
	struct timer	 hint;		/* that the peer may be silent */
};

static void	 timed_out(void *);
static void	 still_silent(void *);
static void	 offer_again(void *);

/* The one file that is served stays open.  Fails as oob_send_new() does. */
static int
open_file(struct oob_sender *o, const char *path, enum fault *fault, char *err)
{
	const char	*slash = strrchr(path, '/');
	struct stat	 st;
	int		 fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	o->file.fd = fd;
	if (fd == -1 || fstat(fd, &st) == -1) {
		*fault = FAULT_LOCAL;
		snprintf(err, OOB_ERR, "%s: %s", path, strerror(errno));
		return -1;
	}
	if (!S_ISREG(st.st_mode)) {
		*fault = FAULT_USE;
		snprintf(err, OOB_ERR, "%s: it is no file that could be "
		    "fetched", path);
		return -1;
	}
	o->file.size = (uint64_t)st.st_size;
	o->file.name = slash != NULL ? slash + 1 : path;
	o->file.type = MEDIA_TYPE_BYTES;
	return 0;
}

/* Why this is not to be served; NULL if it can be. */
static const char *
serve_objection(const struct app *app, size_t n)
{
	if (n != 1)
		return "-o oob=serve: name one file";
	if (app->conf.e2e == CONF_E2E_REQUIRE)
		return "-o oob=serve sends in the clear, and e2e=require "
		    "forbids that";
	return NULL;
}

/* Take the URL that is to be offered.  NULL, or why it is none. */
static const char *
take_url(struct oob_sender *o, size_t n)
{
	struct url	 u;

	if (n > 0)
		return "-o oob=url takes the place of files";
	if (url_parse(o->app->conf.oob, &u) != NULL ||
	    strlcpy(o->url, o->app->conf.oob, sizeof(o->url)) >=
	    sizeof(o->url))
		return "-o oob: give serve[:address:port], fetch[:any] or a "
		    "URL";
	return NULL;
}

static int
prepare(struct oob_sender *o, char *const *paths, size_t n, enum fault *fault,
    char *err)
{
	const char	*why;

	o->where = oob_option(o->app, "serve");
	o->serving = o->where != NULL;
	why = o->serving ? serve_objection(o->app, n) : take_url(o, n);
	if (why != NULL) {
		*fault = FAULT_USE;
		strlcpy(err, why, OOB_ERR);
		return -1;
	}
	return o->serving ? open_file(o, paths[0], fault, err) : 0;
}

struct oob_sender *
oob_send_new(struct app *app, char *const *paths, size_t n, enum fault *fault,
    char *err)
{
	struct oob_sender	*o;

	if ((o = calloc(1, sizeof(*o))) == NULL) {
		*fault = FAULT_LOCAL;
		strlcpy(err, "out of memory", OOB_ERR);
		return NULL;
	}
	o->app = app;
	o->file.fd = -1;
	o->timer = (struct timer){ .fire = timed_out, .arg = o };
	o->hint = (struct timer){ .fire = still_silent, .arg = o };
	o->absent.timer = (struct timer){ .fire = offer_again, .arg = o };
	if (prepare(o, paths, n, fault, err) == -1) {
		oob_send_free(o);
		return NULL;
	}
	return o;
}

static void
oob_sent(void *arg, uint64_t at)
{
	struct oob_sender	*o = arg;

	if (at > o->at)
		o->at = at;
	progress_at(o->app->progress, at);
	timer_set(o->app->loop, &o->hint, clock_ms() + SILENT_TIME);
	if (o->app->conf.timeout > 0)
		timer_set(o->app->loop, &o->timer, app_deadline(o->app));
}

/* An address of ours, and any port of it: loopback only if the peer may be
 * here as well. */
static int
own_address(const struct oob_sender *o, char *where, size_t size)
{
	struct addr		 own[32];
	const struct sockaddr	*sa;
	char			 text[ADDR_TEXT];
	size_t			 i, n = addr_own(own, 32);

	for (i = 0; i < n; i++) {
		sa = (const struct sockaddr *)&own[i].ss;
		if ((addr_kind(sa) == ADDR_LOOPBACK) ==
		    session_near(o->app->session)) {
			addr_text(sa, text);
			snprintf(where, size, strchr(text, ':') != NULL ?
			    "[%s]:0" : "%s:0", text);
			return 0;
		}
	}
	return -1;
}

static int
begin_serving(struct oob_sender *o)
{
	char		 where[128], why[HTTP_SERVE_ERR], host[128];
	char		*colon;

	if (*o->where != '\0')
		strlcpy(where, o->where, sizeof(where));
	else if (own_address(o, where, sizeof(where)) == -1) {
		app_fail(o->app, FAULT_LOCAL, "there is no address to "
		    "serve at; give one with -o oob=serve:address:port");
		return -1;
	}
	o->serve = http_serve_new(o->app->loop, where, &o->file, oob_sent, o,
	    why);
	if (o->serve == NULL) {
		app_fail(o->app, FAULT_LOCAL, "%s", why);
		return -1;
	}
	strlcpy(host, where, sizeof(host));
	if ((colon = strrchr(host, ':')) != NULL)
		*colon = '\0';
	snprintf(o->url, sizeof(o->url), "http://%s:%u%s", host,
	    http_serve_port(o->serve), http_serve_path(o->serve));
	log_line(LOG_DETAIL, "serving %s at %s port %u", o->file.name, host,
	    http_serve_port(o->serve));
	progress_begin(o->app->progress, o->file.name, 0, o->file.size);
	return 0;
}

static const char *
oob_refusal(enum stanza_error err)
{
	switch (err) {
	case SE_NOT_ACCEPTABLE:
		return "it does not fetch it: have it run with -o oob=fetch";
	case SE_ITEM_NOT_FOUND:
		return "it could not fetch it";
	case SE_SERVICE_UNAVAILABLE:
	case SE_RECIPIENT_UNAVAILABLE:
	case SE_FEATURE_NOT_IMPLEMENTED:
		return "nobody there takes URLs, or not from you";
	default:
		return "it was refused; ask its owner";
	}
}

/* Nothing is expected of the peer any more. */
static void
expect_nothing(struct oob_sender *o)
{
	timer_clear(o->app->loop, &o->timer);
	timer_clear(o->app->loop, &o->hint);
}

static void
oob_answered(void *arg, const struct elem *answer)
{
	struct oob_sender	*o = arg;
	enum stanza_error	 err = stanza_error(answer);

	expect_nothing(o);
	if (await_is_absence(err) && await_again(o->app, &o->absent) == 0)
		return;
	if (err == SE_NONE && o->serving &&
	    o->at < o->file.size)
		app_fail(o->app, FAULT_BROKEN, "%s: it says that it has "
		    "the file, but has not fetched all of it", o->app->peer);
	else if (err == SE_NONE) {
		progress_end(o->app->progress);
		log_line(LOG_DETAIL, "%s: has fetched it", o->app->peer);
		app_end(o->app, FAULT_NONE);
	} else
		app_fail(o->app, FAULT_PEER, "%s: %s (%s%s%.128s)",
		    o->app->peer, oob_refusal(err), stanza_strerror(err),
		    *stanza_errortext(answer) != '\0' ? ": " : "",
		    stanza_errortext(answer));
}

static int
is_fetched(const struct oob_sender *o)
{
	return o->at > 0 && o->at == o->file.size;
}

/* What the peer may be if it does not answer. */
static const char *
silence(const struct oob_sender *o)
{
	if (is_fetched(o))
		return "all of it was fetched, but nothing confirms that: it "
		    "may be a client that shows addresses to its user, and "
		    "does not answer";
	return "no answer: it may be a client that shows addresses to its "
	    "user, or does not know them, and does not answer; ask there, or "
	    "send the file without -o oob";
}

static void
timed_out(void *arg)
{
	struct oob_sender	*o = arg;

	if (o->at == 0 || is_fetched(o))
		app_fail(o->app, FAULT_TIME, "%s: %s", o->app->peer,
		    silence(o));
	else
		app_fail(o->app, FAULT_TIME, "%s: nothing more was fetched "
		    "for %ld s; try again, or give it more time with -w",
		    o->app->peer, o->app->conf.timeout);
}

/* Without -w we wait for as long as the peer's user may take. */
static void
still_silent(void *arg)
{
	struct oob_sender	*o = arg;

	if (o->at == 0 || is_fetched(o))
		log_line(LOG_EVENT, "%s: %s; still waiting", o->app->peer,
		    silence(o));
}

static void
oob_offer(struct oob_sender *o)
{
	struct xw	*w = iq_request(o->app->iqs, "set",
			     o->app->peer);

	xw_start(w, "query", NS_IQ_OOB);
	xw_elem(w, "url", NULL, o->url);
	if (o->serving)
		xw_elem(w, "desc", NULL, o->file.name);
	xw_end(w);
	if (iq_ask(o->app->iqs, oob_answered, o,
	    IQ_NODEADLINE) == -1)
		app_fail(o->app, FAULT_LOCAL, "out of memory");
	timer_set(o->app->loop, &o->hint, clock_ms() + SILENT_TIME);
	if (o->app->conf.timeout > 0)
		timer_set(o->app->loop, &o->timer, app_deadline(o->app));
}

/* A timer's: -W.  While the server is away the peer cannot be asked, and
 * afterwards oob_send_back() asks it, unless the session was resumed. */
static void
offer_again(void *arg)
{
	struct oob_sender	*o = arg;

	if (o->app->server == APP_SERVER_UP)
		oob_offer(o);
	else
		timer_set(o->app->loop, &o->absent.timer, clock_ms() +
		    o->absent.pause);
}

void
oob_send_start(struct oob_sender *o)
{
	if (!o->serving || begin_serving(o) == 0)
		oob_offer(o);
}

void
oob_send_back(struct oob_sender *o)
{
	iq_forget(o->app->iqs, o);
	expect_nothing(o);
	timer_clear(o->app->loop, &o->absent.timer);
	oob_offer(o);
}

void
oob_send_free(struct oob_sender *o)
{
	if (o == NULL)
		return;
	if (o->app->loop != NULL) {
		await_end(o->app, &o->absent);
		expect_nothing(o);
	}
	http_serve_free(o->serve);
	if (o->file.fd != -1)
		close(o->file.fd);
	free(o);
}
