/* oob_fetch: URLs that peers offer, fetched; see oob.h. */
#include <sys/types.h>
#include <sys/queue.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ibb/link.h"
#include "net/channel/app.h"
#include "net/channel/channel.h"
#include "net/channel/place.h"
#include "net/dial/addr.h"
#include "net/dial/fetch.h"
#include "net/dial/resolve.h"
#include "net/file/filename.h"
#include "net/file/oob.h"
#include "net/file/oob_int.h"
#include "net/file/partial.h"
#include "net/file/progress.h"
#include "net/file/receive.h"
#include "net/file/sum.h"
#include "net/http/url.h"
#include "net/io/fd.h"
#include "net/io/io.h"
#include "net/io/log.h"
#include "net/io/pump.h"
#include "net/io/tls.h"
#include "net/login/session.h"
#include "xml/buf.h"
#include "xml/iq.h"
#include "xml/jid.h"

#define FETCH_MAX	(1024L * 1024 * 1024)	/* bytes, without max-size */
#define FETCHES		4		/* at a time, for an account; */
#define FETCHES_ALL	64		/* for all */
#define WAITING		64		/* as many more of an account wait, */
#define WAITING_ALL	512		/* and of all */
#define BEGIN_TIME	30000		/* ms until the first byte */
#define IDLE_TIME	60000		/* between two of them */
#define HELD_MAX	(4 * IO_IN_MAX)	/* fetched, not yet written */

struct oob_fetcher {
	struct app	*app;
	SSL_CTX		*tls;
	TAILQ_HEAD(, fetching) fetchings;
	struct timer	 timer;		/* to begin with those that wait */
};

/* How far a URL is. */
enum fetching_step {
	FETCHING_WAITING,	/* until others are over */
	FETCHING_MOVING,
	FETCHING_OVER		/* nothing more comes */
};

static const char *const step_names[] = { "waiting", "moving", "over" };

/* One URL that is being fetched. */
struct fetching {
	struct oob_fetcher	*fetcher;
	enum fetching_step	 step;
	char			 peer[JID_MAX];
	char			*id;	/* of the offer; NULL: a message */
	char			*receipt;	/* as struct oob_offer has it */
	char			*url;
	char			 name[FILE_NAME];
	struct partial		*partial;	/* NULL: standard output */
	struct file_link	 said;		/* what is said of it */
	struct sum		*sum;		/* SHA-256; NULL: not needed */
	struct fetch		*fetch;		/* if it is moving */
	struct pump		*pump;
	struct buf		 held;		/* fetched, not yet written */
	uint64_t		 have;		/* bytes that were fetched */
	enum fault		 fault;		/* that it has failed with, */
	char			 err[256];	/* and why */
	struct timer		 timer;
	TAILQ_ENTRY(fetching)	 next;
};

static void	 fetch_waiting(void *);

/* 0, or -1 as oob_fetch_new() has it.  Our certificates are not for servers of
 * the web. */
static int
prepare(struct oob_fetcher *o, enum fault *fault, char *err)
{
	const struct conf	*conf = &o->app->conf;
	const char		*which = oob_option(o->app, "fetch");
	char			 why[TLS_ERR];

	*fault = FAULT_USE;
	if (conf->oob == NULL)
		return 0;
	if (which == NULL || (*which != '\0' && strcmp(which, "any") != 0)) {
		strlcpy(err, "-o oob: a listener takes fetch or fetch:any",
		    OOB_ERR);
		return -1;
	}
	o->tls = tls_context(conf_origin(conf, "ca-file", "-C"), conf->ca_file,
	    NULL, NULL, why);
	if (o->tls == NULL) {
		strlcpy(err, why, OOB_ERR);
		return -1;
	}
	return 0;
}

struct oob_fetcher *
oob_fetch_new(struct app *app, enum fault *fault, char *err)
{
	struct oob_fetcher	*o;

	if ((o = calloc(1, sizeof(*o))) == NULL) {
		*fault = FAULT_LOCAL;
		strlcpy(err, "out of memory", OOB_ERR);
		return NULL;
	}
	o->app = app;
	o->timer = (struct timer){ .fire = fetch_waiting, .arg = o };
	TAILQ_INIT(&o->fetchings);
	if (prepare(o, fault, err) == -1) {
		oob_fetch_free(o);
		return NULL;
	}
	return o;
}

/* The one place where the step changes; -vv shows it. */
static void
fetching_set_step(struct fetching *f, enum fetching_step step)
{
	log_line(LOG_TRACE, "%.200s: %s -> %s", f->url, step_names[f->step],
	    step_names[step]);
	f->step = step;
}

