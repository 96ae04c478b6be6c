/* share_member: one client of the process that keeps a login; see
 * share_master_int.h. */
#include <sys/types.h>
#include <sys/queue.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ibb/stream.h"
#include "net/app/guest.h"
#include "net/app/run.h"
#include "net/channel/channel.h"
#include "net/io/log.h"
#include "net/share/share_conn.h"
#include "net/share/share_master_int.h"
#include "net/share/share_request.h"
#include "net/transport/discover.h"
#include "xml/context.h"

#define PATIENCE	10000	/* ms for a client to say what it wants, or to
				 * take what it is told */
#define WORDS_MAX	(256 * 1024)	/* bytes that a client has not taken */
#define WORDS_PIECE	8192

static void
set_state(struct member *c, enum member_state state)
{
	static const char *const	 names[] = {
		"new", "taken", "joined", "over"
	};

	if (c->state == state)
		return;
	if (state < c->state) {
		log_line(LOG_FAULT, "share: %s cannot become %s",
		    names[c->state], names[state]);
		return;
	}
	log_line(LOG_TRACE, "share: client: %s -> %s", names[c->state],
	    names[state]);
	c->state = state;
}

/* Send what a client that does not read can miss. */
static void
tell(struct member *c, enum share_type type, const void *data, size_t len)
{
	if (!c->gone && share_conn_send(c->conn, type, data, len) == -1)
		log_line(LOG_TRACE, "share: client: %s", strerror(errno));
}

static void
tell_text(struct member *c, enum share_type type, const char *text)
{
	tell(c, type, text, strlen(text));
}

int
share_member_put(struct member *c, int level, int fd, const char *data,
    size_t len)
{
	unsigned char	 piece[WORDS_PIECE];
	size_t		 n;

	(void)level;
	if (share_conn_queued(c->conn) > WORDS_MAX) {
		errno = ENOBUFS;
		return -1;
	}
	for (; len > 0; data += n, len -= n) {
		n = len < sizeof(piece) - 1 ? len : sizeof(piece) - 1;
		piece[0] = (unsigned char)fd;
		memcpy(piece + 1, data, n);
		tell(c, SHARE_OUT, piece, n + 1);
	}
	return 0;
}

static int
member_put(void *arg, int level, int fd, const char *data, size_t len)
{
	return share_member_put(arg, level, fd, data, len);
}

void
share_member_report(struct member *c)
{
	const struct channel	*ch;
	uint64_t		 n = 0;
	char			 text[24];

	if (c->state != MEMBER_JOINED)
		return;
	TAILQ_FOREACH(ch, &c->app.channels, next)
		if (ch->stream != NULL)
			n += stream_confirmed(ch->stream);
	if (n == c->reported)
		return;
	c->reported = n;
	snprintf(text, sizeof(text), "%" PRIu64, n);
	tell_text(c, SHARE_CONFIRMED, text);
}

/*
 * The end
 */

static void
free_later(void *arg)
{
	share_member_free(arg);
}

/* Free it from the loop, as none of its functions may be running then. */
static void
leave(struct member *c)
{
	c->timer.fire = free_later;
	timer_set(c->master->app->loop, &c->timer, clock_ms());
}

/* Its run has ended: close what it had, then say so. */
static void
finish(void *arg)
{
	struct member	*c = arg;
	unsigned char	 end[2];

	share_member_report(c);
	guest_leave(&c->app);
	set_state(c, MEMBER_OVER);
	end[0] = (unsigned char)c->app.fault;
	end[1] = (unsigned char)c->app.signo;
	tell(c, SHARE_END, end, sizeof(end));
	log_remove_sink(&c->sink);
	c->timer.fire = free_later;
	timer_set(c->master->app->loop, &c->timer, clock_ms() +
	    (c->gone ? 0 : PATIENCE));
}

static void
guest_ended(void *arg)
{
	struct member	*c = arg;

	c->timer.fire = finish;
	timer_set(c->master->app->loop, &c->timer, clock_ms());
}

static void
guest_begins(void *arg)
{
	struct member	*c = arg;

	if (c->gone) {			/* the timer is to free it */
		c->app.ending = 1;
		return;
	}
	timer_clear(c->master->app->loop, &c->timer);
	tell(c, SHARE_BEGUN, NULL, 0);
}

static void
guest_stands(void *arg)
{
	tell(arg, SHARE_STANDS, NULL, 0);
}

/* The client does it alone, which costs it nothing. */
static void
refuse(struct member *c, const char *why)
{
	guest_leave(&c->app);		/* its ports are needed */
	log_remove_sink(&c->sink);
	tell_text(c, SHARE_REFUSED, why);
	set_state(c, MEMBER_OVER);
	c->timer.fire = free_later;
	timer_set(c->master->app->loop, &c->timer, clock_ms() + PATIENCE);
}

void
share_member_end(struct member *c)
{
	unsigned	 left = context_enter(c->app.context);
	int		 lost = c->master->state == MASTER_LOST;
	int		 runs = c->state == MEMBER_JOINED && !c->app.ending;

	if (c->state == MEMBER_TAKEN || (runs && !c->app.begun))
		refuse(c, lost ? "the process that keeps the login has lost it"
		    : "the process that keeps the login ends");
	else if (runs && !lost && c->app.mode == MODE_FORWARD)
		refuse(c, "the process that keeps the login ends");
	else if (runs && !lost)
		app_fail(&c->app, FAULT_BROKEN, "%s: the process that keeps "
		    "the login was told to end; try again", c->app.peer);
	context_enter(left);
}

/*
 * Waiting for the login
 */

