/* upgrade_socket: see upgrade_socket.h. */
#include <sys/types.h>
#include <sys/socket.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ibb/carrier.h"
#include "ibb/stream.h"
#include "net/dial/addr.h"
#include "net/dial/dial.h"
#include "net/io/log.h"
#include "net/io/loop.h"
#include "net/io/pump.h"
#include "net/s5b/upgrade_socket.h"

/* All in ms but for STILL, DOUBTS and UNSENT. */
#define TICK		1000	/* from report to report */
#define STILL		5	/* ticks in which nothing moves */
#define DOUBTS		15	/* ticks in which nothing of ours arrives */
#define UNSENT		(128 * 1024)	/* bytes, in the system */
#define LINGER		5000	/* for the peer's end behind ours */
#define PAUSE		5	/* in which more may be written */

/* Each direction of the socket ends on its own, if it is alone. */
enum half_state {
	UPGRADE_SOCKET_HALF_OPEN,
	UPGRADE_SOCKET_HALF_ENDED
};

struct upgrade_socket {
	struct upgrade_socket_conf conf;
	struct pump		*pump;
	int			 fd;		/* the pump's */
	enum upgrade_socket_fate fate;
	enum half_state		 in, out;
	struct timer		 timer;
	struct timer		 pause;
	uint64_t		 written;	/* carrier_socket_dry(), as it
						 * began */
	unsigned		 doubts;	/* ticks; see DOUBTS */
	unsigned		 still;		/* ticks; see STILL */
	uint64_t		 moved;		/* bytes, as last seen */
	char			 where[256];
	char			 why[128];
};

static const char *const fate_names[] = {
	"stands", "lost", "one-way", "done"
};

static const char *const half_names[] = { "open", "ended" };

static struct carrier *
carrier_of(const struct upgrade_socket *s)
{
	return stream_carrier(s->conf.stream);
}

static void
set_fate(struct upgrade_socket *s, enum upgrade_socket_fate fate,
    const char *why)
{
	log_line(LOG_TRACE, "stream %.8s: socket %u: %s -> %s (%s)",
	    stream_sid(s->conf.stream), s->conf.number, fate_names[s->fate],
	    fate_names[fate], why);
	s->fate = fate;
	strlcpy(s->why, why, sizeof(s->why));
}

static void
set_half(struct upgrade_socket *s, enum half_state *half, const char *name,
    enum half_state state)
{
	log_line(LOG_TRACE, "stream %.8s: socket %u, %s: %s -> %s",
	    stream_sid(s->conf.stream), s->conf.number, name,
	    half_names[*half], half_names[state]);
	*half = state;
}

/*
 * Its bytes, as the pump wants them
 */

static size_t
upgrade_room(void *arg)
{
	const struct upgrade_socket	*s = arg;

	return stream_socket_room(s->conf.stream);
}

static int
upgrade_write(void *arg, const void *data, size_t len)
{
	struct upgrade_socket	*s = arg;

	carrier_socket_input(carrier_of(s), data, len);
	return 0;
}

static void
upgrade_ended(void *arg)
{
	struct upgrade_socket	*s = arg;

	set_half(s, &s->in, "in", UPGRADE_SOCKET_HALF_ENDED);
}

static int
upgrade_pieces(void *arg, struct iovec *iov, int max)
{
	const struct upgrade_socket	*s = arg;

	return carrier_socket_pieces(carrier_of(s), iov, max);
}

/* Padding behind each piece of bulk would cost a slow proxy a part of its rate:
 * it waits until nothing follows. */
static void
look_for_pause(struct upgrade_socket *s)
{
	uint64_t	 written = carrier_socket_dry(carrier_of(s));

	if (s->pause.on || written == 0)
		return;
	s->written = written;
	timer_set(s->conf.loop, &s->pause, clock_ms() + PAUSE);
}

static void
pause_ends(void *arg)
{
	struct upgrade_socket	*s = arg;

	if (carrier_socket_dry(carrier_of(s)) == s->written)
		carrier_socket_flush(carrier_of(s));
	else
		look_for_pause(s);
}

