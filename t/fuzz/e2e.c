/*
 * Fuzzing of streams with a session: of <session/>, which either side gets
 * before any key is agreed on, and of what follows it.
 *
 * The first byte says what is tried:
 *
 *	0, 1	the input is what a listener, or a caller, gets from a peer
 *		that is none;
 *	else	two real streams talk to each other through a server that
 *		does to their stanzas what the input says.  Whatever that is:
 *		what comes out is the beginning of what went in, and who ends
 *		well has had everything delivered.
 */
#include <sys/queue.h>
#include <sys/uio.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ibb/carrier.h"
#include "ibb/dispatch.h"
#include "ibb/e2e.h"
#include "ibb/inband.h"
#include "ibb/stream.h"
#include "t/fuzz/fuzz.h"
#include "t/lib/must.h"
#include "t/lib/tls_context.h"
#include "xml/base64.h"
#include "xml/buf.h"
#include "xml/elem.h"
#include "xml/iq.h"
#include "xml/parse.h"
#include "xml/stanza.h"
#include "xml/write.h"

#define PAYLOAD	3000		/* bytes that each has to say */
#define BLOCK	700
#define ROUNDS	2000

enum { CALLER, LISTENER };

struct message {
	int			 to;
	char			*text;
	STAILQ_ENTRY(message)	 next;
};

struct side {
	struct iq_table		*iqs;
	struct dispatch		*dispatch;
	struct ibb		*ibb;
	struct stream		*stream;
	int			 refused;
	size_t			 said, heard;	/* bytes */
};

static const char *const jids[] = { "a@example/c", "b@example/xcat" };

static struct side		 sides[2];
static STAILQ_HEAD(, message)	 wire = STAILQ_HEAD_INITIALIZER(wire);
static size_t			 nwire;
static SSL_CTX			*contexts[2];
static unsigned char		 payloads[2][PAYLOAD];

static int			 tampered;	/* by the server */
static int			 joined;	/* a socket stands */

/* What is left of the input. */
static const uint8_t		*input;
static size_t			 ninput;

static unsigned
take(void)
{
	if (ninput == 0)
		return 0;
	ninput--;
	return *input++;
}

/*
 * Both sides
 */

static const char *
judge(void *arg, const char *fingerprint)
{
	(void)arg;
	must(strncmp(fingerprint, "SHA256:", 7) == 0 &&
	    strlen(fingerprint) == 50);
	return NULL;
}

static void
changed(void *arg)
{
	(void)arg;
}

static int64_t
deadline(void *arg)
{
	(void)arg;
	return IQ_NODEADLINE;
}

static void
put(int to, const char *text, size_t len)
{
	struct message	*m;

	if (nwire > 1000)
		return;
	m = malloc(sizeof(*m));
	must(m != NULL && (m->text = strndup(text, len)) != NULL);
	m->to = to;
	STAILQ_INSERT_TAIL(&wire, m, next);
	nwire++;
}

static int
send_stanza(void *arg, const void *stanza, size_t len)
{
	const struct side	*s = arg;

	put(s == &sides[CALLER] ? LISTENER : CALLER, stanza, len);
	return 0;
}

static struct stream_conf
stream_conf(int who)
{
	return (struct stream_conf){
		.block = BLOCK,
		.close_at_end = who == CALLER && (take() & 1),
		.deadline = deadline,
		.tls = contexts[who],
		.require = 1,
		.judge = judge,
		.iqs = sides[who].iqs,
	};
}

static int
allowed(void *arg, const char *from)
{
	(void)arg;
	return strcmp(from, jids[CALLER]) == 0;
}

static void
offered(void *arg, struct inband *offer, const struct elem *open)
{
	struct side		*s = arg;
	struct stream_conf	 conf = stream_conf(LISTENER);

	if (s->stream != NULL) {
		inband_refuse(offer, SE_BUSY, NULL);
		return;
	}
	s->stream = stream_offered(offer, open, &conf, changed, s);
	if (s->stream != NULL && stream_accept(s->stream) == -1)
		must(stream_state(s->stream) == STREAM_FAILED);
}

static void
set_up(void)
{
	struct ibb_host	 host = { .allowed = allowed, .offer = offered };
	struct side	*s;
	int		 who;

	for (who = CALLER; who <= LISTENER; who++) {
		s = &sides[who];
		memset(s, 0, sizeof(*s));
		must((s->iqs = iq_new(send_stanza, s)) != NULL);
		must(iq_setjid(s->iqs, jids[who]) == 0);
		host.arg = s;
		must((s->dispatch = dispatch_new()) != NULL);
		must((s->ibb = ibb_new(s->iqs, s->dispatch, &host)) != NULL);
	}
}

