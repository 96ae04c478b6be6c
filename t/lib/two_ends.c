#include <sys/types.h>
#include <sys/queue.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ibb/dispatch.h"
#include "ibb/inband.h"
#include "ibb/stream.h"
#include "net/io/loop.h"
#include "net/s5b/streamhosts.h"
#include "net/s5b/upgrade.h"
#include "t/lib/bounded.h"
#include "t/lib/must.h"
#include "t/lib/stanza.h"
#include "t/lib/two_ends.h"
#include "xml/elem.h"
#include "xml/iq.h"
#include "xml/parse.h"
#include "xml/stanza.h"

#define PATIENCE	(600 * 1000)	/* ms for an answer */

struct ends	 ends;
struct side	 a, b;
struct loop	*loop;
struct resolver	*resolver;
SSL_CTX		*tls;

/*
 * Stanzas
 */

static int
post(void *arg, const void *data, size_t len)
{
	struct side	*s = arg;
	struct letter	*l;

	must((l = malloc(sizeof(*l) + len + 1)) != NULL);
	memcpy(l->xml, data, len);
	l->xml[len] = '\0';
	STAILQ_INSERT_TAIL(&s->out, l, next);
	if (ends.sent != NULL)
		ends.sent(s, l->xml);
	return 0;
}

int
is_answer(const struct elem *e)
{
	return stanza_type(e, "result") || stanza_type(e, "error");
}

int
ends_dispatch(struct side *to, const struct elem *e)
{
	if (is_answer(e))
		return iq_answer(to->iqs, e);
	if (dispatch_stanza(to->dispatch, e, 0))
		return 1;
	iq_refuse(to->iqs, e, SE_SERVICE_UNAVAILABLE, NULL);
	return 0;
}

int
ends_deliver(struct side *s)
{
	struct letter	*l = STAILQ_FIRST(&s->out);

	if (l == NULL)
		return 0;
	STAILQ_REMOVE_HEAD(&s->out, next);
	ends.route(s, l->xml);
	free(l);
	return 1;
}

/*
 * What a side is asked and told
 */

static int
on_near(void *arg)
{
	(void)arg;
	return ends.near;
}

static int
on_away(void *arg)
{
	const struct side	*s = arg;

	return s->away;
}

static int
on_ending(void *arg)
{
	const struct side	*s = arg;

	return s->ending;
}

static int
on_opens(void *arg, const char *peer)
{
	return ends.opens != NULL && ends.opens(arg, peer);
}

static void
on_offered(void *arg, struct s5b_offer *o)
{
	ends.offered(arg, o);
}

void
on_changed(void *arg)
{
	struct side	*s = arg;

	s->changed = 1;
}

struct upgrade *
upgrade_of(struct side *s)
{
	if (s->upgrade == NULL) {
		s->upgrade = upgrade_new(s->upgrades, s->stream, s == &b,
		    on_changed, s);
		s->made++;
	}
	must(s->upgrade != NULL);
	return s->upgrade;
}

static struct upgrade *
on_find(void *arg, const char *peer, const char *sid)
{
	struct side	*s = arg;

	return s->stream != NULL && strcmp(stream_sid(s->stream), sid) == 0 &&
	    strcmp(stream_peer(s->stream), peer) == 0 ? upgrade_of(s) : NULL;
}

static int64_t
in_time(void *arg)
{
	(void)arg;
	return clock_ms() + PATIENCE;
}

static const char *
judge(void *arg, const char *fingerprint)
{
	(void)arg;
	(void)fingerprint;
	return NULL;
}

struct stream_conf
ends_stream_conf(struct side *s)
{
	return (struct stream_conf){ .block = 4096, .deadline = in_time,
	    .tls = tls, .judge = judge, .iqs = s->iqs, .sid = SID };
}

static int
on_allowed(void *arg, const char *from)
{
	(void)arg;
	return strcmp(from, HERE) == 0;
}

static void
on_open(void *arg, struct inband *offer, const struct elem *open)
{
	struct side		*s = arg;
	struct stream_conf	 sc = ends_stream_conf(s);

	s->stream = stream_offered(offer, open, &sc, on_changed, s);
	must(s->stream != NULL && stream_accept(s->stream) == 0);
}

static void
on_trace(void *arg, const char *line)
{
	(void)arg;
	(void)line;
}

/*
 * The loop
 */

static unsigned char
byte_at(size_t i)
{
	return (unsigned char)(i * 31 + (i >> 8));
}

static void
look(struct side *s)
{
	const unsigned char	*data;
	size_t			 i, len;

	s->changed = 0;
	if (s->stream == NULL)
		return;
	data = stream_data(s->stream, &len);
	for (i = 0; i < len; i++)
		s->wrong |= data[i] != byte_at(s->got + i);
	s->got += len;
	if (len > 0)
		stream_consume(s->stream, len);
	if (s->upgrade != NULL)
		upgrade_check(s->upgrade);
}

