/* oob: URLs in the place of files (XEP-0066), see link.h. */
#include <sys/types.h>
#include <sys/queue.h>
#include <sys/stat.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "link/hosts.h"
#include "link/link.h"
#include "link/progress.h"
#include "link/run.h"
#include "net/addr.h"
#include "net/allow.h"
#include "net/end.h"
#include "net/fetch.h"
#include "net/file.h"
#include "net/io.h"
#include "net/resolve.h"
#include "net/serve.h"
#include "net/session.h"
#include "net/tls.h"
#include "net/url.h"
#include "xml/buf.h"
#include "xml/elem.h"
#include "xml/iq.h"
#include "xml/jid.h"
#include "xml/text.h"
#include "xml/write.h"

#define FETCH_MAX	(1024L * 1024 * 1024)	/* bytes, without max-size */
#define FETCHES		4		/* at a time */
#define BEGIN_TIME	30000		/* ms until the first byte */
#define IDLE_TIME	60000		/* between two of them */
#define HELD_MAX	(4 * IO_IN_MAX)	/* fetched, not yet written */

/*
 * We offer
 */

static struct {
	int		 serving;
	const char	*where;		/* address and port; NULL: any */
	struct serve	*serve;
	struct serve_file file;
	uint64_t	 at;		/* the most that has been fetched */
	char		 url[URL_TEXT];
	char		 shown[FILE_NAME];
	struct timer	 timer;		/* -w */
} offered = { .file = { .fd = -1 } };

static void	 offer(void);

static const char *
starts(const char *s, const char *with)
{
	size_t	 n = strlen(with);

	if (s == NULL || strncmp(s, with, n) != 0 ||
	    (s[n] != '\0' && s[n] != ':'))
		return NULL;
	return s[n] == ':' ? s + n + 1 : s + n;
}

int
oob_sends(void)
{
	return run.mode == SEND && run.conf.oob != NULL &&
	    starts(run.conf.oob, "fetch") == NULL;
}

/* One file, and it stays open. */
static void
open_file(const char *path)
{
	const char	*slash = strrchr(path, '/');
	struct stat	 st;
	int		 fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd == -1 || fstat(fd, &st) == -1)
		err(EX_LOCAL, "%s", path);
	if (!S_ISREG(st.st_mode))
		errx(EX_USE, "%s: it is no file that could be fetched", path);
	offered.file = (struct serve_file){ .fd = fd,
	    .size = (uint64_t)st.st_size,
	    .name = slash != NULL ? slash + 1 : path,
	    .type = "application/octet-stream" };
}

void
oob_send_prepare(char *const *paths, size_t n)
{
	struct url	 u;

	if ((offered.where = starts(run.conf.oob, "serve")) != NULL) {
		if (n != 1)
			errx(EX_USE, "-o oob=serve: name one file");
		if (run.conf.e2e == E2E_REQUIRE)
			errx(EX_USE, "-o oob=serve sends in the clear, and "
			    "e2e=require forbids that");
		offered.serving = 1;
		open_file(paths[0]);
		return;
	}
	if (n > 0)
		errx(EX_USE, "-o oob=url takes the place of files");
	if (url_parse(run.conf.oob, &u) != NULL ||
	    strlcpy(offered.url, run.conf.oob, sizeof(offered.url)) >=
	    sizeof(offered.url))
		errx(EX_USE, "-o oob: give serve[:address:port], fetch[:any] "
		    "or a URL");
}

