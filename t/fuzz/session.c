/*
 * Fuzzer of a session: the server, and what happens to the connection, are a
 * script.  Below is a transport of a kind that is only here, which keeps what
 * it is given to send; no descriptor is used and no time passes but by the
 * script.
 *
 * The first line has a letter for each circumstance:
 *
 *	t TLS   p PLAIN is allowed   x a certificate   r a resource is named
 *	a any resource will do   e early   k tokens   m features   P persist
 *	n we are called by our resource   i and insist on it   z not for long
 *	f other addresses will not do, see V   o the features are old ones
 *
 * and so it goes on:
 *
 *	<...		a stanza comes, $ being the id of what was asked last,
 *			and from='?' whom
 *	C<...		the same, but too large to be kept
 *	I<...		a long answer comes in pieces, this being one
 *	S		the transport is secure
 *	T, t		the timers of the session fire: all; of its answers
 *	A		an hour passes, without anything to be heard
 *	N		a new transport leads to the server
 *	E, B, U		the transport ends; breaks; is not to be trusted
 *	M, R, r		something is sent; the roster is asked for, by two
 *	W, H, G, K	woken; halted; to go on; to close
 *	V		another address will do from now on, or no longer
 */
#include <sys/stat.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ibb/dispatch.h"
#include "net/conf/allow.h"
#include "net/conf/conf.h"
#include "net/dial/resolve.h"
#include "net/io/tls.h"
#include "net/login/fast_tokens.h"
#include "net/login/features_cache.h"
#include "net/login/roster.h"
#include "net/login/session_int.h"
#include "net/transport/discover.h"
#include "net/transport/transport_int.h"
#include "t/fuzz/fuzz.h"
#include "t/fuzz/script.h"
#include "t/lib/kept.h"
#include "t/lib/must.h"
#include "t/lib/stanza.h"
#include "xml/elem.h"
#include "xml/iq.h"
#include "xml/parse.h"
#include "xml/stanza.h"
#include "xml/write.h"

#define BARE	"us@here.example"
#define STEPS	300
#define HOUR	3600000		/* ms */
#define ROSTER_BY INT64_MAX / 2

static struct loop	*loop;
static struct resolver	*resolver;
static SSL_CTX		*ctx;
static SSL		*ssl;		/* NULL: no TLS */
static struct session	*session;
static int		 closed, ready, lost, may_move;
static size_t		 sent;		/* bytes */
static char		 id[64];	/* of the last request, */
static char		 to[128];	/* and where it went */
static struct allow	*allow;		/* the roster */

/*
 * The transport
 */

static void *
fake_begin(struct transport *r, int fd)
{
	(void)fd;
	return r;
}

static void
fake_free(void *k)
{
	(void)k;
}

static int
fake_send(void *k, const void *data, size_t len)
{
	const char	*p = memmem(data, len, " id='", 5);

	(void)k;
	must(!closed && len > 0);
	sent += len;
	if (p == NULL || memmem(data, len, "='result'", 9) != NULL)
		return 0;
	snprintf(id, sizeof(id), "%.*s", (int)strcspn(p + 5, "'"), p + 5);
	*to = '\0';
	if ((p = memmem(data, len, " to='", 5)) != NULL)
		snprintf(to, sizeof(to), "%.*s", (int)strcspn(p + 5, "'"),
		    p + 5);
	return 0;
}

static size_t
fake_queued(const void *k)
{
	(void)k;
	return 0;
}

static void
fake_pause(void *k, int pause)
{
	(void)k;
	(void)pause;
}

static SSL *
fake_ssl(void *k)
{
	(void)k;
	return ssl;
}

static const struct transport_kind fake = {
	.begin = fake_begin,
	.free = fake_free,
	.send = fake_send,
	.keepalive = fake_free,
	.queued = fake_queued,
	.restart = fake_free,
	.pause = fake_pause,
	.close = fake_free,
	.ssl = fake_ssl,
};

