/* oob_fetch: URLs that peers offer, fetched; see oob.h. */
#include <sys/types.h>
#include <sys/queue.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/channel/channel.h"
#include "net/channel/app.h"
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
#include "net/s5b/streamhosts.h"
#include "xml/buf.h"
#include "xml/iq.h"
#include "xml/jid.h"

#define FETCH_MAX	(1024L * 1024 * 1024)	/* bytes, without max-size */
#define FETCHES		4		/* at a time, for an account; */
#define FETCHES_ALL	64		/* for all */
#define BEGIN_TIME	30000		/* ms until the first byte */
#define IDLE_TIME	60000		/* between two of them */
#define HELD_MAX	(4 * IO_IN_MAX)	/* fetched, not yet written */

struct fetching {
	char			 peer[JID_MAX];
	char			*id, *url;	/* id NULL: of a message */
	char			 name[FILE_NAME];
	struct partial		*partial;	/* NULL: standard output */
	struct fetch		*fetch;		/* NULL: it is over */
	struct pump		*pump;
	struct buf		 held;
	uint64_t		 have;
	const char		*why;		/* not */
	int			 unkept;	/* for want of memory here */
	char			 err[256];
	struct timer		 timer;
	TAILQ_ENTRY(fetching)	 next;
};

static TAILQ_HEAD(, fetching) fetchings = TAILQ_HEAD_INITIALIZER(fetchings);
static SSL_CTX	*tls;

/* Certificates of ours are nobody else's business. */
void
oob_fetch_prepare(void)
{
	const char	*which = oob_option("fetch");
	char		 why[TLS_ERR];

	if (run.conf.oob == NULL)
		return;
	if (which == NULL || (*which != '\0' && strcmp(which, "any") != 0))
		die(FAULT_USE, "-o oob: a listener takes fetch or fetch:any");
	if ((tls = tls_context(run.conf.ca_file, NULL, NULL, why)) == NULL)
		die(FAULT_USE, "%s", why);
}

static void
fetching_free(struct fetching *f)
{
	timer_clear(run.loop, &f->timer);
	fetch_free(f->fetch);
	pump_free(f->pump);
	partial_discard(f->partial);
	buf_free(&f->held);
	TAILQ_REMOVE(&fetchings, f, next);
	free(f->id);
	free(f->url);
	free(f);
}

void
oob_fetch_free(void)
{
	while (!TAILQ_EMPTY(&fetchings))
		fetching_free(TAILQ_FIRST(&fetchings));
	SSL_CTX_free(tls);
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

/* One that came to nothing does not end a listener. */
static void
over(struct fetching *f, enum fault fault)
{
	int	 ends = !run.conf.keep && (fault == FAULT_NONE || f->have > 0);

	progress_end();
	fetching_free(f);
	if (ends)
		app_end(&run, fault);
	else if (run.mode == MODE_LISTEN)
		accept_next(&run);
}

static void
failed(struct fetching *f, enum fault fault, enum stanza_error err,
    const char *why)
{
	oob_refuse(f->peer, f->id, f->url, err);
	progress_end();
	log_line(-1, "%s: fetching %.200s: %s", f->peer, f->url, why);
	over(f, fault);
}

static void
complete(struct fetching *f)
{
	char	 name[FILE_NAME], as[FILE_NAME + 8] = "";

	pump_finish_output(f->pump);
	strlcpy(name, f->name, sizeof(name));
	if (f->partial != NULL && partial_finish(f->partial, name, -1, 0, 0)
	    == -1) {
		failed(f, FAULT_LOCAL, SE_INTERNAL_SERVER_ERROR,
		    strerror(errno));
		return;
	}
	if (strcmp(name, f->name) != 0)
		snprintf(as, sizeof(as), ", as %s", name);
	progress_end();
	log_line(f->partial != NULL ? 0 : 1, "%s: %s: %llu bytes fetched%s",
	    f->peer, f->name, (unsigned long long)f->have, as);
	f->partial = NULL;
	if (f->id != NULL) {
		iq_resultto(session_iqs(run.session), f->peer, f->id);
		iq_post(session_iqs(run.session));
	}
	over(f, FAULT_NONE);
}

static void
check(void *arg)
{
	struct fetching	*f = arg;

	if (pump_error(f->pump) != 0)
		failed(f, FAULT_LOCAL, SE_INTERNAL_SERVER_ERROR,
		    strerror(pump_error(f->pump)));
	else if (f->fetch == NULL && f->unkept)
		failed(f, FAULT_LOCAL, SE_INTERNAL_SERVER_ERROR, f->why);
	else if (f->fetch == NULL && f->why != NULL)
		failed(f, FAULT_BROKEN, SE_ITEM_NOT_FOUND, f->why);
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

static int
on_body(void *arg, const void *data, size_t len)
{
	struct fetching	*f = arg;

	if (buf_add(&f->held, data, len) == -1) {
		f->unkept = 1;
		return -1;
	}
	f->have += len;
	progress_at(f->have);
	return 0;
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
	struct pump_peer	 peer = { .room = no_room, .finish = no_input,
			     .data = held, .consume = written,
			     .changed = look, .arg = f };
	int		 fd = fd_copy(f->partial != NULL ?
			     partial_fd(f->partial) : STDOUT_FILENO);

	f->pump = pump_new(run.loop, PUMP_NONE, fd, &peer);
	return f->pump == NULL ? -1 : 0;
}

/*
 * Beginning
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
		.family = streamhosts_family(),
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

/* All of them, or those for the account of this peer. */
static size_t
count(const char *peer)
{
	struct fetching	*f;
	size_t		 n = 0;

	TAILQ_FOREACH(f, &fetchings, next)
		if (peer == NULL || jid_samebare(f->peer, peer))
			n++;
	return n;
}

static int
too_many(const char *peer)
{
	if (!run.conf.keep)
		return count(NULL) > 0;
	return count(peer) >= FETCHES || count(NULL) >= FETCHES_ALL;
}

int
oob_fetch(const char *from, const char *id, const char *url,
    const char *target)
{
	struct fetching	*f;

	if (too_many(from) || receive_busy() ||
	    (f = fetching_new(from, id, url)) == NULL)
		return -1;
	name_of(target, f->name);
	if (begin(f) == -1)
		failed(f, FAULT_LOCAL, SE_INTERNAL_SERVER_ERROR,
		    strerror(errno));
	return 0;
}