static void
call(void)
{
	struct stream_conf	 conf = stream_conf(CALLER);

	sides[CALLER].stream = stream_call(sides[CALLER].ibb, jids[LISTENER],
	    &conf, changed, &sides[CALLER]);
	must(sides[CALLER].stream != NULL);
}

static void
tear_down(void)
{
	struct message	*m;
	int		 who;

	for (who = CALLER; who <= LISTENER; who++) {
		stream_free(sides[who].stream);
		ibb_free(sides[who].ibb);
		dispatch_free(sides[who].dispatch);
		iq_free(sides[who].iqs);
	}
	while ((m = STAILQ_FIRST(&wire)) != NULL) {
		STAILQ_REMOVE_HEAD(&wire, next);
		free(m->text);
		free(m);
	}
	nwire = 0;
}

/*
 * The server
 */

/* What is said of a socket. */
static void
control(struct side *s, const struct elem *iq)
{
	const struct elem	*socket = elem_child(iq, NS_XCAT, "socket");

	if (socket != NULL && s->stream != NULL && stanza_type(iq, "set"))
		carrier_control(stream_carrier(s->stream), iq, socket);
}

/* What came to one, as of the other. */
static void
deliver(int to, const char *text, size_t len)
{
	static const char	 header[] = "<stream xmlns='jabber:client'>";
	struct side		*s = &sides[to];
	struct parse		*p = parse_new(parse_defaults());
	struct elem		*e = NULL;
	char			*stanza;
	int			 n;

	must(p != NULL);
	n = asprintf(&stanza, "%s%.3s from='%s'%.*s", header, text,
	    jids[!to], (int)len - 3, text + 3);
	must(n > 0);
	if (parse_feed(p, stanza, (size_t)n) == 0 &&
	    parse_next(p, &e) == PARSE_OPEN) {
		elem_free(e);
		e = NULL;
		if (parse_next(p, &e) == PARSE_STANZA &&
		    !iq_answer(s->iqs, e) &&
		    !dispatch_stanza(s->dispatch, e, 0))
			control(s, e);
	}
	elem_free(e);
	parse_free(p);
	free(stanza);
}

static void
answer(int to, const char *id)
{
	char	 text[128];

	snprintf(text, sizeof(text), "<iq type='result' id='%.32s'/>", id);
	deliver(to, text, strlen(text));
}

/* The value of an attribute, up to its quote. */
static char *
attribute(char *text, const char *name)
{
	char	*p = strstr(text, name);

	return p != NULL ? p + strlen(name) : NULL;
}

/* Where its base64 is. */
static char *
content(char *text, size_t *len)
{
	char	*p, *end;

	for (p = text; (p = strchr(p, '>')) != NULL; p = end) {
		p++;
		end = p + strcspn(p, "<");
		if ((*len = (size_t)(end - p)) > 0)
			return p;
	}
	return NULL;
}

static void
change_content(char *text)
{
	static const char	 digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdef"
				    "ghijklmnopqrstuvwxyz0123456789+/=";
	size_t			 len, at;
	char			*p = content(text, &len);

	if (p == NULL)
		return;
	at = (take() << 8 | take()) % len;
	if (take() & 1)
		at = len - 1 - at % (len < 8 ? len : 8);
	p[at] = digits[take() % 65];
}

static void
cut_content(char *text)
{
	size_t	 len, n;
	char	*p = content(text, &len);

	if (p == NULL)
		return;
	n = take() * 4U % len;
	memmove(p, p + n, strlen(p + n) + 1);
}

/* Blocks take each other's place most easily when renumbered. */
static void
change_seq(char *text)
{
	char	*p = attribute(text, " seq='");

	if (p != NULL)
		*p = (char)('0' + take() % 10);
}

static void
close_both(const char *sid)
{
	char	 text[256];
	unsigned which = take();
	int	 to;

	snprintf(text, sizeof(text), "<iq type='set' id='x'><close "
	    "xmlns='http://jabber.org/protocol/ibb' sid='%.32s'/></iq>", sid);
	for (to = CALLER; to <= LISTENER; to++)
		if (which & (1U << to))
			deliver(to, text, strlen(text));
}