static void
wait_over(void *arg)
{
	struct member	*c = arg;

	context_enter(c->app.context);
	app_fail(&c->app, FAULT_TIME, "%s: the login took too long; "
	    "try again, or give it more time with -w",
	    discover_name(c->app.discover));
	context_enter(0);
}

/* The login has a time limit of its own, which is the first client's. */
static void
wait_login(struct member *c)
{
	if (c->state != MEMBER_JOINED || c->app.begun || c->app.ending)
		return;
	timer_clear(c->master->app->loop, &c->timer);
	c->timer.fire = wait_over;
	if (c->app.conf.timeout > 0 && !c->app.first && !c->app.held)
		timer_set(c->master->app->loop, &c->timer, clock_ms() +
		    1000 * (int64_t)c->app.conf.timeout);
}

/*
 * What it says
 */

static void
take(struct member *c, const struct share_frame *f)
{
	static const struct app_host	 told = {
		.begins = guest_begins,
		.stands = guest_stands,
		.ended = guest_ended,
	};
	char				 text[SHARE_ERR];

	if (c->state != MEMBER_NEW)
		return;
	if (c->master->state != MASTER_SERVING) {
		refuse(c, "the process that keeps the login ends");
		return;
	}
	if (c->master->app->server == APP_SERVER_AWAY) {
		refuse(c, "the process that keeps the login has lost its "
		    "server, and looks for it");
		return;
	}
	if (share_request_take(&c->app, c->master->app, f, c->conn,
	    &c->sink.columns, text) == -1) {
		refuse(c, text);
		return;
	}
	c->app.told = &told;
	c->app.told_arg = c;
	c->sink.level = c->app.conf.verbosity;
	set_state(c, MEMBER_TAKEN);
	snprintf(text, sizeof(text), "%ld", (long)getpid());
	tell_text(c, SHARE_TAKEN, text);
}

/* From now on the run is ours. */
static void
go(struct member *c)
{
	if (c->state != MEMBER_TAKEN)
		return;
	set_state(c, MEMBER_JOINED);
	timer_clear(c->master->app->loop, &c->timer);
	c->master->seconds = c->app.conf.share;
	c->app.context = context_new();
	log_add_sink(&c->sink, c->app.context);
	share_master_levels(c->master);
	context_enter(c->app.context);
	if (guest_join(&c->app, c->master->app) == -1 && !c->app.ending)
		app_end(&c->app, FAULT_LOCAL);
	wait_login(c);
	context_enter(0);
}

static void
signalled(struct member *c, int signo)
{
	if (c->state != MEMBER_JOINED || c->app.ending)
		return;
	context_enter(c->app.context);
	channels_hold(&c->app, 0);
	run_signalled(&c->app, signo);
	context_enter(0);
}

static void
hold(struct member *c, int on)
{
	if (c->state == MEMBER_JOINED)
		channels_hold(&c->app, on);
	wait_login(c);
	if (on)
		tell(c, SHARE_HELD, NULL, 0);
}

/* How many clients there are besides this one, and so on. */
static void
answer_status(struct member *c)
{
	const struct app	*app = c->master->app;
	const struct member	*other;
	char			 text[SHARE_ERR];
	int			 n = 0;

	LIST_FOREACH(other, &c->master->members, next)
		n += other->state == MEMBER_JOINED;
	snprintf(text, sizeof(text), "process %ld: %.300s, %d %s%s",
	    (long)getpid(), app->jid, n, n == 1 ? "client" : "clients",
	    app->server == APP_SERVER_AWAY ? ", server away" :
	    app->ibb == NULL ? ", logging in" : "");
	tell_text(c, SHARE_STATUS, text);
}

static void
member_frame(void *arg, const struct share_frame *f)
{
	struct member	*c = arg;

	switch (f->type) {
	case SHARE_RUN:
		take(c, f);
		break;
	case SHARE_GO:
		go(c);
		break;
	case SHARE_SIGNAL:
		if (f->len == 1)
			signalled(c, f->data[0]);
		break;
	case SHARE_HOLD:
		hold(c, 1);
		break;
	case SHARE_RESUME:
		hold(c, 0);
		break;
	case SHARE_CHECK:
		answer_status(c);
		break;
	case SHARE_EXIT:
		answer_status(c);
		set_state(c, MEMBER_OVER);
		share_master_ends(c->master, MASTER_ENDING);
		break;
	default:
		break;
	}
}

static void
member_gone(void *arg)
{
	struct member	*c = arg;

	c->gone = 1;
	leave(c);
}

/*
 * Life
 */

struct member *
share_member_new(struct share_master *m, int fd)
{
	struct share_conn_user	 user = {
		.frame = member_frame,
		.gone = member_gone,
	};
	struct member		*c;

	if ((c = calloc(1, sizeof(*c))) == NULL) {
		close(fd);
		return NULL;
	}
	user.arg = c;
	c->master = m;
	c->app.input = c->app.output = -1;
	c->sink = (struct log_sink){ .level = LOG_FAULT - 1,
	    .put = member_put, .arg = c };
	c->timer = (struct timer){ .fire = free_later, .arg = c };
	if ((c->conn = share_conn_new(m->app->loop, fd, &user)) == NULL) {
		free(c);
		return NULL;
	}
	timer_set(m->app->loop, &c->timer, clock_ms() + PATIENCE);
	LIST_INSERT_HEAD(&m->members, c, next);
	return c;
}

void
share_member_free(struct member *c)
{
	struct share_master	*m = c->master;

	if (c->state != MEMBER_OVER) {
		context_enter(c->app.context);
		guest_leave(&c->app);
		context_enter(0);
	}
	log_remove_sink(&c->sink);
	timer_clear(m->app->loop, &c->timer);
	share_conn_free(c->conn);
	LIST_REMOVE(c, next);
	free(c);
	share_master_left(m);
}
