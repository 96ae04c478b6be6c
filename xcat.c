/*
 * xcat: netcat over XMPP.
 *
 * Options and modes, from the first word to the exit status.  The rooms of net/
 * log in, move bytes of descriptors and join them to the streams of ibb/.  Only
 * this file exits.
 */
#include <sys/types.h>
#include <sys/queue.h>
#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ibb/budget.h"
#include "ibb/e2e.h"
#include "ibb/inband.h"
#include "ibb/stream.h"
#include "net/channel/admit.h"
#include "net/channel/channel.h"
#include "net/channel/notes.h"
#include "net/channel/app.h"
#include "net/channel/service.h"
#include "net/conf/allow.h"
#include "net/conf/conf.h"
#include "net/conf/identity.h"
#include "net/conf/trust.h"
#include "net/dial/port.h"
#include "net/dial/resolve.h"
#include "net/file/oob.h"
#include "net/file/progress.h"
#include "net/file/receive.h"
#include "net/file/send.h"
#include "net/io/child.h"
#include "net/io/limits.h"
#include "net/io/log.h"
#include "net/io/loop.h"
#include "net/io/signals.h"
#include "net/io/tls.h"
#include "net/login/fast_tokens.h"
#include "net/login/features_cache.h"
#include "net/login/roster.h"
#include "net/login/session.h"
#include "net/s5b/streamhosts.h"
#include "net/s5b/upgrade.h"
#include "net/transport/discover.h"
#include "xml/elem.h"
#include "xml/iq.h"
#include "xml/jid.h"
#include "xml/number.h"
#include "xml/stanza.h"
#include "xml/write.h"

#define DEFAULT_RESOURCE "xcat"
#define CHAT_TIME	2000		/* ms for the last line of a chat */
#define PASSWORD_TRIES	3		/* at the terminal */
#define SIGNAL_TIME	200		/* ms for a signal to be seen */
#define LOGIN_TIME	30		/* s, unless -w says otherwise */

struct app	 run;

static void	 ask_again(void *);
static struct timer asking = { .fire = ask_again };

/* The exit status of each fault; see xcat(1). */
static const int statuses[] = {
	[FAULT_NONE] = 0,
	[FAULT_LOCAL] = 1,
	[FAULT_USE] = 2,
	[FAULT_SERVER] = 3,
	[FAULT_LOGIN] = 4,
	[FAULT_PEER] = 5,
	[FAULT_BROKEN] = 6,
	[FAULT_TIME] = 7
	/* FAULT_SIGNAL ends by the signal. */
};

/*
 * Words
 */

/* End at once, before there is anything to be ended properly. */
void
die(enum fault fault, const char *fmt, ...)
{
	va_list	 ap;

	va_start(ap, fmt);
	log_vline(LOG_FAULT, fmt, ap);
	va_end(ap);
	exit(statuses[fault]);
}

static void
usage(enum fault fault)
{
	dprintf(STDERR_FILENO,
	    "usage: xcat [-46dimNqv] [-b size] [-C file] [-c server] "
	    "[-j jid] [-o key=value]\n"
	    "            [-P jid] [-p file] [-w seconds] [-x proxy] peer\n"
	    "            [service]\n"
	    "       xcat -s [options] peer [file ...]\n"
	    "       xcat -l [-k] [-a who] [-r dir] [options] "
	    "[service[=target] ...]\n"
	    "       xcat -L [addr:]port [options] peer [service]\n"
	    "       xcat -D [addr:]port [options] peer\n"
	    "       xcat -z [options] peer [service]\n"
	    "       xcat -K\n");
	exit(statuses[fault]);
}

/*
 * The session
 */

static void
trace(void *arg, const char *line)
{
	(void)arg;
	log_line(2, "%s", line);
}

static void
session_line(void *arg, int level, const char *line)
{
	(void)arg;
	log_line(level, "%s", line);
}

static size_t
stanza_most(void *arg)
{
	(void)arg;
	return session_most(run.session);
}

