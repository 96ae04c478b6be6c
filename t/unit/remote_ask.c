/*
 * Unit tests of net/channel/remote_ask: which streams of a listener are taken
 * for -R, and what its words do.
 */
#include <sys/queue.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ibb/stream.h"
#include "net/channel/admit.h"
#include "net/channel/channel_int.h"
#include "net/channel/linger.h"
#include "net/channel/remote_ask.h"
#include "net/channel/remote_spec.h"
#include "net/io/loop.h"
#include "t/lib/channels.h"
#include "t/lib/must.h"
#include "t/lib/tap.h"
#include "t/lib/tls_context.h"
#include "xml/elem.h"
#include "xml/iq.h"

#define TARGET	"/nonexistent/socket"	/* reached, it is not there */
#define TURNS	8

static struct side	 peer;
static struct stream	*control;	/* the peer's end */
static SSL_CTX		*key, *other_key;
static int		 stood;
/* What the peer is: an older xcat does not know what the stream is for. */
static enum { KNOWS, OLDER, OLDER_PLAIN } peer_is;

static struct stream_conf
peers_conf(SSL_CTX *tls)
{
	return (struct stream_conf){
		.block = 4096,
		.deadline = on_deadline,
		.tls = tls,
		.judge = on_judged,
		.iqs = peer.iqs,
	};
}

static void
peer_offered(void *arg, struct inband *offer, const struct elem *open)
{
	struct stream_conf	 conf = peers_conf(key);

	(void)arg;
	is_int(stream_use(open), STREAM_FOR_REMOTE, "the control stream");
	if (peer_is == OLDER) {
		inband_refuse(offer, SE_BAD_REQUEST, "what came is not what "
		    "was sent");
		return;
	}
	if (peer_is == OLDER_PLAIN)
		conf.tls = NULL;
	control = stream_offered(offer, open, &conf, on_ignored, NULL);
	must(control != NULL && stream_accept(control) == 0);
}

static int
always(void *arg, const char *jid)
{
	(void)arg;
	(void)jid;
	return 1;
}

static void
turns(void)
{
	int	 i;

	for (i = 0; i < TURNS; i++) {
		pump(&us, &peer);
		run_turn();
	}
}

static void
stands(struct app *a)
{
	must(a == &app);
	stood++;
}

/* -R where=TARGET */
static void
want(const char *where)
{
	struct conf_item	*item = calloc(1, sizeof(*item));

	must(item != NULL &&
	    asprintf(&item->value, "%s=" TARGET, where) != -1);
	STAILQ_INSERT_TAIL(&app.conf.reverse, item, next);
}

/* A listener, and our control stream to it, for this port and perhaps one
 * more. */
static void
begin_for(const char *where, const char *more)
{
	struct ibb_host		 peers = { .allowed = always,
				     .offer = peer_offered };
	struct ibb_host		 ours = { .allowed = admit_offers,
				     .offer = remote_ask_offered,
				     .settled = linger_settled,
				     .ask_later = linger_ask_later,
				     .arg = &app };
	char			 err[REMOTE_ERR];

	run_begin(MODE_FORWARD, 1);
	side_host(&us, &ours);
	app.ibb = us.ibb;
	side_init(&peer, PEER);
	side_host(&peer, &peers);
	want(where);
	if (more != NULL)
		want(more);
	must(remote_ask_new(&app, err) == 0);
	stood = 0;
	ok(!remote_ask_admits(&app, PEER), "there is nothing to come");
	remote_ask_begin(&app, stands);
	turns();
}

static void
begin(void)
{
	begin_for("8080", NULL);
}

static void
end(void)
{
	run_end();
	remote_ask_free(&app);
	stream_free(control);
	control = NULL;
	side_free(&peer);
}

/* What has come in the control stream. */
static const char *
asked(void)
{
	static char		 text[512];
	const unsigned char	*p;
	size_t			 len;

	p = stream_data(control, &len);
	must(len < sizeof(text));
	memcpy(text, p, len);
	text[len] = '\0';
	stream_consume(control, len);
	return text;
}

static void
says(const char *line)
{
	must(stream_write(control, line, strlen(line)) == 0);
	turns();
}

static int
words_have(const char *want)
{
	return strstr(run_words(), want) != NULL;
}

/* The peer opens a stream: what becomes of it. */
static enum stanza_error
opens(SSL_CTX *tls, enum stream_use use, const char *sid, const char *number)
{
	struct stream_conf	 conf = peers_conf(tls);
	struct stream		*s;
	enum stanza_error	 err;

	conf.use = use;
	conf.host = sid;
	conf.port = number;
	must((s = stream_call(peer.ibb, US, &conf, on_ignored, NULL)) != NULL);
	turns();
	is_int(stream_state(s), STREAM_FAILED, "the stream ends");
	err = stream_refusal(s);
	stream_free(s);
	turns();
	is_int((long long)app.nchannels, 1, "and only the control is left");
	return err;
}