static void
fetching_free(struct fetching *f)
{
	timer_clear(f->fetcher->app->loop, &f->timer);
	fetch_free(f->fetch);
	pump_free(f->pump);
	partial_discard(f->partial);
	buf_free(&f->held);
	TAILQ_REMOVE(&f->fetcher->fetchings, f, next);
	sum_free(f->sum);
	free(f->id);
	free(f->receipt);
	free(f->url);
	free(f);
}

void
oob_fetch_free(struct oob_fetcher *o)
{
	if (o == NULL)
		return;
	while (!TAILQ_EMPTY(&o->fetchings))
		fetching_free(TAILQ_FIRST(&o->fetchings));
	if (o->app->loop != NULL)
		timer_clear(o->app->loop, &o->timer);
	SSL_CTX_free(o->tls);
	free(o);
}

int
oob_busy(struct app *app)
{
	const struct fetching	*f;

	if (app->fetcher == NULL)
		return 0;
	TAILQ_FOREACH(f, &app->fetcher->fetchings, next)
		if (f->partial == NULL && f->step != FETCHING_WAITING)
			return 1;
	return 0;
}

/* A URL of which nothing came does not end a listener. */
static void
fetching_over(struct fetching *f, enum fault fault)
{
	struct oob_fetcher	*o = f->fetcher;
	struct app	*app = o->app;
	int		 ends = !app->conf.keep && (fault == FAULT_NONE ||
			     f->have > 0);

	progress_end(app->progress);
	fetching_free(f);
	if (ends)
		app_end(app, fault);
	else if (app->mode == MODE_LISTEN)
		place_next(app);
	oob_fetch_next(app);
}

static void
fetching_failed(struct fetching *f, enum fault fault, enum stanza_error err,
    const char *why)
{
	struct app	*app = f->fetcher->app;

	oob_refuse(app, f->peer, f->id, f->url, err);
	progress_end(app->progress);
	log_line(LOG_FAULT, "%s: fetching %.200s: %s", f->peer, f->url, why);
	fetching_over(f, fault);
}

/* What is wrong with what came, by what was said of it; NULL if it is that. */
static const char *
fetching_difference(struct fetching *f)
{
	unsigned char	 md[HASH_BYTES];

	if (f->said.sized && f->have != f->said.size)
		return "it has another size than was said";
	if (f->sum != NULL && (sum_bytes(f->sum, md) != LINK_HASH ||
	    memcmp(md, f->said.hash, LINK_HASH) != 0))
		return "its SHA-256 is another than was said";
	return NULL;
}

/* The peer is told that its file is here. */
static void
fetching_confirm(struct fetching *f)
{
	struct iq_table	*iqs = f->fetcher->app->iqs;

	if (f->id != NULL) {
		iq_resultto(iqs, f->peer, f->id);
		iq_post(iqs);
	}
	if (f->receipt != NULL)
		link_receipt(iqs, f->peer, f->receipt);
}

static void
fetching_complete(struct fetching *f)
{
	struct app		*app = f->fetcher->app;
	char			 name[FILE_NAME], as[FILE_NAME + 8] = "";
	struct log_event	 e = { .kind = LOG_FILE, .peer = f->peer,
				     .file = f->name, .in = f->have };
	const char		*why;

	if ((why = fetching_difference(f)) != NULL) {
		fetching_failed(f, FAULT_BROKEN, SE_NOT_ACCEPTABLE, why);
		return;
	}
	pump_finish_output(f->pump);
	if (pump_error(f->pump) != 0) {		/* close(2) may tell of it */
		fetching_failed(f, FAULT_LOCAL, SE_INTERNAL_SERVER_ERROR,
		    strerror(pump_error(f->pump)));
		return;
	}
	strlcpy(name, f->name, sizeof(name));
	if (f->partial != NULL && partial_finish(f->partial, name, -1, 0, 0)
	    == -1) {
		fetching_failed(f, FAULT_LOCAL, SE_INTERNAL_SERVER_ERROR,
		    strerror(errno));
		return;
	}
	if (strcmp(name, f->name) != 0) {
		e.as = name;
		snprintf(as, sizeof(as), ", as %s", name);
	}
	progress_end(app->progress);
	log_event(f->partial != NULL ? LOG_EVENT : LOG_DETAIL, &e,
	    "%s: %s: %llu bytes fetched%s", f->peer, f->name,
	    (unsigned long long)f->have, as);
	f->partial = NULL;
	fetching_confirm(f);
	fetching_over(f, FAULT_NONE);
}

