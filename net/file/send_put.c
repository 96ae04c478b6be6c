/* send_put: a file goes to its place on a server of the web; see
 * send_upload.h. */
#include <sys/types.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ibb/link.h"
#include "net/channel/app.h"
#include "net/dial/addr.h"
#include "net/dial/fetch.h"
#include "net/dial/resolve.h"
#include "net/file/media_type.h"
#include "net/file/progress.h"
#include "net/file/send_int.h"
#include "net/file/send_upload_int.h"
#include "net/file/sum.h"
#include "net/io/log.h"
#include "net/login/session.h"

#define TRIES		3	/* at a file whose upload breaks off */
#define PAUSE		500	/* ms between the first two; then twice that */
#define CONNECT_TIME	30	/* s until the server is reached, */
#define IDLE_TIME	60	/* and without progress, unless -w says so */

const char *
uploads_type(const struct uploads *u)
{
	const char	*type = media_type(u->sender->name);

	return type != NULL ? type : MEDIA_TYPE_BYTES;
}

static ssize_t
put_read(void *arg, void *buf, size_t len)
{
	struct uploads	*u = arg;
	struct sender	*s = u->sender;
	ssize_t		 n;

	do
		n = pread(s->fd, buf, len, (off_t)u->at);
	while (n == -1 && errno == EINTR);
	if (n > 0 && sum_add(s->sum, buf, (size_t)n) == -1) {
		errno = ENOMEM;
		return -1;
	}
	if (n > 0)
		u->at += (uint64_t)n;
	return n;
}

static void
put_sent(void *arg, uint64_t bytes)
{
	const struct uploads	*u = arg;

	progress_at(u->sender->app->progress, bytes);
}

static void
uploads_link(struct uploads *u)
{
	struct sender		*s = u->sender;
	struct file_link	 link = { .url = u->get, .name = s->name,
				     .type = uploads_type(u), .sized = 1,
				     .size = s->file.size };
	unsigned char		 sum[HASH_BYTES];

	uploads_set_step(u, UPLOADS_LINKING);
	link.hashed = sum_bytes(s->sum, sum) == sizeof(link.hash);
	if (link.hashed)
		memcpy(link.hash, sum, sizeof(link.hash));
	progress_at(s->app->progress, s->file.size);
	progress_end(s->app->progress);
	uploads_stop(u);
	links_send(u->links, &link);
}

/* May another try help?  A slot is good for one of them. */
static int
worth_a_try(const struct uploads *u, enum fetch_fault fault, int status)
{
	return u->tries < TRIES && (fault == FETCH_BROKEN ||
	    (fault == FETCH_REFUSED && status >= 500 && status != 501 &&
	    status != 507));
}

static enum fault
fault_of(enum fetch_fault fault)
{
	switch (fault) {
	case FETCH_LOCAL:
		return FAULT_LOCAL;
	case FETCH_REFUSED:
		return FAULT_PEER;
	case FETCH_SLOW:
		return FAULT_TIME;
	case FETCH_BROKEN:
		return FAULT_BROKEN;
	default:
		return FAULT_SERVER;
	}
}

/* What the status says about the file, for people. */
static const char *
status_words(int status)
{
	switch (status) {
	case 401: case 403:
		return "; it does not want it from this account";
	case 404: case 410:
		return "; the place for it is gone: try again";
	case 413:
		return "; it is too large for it";
	case 415:
		return "; it does not want files of this kind";
	case 507:
		return "; it has no room left";
	default:
		return status >= 500 ? "; try again later" : "";
	}
}

static void
put_failed(struct uploads *u, enum fetch_fault fault, int status,
    const char *why)
{
	struct sender	*s = u->sender;
	char		 text[UPLOAD_ERR];

	snprintf(text, sizeof(text), "uploading it to %.128s: %.256s%s",
	    u->service.jid, why, fault == FETCH_REFUSED ?
	    status_words(status) : "");
	if (!worth_a_try(u, fault, status)) {
		uploads_failed(u, fault_of(fault), text);
		return;
	}
	uploads_stop(u);
	progress_end(s->app->progress);
	log_line(LOG_EVENT, "%s: %s: %s; trying again", s->app->peer, s->shown,
	    text);
	uploads_later(u, (int64_t)PAUSE * u->tries);
}

static void
put_ended(void *arg, const void *data, size_t len, const char *why)
{
	struct uploads		*u = arg;
	enum fetch_fault	 fault = fetch_fault(u->fetch);
	int			 status = fetch_status(u->fetch);
	char			 copy[UPLOAD_ERR];

	(void)data;
	(void)len;
	u->fetch = NULL;	/* which is freed behind us */
	if (why == NULL) {
		uploads_link(u);
		return;
	}
	strlcpy(copy, why, sizeof(copy));
	put_failed(u, fault, status, copy);
}

/* May the server's web server have this address?  A server that is on this
 * machine or network may have its files there as well; any other must not
 * have us send something to a machine of ours. */
static int
uploads_permit(void *arg, const struct addr *a)
{
	const struct uploads	*u = arg;
	const struct app	*app = u->sender->app;
	enum addr_kind		 kind = addr_kind(
				     (const struct sockaddr *)&a->ss), home;

	if (kind != ADDR_PRIVATE && kind != ADDR_LOOPBACK)
		return kind == ADDR_PUBLIC;
	if (app->conf.policy != CONF_POLICY_AUTO)
		return app->conf.policy == CONF_POLICY_ANY;
	home = app->session == NULL ? ADDR_PUBLIC :
	    session_server_kind(app->session);
	return home == ADDR_LOOPBACK || (home == ADDR_PRIVATE &&
	    kind == ADDR_PRIVATE);
}

/* How long it may take, ms. */
static int64_t
uploads_time(const struct uploads *u, long seconds)
{
	long	 timeout = u->sender->app->conf.timeout;

	return 1000 * (int64_t)(timeout > 0 ? timeout : seconds);
}

void
uploads_put(struct uploads *u, const char *url)
{
	struct sender		*s = u->sender;
	struct app		*app = s->app;
	struct fetch_conf	 conf = {
		.proxy = app->proxied ? &app->proxy : NULL,
		.family = conf_af(&app->conf),
		.tls = u->tls,
		.deadline = clock_ms() + uploads_time(u, CONNECT_TIME),
		.permit = uploads_permit,
		.idle = uploads_time(u, IDLE_TIME),
		.put = &u->put,
	};

	uploads_set_step(u, UPLOADS_PUTTING);
	u->at = 0;
	u->put.type = uploads_type(u);
	u->put.fields = u->fields;
	u->put.size = s->file.size;
	u->put.read = put_read;
	u->put.sent = put_sent;
	sum_free(s->sum);
	progress_begin(app->progress, s->shown, 0, s->file.size);
	if ((s->sum = sum_new(HASH_SHA256)) == NULL ||
	    (u->fetch = fetch(app->loop, app->resolver, &conf, url, put_ended,
	    u)) == NULL)
		uploads_failed(u, FAULT_LOCAL, "out of memory");
}
