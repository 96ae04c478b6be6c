/* oob_send: a URL is offered, and what is behind it served; see oob.h. */
#include <sys/types.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "net/channel/channel.h"
#include "net/channel/app.h"
#include "net/dial/addr.h"
#include "net/dial/resolve.h"
#include "net/file/http_serve.h"
#include "net/file/oob.h"
#include "net/file/oob_int.h"
#include "net/file/partial.h"
#include "net/file/progress.h"
#include "net/http/url.h"
#include "net/io/log.h"
#include "net/login/session.h"
#include "xml/iq.h"
#include "xml/write.h"

#define SILENT_TIME	10000	/* ms without an answer or a request */

static struct {
	int		 serving;
	const char	*where;		/* address and port; NULL: any */
	struct http_serve	*serve;
	struct http_serve_file file;
	uint64_t	 at;		/* the most that has been fetched */
	char		 url[URL_TEXT];
	char		 shown[FILE_NAME];
	struct timer	 timer;		/* -w */
	struct timer	 hint;		/* it may be a peer that is silent */
} offered = { .file = { .fd = -1 } };

/* One file, and it stays open. */
static void
open_file(const char *path)
{
	const char	*slash = strrchr(path, '/');
	struct stat	 st;
	int		 fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd == -1 || fstat(fd, &st) == -1)
		die(FAULT_LOCAL, "%s: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		die(FAULT_USE, "%s: it is no file that could be fetched", path);
	offered.file = (struct http_serve_file){ .fd = fd,
	    .size = (uint64_t)st.st_size,
	    .name = slash != NULL ? slash + 1 : path,
	    .type = "application/octet-stream" };
}

void
oob_send_prepare(char *const *paths, size_t n)
{
	struct url	 u;

	if ((offered.where = oob_option("serve")) != NULL) {
		if (n != 1)
			die(FAULT_USE, "-o oob=serve: name one file");
		if (run.conf.e2e == E2E_REQUIRE)
			die(FAULT_USE, "-o oob=serve sends in the clear, and "
			    "e2e=require forbids that");
		offered.serving = 1;
		open_file(paths[0]);
		return;
	}
	if (n > 0)
		die(FAULT_USE, "-o oob=url takes the place of files");
	if (url_parse(run.conf.oob, &u) != NULL ||
	    strlcpy(offered.url, run.conf.oob, sizeof(offered.url)) >=
	    sizeof(offered.url))
		die(FAULT_USE, "-o oob: give serve[:address:port], fetch[:any] "
		    "or a URL");
}

static void
sent(void *arg, uint64_t at)
{
	(void)arg;
	if (at > offered.at)
		offered.at = at;
	progress_at(at);
	timer_set(run.loop, &offered.hint, clock_ms() + SILENT_TIME);
	if (run.conf.timeout > 0)
		timer_set(run.loop, &offered.timer, answer_deadline(&run));
}

/* An address of ours, and any port of it: loopback only if the peer may be
 * here as well. */
static int
own_address(char *where, size_t size)
{
	struct addr		 own[32];
	const struct sockaddr	*sa;
	char			 text[ADDR_TEXT];
	size_t			 i, n = addr_own(own, 32);

	for (i = 0; i < n; i++) {
		sa = (const struct sockaddr *)&own[i].ss;
		if ((addr_kind(sa) == ADDR_LOOPBACK) ==
		    session_near(run.session)) {
			addr_text(sa, text);
			snprintf(where, size, strchr(text, ':') != NULL ?
			    "[%s]:0" : "%s:0", text);
			return 0;
		}
	}
	return -1;
}

static int
begin_serving(void)
{
	char		 where[128], why[SERVE_ERR], host[128];
	char		*colon;

	if (*offered.where != '\0')
		strlcpy(where, offered.where, sizeof(where));
	else if (own_address(where, sizeof(where)) == -1) {
		app_fail(&run, FAULT_LOCAL, "there is no address to serve at; give one "
		    "with -o oob=serve:address:port");
		return -1;
	}
	offered.serve = serve(run.loop, where, &offered.file, sent, NULL,
	    why);
	if (offered.serve == NULL) {
		app_fail(&run, FAULT_LOCAL, "%s", why);
		return -1;
	}
	strlcpy(host, where, sizeof(host));
	if ((colon = strrchr(host, ':')) != NULL)
		*colon = '\0';
	snprintf(offered.url, sizeof(offered.url), "http://%s:%u%s", host,
	    http_serve_port(offered.serve), http_serve_path(offered.serve));
	log_line(1, "serving %s at %s port %u", offered.file.name, host,
	    http_serve_port(offered.serve));
	progress_begin(offered.file.name, 0, offered.file.size);
	return 0;
}

static const char *
refusal(enum stanza_error err)
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

static void
answered(void *arg, const struct elem *answer)
{
	enum stanza_error	 err = stanza_error(answer);

	(void)arg;
	if (err == SE_NONE && offered.serving &&
	    offered.at < offered.file.size)
		app_fail(&run, FAULT_BROKEN, "%s: it says that it has the file, but has "
		    "not fetched all of it", run.peer);
	else if (err == SE_NONE) {
		progress_end();
		log_line(1, "%s: has fetched it", run.peer);
		app_end(&run, FAULT_NONE);
	} else
		app_fail(&run, FAULT_PEER, "%s: %s (%s%s%.128s)", run.peer, refusal(err),
		    stanza_strerror(err), *stanza_errortext(answer) != '\0' ?
		    ": " : "", stanza_errortext(answer));
}

static int
is_fetched(void)
{
	return offered.at > 0 && offered.at == offered.file.size;
}

/* What a peer may be that does not answer. */
static const char *
silence(void)
{
	if (is_fetched())
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
	(void)arg;
	if (offered.at == 0 || is_fetched())
		app_fail(&run, FAULT_TIME, "%s: %s", run.peer, silence());
	else
		app_fail(&run, FAULT_TIME, "%s: nothing more was fetched for %ld s; try "
		    "again, or give it more time with -w", run.peer,
		    run.conf.timeout);
}

/* Without -w it is waited for, for as long as its user may take. */
static void
still_silent(void *arg)
{
	(void)arg;
	if (offered.at == 0 || is_fetched())
		log_line(0, "%s: %s; still waiting", run.peer, silence());
}

static void
offer(void)
{
	struct xw	*w = iq_request(session_iqs(run.session), "set",
			     run.peer);

	xw_start(w, "query", NS_IQ_OOB);
	xw_elem(w, "url", NULL, offered.url);
	if (offered.serving)
		xw_elem(w, "desc", NULL, offered.file.name);
	xw_end(w);
	if (iq_ask(session_iqs(run.session), answered, &offered,
	    IQ_NODEADLINE) == -1)
		app_fail(&run, FAULT_LOCAL, "out of memory");
	offered.timer = (struct timer){ .fire = timed_out };
	offered.hint = (struct timer){ .fire = still_silent };
	timer_set(run.loop, &offered.hint, clock_ms() + SILENT_TIME);
	if (run.conf.timeout > 0)
		timer_set(run.loop, &offered.timer, answer_deadline(&run));
}

void
oob_send_start(void)
{
	if (!offered.serving || begin_serving() == 0)
		offer();
}

void
oob_send_back(void)
{
	iq_forget(session_iqs(run.session), &offered);
	timer_clear(run.loop, &offered.timer);
	timer_clear(run.loop, &offered.hint);
	offer();
}

void
oob_send_free(void)
{
	http_serve_free(offered.serve);
	if (offered.file.fd != -1)
		close(offered.file.fd);
}
