/*
 * Unit tests of ibb/carrier: the moves of its way and of its socket, and what a
 * carrier with a socket alone does where others have an in-band bytestream.
 */
#include <string.h>

#include "ibb/carrier_int.h"
#include "t/lib/engine.h"
#include "t/lib/must.h"
#include "t/lib/stanza.h"
#include "t/lib/tap.h"
#include "xml/elem.h"
#include "xml/iq.h"
#include "xml/stanza.h"

static char	 news[256];	/* what the user of a carrier heard */
static size_t	 credit;	/* of answered() */

static void
hear_closing(void *arg, const struct elem *close)
{
	(void)arg;
	strlcat(news, close == NULL ? "closing " : "<close/> ", sizeof(news));
}

static void
hear_closed(void *arg, const struct elem *answer)
{
	(void)arg;
	strlcat(news, answer == NULL ? "closed " : "answer ", sizeof(news));
}

static void
hear_failed(void *arg, enum inband_fault fault, enum stanza_error err,
    const char *text)
{
	(void)arg;
	(void)err;
	(void)text;
	strlcat(news, fault == INBAND_BROKEN ? "broken " : "failed ",
	    sizeof(news));
}

static void
hear_answered(void *arg, size_t weight)
{
	(void)arg;
	credit += weight;
}

static void
hear_block(void *arg, const void *data, size_t len)
{
	struct carrier	*c = *(struct carrier **)arg;

	(void)data;
	must(carrier_received(c, c->received + len) == 0);
}

static const struct inband_user hearer = {
	.block = hear_block,
	.answered = hear_answered,
	.closing = hear_closing,
	.closed = hear_closed,
	.failed = hear_failed,
};

static struct iq_table *
table(void)
{
	struct iq_table	*t = iq_new(stanza_take, NULL);

	must(t != NULL && iq_setjid(t, US) == 0);
	return t;
}

/* A + for each move that there is, from the state of the line. */
static void
test_moves(void)
{
	static const char *const ways[] = { "++--", "+++-", "--++", "+--+" };
	static const char *const stands[] = {
		"++-+-", "-+++-", "--++-", "---++", "+--++"
	};
	struct iq_table	*t = table();
	struct carrier	*c = carrier_alone(t, PEER, "s", &hearer, &c);
	unsigned	 from, to;
	int		 moved;

	must(c != NULL);
	for (from = CARRIER_INBAND; from <= CARRIER_LOST; from++)
		for (to = CARRIER_INBAND; to <= CARRIER_LOST; to++) {
			c->way = (enum carrier_way)from;
			moved = carrier_set_way(c, (enum carrier_way)to) == 0;
			ok(moved == (ways[from][to] == '+') &&
			    c->way == (moved ? to : from),
			    "way: %u -> %u", from, to);
		}
	for (from = CARRIER_SOCKET_NONE; from <= CARRIER_SOCKET_TOLD; from++)
		for (to = CARRIER_SOCKET_NONE; to <= CARRIER_SOCKET_TOLD;
		    to++) {
			c->socket = (enum carrier_socket)from;
			moved = carrier_set_stand(c,
			    (enum carrier_socket)to) == 0;
			ok(moved == (stands[from][to] == '+') &&
			    c->socket == (moved ? to : from),
			    "socket: %u -> %u", from, to);
		}
	carrier_free(c);
	iq_free(t);
}

static void
test_alone(void)
{
	struct iq_table	*t = table();
	struct carrier	*c = carrier_alone(t, PEER, "s", &hearer, &c);
	struct elem	*iq;
	struct iovec	 iov;

	must(c != NULL);
	ok(carrier_is_alone(c), "alone");
	is(carrier_peer(c), PEER, "the peer");
	is(carrier_sid(c), "s", "the sid");
	ok(carrier_syncs(c) && !carrier_waits(c) && !carrier_away(c),
	    "there is nothing to mend");
	ok(carrier_held(c) == 0 && carrier_flying(c) == 0, "no blocks");
	ok(carrier_room_blocks(c) == 0 && carrier_room_bytes(c) == 0,
	    "nor room, without a socket");
	is_int(carrier_set_socket(c, 1, 0, CARRIER_FRAMED), 0, "a socket");
	is_int(carrier_way(c), CARRIER_MOVING, "which the peer may lack");
	carrier_socket_tick(c);
	is_int(carrier_way(c), CARRIER_SOCKET, "a second was enough");
	is_int(chunks_add(carrier_out(c), "12345", 5), 0, "bytes");
	carrier_push(c, 5);
	ok(!carrier_idle(c), "not written");
	ok(carrier_socket_pieces(c, &iov, 1) == 1 && iov.iov_len == 5,
	    "without frames, whatever was said");
	carrier_socket_sent(c, 3);
	is_int(credit, 3, "the system has confirmed");
	carrier_drop_socket(c, 2);
	ok(carrier_has_socket(c), "there is no other one");
	iq = stanza_parse("<iq type='set' id='i' from='" PEER "'>"
	    "<socket xmlns='" NS_XCAT "'/></iq>");
	carrier_control(c, iq, elem_child(iq, NS_XCAT, "socket"));
	ok(stanza_has("item-not-found"), "no control");
	elem_free(iq);
	*news = '\0';
	carrier_close(c, 0);
	ok(!carrier_socket_finished(c), "two bytes are to be written");
	carrier_socket_sent(c, 2);
	ok(carrier_socket_finished(c), "now the direction may be shut down");
	is(news, "", "the peer may go on");
	carrier_socket_input(c, "abc", 3);
	carrier_socket_lost(c, 0);
	is(news, "closed ", "until it ends");
	ok(!carrier_has_socket(c), "that is all");
	carrier_free(c);
	iq_free(t);
}

/* How it ends: the peer first, or the socket broken. */
static void
test_alone_ends(void)
{
	struct iq_table	*t = table();
	struct carrier	*c = carrier_alone(t, PEER, "s", &hearer, &c);

	must(c != NULL && carrier_set_socket(c, 1, 1, CARRIER_BARE) == 0);
	is_int(carrier_way(c), CARRIER_SOCKET, "at once");
	*news = '\0';
	is_int(carrier_socket_lost(c, 0), 1, "the peer ends");
	is(news, "closing ", "and we may go on");
	ok(carrier_has_socket(c) && !carrier_socket_finished(c), "as we do");
	carrier_socket_lost(c, 0);
	is(news, "closing ", "which is told once");
	carrier_socket_lost(c, 1);
	is(news, "closing ", "nor is a break behind it");
	carrier_close_back(c, 0);
	is(news, "closing closed ", "until we end");
	carrier_free(c);

	c = carrier_alone(t, PEER, "s", &hearer, &c);
	must(c != NULL && carrier_set_socket(c, 1, 1, CARRIER_BARE) == 0);
	carrier_socket_lost(c, 0);
	must(chunks_add(carrier_out(c), "12345", 5) == 0);
	carrier_push(c, 5);
	*news = '\0';
	carrier_socket_lost(c, 1);
	is(news, "broken ", "unless there was more to write");
	carrier_free(c);

	c = carrier_alone(t, PEER, "s", &hearer, &c);
	must(c != NULL && carrier_set_socket(c, 1, 1, CARRIER_BARE) == 0);
	*news = '\0';
	is_int(carrier_socket_lost(c, 1), 1, "it breaks");
	is(news, "broken ", "and the stream with it");
	carrier_close(c, 0);
	is(news, "broken ", "for good");
	carrier_refuse(c, SE_BUSY, NULL);
	iq_free(t);
}

int
main(void)
{
	test_moves();
	test_alone();
	test_alone_ends();
	return tap_done();
}