static void
sent(void *arg, uint64_t at)
{
	(void)arg;
	if (at > offered.at)
		offered.at = at;
	progress_at(at);
	if (run.conf.timeout > 0)
		timer_set(run.loop, &offered.timer, answer_deadline());
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
		fatal(EX_LOCAL, "there is no address to serve at; give one "
		    "with -o oob=serve:address:port");
		return -1;
	}
	offered.serve = serve(run.loop, where, &offered.file, sent, NULL,
	    why);
	if (offered.serve == NULL) {
		fatal(EX_LOCAL, "%s", why);
		return -1;
	}
	strlcpy(host, where, sizeof(host));
	if ((colon = strrchr(host, ':')) != NULL)
		*colon = '\0';
	snprintf(offered.url, sizeof(offered.url), "http://%s:%u%s", host,
	    serve_port(offered.serve), serve_path(offered.serve));
	text_clean(offered.file.name, offered.shown, sizeof(offered.shown));
	say(1, "serving %s at %s port %u", offered.shown, host,
	    serve_port(offered.serve));
	progress_begin(offered.shown, 0, offered.file.size);
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
	char			 text[128];

	(void)arg;
	if (err == SE_NONE && offered.serving &&
	    offered.at < offered.file.size)
		fatal(EX_BROKEN, "%s: it says that it has the file, but has "
		    "not fetched all of it", run.peer);
	else if (err == SE_NONE) {
		progress_end();
		say(1, "%s: has fetched it", run.peer);
		finish(EX_FINE);
	} else
		fatal(EX_PEER, "%s: %s (%s%s%s)", run.peer, refusal(err),
		    stanza_strerror(err), *stanza_errortext(answer) != '\0' ?
		    ": " : "", text_clean(stanza_errortext(answer), text,
		    sizeof(text)));
}

static void
timed_out(void *arg)
{
	(void)arg;
	fatal(EX_TIME, "%s: nothing was fetched for %ld s; try again, or "
	    "give it more time with -w", run.peer, run.conf.timeout);
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
		fatal(EX_LOCAL, "out of memory");
	offered.timer = (struct timer){ .fire = timed_out };
	if (run.conf.timeout > 0)
		timer_set(run.loop, &offered.timer, answer_deadline());
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
	offer();
}

/*
 * A peer offers
 */

struct fetching {
	char			 peer[JID_MAX];
	char			*id, *url;	/* id NULL: of a message */
	char			 name[FILE_NAME];
	struct partial		*partial;	/* NULL: standard output */
	struct fetch		*fetch;		/* NULL: it is over */
	struct end		*end;
	struct buf		 held;
	uint64_t		 have;
	const char		*why;		/* not */
	char			 err[256];
	struct timer		 timer;
	TAILQ_ENTRY(fetching)	 next;
};

static TAILQ_HEAD(, fetching) fetchings = TAILQ_HEAD_INITIALIZER(fetchings);
static SSL_CTX	*tls;

int
oob_fetches(void)
{
	return starts(run.conf.oob, "fetch") != NULL;
}

/* Certificates of ours are nobody else's business. */
void
oob_prepare(void)
{
	const char	*which = starts(run.conf.oob, "fetch");
	char		 why[TLS_ERR];

	if (run.conf.oob == NULL)
		return;
	if (which == NULL || (*which != '\0' && strcmp(which, "any") != 0))
		errx(EX_USE, "-o oob: a listener takes fetch or fetch:any");
	if ((tls = tls_context(run.conf.ca_file, NULL, NULL, why)) == NULL)
		errx(EX_USE, "%s", why);
}

static void
fetching_free(struct fetching *f)
{
	timer_clear(run.loop, &f->timer);
	fetch_free(f->fetch);
	end_free(f->end);
	partial_discard(f->partial);
	buf_free(&f->held);
	TAILQ_REMOVE(&fetchings, f, next);
	free(f->id);
	free(f->url);
	free(f);
}

void
oob_free(void)
{
	while (!TAILQ_EMPTY(&fetchings))
		fetching_free(TAILQ_FIRST(&fetchings));
	SSL_CTX_free(tls);
	serve_free(offered.serve);
	if (offered.file.fd != -1)
		close(offered.file.fd);
}

int
oob_busy(void)
{
	struct fetching	*f;

	TAILQ_FOREACH(f, &fetchings, next)
		if (f->partial == NULL)
			return 1;
	return 0;
}

/* As XEP-0066 has it, with what was asked for. */
static void
refuse(const char *from, const char *id, const char *url,
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
	iq_send(session_iqs(run.session));
}

/* One that came to nothing does not end a listener. */
static void
over(struct fetching *f, int status)
{
	int	 ends = !run.conf.keep && (status == EX_FINE || f->have > 0);

	progress_end();
	fetching_free(f);
	if (ends)
		finish(status);
	else if (run.mode == LISTEN)
		listen_next();
}