/* As if the way had been found and gone. */
static void
arrive(void)
{
	struct transport	*r = session->transport;

	if (r == NULL || r->k != NULL || session->state != SESSION_CONNECTING)
		return;
	r->way = (struct endpoint){ .kind = ENDPOINT_TCP, .host = "127.0.0.1",
	    .port = 5222, .tls = ssl != NULL, .source = "here" };
	r->kind = &fake;
	r->k = r;
}

static struct transport *
transport(void)
{
	return session->transport != NULL && session->transport->k != NULL &&
	    !closed ? session->transport : NULL;
}

/*
 * The user
 */

static void
on_ready(void *arg)
{
	(void)arg;
	must(!closed && ready++ == 0);
	must(*session_jid(session) != '\0');
}

static void
on_lost(void *arg, int resumable)
{
	(void)arg;
	(void)resumable;
	must(!closed && ready && !lost);
	must(*session_why(session) != '\0');
	lost = 1;
}

static void
on_back(void *arg, int resumed, int too_big)
{
	(void)arg;
	(void)resumed;
	(void)too_big;
	must(!closed && lost);
	lost = 0;
}

static int
on_push(void *arg, const struct elem *iq, const struct elem *query)
{
	(void)arg;
	must(!closed && ready);
	return roster_push(session_iqs(session), allow, iq, query);
}

static int
on_message(void *arg, const struct elem *message, const struct elem *none)
{
	(void)arg;
	must(!closed && ready && none == NULL);
	return stanza_is(message, "message");
}

static const struct dispatch_entry handlers[] = {
	{ DISPATCH_SET, NS_ROSTER, "query", on_push },
	{ DISPATCH_MESSAGE, NULL, NULL, on_message },
	{ DISPATCH_BOUNCE, NULL, NULL, on_message },
	{ DISPATCH_CUT, NULL, NULL, on_message },
};

static int
on_may_move(void *arg)
{
	(void)arg;
	must(!closed);
	return may_move;
}

/* e... is from a stranger. */
static int
on_stranger(void *arg, const struct elem *e)
{
	const char	*from = elem_attr(e, "from");

	(void)arg;
	must(!closed && ready);
	return from != NULL && *from == 'e';
}

static int
on_allowed(void *arg, const char *jid)
{
	(void)arg;
	return *jid == 'f';
}

static void
on_closed(void *arg)
{
	(void)arg;
	must(!closed);
	closed = 1;
}

/* A state was to be set that cannot follow (net/login/session_state.c). */
static int
is_impossible(const char *line)
{
	const char	*end = strrchr(line, ':');

	return end != NULL && strcmp(end, ": impossible") == 0 &&
	    strncmp(line, "RECV", 4) != 0 && strncmp(line, "SENT", 4) != 0 &&
	    strstr(line, " -> ") != NULL;
}

static void
on_log(void *arg, int level, const char *line)
{
	(void)arg;
	must(level >= 1 && level <= 2 && *line != '\0');
	must(!is_impossible(line));
}

static const struct session_host host = {
	.ready = on_ready,
	.lost = on_lost,
	.back = on_back,
	.may_move = on_may_move,
	.stranger = on_stranger,
	.allowed = on_allowed,
	.closed = on_closed,
	.log = on_log,
};

static void
answered(void *arg, const struct elem *answer)
{
	(void)arg;
	(void)answer;
}

static void
say(void)
{
	if (!ready || session->state != SESSION_READY)
		return;
	xw_elem(iq_request(session_iqs(session), "get", "f@x/y"), "query",
	    "urn:q", NULL);
	must(iq_ask(session_iqs(session), answered, NULL, IQ_NODEADLINE) ==
	    0 || session_fault(session) != SESSION_FINE);
}

static void
on_roster(void *arg, int good)
{
	(void)arg;
	(void)good;
}

static int	 first, second;		/* who ask for the roster */

static void
ask_roster(int *who)
{
	if (ready && session->state == SESSION_READY)
		must(roster_fetch(session_roster(session), allow, ROSTER_BY,
		    on_roster, who) == 0 ||
		    session_fault(session) != SESSION_FINE);
}

