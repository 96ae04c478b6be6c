/* share_client: a run that is done by the process which keeps the login; see
 * share.h. */
#include <sys/types.h>
#include <sys/un.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/channel/app.h"
#include "net/io/background.h"
#include "net/io/fd.h"
#include "net/io/log.h"
#include "net/io/loop.h"
#include "net/io/signals.h"
#include "net/io/systemd.h"
#include "net/share/share.h"
#include "net/share/share_client.h"
#include "net/share/share_conn.h"
#include "net/share/share_request.h"
#include "net/share/share_socket.h"
#include "xml/number.h"

#define ANSWER_TIME	3000	/* ms for a process that works, */
#define END_TIME	5000	/* for a stream to end after a signal, */
#define HOLD_TIME	500	/* and to be held */
#define STOPS_MAX	10	/* signals in a row that stop nothing: */
#define STOP_TIME	5	/* ms, and we go on after each */

enum client_state {
	CLIENT_ASKING,		/* will it take us? */
	CLIENT_WAITING,		/* it will: for the login */
	CLIENT_BEGUN,		/* bytes may have moved */
	CLIENT_OVER
};

struct client {
	struct app		*app;
	struct loop		*loop;
	struct share_conn	*conn;
	enum client_state	 state;
	enum share_way		 way;		/* of CLIENT_OVER */
	struct timer		 timer;
	struct timer		 hold;		/* on: to be stopped */
	struct share_request	 request;
	uint64_t		 confirmed;	/* bytes, as far as known */
	char			 why[SHARE_ERR];
};

static void
set_state(struct client *c, enum client_state state)
{
	static const char *const	 names[] = {
		"asking", "waiting", "begun", "over"
	};

	if (c->state == state)
		return;
	if (state < c->state && c->state <= CLIENT_OVER) {
		log_line(LOG_FAULT, "share: %s cannot become %s",
		    names[c->state], names[state]);
		return;
	}
	log_line(LOG_TRACE, "share: %s -> %s", names[c->state], names[state]);
	c->state = state;
}

static void
over(struct client *c, enum share_way way)
{
	if (c->state == CLIENT_OVER)
		return;
	set_state(c, CLIENT_OVER);
	c->way = way;
	loop_stop(c->loop);
}

static void
over_fault(struct client *c, enum fault fault)
{
	c->app->fault = fault;
	over(c, SHARE_OVER);
}

/* Nothing has been lost: log in. */
static void
alone(struct client *c, const char *why)
{
	snprintf(c->why, sizeof(c->why), "%s", why);
	over(c, SHARE_ALONE);
}

/*
 * Stopping
 */

/* May this process read from its terminal?  If not, reading stops it, and so
 * must it be when another process reads in its place.  0; or -1 and errno if
 * nothing stops it, as its process group is orphaned: then read(2) fails. */
static int
wait_for_terminal(const struct client *c)
{
	int64_t	 since;
	pid_t	 group;
	int	 vain = 0;

	while (c->request.input && isatty(STDIN_FILENO) &&
	    (group = tcgetpgrp(STDIN_FILENO)) != -1 && group != getpgrp()) {
		since = clock_ms();
		if (vain == STOPS_MAX || raise(SIGTTIN) != 0) {
			errno = EIO;
			return -1;
		}
		vain = clock_ms() - since < STOP_TIME ? vain + 1 : 0;
	}
	return 0;
}

static void
stop_now(void *arg)
{
	struct client	*c = arg;

	timer_clear(c->loop, &c->hold);
	kill(getpid(), SIGSTOP);
	if (wait_for_terminal(c) == -1) {
		log_line(LOG_FAULT, "standard input: %s", strerror(errno));
		over_fault(c, FAULT_LOCAL);
	} else if (share_conn_send(c->conn, SHARE_RESUME, NULL, 0) == -1)
		over_fault(c, FAULT_BROKEN);
}

static void
begin_stop(struct client *c)
{
	if (c->state == CLIENT_OVER || c->hold.on)
		return;
	if (share_conn_send(c->conn, SHARE_HOLD, NULL, 0) == -1)
		log_line(LOG_DETAIL, "share: %s", strerror(errno));
	timer_set(c->loop, &c->hold, clock_ms() + HOLD_TIME);
}

/*
 * Signals
 */

static void
end_late(void *arg)
{
	over_fault(arg, FAULT_SIGNAL);
}

static void
signalled(void *arg, int signo)
{
	struct client	*c = arg;
	unsigned char	 byte = (unsigned char)signo;

	if (signo == SIGCHLD)
		return;
	if (signo == SIGTSTP) {
		begin_stop(c);
		return;
	}
	if (c->app->signo != 0 || share_conn_send(c->conn, SHARE_SIGNAL, &byte,
	    1) == -1) {
		c->app->signo = signo;
		over_fault(c, FAULT_SIGNAL);
		return;
	}
	c->app->signo = signo;
	c->timer.fire = end_late;
	timer_set(c->loop, &c->timer, clock_ms() + END_TIME);
}

/*
 * What the master says
 */

static void
late(void *arg)
{
	alone(arg, "the process that keeps the login does not answer");
}

static void
taken(struct client *c, const char *process)
{
	if (c->state != CLIENT_ASKING)
		return;
	timer_clear(c->loop, &c->timer);
	if (wait_for_terminal(c) == -1 ||
	    signals_catch(c->loop, signalled, c) == -1 ||
	    signals_catch_also(SIGTSTP) == -1 ||
	    share_conn_send(c->conn, SHARE_GO, NULL, 0) == -1) {
		alone(c, strerror(errno));
		return;
	}
	log_line(LOG_DETAIL, "sharing the login of process %s", process);
	set_state(c, CLIENT_WAITING);
}