static void
logged_in(void *arg)
{
	struct ibb_host	 host = {
		.allowed = admit_opens,
		.offer = app_listens(&run) ? accept_offered : NULL,
		.settled = channel_settled,
		.now = clock_us,
		.ask_later = channel_ask_later,
		.answer_later = channel_answer_later,
		.most = stanza_most,
		.trace = trace,
		.arg = &run,
	};
	size_t			 memory = (size_t)run.conf.memory;

	(void)arg;
	run.budget = budget_new(memory, app_listens(&run) && !app_is_single(&run) ?
	    memory / 2 : memory);
	run.ibb = ibb_new(session_iqs(run.session), &host);
	if (run.budget == NULL || run.ibb == NULL)
		app_fail(&run, FAULT_LOCAL, "out of memory");
	else if (app_listens(&run))
		accept_start(&run);
	else if (run.mode == MODE_FORWARD)
		forward_start(&run);
	else if (run.mode == MODE_PROBE)
		probe(&run);
	else if (oob_sends())
		oob_send_start();
	else if (send_files())
		send_start();
	else if (run.mode == MODE_SEND)
		send_input_start(&run);
	else
		call_stdio(&run);
}

static int
stanza(void *arg, const struct elem *e)
{
	(void)arg;
	return ibb_input(run.ibb, e) || upgrade_input(e) ||
	    receive_input(e) || oob_input(e) || (run.allow != NULL &&
	    roster_push(session_iqs(run.session), run.allow, e));
}

static void	 log_in(void);

/* From a timer: a session is not freed by its own callbacks. */
static void
ask_again(void *arg)
{
	char	 why[CONF_ERR], bare[JID_MAX];

	(void)arg;
	if (conf_password_again(&run.conf, jid_bare(run.jid, bare), why) ==
	    0) {
		session_free(run.session);
		run.session = NULL;
		run.lost = 0;
		log_in();
	} else if (errno == EINTR) {	/* the signal comes by the loop */
		timer_set(run.loop, &asking, clock_ms() + SIGNAL_TIME);
	} else {
		app_fail(&run, FAULT_USE, "%s", why);
	}
}

/* Was it a password that was typed, and are there attempts left? */
static int
may_ask_again(void)
{
	return session_fault(run.session) == SESSION_PASSWORD &&
	    run.ibb == NULL && run.conf.asked > 0 &&
	    run.conf.asked < PASSWORD_TRIES;
}

/* With streams open, these break, once what came of them is out. */
static int
stanza_cut(void *arg, const struct elem *e)
{
	(void)arg;
	return ibb_cut(run.ibb, e);
}

static void
session_over(void *arg)
{
	(void)arg;
	run.lost = 1;
	if (channel_lingers(&run))
		app_end(&run, FAULT_NONE);
	if (run.ending) {
		loop_stop(run.loop);
		return;
	}
	channels_break(&run, session_why(run.session));
	if (may_ask_again()) {
		log_line(LOG_FAULT, "%s: %s", discover_name(run.ways),
		    session_why(run.session));
		timer_set(run.loop, &asking, clock_ms());
	} else if (run.nchannels == 0)
		app_fail(&run, app_session_fault(&run), "%s: %s", discover_name(run.ways),
		    session_why(run.session));
}

/* Who waits for calls is told of a lost server; others see it if it takes
 * too long. */
static int
news_level(void)
{
	return run.mode == MODE_FORWARD || (app_listens(&run) && run.conf.keep) ? 0 : 1;
}

static void
server_lost(void *arg, int resumable)
{
	const char	*why = session_why(run.session);

	(void)arg;
	/* What to do about it is being done. */
	log_line(news_level(), "%s: %.*s; trying again", discover_name(run.ways),
	    (int)strcspn(why, ";"), why);
	run.away = 1;
	channels_away(&run);
	if (!resumable)
		channels_break(&run, why);
}

/* The address is what peers know a stream by. */
static int
may_move(void *arg)
{
	(void)arg;
	return run.nchannels == 0 && (!app_listens(&run) || run.conf.keep);
}

static void
server_back(void *arg, int resumed, int too_big)
{
	(void)arg;
	log_line(news_level(), "back: %s", resumed ? "session resumed" :
	    "logged in again");
	run.away = 0;
	if (!resumed) {
		channels_break(&run, "the session could not be resumed, and the peer "
		    "is no xcat, which could go on without; try again");
		if (session_moved(run.session))
			channels_moved(&run);
		ibb_back(run.ibb, too_big);
		if (app_listens(&run))
			accept_back(&run, session_moved(run.session));
		else if (oob_sends())
			oob_send_back();
		else if (send_files())
			send_back();
	}
	channels_back(&run);
}