static void
upgrade_sent(void *arg, size_t len)
{
	struct upgrade_socket	*s = arg;

	carrier_socket_sent(carrier_of(s), len);
	look_for_pause(s);
}

static void
upgrade_changed(void *arg)
{
	struct upgrade_socket	*s = arg;

	s->conf.changed(s->conf.arg);
}

/*
 * Each second
 */

/* Can nothing be known of the socket now?  The reports on a bare one go through
 * the server, and a direct one needs none. */
static int
is_unknown(const struct upgrade_socket *s)
{
	return s->conf.version == CARRIER_BARE && (s->conf.proxy == NULL ||
	    s->conf.away(s->conf.arg) || stream_waits(s->conf.stream));
}

/*
 * There are proxies that relay from the requester to the target only, as
 * Openfire's do.  The target of a bare socket sees bytes come, and takes that
 * for a proof that the proxy relays; but the peer never reports a byte of ours.
 * In a framed one the two ends do not hear each other, and use it for nothing.
 */
static int
is_one_way(struct upgrade_socket *s)
{
	if (is_unknown(s) || !carrier_socket_unproved(carrier_of(s)))
		s->doubts = 0;
	else
		s->doubts++;
	return s->doubts > DOUBTS;
}

/* Has it just become doubtful that the socket still leads to the peer?  Either
 * that or the peer's end takes nothing now. */
static int
is_still(struct upgrade_socket *s)
{
	const struct stream	*stream = s->conf.stream;
	uint64_t		 moved = stream_confirmed(stream) +
				    stream_received(stream);

	if (moved != s->moved || stream_sent(stream) ==
	    stream_confirmed(stream))
		s->still = 0;
	else
		s->still++;
	s->moved = moved;
	return s->still == STILL;
}

static void
tick(void *arg)
{
	struct upgrade_socket	*s = arg;

	if (pump_error(s->pump) == 0 && s->in == UPGRADE_SOCKET_HALF_OPEN &&
	    !carrier_is_alone(carrier_of(s)))
		dial_notice_tick(s->fd);
	if (is_still(s) && s->conf.doubted != NULL)
		s->conf.doubted(s->conf.arg);
	if (is_one_way(s)) {
		carrier_socket_lost(carrier_of(s), 1);
		set_fate(s, s->conf.proxy != NULL ? UPGRADE_SOCKET_ONE_WAY :
		    UPGRADE_SOCKET_LOST, "nothing that we sent has come");
	} else if (s->out == UPGRADE_SOCKET_HALF_ENDED) {
		/* The peer does not end its direction: do without. */
		carrier_socket_lost(carrier_of(s), 0);
	} else {
		carrier_socket_tick(carrier_of(s));
		timer_set(s->conf.loop, &s->timer, clock_ms() + TICK);
	}
	s->conf.changed(s->conf.arg);
}

/*
 * Its end
 */

/* All that was to be written to a socket alone is written: end our direction of
 * it, and give the peer some time to end its own. */
static void
end_output(struct upgrade_socket *s)
{
	if (!carrier_socket_finished(carrier_of(s)) ||
	    s->out == UPGRADE_SOCKET_HALF_ENDED)
		return;
	set_half(s, &s->out, "out", UPGRADE_SOCKET_HALF_ENDED);
	pump_finish_output(s->pump);
	timer_set(s->conf.loop, &s->timer, clock_ms() + LINGER);
}

static const char *
why_lost(const struct carrier *c, int err, int ended)
{
	if (carrier_socket_bad(c))
		return "what came makes no sense";
	if (err != 0)
		return strerror(err);
	return ended ? "the other end closed it" : "says the peer";
}