/* A socket between the two stands, if both may have one now. */
static void
join(void)
{
	enum carrier_version	 version;
	unsigned		 n;
	int			 relayed = (int)(take() & 3);

	if (sides[CALLER].stream == NULL || sides[LISTENER].stream == NULL ||
	    !stream_socket_wanted(sides[CALLER].stream) ||
	    !stream_socket_wanted(sides[LISTENER].stream))
		return;
	n = carrier_socket_next(stream_carrier(sides[CALLER].stream));
	version = relayed & 2 ? CARRIER_FRAMED : CARRIER_BARE;
	if (n == carrier_socket_next(stream_carrier(sides[LISTENER].stream)) &&
	    stream_socket(sides[LISTENER].stream, n, 0, relayed & 1,
	    version) == 0 && stream_socket(sides[CALLER].stream, n, 1,
	    relayed & 1, version) == 0)
		joined = 1;
}

/* It breaks, for both or one of them; or time passes. */
static void
part(void)
{
	unsigned	 which = take();
	int		 who;

	for (who = CALLER; who <= LISTENER && joined; who++)
		if (which & 4)
			carrier_socket_tick(stream_carrier(sides[who].stream));
		else if ((which & (1U << who)) == 0)
			carrier_socket_lost(stream_carrier(sides[who].stream),
			    1);
	if (joined && (which & 4) == 0)
		joined = 0;
}

/* What the socket takes from one of them comes to the other. */
static int
through_socket(int who)
{
	static unsigned char	 bytes[70000];
	struct carrier		*from, *to;
	struct iovec		 iov;
	size_t			 len, room;

	if (!joined)
		return 0;
	from = stream_carrier(sides[who].stream);
	to = stream_carrier(sides[!who].stream);
	if (!carrier_has_socket(from))
		return 0;
	len = carrier_socket_pieces(from, &iov, 1) > 0 ? iov.iov_len : 0;
	room = stream_socket_room(sides[!who].stream);
	len = len < room ? len : room;
	len = len < sizeof(bytes) ? len : sizeof(bytes);
	if (len > 1 && (take() & 1))
		len = 1 + len / 3;
	if (len == 0)
		return 0;
	memcpy(bytes, iov.iov_base, len);
	carrier_socket_sent(from, len);
	if (carrier_has_socket(to))
		carrier_socket_input(to, bytes, len);
	return 1;
}

static void
relay(struct message *m)
{
	unsigned	 what = take();
	char		*id = attribute(m->text, " id='");
	char		*sid = attribute(m->text, " sid='");

	tampered |= (what > 0 && what < 10) || what == 13 || what == 14;
	switch (what) {
	case 1:
		change_content(m->text);
		break;
	case 2:		/* lost, and nobody is told */
		return;
	case 3:		/* lost, and its sender is told otherwise */
		if (id != NULL)
			answer(!m->to, id);
		return;
	case 4:
		put(m->to, m->text, strlen(m->text));
		break;
	case 5:		/* behind what comes next */
		put(m->to, m->text, strlen(m->text));
		return;
	case 6:		/* back to where it came from */
		put(!m->to, m->text, strlen(m->text));
		break;
	case 7:
		if (sid != NULL)
			close_both(sid);
		break;
	case 8:
		cut_content(m->text);
		break;
	case 9:
		change_seq(m->text);
		break;
	case 10: case 11: case 12:
		join();
		break;
	case 13: case 14:
		part();
		break;
	default:
		break;
	}
	deliver(m->to, m->text, strlen(m->text));
}

/*
 * The ends
 */

static int
listen_to(int who)
{
	struct side		*s = &sides[who];
	const unsigned char	*p;
	size_t			 len;

	p = stream_data(s->stream, &len);
	must(s->heard + len <= sides[!who].said);
	if (len > 0)
		must(memcmp(p, payloads[!who] + s->heard, len) == 0);
	if (len > 1 && (take() & 1))
		len /= 2;
	s->heard += len;
	if (len > 0)
		stream_consume(s->stream, len);
	return len > 0;
}

static int
talk(int who)
{
	struct side	*s = &sides[who];
	size_t		 n = stream_room(s->stream);

	if (n > PAYLOAD - s->said)
		n = PAYLOAD - s->said;
	if (n > 1 && (take() & 1))
		n = 1 + n / 3;
	if (n > 0) {
		s->said += n;
		if (stream_write(s->stream, payloads[who] + s->said - n,
		    n) == -1)
			must(stream_state(s->stream) == STREAM_FAILED);
	} else if (s->said == PAYLOAD) {
		stream_finish(s->stream);
	}
	return n > 0;
}

static void
check(int who)
{
	struct side		*s = &sides[who], *peer = &sides[!who];
	enum stream_state	 state = stream_state(s->stream);
	size_t			 len;

	stream_data(s->stream, &len);
	if (state == STREAM_OPEN && stream_eof(s->stream))
		must(s->heard == PAYLOAD);
	if (state == STREAM_CLOSED) {
		must(peer->stream != NULL && peer->heard == s->said);
		must(stream_confirmed(s->stream) == s->said);
	}
	if (state == STREAM_FAILED)
		must(*stream_why(s->stream) != '\0');
	must(stream_sent(s->stream) == s->said);
	must(stream_received(s->stream) == s->heard + len);
}