static void
log_in(void)
{
	struct session_conf	 sc = {
		.jid = run.jid,
		.password = run.conf.password,
		.ways = run.ways,
		.plain = run.conf.plain,
		.bytestreams = streamhosts_allowed(),
		.files = run.mode == MODE_LISTEN || run.conf.receive != NULL,
		.oob = app_listens(&run) && oob_fetches(),
		.external = run.conf.certificate != NULL,
		.login_ms = 1000 * (run.conf.timeout > 0 ? run.conf.timeout :
		    LOGIN_TIME),
		.trace = run.conf.verbosity >= 2,
		.manners = run.manners,
		.tokens = run.tokens,
		.any_resource = run.any_resource,
		.early = !app_listens(&run) && run.mode != MODE_PROBE &&
		    *jid_resource(run.conf.jid) == '\0',
		.persist = run.mode != MODE_PROBE,
		.patience_ms = channel_patience(&run),
		.insists = app_listens(&run) && !run.conf.keep,
		.named = app_listens(&run),
	};
	struct session_host	 host = {
		.ready = logged_in,
		.stranger = admit_stranger,
		.stanza = stanza,
		.cut = stanza_cut,
		.allowed = admit_knows,
		.lost = server_lost,
		.back = server_back,
		.may_move = may_move,
		.closed = session_over,
		.log = session_line,
		.arg = &run,
	};

	run.session = session_new(run.loop, run.resolver, &sc, &host);
	if (run.session == NULL)
		die(FAULT_LOCAL, "out of memory");
}

/*
 * Signals
 */

static void
reap(void)
{
	struct channel	*l;
	char		 how[64];
	pid_t		 pid;

	while ((pid = child_reap(how, sizeof(how))) != 0) {
		log_line(1, "command (process %ld): %s", (long)pid, how);
		TAILQ_FOREACH(l, &run.channels, next)
			if (l->pid == pid)
				channel_child_ended(l);
	}
}

/* A chat that was to be ended takes too long. */
static void
chat_over(void *arg)
{
	(void)arg;
	app_end(&run, FAULT_SIGNAL);
}

static void
signalled(void *arg, int signo)
{
	static struct timer	 impatient = { .fire = chat_over };
	struct channel		*l;

	(void)arg;
	if (signo == SIGCHLD) {
		reap();
		return;
	}
	if (run.signo != 0) {	/* twice: at once */
		loop_stop(run.loop);
		return;
	}
	run.signo = signo;
	if (channels_end_chat(&run)) {
		timer_set(run.loop, &impatient, clock_ms() + CHAT_TIME);
		return;
	}
	TAILQ_FOREACH(l, &run.channels, next) {
		notes_ended(l, LOG_EVENT, "this listener was stopped");
		if (l->stream != NULL)
			stream_abort(l->stream, SE_RECIPIENT_UNAVAILABLE);
		if (l->pid > 0)
			child_hangup(l->pid);
	}
	app_end(&run, FAULT_SIGNAL);
}

/* The fault in what went wrong before the network.  A lack of memory is no
 * fault of the options and files. */
static enum fault
blame(const char *why)
{
	return strstr(why, "out of memory") != NULL ||
	    strstr(why, strerror(ENOMEM)) != NULL ? FAULT_LOCAL : FAULT_USE;
}

/* Death by signal stays death by signal. */
static void
die_by_signal(void)
{
	signal(run.signo, SIG_DFL);
	raise(run.signo);
}

/*
 * Options
 */

static void
set_mode(enum mode mode)
{
	if (run.mode != MODE_CALL && run.mode != mode)
		die(FAULT_USE, "of -l, -s, -z, -K and -L or -D, only one can "
		    "be");
	run.mode = mode;
}

static void
parse_options(int argc, char *argv[])
{
	char	 why[CONF_ERR];
	int	 c;

	/* With + the first operand ends the options everywhere.  What is wrong
	 * is for us to say, as the words are not clean. */
	opterr = 0;
	while ((c = getopt(argc, argv,
	    "+:46a:b:C:c:D:dhij:KkL:lmNo:P:p:qr:svw:x:z")) != -1)
		switch (c) {
		case '?':
			log_line(LOG_FAULT, "-%c: no such option", optopt);
			usage(FAULT_USE);
			break;
		case ':':
			log_line(LOG_FAULT, "-%c needs an argument", optopt);
			usage(FAULT_USE);
			break;
		case 'h':
			usage(FAULT_NONE);
			break;
		case 'K':
			set_mode(MODE_KEY);
			break;
		case 'l':
			set_mode(MODE_LISTEN);
			break;
		case 's':
			set_mode(MODE_SEND);
			break;
		case 'z':
			set_mode(MODE_PROBE);
			break;
		case 'o':
			if (conf_option(&run.conf, optarg, why) == -1)
				die(blame(why), "-o: %s", why);
			break;
		case 'v':
			if (run.conf.verbosity < 2)
				run.conf.verbosity++;
			break;
		default:
			if (conf_letter(&run.conf, c, optarg, why) == -1)
				die(blame(why), "-%c: %s", c, why);
			break;
		}
	if (!STAILQ_EMPTY(&run.conf.forward) || !STAILQ_EMPTY(&run.conf.socks))
		set_mode(MODE_FORWARD);
}