/* What is said of a session that is ready makes sense. */
static void
look(void)
{
	must(session_room(session) == 0 || ready);
	if (!ready || transport() == NULL)
		return;
	must(*session_security(session) != '\0');
	must(session_transport(session) != NULL);
	must(!session_near(session));
	must(session_most(session) < SIZE_MAX);
	if (session_moved(session))
		must(strncmp(session_jid(session), BARE, strlen(BARE)) == 0);
}

/*
 * The script
 */

/* The element that this is, the parent's first if it stands in one. */
static struct elem *
element(const char *xml)
{
	static const char	 who[] = "from='?'";
	char			 text[SCRIPT_LINE], out[SCRIPT_LINE + 128];
	const char		*p;

	script_fill(text, xml, id);
	if ((p = strstr(text, who)) == NULL)
		return stanza_parse(text);
	snprintf(out, sizeof(out), "%.*sfrom='%s'%s", (int)(p - text), text,
	    to, p + sizeof(who) - 1);
	return stanza_parse(out);
}

static void
come(const char *xml, void (*take)(struct transport *, const struct elem *))
{
	struct elem	*e = element(xml);

	if (e != NULL && transport() != NULL)
		take(transport(), e);
	elem_free(e);
}

static void
take_piece(struct transport *r, const struct elem *e)
{
	if (e->first != NULL && e->first->first != NULL)
		r->conf.piece(r->arg, e->first->first);
}

static void
break_transport(enum transport_fault fault)
{
	if (transport() == NULL)
		return;
	if (fault == TRANSPORT_LOST && transport()->committed == 0)
		transport()->committed = 1;
	transport_broke(transport(), fault, "it broke");
}

/* What cannot happen on this transport does not: a second time without TLS. */
static void
secure(void)
{
	if (transport() != NULL && session->state == SESSION_CONNECTING)
		transport_secure(transport());
}

static void
fire(struct timer *t)
{
	if (!t->on)
		return;
	timer_clear(loop, t);
	t->fire(t->arg);
}

/* What has been due for some time, as the timer will find. */
static void
pass_time(void)
{
	session->last_heard -= HOUR;
	session->last_sent -= HOUR;
	session->unheard_since -= HOUR;
	session->lost_at -= HOUR;
	session->home_at -= HOUR;
	if (session->probed != 0)
		session->probed -= HOUR;
}

/* What the rest of the program does to the session. */
static void
step_ours(char what)
{
	switch (what) {
	case 'V':
		may_move = !may_move;
		break;
	case 'W':
		session_woken(session);
		break;
	case 'H':
		session_pause(session, 1);
		break;
	case 'G':
		session_pause(session, 0);
		break;
	case 'K':
		session_close(session);
		break;
	default:
		break;
	}
}

static void
step(const char *line)
{
	switch (*line) {
	case '<':
		come(line, transport_stanza);
		break;
	case 'C':
		come(line + 1, transport_cut);
		break;
	case 'I':
		come(line + 1, take_piece);
		break;
	case 'S':
		secure();
		break;
	case 'T':
		fire(&session->timer);
		break;
	case 't':
		fire(&session->tell);
		break;
	case 'A':
		pass_time();
		break;
	case 'N':
		arrive();
		break;
	case 'E':
		if (transport() != NULL)
			transport_ended(transport());
		break;
	case 'B':
		break_transport(TRANSPORT_LOST);
		break;
	case 'U':
		break_transport(TRANSPORT_UNTRUSTED);
		break;
	case 'M':
		say();
		break;
	case 'R':
		ask_roster(&first);
		break;
	case 'r':
		ask_roster(&second);
		break;
	default:
		step_ours(*line);
		break;
	}
}

/*
 * Circumstances
 */

static void
once(void)
{
	if (loop != NULL)
		return;
	must((loop = loop_new()) != NULL);
	must((resolver = resolver_new(loop)) != NULL);
	must((ctx = SSL_CTX_new(TLS_client_method())) != NULL);
}