static void
fetching_check(void *arg)
{
	struct fetching	*f = arg;

	if (pump_error(f->pump) != 0)
		fetching_failed(f, FAULT_LOCAL, SE_INTERNAL_SERVER_ERROR,
		    strerror(pump_error(f->pump)));
	else if (f->step == FETCHING_OVER && f->fault != FAULT_NONE)
		fetching_failed(f, f->fault, f->fault == FAULT_LOCAL ?
		    SE_INTERNAL_SERVER_ERROR : SE_ITEM_NOT_FOUND, f->err);
	else if (f->step == FETCHING_OVER && buf_len(&f->held) == 0)
		fetching_complete(f);
}

static void
fetching_look(void *arg)
{
	struct fetching	*f = arg;

	timer_set(f->fetcher->app->loop, &f->timer, clock_ms());
}

/*
 * From the web to the end
 */

static void
on_length(void *arg, int64_t bytes)
{
	const struct fetching	*f = arg;

	if (bytes >= 0)
		progress_begin(f->fetcher->app->progress, f->name, 0,
		    (uint64_t)bytes);
}

static size_t
on_room(void *arg)
{
	const struct fetching	*f = arg;

	return buf_room(&f->held);
}

static int
on_body(void *arg, const void *data, size_t len)
{
	struct fetching	*f = arg;

	if (buf_add(&f->held, data, len) == -1 ||
	    (f->sum != NULL && sum_add(f->sum, data, len) == -1)) {
		f->fault = FAULT_LOCAL;	/* out of memory */
		return -1;
	}
	f->have += len;
	progress_at(f->fetcher->app->progress, f->have);
	return 0;
}