/* -K */
static void
show_key(void)
{
	struct identity	 id;
	char		 why[IDENTITY_ERR], fingerprint[E2E_FINGERPRINT];

	if (identity_load(&id, run.conf.dir, why) == -1)
		die(blame(why), "%s", why);
	if (*id.note != '\0')
		die(FAULT_LOCAL, "%s", id.note);
	if (e2e_fingerprint(id.cert, fingerprint) == -1)
		die(FAULT_LOCAL, "out of memory");
	if (log_report("%s", fingerprint) == -1)
		die(FAULT_LOCAL, "standard output: %s", strerror(errno));
	exit(statuses[FAULT_NONE]);
}

static void
prepare_jid(const char *given, char *out, const char *what)
{
	const char	*why;

	if (jid_prep(given, out, &why) == -1)
		die(blame(why), "%s %.200s: %s", what, given, why);
}

/* A listener is known by its resource; a caller is nobody's business. */
static void
own_jid(void)
{
	if (run.conf.jid == NULL)
		die(FAULT_USE, "no account: give one with -j user@domain, "
		    "XCAT_JID, or a line \"jid user@domain\" in %s",
		    run.conf.path);
	prepare_jid(run.conf.jid, run.jid, "-j");
	if (*jid_resource(run.jid) != '\0')
		return;
	run.any_resource = !app_listens(&run) && run.conf.fast;
	jid_setresource(run.jid, app_listens(&run) ? DEFAULT_RESOURCE : NULL);
}

static void
peer_jid(const char *given)
{
	char	 local[JID_MAX];

	prepare_jid(given, run.peer, "peer");
	/* A bare domain is a component, which has no resources. */
	if (*jid_resource(run.peer) == '\0' &&
	    *jid_local(run.peer, local) != '\0')
		jid_setresource(run.peer, DEFAULT_RESOURCE);
}

static void
listen_arguments(int argc, char *argv[])
{
	char	 why[SERVICE_ERR];

	if (argc == 0)
		return;
	run.mode = MODE_SERVE;
	run.services = services_new(argv, (size_t)argc, why);
	if (run.services == NULL)
		die(blame(why), "%s", why);
}

/* Ports that cannot be are a matter of usage; what may be in use is seen
 * later. */
static void
check_ports(int letter, const struct conf_list *where)
{
	struct conf_item	*item;
	char			 why[PORT_ERR];

	STAILQ_FOREACH(item, where, next)
		if (port_check(item->value, why) == -1)
			die(FAULT_USE, "-%c %s", letter, why);
}

static void
call_arguments(int argc, char *argv[])
{
	char	 why[SERVICE_ERR];
	int	 most = run.mode == MODE_SEND ? argc : 2;

	if (!STAILQ_EMPTY(&run.conf.socks) && STAILQ_EMPTY(&run.conf.forward))
		most = 1;	/* its clients name the service */
	if (argc < 1 || argc > most)
		usage(FAULT_USE);
	if (run.conf.keep)
		die(FAULT_USE, "-k needs -l");
	if (run.conf.receive != NULL)
		die(FAULT_USE, "-r needs -l");
	if (run.mode == MODE_SEND && run.conf.no_stdin && argc == 1 &&
	    !oob_sends())
		die(FAULT_USE, "-s and -d together leave nothing to do");
	check_ports('L', &run.conf.forward);
	check_ports('D', &run.conf.socks);
	peer_jid(argv[0]);
	if (oob_sends())
		oob_send_prepare(argv + 1, (size_t)argc - 1);
	else if (run.mode == MODE_SEND)
		send_prepare(argv + 1, (size_t)argc - 1);
	else if (argc == 2 && service_asked(argv[1], &run.host, &run.port,
	    why) == -1)
		die(FAULT_USE, "%s", why);
}