enum upgrade_socket_fate
upgrade_socket_check(struct upgrade_socket *s)
{
	struct carrier	*c = carrier_of(s);
	int		 err = pump_error(s->pump), expected = 0;
	int		 dropped = !carrier_has_socket(c);
	int		 ended = s->in == UPGRADE_SOCKET_HALF_ENDED;

	if (s->fate != UPGRADE_SOCKET_STANDS)
		return s->fate;
	if (err != 0 || ended)
		expected = carrier_socket_lost(c, err != 0);
	if (carrier_is_alone(c))	/* the stream ends with it */
		end_output(s);
	else if (!carrier_has_socket(c))
		set_fate(s, expected && !dropped ? UPGRADE_SOCKET_DONE :
		    UPGRADE_SOCKET_LOST, why_lost(c, err, ended));
	return s->fate;
}

const char *
upgrade_socket_why(const struct upgrade_socket *s)
{
	return s->why;
}

const char *
upgrade_socket_where(const struct upgrade_socket *s)
{
	return s->where;
}

/*
 * Life and death
 */

static void
describe(struct upgrade_socket *s, int fd)
{
	struct sockaddr_storage	 ss;
	socklen_t		 len = sizeof(ss);
	char			 text[ADDR_TEXT] = "";
	uint16_t		 port = 0;

	if (getpeername(fd, (struct sockaddr *)&ss, &len) == 0) {
		addr_text((struct sockaddr *)&ss, text);
		port = addr_port((struct sockaddr *)&ss);
	}
	if (s->conf.proxy != NULL)
		snprintf(s->where, sizeof(s->where), "proxy %.127s "
		    "(%s port %u)", s->conf.proxy, text, port);
	else
		snprintf(s->where, sizeof(s->where), "direct, %s port %u",
		    text, port);
}

/* Let the system take no more than it can send soon, so that what is written
 * later does not wait long.  It is a wish: without it the socket works, too. */
static void
keep_short(int fd)
{
#ifdef TCP_NOTSENT_LOWAT
	int	 most = UNSENT;

	setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &most, sizeof(most));
#else
	(void)fd;
#endif
}

/* 0, or -1 if the stream wants it no more or lacks the memory. */
static int
join(struct upgrade_socket *s, int fd)
{
	struct pump_peer	 peer = {
		.room = upgrade_room,
		.write = upgrade_write,
		.finish = upgrade_ended,
		.pieces = upgrade_pieces,
		.consume = upgrade_sent,
		.changed = upgrade_changed,
		.arg = s,
	};

	if (stream_socket(s->conf.stream, s->conf.number, s->conf.ready,
	    s->conf.proxy != NULL, s->conf.version) == -1) {
		close(fd);
		return -1;
	}
	if ((s->pump = pump_new(s->conf.loop, fd, fd, &peer)) == NULL) {
		stream_starve(s->conf.stream);
		return -1;
	}
	s->fd = fd;
	if (carrier_is_alone(carrier_of(s)))
		dial_notice(fd);
	else				/* there is another way */
		dial_notice_soon(fd);
	keep_short(fd);
	return 0;
}

struct upgrade_socket *
upgrade_socket_new(const struct upgrade_socket_conf *conf, int fd)
{
	struct upgrade_socket	*s;

	if ((s = calloc(1, sizeof(*s))) == NULL) {
		close(fd);
		stream_starve(conf->stream);
		return NULL;
	}
	s->conf = *conf;
	s->timer = (struct timer){ .fire = tick, .arg = s };
	s->pause = (struct timer){ .fire = pause_ends, .arg = s };
	describe(s, fd);
	if (join(s, fd) == -1) {
		free(s);
		return NULL;
	}
	timer_set(conf->loop, &s->timer, clock_ms() + TICK);
	return s;
}

void
upgrade_socket_free(struct upgrade_socket *s)
{
	if (s == NULL)
		return;
	timer_clear(s->conf.loop, &s->timer);
	timer_clear(s->conf.loop, &s->pause);
	if (carrier_is_alone(carrier_of(s)) &&
	    stream_state(s->conf.stream) != STREAM_CLOSED)
		pump_break(s->pump);
	else
		pump_free(s->pump);
	free(s);
}