static void
test_streams(void)
{
	const char	*sid;

	begin();
	is(asked(), "listen 1 8080\n", "it asks for its port");
	ok(remote_ask_admits(&app, PEER), "the peer may come");
	ok(!remote_ask_admits(&app, EVIL), "others may not");
	ok(!remote_ask_admits(&app, "peer@there.example/c"),
	    "nor another run of the peer");
	ok(!remote_ask_admits(&app, "peer@there.example"), "nor its account");
	is_int(stood, 0, "it does not stand before the answer");
	says("listening 1 8080\n");
	is_int(stood, 1, "it stands");
	ok(words_have("forwarding 8080 of " PEER " to " TARGET), "which is "
	    "said");
	sid = stream_sid(control);
	is_int(opens(key, STREAM_FOR_CONNECTION, sid, "1"),
	    SE_INTERNAL_SERVER_ERROR, "a connection is for the target");
	ok(words_have(TARGET), "which is not there");
	is_int(opens(key, STREAM_FOR_CONNECTION, sid, "2"), SE_ITEM_NOT_FOUND,
	    "a number that was not agreed on");
	is_int(opens(key, STREAM_FOR_CONNECTION, sid, "0"), SE_ITEM_NOT_FOUND,
	    "none");
	is_int(opens(key, STREAM_FOR_CONNECTION, "0123456789", "1"),
	    SE_ITEM_NOT_FOUND, "another control stream");
	is_int(opens(key, STREAM_FOR_CONNECTION, NULL, NULL),
	    SE_ITEM_NOT_FOUND, "none");
	is_int(opens(key, STREAM_FOR_ANY, sid, "1"), SE_ITEM_NOT_FOUND,
	    "any other stream");
	is_int(opens(key, STREAM_FOR_REMOTE, sid, "1"), SE_ITEM_NOT_FOUND,
	    "a control stream, of a listener");
	is_int(opens(NULL, STREAM_FOR_CONNECTION, sid, "1"),
	    SE_NOT_ACCEPTABLE, "a connection without a session");
	run_words();
	(void)opens(other_key, STREAM_FOR_CONNECTION, sid, "1");
	ok(words_have("its key is not that of the stream that has asked"),
	    "a connection with another key");
	is(ask(&us, EVIL, "set", open_xml("s9", "4096", "")),
	    "service-unavailable/cancel", "to others nothing listens");
	end();
}

static struct channel *
control_channel(void)
{
	must(!TAILQ_EMPTY(&app.channels));
	return TAILQ_FIRST(&app.channels);
}

/* One of two ports is closed before the other one is open. */
static void
test_closed_early(void)
{
	begin_for("8080", "8081");
	is(asked(), "listen 1 8080\nlisten 2 8081\n", "two ports");
	says("listening 1 8080\nclosed 1 gone\n");
	is_int(stood, 0, "one is gone before the other one is there");
	says("listening 2 8081\n");
	is_int(stood, 1, "it stands nevertheless");
	ok(words_have("forwarding 8081 of " PEER " to " TARGET), "by that");
	end();
}

/* -w is for the answer; then it is quiet for as long as it is. */
static void
test_quiet(void)
{
	begin();
	app.conf.timeout = 5;
	says("listening 1 8080\n");
	channel_tick(control_channel());
	run_fire(&control_channel()->timer);
	ok(!app.ending, "a port that nobody connects to");
	end();

	begin();
	app.conf.timeout = 5;
	channel_tick(control_channel());
	run_fire(&control_channel()->timer);
	ok(app.ending, "no answer");
	is_int(app.fault, FAULT_TIME, "the fault of that");
	end();
}

/* They come to nothing, and cost no more than a few. */
static void
test_many(void)
{
	struct stream_conf	 conf;
	struct stream		*s[20];
	size_t			 i;

	begin();
	says("listening 1 8080\n");
	app.conf.max_streams_per_peer = 4;
	conf = peers_conf(key);
	conf.use = STREAM_FOR_CONNECTION;
	conf.host = stream_sid(control);
	conf.port = "1";
	for (i = 0; i < N(s); i++) {
		must((s[i] = stream_call(peer.ibb, US, &conf, on_ignored,
		    NULL)) != NULL);
		deliver(&peer, &us);
	}
	ok(app.nchannels <= 5, "four of twenty at a time");
	for (i = 0; i < N(s); i++)
		stream_free(s[i]);
	end();
}

/* A line after which the run ends so. */
static void
ends(const char *line, enum fault fault, const char *words)
{
	begin();
	says(line);
	ok(app.ending, "%.20s: the end", line);
	is_int(app.fault, fault, "%.20s: the fault", line);
	ok(words_have(words), "%.20s: %s", line, words);
	turns();
	is_int(stream_state(control), STREAM_FAILED, "%.20s: the peer hears "
	    "of it", line);
	end();
}

static void
test_words(void)
{
	ends("refused 1 no\n", FAULT_PEER, "does not listen on 8080 for us: "
	    "no");
	ends("listening 1 8080\nclosed 1 over\n", FAULT_PEER,
	    "it has closed 8080: over");
	ends("listening 2 8080\n", FAULT_BROKEN, "makes no sense");
	ends("closed 1 over\n", FAULT_BROKEN, "makes no sense");
	ends("listening 1 8080\nlistening 1 8080\n", FAULT_BROKEN,
	    "makes no sense");
	ends("listen 1 8080\n", FAULT_BROKEN, "makes no sense");
	ends("\n", FAULT_BROKEN, "makes no sense");
}

/* An xcat that is too old for -R takes the stream for one of bytes. */
static void
test_older(void)
{
	int	 is;

	for (is = OLDER; is <= OLDER_PLAIN; is++) {
		peer_is = is;
		begin();
		ok(app.ending, "an older listener%s: the end", is == OLDER ?
		    "" : " without sessions");
		is_int(app.fault, FAULT_PEER, "which is a refusal");
		ok(words_have("does not know ports for callers (-R): xcat "
		    "must be newer there"), "in words");
		end();
	}
	peer_is = KNOWS;
}

int
main(void)
{
	key = tls_context_new();
	other_key = tls_context_new();
	test_streams();
	test_many();
	test_closed_early();
	test_quiet();
	test_words();
	test_older();
	SSL_CTX_free(key);
	SSL_CTX_free(other_key);
	return tap_done();
}