/* The master has copies.  While ours are open, the other ends of pipes do not
 * hear of the end of these.  A terminal has none, and wait_for_terminal() asks
 * it. */
static void
begun(struct client *c)
{
	set_state(c, CLIENT_BEGUN);
	if (c->request.input && !isatty(STDIN_FILENO))
		(void)fd_to_null(STDIN_FILENO);
	if (c->request.output)
		(void)fd_to_null(STDOUT_FILENO);
	share_request_free(&c->request);
}

/* The ports of -L and -D are open. */
static void
stands(struct client *c)
{
	systemd_ready();
	if (c->app->background > 0)
		background_ready(c->app->background);
	c->app->background = 0;
}

/* A byte that says which output, and the words. */
static void
put_out(struct client *c, const struct share_frame *f)
{
	int	 report = f->len > 0 && f->data[0] == STDOUT_FILENO;

	if (f->len < 2 || log_pass(report, (const char *)f->data + 1,
	    f->len - 1) == 0 || !report)
		return;
	log_line(LOG_FAULT, "standard output: %s", strerror(errno));
	over_fault(c, FAULT_LOCAL);
}

static void
ended(struct client *c, const struct share_frame *f)
{
	if (f->len < 2 || f->data[0] > FAULT_SIGNAL) {
		over_fault(c, FAULT_BROKEN);
		return;
	}
	if (f->data[1] != 0)
		c->app->signo = f->data[1];
	over_fault(c, (enum fault)f->data[0]);
}

/* The text of a frame, as a string. */
static const char *
text_of(const struct share_frame *f, char out[SHARE_ERR])
{
	snprintf(out, SHARE_ERR, "%.*s", (int)(f->len < SHARE_ERR ? f->len :
	    SHARE_ERR - 1), (const char *)f->data);
	return out;
}

/* The bytes that a frame tells are confirmed; none, if it makes no sense. */
static uint64_t
bytes_of(const struct share_frame *f)
{
	uint64_t	 n;

	return number_decimal((const char *)f->data, f->len, 0, UINT64_MAX,
	    &n) == 0 ? n : 0;
}

static void	 client_gone(void *);

static void
client_frame(void *arg, const struct share_frame *f)
{
	struct client	*c = arg;
	char		 text[SHARE_ERR];

	switch (f->type) {
	case SHARE_TAKEN:
		taken(c, text_of(f, text));
		break;
	case SHARE_REFUSED:
		if (c->state < CLIENT_BEGUN && c->app->signo == 0)
			alone(c, text_of(f, text));
		else
			client_gone(c);
		break;
	case SHARE_BEGUN:
		begun(c);
		break;
	case SHARE_STANDS:
		stands(c);
		break;
	case SHARE_OUT:
		put_out(c, f);
		break;
	case SHARE_HELD:
		if (c->hold.on)
			stop_now(c);
		break;
	case SHARE_CONFIRMED:
		c->confirmed = bytes_of(f);
		break;
	case SHARE_END:
		ended(c, f);
		break;
	default:
		break;
	}
}

/* Its end without a word.  -L and -D lose the streams that they had, and open
 * their ports again. */
static void
client_gone(void *arg)
{
	struct client	*c = arg;

	if (c->app->signo != 0) {
		over_fault(c, FAULT_SIGNAL);
	} else if (c->state < CLIENT_BEGUN) {
		alone(c, "the process that kept the login has gone");
	} else if (c->app->mode == MODE_FORWARD) {
		log_line(LOG_EVENT, "%s: the process that kept the login has "
		    "gone, and what was open with it; logging in",
		    c->app->peer);
		over(c, SHARE_ALONE);
	} else if (c->state != CLIENT_OVER) {
		log_line(LOG_FAULT, "%s: the process that kept the login has "
		    "gone; try again; at least %ju bytes confirmed",
		    c->app->peer, (uintmax_t)c->confirmed);
		over_fault(c, FAULT_BROKEN);
	}
}

/*
 * From begin to end
 */

/* 0, or -1 with a reason in c->why. */
static int
ask(struct client *c, int fd)
{
	const struct share_conn_user	 user = {
		.frame = client_frame,
		.gone = client_gone,
		.arg = c,
	};

	c->timer = (struct timer){ .fire = late, .arg = c };
	c->hold = (struct timer){ .fire = stop_now, .arg = c };
	if ((c->conn = share_conn_new(c->loop, fd, &user)) == NULL) {
		strlcpy(c->why, "out of memory", sizeof(c->why));
		return -1;
	}
	if (share_request_send(&c->request, c->app, c->conn, c->why) == -1)
		return -1;
	timer_set(c->loop, &c->timer, clock_ms() + ANSWER_TIME);
	return 0;
}

enum share_way
share_client(struct app *app, int fd)
{
	struct client	 c = { .app = app, .way = SHARE_ALONE };

	if ((c.loop = loop_new()) == NULL) {
		close(fd);
		return SHARE_ALONE;
	}
	if (ask(&c, fd) == 0 && loop_run(c.loop) == -1 &&
	    c.state >= CLIENT_BEGUN) {
		log_line(LOG_FAULT, "poll: %s", strerror(errno));
		over_fault(&c, FAULT_LOCAL);
	}
	signals_release();
	share_conn_free(c.conn);
	share_request_free(&c.request);
	loop_free(c.loop);
	if (c.way == SHARE_ALONE && *c.why != '\0')
		log_line(LOG_DETAIL, "share: %s; logging in", c.why);
	return c.way;
}