static void
failed(struct fetching *f, int status, enum stanza_error err,
    const char *why)
{
	char	 peer[256], clean[256];

	refuse(f->peer, f->id, f->url, err);
	progress_end();
	say(-1, "%s: fetching %s: %s", text_clean(f->peer, peer,
	    sizeof(peer)), text_clean(f->url, clean, sizeof(clean)), why);
	over(f, status);
}

static void
complete(struct fetching *f)
{
	char	 name[FILE_NAME], peer[256], as[FILE_NAME + 8] = "";

	end_finish_output(f->end);
	strlcpy(name, f->name, sizeof(name));
	if (f->partial != NULL && partial_finish(f->partial, name, -1, 0, 0)
	    == -1) {
		failed(f, EX_LOCAL, SE_INTERNAL_SERVER_ERROR,
		    strerror(errno));
		return;
	}
	if (strcmp(name, f->name) != 0)
		snprintf(as, sizeof(as), ", as %s", name);
	progress_end();
	say(f->partial != NULL ? 0 : 1, "%s: %s: %llu bytes fetched%s",
	    text_clean(f->peer, peer, sizeof(peer)), f->name,
	    (unsigned long long)f->have, as);
	f->partial = NULL;
	if (f->id != NULL) {
		iq_resultto(session_iqs(run.session), f->peer, f->id);
		iq_send(session_iqs(run.session));
	}
	over(f, EX_FINE);
}

static void
check(void *arg)
{
	struct fetching	*f = arg;

	if (end_error(f->end) != 0)
		failed(f, EX_LOCAL, SE_INTERNAL_SERVER_ERROR,
		    strerror(end_error(f->end)));
	else if (f->fetch == NULL && f->why != NULL)
		failed(f, EX_BROKEN, SE_ITEM_NOT_FOUND, f->why);
	else if (f->fetch == NULL && buf_len(&f->held) == 0)
		complete(f);
}

static void
look(void *arg)
{
	struct fetching	*f = arg;

	timer_set(run.loop, &f->timer, clock_ms());
}

/*
 * From the web to the end
 */

static void
on_length(void *arg, int64_t bytes)
{
	const struct fetching	*f = arg;

	if (bytes >= 0)
		progress_begin(f->name, 0, (uint64_t)bytes);
}

static size_t
on_room(void *arg)
{
	const struct fetching	*f = arg;

	return buf_room(&f->held);
}

static void
on_body(void *arg, const void *data, size_t len)
{
	struct fetching	*f = arg;

	if (buf_add(&f->held, data, len) == 0)
		f->have += len;
	progress_at(f->have);
}

static void
fetched(void *arg, const void *data, size_t len, const char *why)
{
	struct fetching	*f = arg;

	(void)data;
	(void)len;
	f->fetch = NULL;
	if (why != NULL) {
		strlcpy(f->err, why, sizeof(f->err));
		f->why = f->err;
	}
	look(f);
}

static size_t
no_room(void *arg)
{
	(void)arg;
	return 0;
}

static void
no_input(void *arg)
{
	(void)arg;
}

static const unsigned char *
held(void *arg, size_t *len)
{
	const struct fetching	*f = arg;

	*len = buf_len(&f->held);
	return buf_data(&f->held);
}

static void
written(void *arg, size_t len)
{
	struct fetching	*f = arg;

	buf_drain(&f->held, len);
	if (f->fetch != NULL)
		fetch_resume(f->fetch);
}

static int
open_end(struct fetching *f)
{
	struct end_peer	 peer = { .room = no_room, .finish = no_input,
			     .data = held, .consume = written,
			     .changed = look, .arg = f };
	int		 fd = fcntl(f->partial != NULL ?
			     partial_fd(f->partial) : STDOUT_FILENO,
			     F_DUPFD_CLOEXEC, 3);

	if (fd == -1)
		return -1;
	return (f->end = end_new(run.loop, -1, fd, &peer)) == NULL ? -1 : 0;
}

/*
 * Whether it is fetched
 */

/* Nothing of ours that is behind a firewall, unless we are told so. */
static int
permit(void *arg, const struct addr *a)
{
	enum addr_kind	 kind = addr_kind((const struct sockaddr *)&a->ss);

	(void)arg;
	return kind == ADDR_PUBLIC || ((kind == ADDR_PRIVATE ||
	    kind == ADDR_LOOPBACK) && strcmp(run.conf.oob, "fetch:any") == 0);
}