/* The file that is wanted, in a folder of its own. */
static void
keep(const char *name, const char *text)
{
	static int	 begun;
	char		 path[128];
	FILE		*f;
	mode_t		 mask = umask(077);

	if (!begun++) {
		kept_begin("tokens.0");
		atexit(kept_clean);
	}
	snprintf(path, sizeof(path), "%s/%s", kept_dir, name);
	must((f = fopen(path, "w")) != NULL);
	fputs(text, f);
	fclose(f);
	umask(mask);
}

static struct fast_tokens *
tokens(void)
{
	struct fast_tokens	*t;
	char		 err[FAST_TOKENS_ERR];

	keep("tokens.0", "01234567-89ab-4def-0123-456789abcdef\n" BARE
	    " HT-SHA-256-NONE 99999999999 1 secret\n");
	must((t = fast_tokens_open(kept_dir, BARE, err)) != NULL);
	return t;
}

static struct features_cache *
features(int old)
{
	struct features_cache	*f;

	keep("known_servers", old ? BARE " yes EXTERNAL PLAIN / sm granted\n" :
	    BARE " yes EXTERNAL ANONYMOUS SCRAM-SHA-1 2:SCRAM-SHA-1 2-bind "
	    "fast:HT-SHA-256-NONE / sm granted\n");
	must((f = features_cache_read(kept_dir, BARE)) != NULL);
	return f;
}

static void
run(struct script *s, const char *flags, struct discover *ways)
{
	struct session_conf	 conf = {
		.jid = strchr(flags, 'r') != NULL ? BARE "/here" : BARE,
		.password = "secret",
		.ways = ways,
		.plain = strchr(flags, 'p') != NULL,
		.external = strchr(flags, 'x') != NULL,
		.any_resource = strchr(flags, 'a') != NULL,
		.early = strchr(flags, 'e') != NULL,
		.persist = strchr(flags, 'P') != NULL,
		.named = strchr(flags, 'n') != NULL,
		.insists = strchr(flags, 'i') != NULL,
		.patience_ms = strchr(flags, 'z') != NULL ? 0 : 1000000,
		.login_ms = 1000000,
		.bytestreams = 1,
		.files = 1,
		.oob = 1,
		.trace = 1,
		.tokens = strchr(flags, 'k') != NULL ? tokens() : NULL,
		.features = strchr(flags, 'm') != NULL ?
		    features(strchr(flags, 'o') != NULL) : NULL,
	};
	const char		*line;
	int			 steps;

	ssl = strchr(flags, 't') != NULL ? SSL_new(ctx) : NULL;
	must((session = session_new(loop, resolver, &conf, &host)) != NULL);
	must(dispatch_add(session_dispatch(session), handlers,
	    sizeof(handlers) / sizeof(*handlers), NULL) == 0);
	arrive();
	for (steps = 0; !closed && steps < STEPS &&
	    (line = script_line(s)) != NULL; steps++) {
		step(line);
		if (!closed)
			look();
	}
	must(!closed || session_fault(session) == SESSION_FINE ||
	    *session_why(session) != '\0');
	session_free(session);
	SSL_free(ssl);
	fast_tokens_close(conf.tokens);
	features_cache_free(conf.features);
}

int
fuzz_session(const uint8_t *data, size_t size)
{
	struct discover_conf	 conf = { .domain = "here.example",
				    .server = "xmpp://127.0.0.1:1" };
	struct script		 s;
	struct discover		*ways;
	struct conf_item	 item = { .value = (char[]){ "@roster" } };
	struct conf_list	 who;
	char			 err[DISCOVER_ERR], why[ALLOW_ERR], flags[32];
	const char		*line;

	once();
	script_begin(&s, data, size);
	if ((line = script_line(&s)) == NULL)
		return 0;
	strlcpy(flags, line, sizeof(flags));
	closed = ready = lost = 0;
	may_move = strchr(flags, 'f') == NULL;
	sent = 0;
	strlcpy(id, "none", sizeof(id));
	STAILQ_INIT(&who);
	STAILQ_INSERT_TAIL(&who, &item, next);
	must((allow = allow_new(&who, BARE, why)) != NULL);
	must((ways = discover_new(&conf, err)) != NULL);
	run(&s, flags, ways);
	discover_free(ways);
	allow_free(allow);
	return 0;
}