static int
sees(const struct side *s)
{
	return s->changed && !s->blind;
}

void
ends_exchange(void *unused)
{
	(void)unused;
	iq_expire(a.iqs, clock_ms());
	iq_expire(b.iqs, clock_ms());
	while (ends_deliver(&a) || ends_deliver(&b) || sees(&a) || sees(&b)) {
		if (sees(&a))
			look(&a);
		if (sees(&b))
			look(&b);
	}
}

void
ends_turn(void)
{
	must(bounded_run(loop, TURN) != -1);
}

void
wait_ms(int64_t ms)
{
	int64_t	 end = clock_ms() + ms;

	while (clock_ms() < end)
		ends_turn();
}

void
send_bytes(struct side *s, size_t len)
{
	unsigned char	 data[1000];
	size_t		 i, n;

	for (; len > 0; len -= n) {
		n = len < sizeof(data) ? len : sizeof(data);
		must(soon(stream_room(s->stream) >= n));
		for (i = 0; i < n; i++)
			data[i] = byte_at(s->sent + i);
		must(stream_write(s->stream, data, n) == 0);
		s->sent += n;
		s->changed = 1;
	}
}

int
talk(size_t len)
{
	send_bytes(&a, len);
	send_bytes(&b, len);
	return soon(a.got == b.sent && b.got == a.sent) && !a.wrong && !b.wrong;
}

/*
 * Both sides
 */

static void
begin_ibb(struct side *s)
{
	struct ibb_host	 host = { .allowed = on_allowed, .trace = on_trace,
			     .offer = s == &b ? on_open : NULL,
			     .now = clock_us, .ask_later = on_changed,
			     .arg = s };

	must((s->dispatch = dispatch_new()) != NULL);
	must((s->ibb = ibb_new(s->iqs, s->dispatch, &host)) != NULL);
}

static void
begin_sockets(struct side *s)
{
	struct streamhosts_conf	 hc = { .loop = loop, .conf = &s->conf,
				     .jid = s->jid, .near = on_near, .arg = s };
	struct upgrades_host	 host = { .find = on_find, .opens = on_opens,
				     .offered = on_offered, .away = on_away,
				     .ending = on_ending, .arg = s };
	struct upgrades_conf	 uc = { .loop = loop, .resolver = resolver,
				     .iqs = s->iqs, .after = AFTER,
				     .dispatch = s->dispatch };
	char			 err[STREAMHOSTS_ERR];

	must((s->hosts = streamhosts_new(&hc, err)) != NULL);
	streamhosts_login(s->hosts, s->iqs);
	uc.streamhosts = s->hosts;
	must((s->upgrades = upgrades_new(&uc, &host)) != NULL);
}

static void
begin_side(struct side *s, struct side *peer, const char *jid)
{
	struct elem	*e;

	memset(s, 0, sizeof(*s));
	s->jid = jid;
	s->peer = peer;
	STAILQ_INIT(&s->out);
	conf_init(&s->conf);
	if (ends.configure != NULL)
		ends.configure(s);
	must((s->iqs = iq_new(post, s)) != NULL);
	must(iq_setjid(s->iqs, jid) == 0);
	must((s->in = parse_new(parse_defaults())) != NULL);
	must(parse_feed(s->in, HEADER, strlen(HEADER)) == 0);
	must(parse_next(s->in, &e) == PARSE_OPEN);
	elem_free(e);
	begin_ibb(s);
	begin_sockets(s);
}

static void
end_side(struct side *s)
{
	struct letter	*l;

	upgrade_free(s->upgrade);
	stream_free(s->stream);
	upgrades_free(s->upgrades);
	streamhosts_free(s->hosts);
	ibb_free(s->ibb);
	dispatch_free(s->dispatch);
	iq_free(s->iqs);
	parse_free(s->in);
	conf_free(&s->conf);
	while ((l = STAILQ_FIRST(&s->out)) != NULL) {
		STAILQ_REMOVE_HEAD(&s->out, next);
		free(l);
	}
}

void
ends_begin(void)
{
	begin_side(&a, &b, HERE);
	begin_side(&b, &a, THERE);
}

void
ends_call(void)
{
	struct stream_conf	 sc = ends_stream_conf(&a);

	must((a.stream = stream_call(a.ibb, THERE, &sc, on_changed,
	    &a)) != NULL);
	upgrade_of(&a);
	a.changed = 1;
	must(soon(b.stream != NULL && stream_state(a.stream) == STREAM_OPEN &&
	    stream_state(b.stream) == STREAM_OPEN));
}

void
ends_end(void)
{
	end_side(&a);
	end_side(&b);
}