/* What is behind the last slash of its path. */
static void
name_of(const char *target, char *out)
{
	char	 path[URL_TARGET], *o = path, hex[3] = "";
	size_t	 i, n = strcspn(target, "?");
	long	 c;

	for (i = 0; i < n; i++) {
		*o++ = target[i];
		if (target[i] != '%' || i + 2 >= n)
			continue;
		memcpy(hex, target + i + 1, 2);
		if (strspn(hex, "0123456789abcdefABCDEF") == 2 &&
		    (c = strtol(hex, NULL, 16)) != 0) {
			o[-1] = (char)c;
			i += 2;
		}
	}
	*o = '\0';
	file_name(path, out);
}

static struct fetching *
fetching_new(const char *from, const char *id, const char *url)
{
	struct fetching	*f;

	if ((f = calloc(1, sizeof(*f))) == NULL)
		return NULL;
	TAILQ_INSERT_TAIL(&fetchings, f, next);
	strlcpy(f->peer, from, sizeof(f->peer));
	f->timer = (struct timer){ .fire = check, .arg = f };
	buf_init(&f->held, HELD_MAX);
	f->url = strdup(url);
	f->id = id != NULL ? strdup(id) : NULL;
	if (f->url == NULL || (id != NULL && f->id == NULL)) {
		fetching_free(f);
		return NULL;
	}
	return f;
}

static int
open_partial(struct fetching *f)
{
	struct file_meta	 m = { .peer = f->peer, .name = f->url,
				     .hash = "" };

	if ((f->partial = receive_partial(&m)) == NULL)
		return errno == 0 ? 0 : -1;
	return partial_truncate(f->partial, 0);
}

static int
begin(struct fetching *f)
{
	struct fetch_conf	 conf = {
		.proxy = run.proxied ? &run.proxy : NULL,
		.family = hosts_family(),
		.tls = tls,
		.accept = "*/*",
		.max = (uint64_t)(run.conf.max_size > 0 ?
		    run.conf.max_size : FETCH_MAX),
		.deadline = clock_ms() + BEGIN_TIME,
		.cleartext = 1,
		.permit = permit,
		.length = on_length,
		.room = on_room,
		.body = on_body,
		.idle = IDLE_TIME,
	};

	if (open_partial(f) == -1 || open_end(f) == -1)
		return -1;
	f->fetch = fetch(run.loop, run.resolver, &conf, f->url, fetched, f);
	return f->fetch == NULL ? -1 : 0;
}

static const char *
objection(const char *url, struct url *u)
{
	struct stream_conf	 sc = link_stream_conf();

	if (!oob_fetches())
		return "not without -o oob=fetch";
	if (sc.require)
		return "end-to-end encryption is required";
	if (url_parse(url, u) != NULL || (strcmp(u->scheme, "http") != 0 &&
	    strcmp(u->scheme, "https") != 0))
		return "it is none of http or https";
	return NULL;
}

static size_t
count(void)
{
	struct fetching	*f;
	size_t		 n = 0;

	TAILQ_FOREACH(f, &fetchings, next)
		n++;
	return n;
}

static void
take(const char *from, const char *id, const char *url)
{
	struct fetching	*f;
	struct url	 u;
	const char	*why = objection(url, &u);
	char		 peer[256], clean[256];

	say(0, "%s: offers %s%s%s", text_clean(from, peer, sizeof(peer)),
	    text_clean(url, clean, sizeof(clean)), why != NULL ?
	    "; not fetched: " : "", why != NULL ? why : "");
	if (why != NULL) {
		refuse(from, id, url, SE_NOT_ACCEPTABLE);
		return;
	}
	if (count() >= (run.conf.keep ? FETCHES : 1) ||
	    receive_busy() || (f = fetching_new(from, id, url)) == NULL) {
		refuse(from, id, url, SE_BUSY);
		return;
	}
	name_of(u.target, f->name);
	if (begin(f) == -1)
		failed(f, EX_LOCAL, SE_INTERNAL_SERVER_ERROR,
		    strerror(errno));
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

	/* To strangers this is nothing that we know. */
	if (oob == NULL || from == NULL || !listening() ||
	    (run.mode != LISTEN && run.conf.receive == NULL) ||
	    !listen_allowed_or_said(NULL, from) ||
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