/* Options end with the first operand.  A word behind it that looks like one is
 * a mistake, unless a -- before it says that it is none: services and files may
 * begin with a dash.  The -- is taken out; returns how many are left. */
static int
check_dashes(int argc, char *argv[], int ended)
{
	int	 i, n = 0;

	for (i = 0; i < argc; i++) {
		if (!ended && strcmp(argv[i], "--") == 0) {
			ended = 1;
			continue;
		}
		if (!ended && argv[i][0] == '-' && argv[i][1] != '\0')
			die(FAULT_USE, "%s: options go before the %s; if it is "
			    "none, write -- before it", argv[i],
			    run.mode == MODE_LISTEN ? "services" : "peer");
		argv[n++] = argv[i];
	}
	return n;
}

/* nc(1) has it that -p is a port. */
static void
check_habits(void)
{
	uint16_t	 port;

	if (run.conf.password_file != NULL &&
	    number_port(run.conf.password_file, &port) == 0 &&
	    access(run.conf.password_file, F_OK) == -1)
		die(FAULT_USE, "-p %u: -p names the file of the password; xcat "
		    "listens on no port, so leave it out", port);
}

static void
check_arguments(int argc, char *argv[])
{
	check_habits();
	if (run.mode == MODE_KEY && argc > 0)
		usage(FAULT_USE);
	if (run.mode == MODE_KEY)
		show_key();
	if (run.mode == MODE_LISTEN)
		listen_arguments(argc, argv);
	else
		call_arguments(argc, argv);
	own_jid();
}

/*
 * From here to there
 */

/* What the sessions with other xcats need. */
static void
prepare_e2e(void)
{
	const struct identity	*id;
	char			 why[TRUST_ERR];

	if (run.conf.e2e == E2E_OFF)
		return;
	if ((run.trust = trust_new(run.conf.dir, run.allow, why)) == NULL)
		die(blame(why), "%s", why);
	id = trust_identity(run.trust);
	if (*id->note != '\0')
		log_line(0, "%s", id->note);
	if (*trust_note(run.trust) != '\0')
		log_line(0, "%s", trust_note(run.trust));
	if ((run.e2e = e2e_context(id->cert, id->key)) == NULL)
		die(FAULT_LOCAL, "out of memory");
}

/* -x, or else the environment.  NULL: none. */
static const struct proxy *
prepare_proxy(void)
{
	char	 why[PROXY_ERR];
	int	 r;

	if (run.conf.proxy == NULL) {
		if ((r = proxy_environment(&run.proxy, why)) == -1)
			die(blame(why), "%s", why);
		run.proxied = r == 1;
		return r == 1 ? &run.proxy : NULL;
	}
	run.proxied = 1;
	if (proxy_parse(run.conf.proxy, &run.proxy, why) == -1)
		die(blame(why), "-x: %s", why);
	return &run.proxy;
}

/* How the server may be reached. */
static void
prepare_ways(void)
{
	char			 domain[JID_MAX], ascii[JID_MAX];
	char			 why[DISCOVER_ERR];
	struct discover_conf	 wc = {
		.domain = ascii,
		.server = run.conf.server,
		.family = run.conf.family == FAMILY_4 ? AF_INET :
		    run.conf.family == FAMILY_6 ? AF_INET6 : AF_UNSPEC,
		.kinds = run.conf.transport,
		.cleartext = run.conf.cleartext,
		.proxy = prepare_proxy(),
		.tls = run.tls,
	};

	if (jid_ascii(jid_domain(run.jid, domain), ascii) == -1)
		die(errno == ENOMEM ? FAULT_LOCAL : FAULT_USE, "-j %s: %s", run.jid,
		    errno == ENOMEM ? "out of memory" :
		    "its domain cannot be a host name");
	if ((run.ways = discover_new(&wc, why)) == NULL)
		die(blame(why), "%s", why);
}