static void
fetching_ended(void *arg, const void *data, size_t len, const char *why)
{
	struct fetching	*f = arg;

	(void)data;
	(void)len;
	f->fetch = NULL;
	fetching_set_step(f, FETCHING_OVER);
	if (why != NULL) {
		strlcpy(f->err, why, sizeof(f->err));
		if (f->fault == FAULT_NONE)
			f->fault = FAULT_BROKEN;
	}
	fetching_look(f);
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
fetching_open_end(struct fetching *f)
{
	struct pump_peer	 peer = { .room = no_room, .finish = no_input,
			     .data = held, .consume = written,
			     .changed = fetching_look, .arg = f };
	int		 fd = fd_copy(f->partial != NULL ?
			     partial_fd(f->partial) : STDOUT_FILENO);

	f->pump = pump_new(f->fetcher->app->loop, PUMP_NONE, fd, &peer);
	return f->pump == NULL ? -1 : 0;
}

/*
 * Beginning
 */

/* What is private or here is not for peers to ask for, unless our user says
 * so. */
static int
permit(void *arg, const struct addr *a)
{
	const struct fetching	*f = arg;
	enum addr_kind		 kind = addr_kind(
				     (const struct sockaddr *)&a->ss);

	return kind == ADDR_PUBLIC || ((kind == ADDR_PRIVATE ||
	    kind == ADDR_LOOPBACK) && strcmp(f->fetcher->app->conf.oob,
	    "fetch:any") == 0);
}

/* NULL stays NULL.  0, or -1 when out of memory. */
static int
copy_text(char **out, const char *text)
{
	*out = text != NULL ? strdup(text) : NULL;
	return text != NULL && *out == NULL ? -1 : 0;
}

/* Keep what is said of the file; it is used against what comes. */
static int
keep_said(struct fetching *f, const struct file_link *l)
{
	if (l == NULL)
		return 0;
	f->said = *l;
	f->said.url = f->said.name = f->said.type = NULL;
	if (l->name != NULL && *l->name != '\0')
		file_name(l->name, f->name);
	return l->hashed && (f->sum = sum_new(HASH_SHA256)) == NULL ? -1 : 0;
}

static struct fetching *
fetching_new(struct oob_fetcher *o, const struct oob_offer *offer,
    const char *target)
{
	struct fetching	*f;

	if ((f = calloc(1, sizeof(*f))) == NULL)
		return NULL;
	f->fetcher = o;
	TAILQ_INSERT_TAIL(&o->fetchings, f, next);
	strlcpy(f->peer, offer->from, sizeof(f->peer));
	f->timer = (struct timer){ .fire = fetching_check, .arg = f };
	buf_init(&f->held, HELD_MAX);
	oob_name(target, f->name);
	if (copy_text(&f->url, offer->url) == -1 ||
	    copy_text(&f->id, offer->id) == -1 ||
	    copy_text(&f->receipt, offer->receipt) == -1 ||
	    keep_said(f, offer->said) == -1) {
		fetching_free(f);
		return NULL;
	}
	return f;
}

static int
fetching_open_partial(struct fetching *f)
{
	struct file_meta	 m = { .peer = f->peer, .name = f->url,
				     .hash = "" };

	if ((f->partial = receive_partial(f->fetcher->app->receiver,
	    &m)) == NULL)
		return errno == 0 ? 0 : -1;
	return partial_truncate(f->partial, 0);
}

/* The most bytes that are fetched. */
static uint64_t
most(const struct app *app)
{
	return (uint64_t)(app->conf.max_size > 0 ? app->conf.max_size :
	    FETCH_MAX);
}

static int
fetching_set_out(struct fetching *f)
{
	struct app		*app = f->fetcher->app;
	struct fetch_conf	 conf = {
		.proxy = app->proxied ? &app->proxy : NULL,
		.family = conf_af(&app->conf),
		.tls = f->fetcher->tls,
		.accept = "*/*",
		.max = most(app),
		.deadline = clock_ms() + BEGIN_TIME,
		.cleartext = 1,
		.permit = permit,
		.length = on_length,
		.room = on_room,
		.body = on_body,
		.idle = IDLE_TIME,
	};

	if (fetching_open_partial(f) == -1 || fetching_open_end(f) == -1)
		return -1;
	f->fetch = fetch(app->loop, app->resolver, &conf, f->url,
	    fetching_ended, f);
	if (f->fetch == NULL)
		return -1;
	fetching_set_step(f, FETCHING_MOVING);
	return 0;
}

/* What is said to be too large is not asked for. */
static void
fetching_begin(struct fetching *f)
{
	if (f->said.sized && f->said.size > most(f->fetcher->app))
		fetching_failed(f, FAULT_BROKEN, SE_NOT_ACCEPTABLE,
		    "it is too large");
	else if (fetching_set_out(f) == -1)
		fetching_failed(f, FAULT_LOCAL, SE_INTERNAL_SERVER_ERROR,
		    strerror(errno));
}

/* How many are waiting (1), or are not (0); unless peer is NULL, for its
 * account. */
static size_t
fetching_count(const struct oob_fetcher *o, int waiting, const char *peer)
{
	const struct fetching	*f;
	size_t			 n = 0;

	TAILQ_FOREACH(f, &o->fetchings, next)
		if ((f->step == FETCHING_WAITING) == waiting &&
		    (peer == NULL || jid_samebare(f->peer, peer)))
			n++;
	return n;
}

static int
too_many(const struct oob_fetcher *o, const char *peer)
{
	if (!o->app->conf.keep)
		return fetching_count(o, 0, NULL) > 0;
	return fetching_count(o, 0, peer) >= FETCHES ||
	    fetching_count(o, 0, NULL) >= FETCHES_ALL;
}

/* Is there no place either to wait in?  The sender of an iq can offer again,
 * that of a message learns nothing. */
static int
cannot_wait(const struct oob_fetcher *o, const struct oob_offer *offer)
{
	return offer->id != NULL || !o->app->conf.keep ||
	    fetching_count(o, 1, offer->from) >= WAITING ||
	    fetching_count(o, 1, NULL) >= WAITING_ALL;
}

static int
must_wait(const struct oob_fetcher *o, const char *peer)
{
	return too_many(o, peer) || receive_busy(o->app->receiver);
}

void
oob_fetch_next(struct app *app)
{
	struct oob_fetcher	*o = app->fetcher;

	if (o != NULL && !app->ending && fetching_count(o, 1, NULL) > 0)
		timer_set(app->loop, &o->timer, clock_ms());
}

/* The timer: others are over. */
static void
fetch_waiting(void *arg)
{
	struct oob_fetcher	*o = arg;
	struct fetching		*f, *next;

	TAILQ_FOREACH_SAFE(f, &o->fetchings, next, next)
		if (f->step == FETCHING_WAITING && !must_wait(o, f->peer))
			fetching_begin(f);
}

int
oob_fetch(struct oob_fetcher *o, const struct oob_offer *offer,
    const char *target)
{
	struct fetching	*f;
	int		 wait = must_wait(o, offer->from);

	if ((wait && cannot_wait(o, offer)) ||
	    (f = fetching_new(o, offer, target)) == NULL)
		return -1;
	if (!wait)
		fetching_begin(f);
	return 0;
}