static void
both_talk(void)
{
	struct message	*m;
	int		 busy, rounds, who;

	tampered = joined = 0;
	call();
	for (rounds = 0; rounds < ROUNDS; rounds++) {
		busy = 0;
		for (who = CALLER; who <= LISTENER; who++)
			if (sides[who].stream != NULL) {
				busy |= listen_to(who);
				busy |= talk(who);
				busy |= through_socket(who);
				check(who);
			}
		if ((m = STAILQ_FIRST(&wire)) == NULL) {
			if (busy)
				continue;
			break;
		}
		STAILQ_REMOVE_HEAD(&wire, next);
		nwire--;
		relay(m);
		free(m->text);
		free(m);
	}
	if (!tampered)
		for (who = CALLER; who <= LISTENER; who++)
			must(stream_state(sides[who].stream) == STREAM_CLOSED);
}

/*
 * A peer that is none
 */

static void	 stanza(int, const char *, ...)
		    __attribute__((__format__(__printf__, 2, 3)));

static void
stanza(int to, const char *format, ...)
{
	char	*text;
	va_list	 ap;
	int	 n;

	va_start(ap, format);
	n = vasprintf(&text, format, ap);
	va_end(ap);
	must(n >= 0);
	deliver(to, text, (size_t)n);
	free(text);
}

/* Some of the input, in base64; or as it is, if it is fit for XML. */
static char *
some(void)
{
	size_t	 n = take() * 4U, i;
	char	*text;

	if (n > ninput)
		n = ninput;
	must((text = calloc(1, BASE64_ENCODED(n) + 1)) != NULL);
	for (i = 0; i < n; i++)
		if (input[i] < ' ' || input[i] > '~' ||
		    strchr("<>&\"'", input[i]) != NULL)
			break;
	if (i == n)
		memcpy(text, input, n);
	else
		base64_encode(text, input, n);
	input += n;
	ninput -= n;
	return text;
}

static void
send_some(int to, const char *sid)
{
	char		*text;
	unsigned	 seq;

	for (seq = 0; ninput > 0; seq++) {
		text = some();
		stanza(to, "<iq type='set' id='%u'><data xmlns='"
		    "http://jabber.org/protocol/ibb' sid='%s' seq='%u'>%s"
		    "</data></iq>", seq, sid, seq, text);
		free(text);
	}
	stanza(to, "<iq type='set' id='c'><close xmlns='"
	    "http://jabber.org/protocol/ibb' sid='%s'/></iq>", sid);
}

static void
attack_listener(void)
{
	char	*text = some();

	stanza(LISTENER, "<iq type='set' id='o'><open xmlns='"
	    "http://jabber.org/protocol/ibb' sid='s' block-size='%u'>"
	    "<session xmlns='urn:xcat:0'>%s</session></open></iq>", BLOCK,
	    text);
	free(text);
	send_some(LISTENER, "s");
}

static void
attack_caller(void)
{
	char	*text, id[17];

	call();
	must(sscanf(attribute(STAILQ_FIRST(&wire)->text, " id='"), "%16[^']",
	    id) == 1);
	text = some();
	stanza(CALLER, "<iq type='result' id='%s'><session xmlns='urn:xcat:0'>"
	    "%s</session></iq>", id, text);
	free(text);
	send_some(CALLER, stream_sid(sides[CALLER].stream));
}

/* No session can have come of that. */
static void
attack(int who)
{
	const struct stream	*s;

	if (who == CALLER)
		attack_caller();
	else
		attack_listener();
	if ((s = sides[who].stream) == NULL)
		return;
	must(stream_state(s) == STREAM_FAILED);
	must(stream_key(s) == NULL && stream_received(s) == 0);
}

int
fuzz_e2e(const uint8_t *data, size_t size)
{
	unsigned	 what, i;

	if (contexts[0] == NULL) {
		contexts[CALLER] = tls_context_new();
		contexts[LISTENER] = tls_context_new();
		for (i = 0; i < PAYLOAD; i++) {
			payloads[CALLER][i] = (unsigned char)(i * 7 + i / 256);
			payloads[LISTENER][i] = (unsigned char)(i * 5 + 1);
		}
	}
	input = data;
	ninput = size;
	what = take();
	set_up();
	if (what == 0)
		attack(LISTENER);
	else if (what == 1)
		attack(CALLER);
	else
		both_talk();
	tear_down();
	return 0;
}
