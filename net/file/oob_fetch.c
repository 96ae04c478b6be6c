/* oob_fetch: URLs that peers offer, fetched; see oob.h. */
#include <sys/types.h>
#include <sys/queue.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/channel/app.h"
#include "net/channel/channel.h"
#include "net/channel/place.h"
#include "net/dial/addr.h"
#include "net/dial/fetch.h"
#include "net/dial/resolve.h"
#include "net/file/oob.h"
#include "net/file/oob_int.h"
#include "net/file/partial.h"
#include "net/file/progress.h"
#include "net/file/receive.h"
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
#include "xml/number.h"

#define FETCH_MAX	(1024L * 1024 * 1024)	/* bytes, without max-size */
#define FETCHES		4		/* at a time, for an account; */
#define FETCHES_ALL	64		/* for all */
#define BEGIN_TIME	30000		/* ms until the first byte */
#define IDLE_TIME	60000		/* between two of them */
#define HELD_MAX	(4 * IO_IN_MAX)	/* fetched, not yet written */

struct oob_fetcher {
	struct app	*app;
	SSL_CTX		*tls;
	TAILQ_HEAD(, fetching) fetchings;
};

/* One URL that is being fetched. */
struct fetching {
	struct oob_fetcher	*fetcher;
	char			 peer[JID_MAX];
	char			*id;	/* of the offer; NULL: a message */
	char			*url;
	char			 name[FILE_NAME];
	struct partial		*partial;	/* NULL: standard output */
	struct fetch		*fetch;		/* NULL: it is over */
	struct pump		*pump;
	struct buf		 held;		/* fetched, not yet written */
	uint64_t		 have;		/* bytes that were fetched */
	enum fault		 fault;		/* that it has failed with, */
	char			 err[256];	/* and why */
	struct timer		 timer;
	TAILQ_ENTRY(fetching)	 next;
};

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
	if ((o->tls = tls_context(conf->ca_file, NULL, NULL, why)) == NULL) {
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
	TAILQ_INIT(&o->fetchings);
	if (prepare(o, fault, err) == -1) {
		oob_fetch_free(o);
		return NULL;
	}
	return o;
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
	free(f->id);
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
	SSL_CTX_free(o->tls);
	free(o);
}

int
oob_busy(const struct oob_fetcher *o)
{
	const struct fetching	*f;

	if (o == NULL)
		return 0;
	TAILQ_FOREACH(f, &o->fetchings, next)
		if (f->partial == NULL)
			return 1;
	return 0;
}

/* A URL of which nothing came does not end a listener. */
static void
fetching_over(struct fetching *f, enum fault fault)
{
	struct app	*app = f->fetcher->app;
	int		 ends = !app->conf.keep && (fault == FAULT_NONE ||
			     f->have > 0);

	progress_end(app->progress);
	fetching_free(f);
	if (ends)
		app_end(app, fault);
	else if (app->mode == MODE_LISTEN)
		place_next(app);
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

static void
fetching_complete(struct fetching *f)
{
	struct app	*app = f->fetcher->app;
	char		 name[FILE_NAME], as[FILE_NAME + 8] = "";

	pump_finish_output(f->pump);
	strlcpy(name, f->name, sizeof(name));
	if (f->partial != NULL && partial_finish(f->partial, name, -1, 0, 0)
	    == -1) {
		fetching_failed(f, FAULT_LOCAL, SE_INTERNAL_SERVER_ERROR,
		    strerror(errno));
		return;
	}
	if (strcmp(name, f->name) != 0)
		snprintf(as, sizeof(as), ", as %s", name);
	progress_end(app->progress);
	log_line(f->partial != NULL ? LOG_EVENT : LOG_DETAIL,
	    "%s: %s: %llu bytes fetched%s", f->peer, f->name,
	    (unsigned long long)f->have, as);
	f->partial = NULL;
	if (f->id != NULL) {
		iq_resultto(app->iqs, f->peer, f->id);
		iq_post(app->iqs);
	}
	fetching_over(f, FAULT_NONE);
}

static void
fetching_check(void *arg)
{
	struct fetching	*f = arg;

	if (pump_error(f->pump) != 0)
		fetching_failed(f, FAULT_LOCAL, SE_INTERNAL_SERVER_ERROR,
		    strerror(pump_error(f->pump)));
	else if (f->fetch == NULL && f->fault != FAULT_NONE)
		fetching_failed(f, f->fault, f->fault == FAULT_LOCAL ?
		    SE_INTERNAL_SERVER_ERROR : SE_ITEM_NOT_FOUND, f->err);
	else if (f->fetch == NULL && buf_len(&f->held) == 0)
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

	if (buf_add(&f->held, data, len) == -1) {
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

/* What is behind the last slash of its path. */
static void
name_of(const char *target, char *out)
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

static struct fetching *
fetching_new(struct oob_fetcher *o, const char *from, const char *id,
    const char *url)
{
	struct fetching	*f;

	if ((f = calloc(1, sizeof(*f))) == NULL)
		return NULL;
	f->fetcher = o;
	TAILQ_INSERT_TAIL(&o->fetchings, f, next);
	strlcpy(f->peer, from, sizeof(f->peer));
	f->timer = (struct timer){ .fire = fetching_check, .arg = f };
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
fetching_open_partial(struct fetching *f)
{
	struct file_meta	 m = { .peer = f->peer, .name = f->url,
				     .hash = "" };

	if ((f->partial = receive_partial(f->fetcher->app->receiver,
	    &m)) == NULL)
		return errno == 0 ? 0 : -1;
	return partial_truncate(f->partial, 0);
}

static int
fetching_begin(struct fetching *f)
{
	struct app		*app = f->fetcher->app;
	struct fetch_conf	 conf = {
		.proxy = app->proxied ? &app->proxy : NULL,
		.family = conf_af(&app->conf),
		.tls = f->fetcher->tls,
		.accept = "*/*",
		.max = (uint64_t)(app->conf.max_size > 0 ?
		    app->conf.max_size : FETCH_MAX),
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
	return f->fetch == NULL ? -1 : 0;
}

/* How many are being fetched; unless peer is NULL, for its account. */
static size_t
fetching_count(const struct oob_fetcher *o, const char *peer)
{
	const struct fetching	*f;
	size_t			 n = 0;

	TAILQ_FOREACH(f, &o->fetchings, next)
		if (peer == NULL || jid_samebare(f->peer, peer))
			n++;
	return n;
}

static int
too_many(const struct oob_fetcher *o, const char *peer)
{
	if (!o->app->conf.keep)
		return fetching_count(o, NULL) > 0;
	return fetching_count(o, peer) >= FETCHES ||
	    fetching_count(o, NULL) >= FETCHES_ALL;
}

int
oob_fetch(struct oob_fetcher *o, const char *from, const char *id,
    const char *url, const char *target)
{
	struct fetching	*f;

	if (too_many(o, from) || receive_busy(o->app->receiver) ||
	    (f = fetching_new(o, from, id, url)) == NULL)
		return -1;
	name_of(target, f->name);
	if (fetching_begin(f) == -1)
		fetching_failed(f, FAULT_LOCAL, SE_INTERNAL_SERVER_ERROR,
		    strerror(errno));
	return 0;
}