/* What earlier logins have left behind. */
static void
prepare_memory(void)
{
	char	 why[FAST_TOKENS_ERR], bare[JID_MAX];

	jid_bare(run.jid, bare);
	if ((run.manners = features_cache_read(run.conf.dir, bare)) == NULL)
		die(FAULT_LOCAL, "out of memory");
	if (*features_cache_note(run.manners) != '\0')
		log_line(0, "%s", features_cache_note(run.manners));
	if (!run.conf.fast || run.conf.certificate != NULL)
		return;
	run.tokens = fast_tokens_open(run.conf.dir, bare, why);
	if (run.tokens == NULL && *why != '\0')
		die(blame(why), "%s", why);
	if (run.tokens != NULL && *fast_tokens_note(run.tokens) != '\0')
		log_line(0, "%s", fast_tokens_note(run.tokens));
}

/* Everything that can be wrong before the network is. */
static void
prepare(void)
{
	char	 why[CONF_ERR], local[JID_MAX];
	int	 anonymous = *jid_local(run.jid, local) == '\0';

	if (app_listens(&run) && (run.allow = allow_new(&run.conf.allow,
	    anonymous ? NULL : run.jid, why)) == NULL)
		die(blame(why), "%s", why);
	if (app_listens(&run) && run.conf.e2e == E2E_OFF &&
	    allow_wants_key(run.allow))
		die(FAULT_USE, "-a with a key needs end-to-end encryption, "
		    "which shows it: leave out e2e=off, or the key");
	run.tls = tls_context(run.conf.ca_file, run.conf.certificate,
	    run.conf.key, why);
	if (run.tls == NULL)
		die(blame(why), "%s", why);
	prepare_ways();
	prepare_e2e();
	if (!anonymous)
		prepare_memory();
	if (!anonymous && run.conf.certificate == NULL &&
	    conf_password(&run.conf, jid_bare(run.jid, local), why) == -1)
		die(blame(why), "%s", why);
}

/* A missing standard descriptor must not become a socket's number; reading
 * it finds the end, writing to it fails. */
static void
check_descriptors(void)
{
	int	 fd;

	while ((fd = open("/dev/null", O_RDONLY)) != -1 && fd <= 2)
		;
	if (fd == -1)
		die(FAULT_LOCAL, "/dev/null: %s", strerror(errno));
	close(fd);
}

static void
set_up(void)
{
	char	 why[PORT_ERR];

	if ((run.loop = loop_new()) == NULL ||
	    (run.resolver = resolver_new(run.loop)) == NULL)
		die(FAULT_LOCAL, "out of memory");
	channels_init(&run);
	if (signals_catch(run.loop, signalled, NULL) == -1)
		die(FAULT_LOCAL, "signals: %s", strerror(errno));
	if (run.mode == MODE_FORWARD && forward_open(&run, why) == -1)
		die(FAULT_LOCAL, "%s", why);
	receive_prepare();
	if (app_listens(&run))
		oob_fetch_prepare();
	if (streamhosts_prepare(why) == -1)
		die(blame(why), "%s", why);
}

static void
tear_down(void)
{
	struct channel	*l;

	while ((l = TAILQ_FIRST(&run.channels)) != NULL)
		channel_free(l);
	receive_free();
	oob_fetch_free();
	oob_send_free();
	send_free();
	progress_end();
	streamhosts_free();
	ports_free(run.ports);
	ibb_free(run.ibb);
	budget_free(run.budget);
	session_free(run.session);
	discover_free(run.ways);
	features_cache_free(run.manners);
	fast_tokens_close(run.tokens);
	resolver_free(run.resolver);
	signals_forget();
	loop_free(run.loop);
	services_free(run.services);
	trust_free(run.trust);
	allow_free(run.allow);
	SSL_CTX_free(run.tls);
	SSL_CTX_free(run.e2e);
	conf_free(&run.conf);
}

int
main(int argc, char *argv[])
{
	char	 why[CONF_ERR];

	setlocale(LC_CTYPE, "");
	log_set_before(progress_clear);
	check_descriptors();
	limits_raise();
	limits_hide();
	if (conf_init(&run.conf) == -1)
		die(FAULT_LOCAL, "out of memory");
	if (conf_read(&run.conf, why) == -1)
		die(blame(why), "%s", why);
	parse_options(argc, argv);
	log_set_level(run.conf.verbosity);
	argc = check_dashes(argc - optind, argv + optind,
	    strcmp(argv[optind - 1], "--") == 0);
	check_arguments(argc, argv + optind);
	prepare();
	set_up();
	log_in();
	if (loop_run(run.loop) == -1)
		die(FAULT_LOCAL, "poll: %s", strerror(errno));
	tear_down();
	if (run.signo != 0)
		die_by_signal();
	return statuses[run.fault];
}
