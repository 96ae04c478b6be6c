/*
 * xcat: netcat over XMPP.
 *
 * Options and modes, from the first word to the exit status.  The rooms of net/
 * log in, move bytes of descriptors and join them to the streams of ibb/.  Only
 * this file exits.
 */
#include <sys/types.h>
#include <sys/queue.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <locale.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "net/app/confine.h"
#include "net/app/enroll.h"
#include "net/app/help.h"
#include "net/app/key.h"
#include "net/app/mode.h"
#include "net/app/prepare.h"
#include "net/app/reload.h"
#include "net/app/run.h"
#include "net/app/server.h"
#include "net/channel/app.h"
#include "net/channel/forward_check.h"
#include "net/channel/remote_spec.h"
#include "net/channel/service.h"
#include "net/conf/code.h"
#include "net/conf/conf.h"
#include "net/conf/peer.h"
#include "net/dial/port.h"
#include "net/file/oob.h"
#include "net/file/send.h"
#include "net/file/send_upload.h"
#include "net/io/background.h"
#include "net/io/limits.h"
#include "net/io/log.h"
#include "net/io/loop.h"
#include "net/share/share.h"
#include "net/share/share_status.h"
#include "xml/jid.h"
#include "xml/number.h"

#define DEFAULT_RESOURCE "xcat"
#define CODE_LINE	64		/* bytes that are typed */
#define REGISTER	256		/* --register, which has no letter */

/*
 * Words
 */

static void	 die(enum fault fault, const char *fmt, ...)
	    __attribute__((__noreturn__, __format__(__printf__, 2, 3)));

/* End at once, before there is anything to be ended properly. */
static void
die(enum fault fault, const char *fmt, ...)
{
	va_list	 ap;

	va_start(ap, fmt);
	log_vline(LOG_FAULT, fmt, ap);
	va_end(ap);
	exit(fault_status(fault));
}

static void	 mistake(const char *fmt, ...)
	    __attribute__((__noreturn__, __format__(__printf__, 1, 2)));

/* What was typed is no way to use it: say so in one line, which does not scroll
 * away, and where all of it stands. */
static void
mistake(const char *fmt, ...)
{
	char	 what[512];
	va_list	 ap;

	va_start(ap, fmt);
	(void)vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	die(FAULT_USE, "%s; xcat -h lists the options", what);
}

/* What was asked for has been printed, or has not been (r is -1). */
static void
printed(int r)
{
	if (r == -1)
		die(FAULT_LOCAL, "standard output: %s", strerror(errno));
	exit(fault_status(FAULT_NONE));
}

/* Death by signal stays death by signal; but the first process of a container
 * does not die of one. */
static void
die_by_signal(int signo)
{
	if (getpid() == 1)
		_exit(128 + signo);
	signal(signo, SIG_DFL);
	raise(signo);
}

/*
 * Options
 */

static void
set_mode(struct app *app, enum mode mode)
{
	if (app->mode != MODE_CALL && app->mode != mode)
		die(FAULT_USE, "of -l, -s, -z, -K, --register and -L, -D or -R,"
		    " only one can be");
	app->mode = mode;
}

/* The word is an option that there is not: a letter in it, or all of it. */
static void
no_option(const char *word)
{
	if (optopt == 0)
		mistake("%.200s: no such option", word);
	mistake("-%c: no such option", optopt);
}

/* What an option does that is no mode and no word of help. */
static void
set_option(struct app *app, int c)
{
	char	 why[CONF_ERR];

	if (c == 'v') {
		if (app->conf.verbosity < 2)
			app->conf.verbosity++;
	} else if (c == 'o') {
		if (conf_option(&app->conf, optarg, why) == -1)
			die(fault_blame(why), "-o: %s", why);
	} else if (conf_letter(&app->conf, c, optarg, why) == -1) {
		die(fault_blame(why), "-%c: %s", c, why);
	}
}

static void
parse_options(struct app *app, int argc, char *argv[])
{
	static const struct option	 words[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "register", no_argument, NULL, REGISTER },
		{ "version", no_argument, NULL, 'V' },
		{ NULL, 0, NULL, 0 }
	};
	int	 c;

	/* With + the first operand ends the options everywhere.  What is wrong
	 * is for us to say, as the words are not clean. */
	opterr = 0;
	while ((c = getopt_long(argc, argv,
	    "+:46a:b:C:c:D:dfhIij:KkL:lmNO:o:P:p:qR:r:suVvWw:x:z", words,
	    NULL)) != -1)
		switch (c) {
		case '?':
			no_option(argv[optind - 1]);
			break;
		case ':':
			mistake("-%c needs an argument", optopt);
		case 'h':
			printed(help_print());
			break;
		case 'V':
			printed(help_version());
			break;
		case 'K':
			set_mode(app, MODE_KEY);
			break;
		case 'O':
			app->order = optarg;
			break;
		case 'l':
			set_mode(app, MODE_LISTEN);
			break;
		case REGISTER:
			set_mode(app, MODE_REGISTER);
			break;
		case 's':
			set_mode(app, MODE_SEND);
			break;
		case 'z':
			set_mode(app, MODE_PROBE);
			break;
		default:
			set_option(app, c);
			break;
		}
	if (mode_forwards(app))
		set_mode(app, MODE_FORWARD);
}

static void
prepare_jid(const char *given, char *out, const char *what)
{
	const char	*why;

	if (jid_prep(given, out, &why) == -1)
		die(fault_blame(why), "%s %.200s: %s", what, given, why);
}

static void
key_arguments(const struct app *app, int argc, char *argv[])
{
	if (argc == 0)
		exit(fault_status(key_show(app)));
	if (argc == 2 && strcmp(argv[0], "forget") == 0)
		exit(fault_status(key_forget(app, argv[1])));
	if (strcmp(argv[0], "forget") != 0)
		mistake("%.200s: -K takes \"forget jid\", or nothing", argv[0]);
	mistake("-K forget takes the JID of one peer");
}

/* Peers know a listener by its resource, which must not change from run to run.
 * The resource of a caller tells nothing to others. */
static void
own_jid(struct app *app)
{
	if (app->conf.jid == NULL)
		die(FAULT_USE, "no account: give one with -j user@domain, "
		    "XCAT_JID, or a line \"jid user@domain\" in %s",
		    app->conf.path);
	prepare_jid(app->conf.jid, app->jid, "-j");
	if (*jid_resource(app->jid) != '\0')
		return;
	app->any_resource = !app_listens(app) && app->conf.fast;
	jid_setresource(app->jid, app_listens(app) ? DEFAULT_RESOURCE : NULL);
}

/* A code is on the command line for others to see: overwrite it there, and keep
 * a copy. */
static char *
take_code(char *proof, const char *given, char *shown)
{
	char	*at = shown + (proof - given);

	memset(at, '-', strlen(at));
	return proof;
}

/* "=-": a code that is not on the command line. */
static char *
ask_code(const char *peer)
{
	static char	 line[CODE_LINE];
	unsigned char	 bits[CODE_BYTES];
	char		 why[CONF_ERR];

	if (conf_code(peer, line, sizeof(line), why) == -1)
		die(fault_blame(why), "%s", why);
	if (code_read(line, bits) == -1)
		die(FAULT_USE, "that is no code: a code has sixteen letters "
		    "and digits, and no U");
	OPENSSL_cleanse(bits, sizeof(bits));
	return line;
}

/* What follows the peer's address, which is cut off. */
static void
peer_proof(struct app *app, char *peer, char *shown)
{
	const char	*why;
	char		*proof;

	switch (peer_cut(peer, &proof, &why)) {
	case PEER_BAD:
		die(FAULT_USE, "peer %.200s: %s", peer, why);
	case PEER_KEY:
		app->peer_key = proof;
		break;
	case PEER_CODE:
		app->peer_code = take_code(proof, peer, shown);
		break;
	case PEER_ASK:
		app->peer_code = ask_code(peer);
		break;
	case PEER_NONE:
		break;
	}
}

static void
peer_jid(struct app *app, char *given)
{
	char	 local[JID_MAX], bare[JID_MAX];
	char	*copy;			/* which stays, with the proof in it */

	if ((copy = strdup(given)) == NULL)
		die(FAULT_LOCAL, "out of memory");
	app->peer_given = copy;
	peer_proof(app, copy, given);
	prepare_jid(copy, app->peer, "peer");
	/* A link goes to the account, whichever of its clients is there. */
	if (uploads_always(app) && !oob_sends(app)) {
		jid_bare(app->peer, bare);
		strlcpy(app->peer, bare, sizeof(app->peer));
		return;
	}
	/* A bare domain is a component, which has no resources. */
	if (*jid_resource(app->peer) == '\0' &&
	    *jid_local(app->peer, local) != '\0')
		jid_setresource(app->peer, DEFAULT_RESOURCE);
}

/* -L, -D and -u: what cannot be is a matter of usage. */
static void
check_forwards(const struct app *app)
{
	char	 why[FORWARD_CHECK_ERR];

	if (forward_check(app, why) == -1)
		die(FAULT_USE, "%s", why);
}

static void
listen_arguments(struct app *app, int argc, char *argv[])
{
	const char	*objection;
	char		 why[SERVICE_ERR];

	if ((objection = mode_objection(app, argc)) != NULL)
		die(FAULT_USE, "%s", objection);
	check_forwards(app);
	app->operands = argv;
	app->noperands = (size_t)argc;
	app->remote = remote_allowed_new(&app->conf.remote, why);
	if (app->remote == NULL)
		die(fault_blame(why), "remote: %s", why);
	if (argc == 0 && (!app->conf.keep ||
	    (STAILQ_EMPTY(&app->conf.service) &&
	    STAILQ_EMPTY(&app->conf.remote))))
		return;
	app->mode = MODE_SERVE;
	app->services = reload_services(app, &app->conf, why);
	if (app->services == NULL)
		die(fault_blame(why), "%s", why);
}

/* What -s is to send: files, or a URL in their place. */
static void
send_arguments(struct app *app, int argc, char *argv[])
{
	enum fault	 fault;
	char		 why[SEND_ERR > OOB_ERR ? SEND_ERR : OOB_ERR];

	app->files = argv;
	app->nfiles = (size_t)argc;
	if (oob_sends(app)) {
		app->oob_sender = oob_send_new(app, argv, (size_t)argc, &fault,
		    why);
		if (app->oob_sender == NULL)
			die(fault, "%s", why);
	} else if (argc > 0) {
		app->sender = send_new(app, argv, (size_t)argc, &fault, why);
		if (app->sender == NULL)
			die(fault, "%s", why);
	} else if (uploads_always(app)) {
		die(FAULT_USE, "-o upload=yes: name the files to be uploaded");
	}
}

static void
call_arguments(struct app *app, int argc, char *argv[])
{
	const char	*objection;
	char		 why[SERVICE_ERR];
	int		 most = app->mode == MODE_SEND ? argc : 2;

	if (app->mode == MODE_FORWARD && STAILQ_EMPTY(&app->conf.forward))
		most = 1;	/* -D, -R: what it is for is said elsewhere */
	if (argc < 1)
		mistake("no peer: xcat [options] user@domain");
	if (argc > most)
		mistake("%.200s: one word too many: %s", argv[most], most == 1 ?
		    "-D and -R take the peer alone" :
		    "there is a peer and a service; with -s, files");
	if ((objection = mode_objection(app, argc)) != NULL)
		die(FAULT_USE, "%s", objection);
	check_forwards(app);
	peer_jid(app, argv[0]);
	if (app->mode == MODE_SEND)
		send_arguments(app, argc - 1, argv + 1);
	else if (argc == 2 && service_asked(argv[1], &app->host, &app->port,
	    why) == -1)
		die(FAULT_USE, "%s", why);
}

/* Options end with the first operand.  A word behind it that looks like one is
 * a mistake, unless a -- before it says that it is none: services and files may
 * begin with a dash.  The -- is taken out; returns how many are left. */
static int
check_dashes(const struct app *app, int argc, char *argv[], int ended)
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
			    app->mode == MODE_LISTEN ? "services" : "peer");
		argv[n++] = argv[i];
	}
	return n;
}

/* nc(1) has it that -p is a port. */
static void
check_habits(const struct app *app)
{
	uint16_t	 port;

	if (app->conf.password_file != NULL &&
	    number_port(app->conf.password_file, &port) == 0 &&
	    access(app->conf.password_file, F_OK) == -1)
		die(FAULT_USE, "-p %u: -p names the file of the password; xcat "
		    "listens on no port, so leave it out", port);
}

/* -O */
static void
check_order(struct app *app, int argc, char *argv[])
{
	if (argc > 0)
		mistake("%.200s: -O takes an order alone", argv[0]);
	if (!share_is_order(app->order))
		die(FAULT_USE, "-O must be check, exit or list");
	if (strcmp(app->order, "list") != 0)
		own_jid(app);
	exit(fault_status(share_order(app)));
}

static void
check_arguments(struct app *app, int argc, char *argv[])
{
	if (app->order != NULL)
		check_order(app, argc, argv);
	check_habits(app);
	if (app->mode == MODE_KEY)
		key_arguments(app, argc, argv);
	if (app->mode == MODE_LISTEN)
		listen_arguments(app, argc, argv);
	else if (app->mode != MODE_REGISTER)
		call_arguments(app, argc, argv);
	else if (argc > 0)
		mistake("%.200s: --register takes the account by -j", argv[0]);
	own_jid(app);
}

/* A missing standard descriptor must not become a socket's number; reading
 * it finds the end, writing to it fails. */
static void
check_descriptors(void)
{
	int	 fd;

	for (fd = 0; fd <= 2; fd++)
		if (fcntl(fd, F_GETFD) == -1 &&
		    open("/dev/null", O_RDONLY) == -1)
			die(FAULT_LOCAL, "/dev/null: %s", strerror(errno));
}

/* -f: the parent ends here, as the child does, or once that is ready.  Before
 * the loop there are no descriptors that the two would share. */
static void
go_behind(struct app *app)
{
	int	 status;

	switch (background_fork(&app->background, &status)) {
	case 0:
		return;
	case -1:
		die(FAULT_LOCAL, "fork: %s", strerror(errno));
	}
	if (WIFSIGNALED(status))
		die_by_signal(WTERMSIG(status));
	_exit(WEXITSTATUS(status));
}

/* What has been done for this run, here or elsewhere, is over. */
static void	 end(struct app *app) __attribute__((__noreturn__));

static void
end(struct app *app)
{
	if (app->fault == FAULT_SIGNAL)
		die_by_signal(app->signo);
	exit(fault_status(app->fault));
}

/* One login for many: returns in a process that is to log in, with the
 * descriptor for share_master_new() if that is for others. */
static int
share(struct app *app)
{
	int	 fd;

	switch (share_start(app, &fd)) {
	case SHARE_OVER:
		end(app);
	case SHARE_MASTER:
		share_master_begin(app);
		return fd;
	case SHARE_ALONE:
		break;
	}
	return -1;
}

/* The loop, until it ends. */
static void
loop(struct app *app, int shared)
{
	struct share_master	*master = NULL;
	struct share_status	*status;

	if (shared != -1 && (master = share_master_new(app, shared)) == NULL)
		end(app);
	status = share_status_new(app);
	confine(app, share_status_where(status));
	if ((app->mode == MODE_REGISTER ? enroll(app) : server_login(app)) ==
	    -1)
		end(app);
	if (loop_run(app->loop) == -1)
		die(FAULT_LOCAL, "poll: %s", strerror(errno));
	share_master_free(master);
	share_status_free(status);
	run_free(app);
}

/* Lines are as -o log has them, those about mistakes among them. */
static void
set_style(const struct app *app)
{
	log_set_style(app->conf.log == CONF_LOG_JSON ? LOG_JSON : LOG_PLAIN);
}

int
main(int argc, char *argv[])
{
	static struct app	 run;
	struct app		*app = &run;
	char			 why[CONF_ERR];
	int			 configured;
	int			 shared = -1;

	setlocale(LC_CTYPE, "");
	check_descriptors();
	limits_raise();
	limits_hide();
	conf_init(&app->conf);
	configured = conf_read(&app->conf, why) == 0;
	set_style(app);
	parse_options(app, argc, argv);	/* with -h and -V it ends here */
	set_style(app);
	if (!configured)
		die(fault_blame(why), "%s", why);
	log_set_level(app->conf.verbosity);
	argc = check_dashes(app, argc - optind, argv + optind,
	    strcmp(argv[optind - 1], "--") == 0);
	mode_ignore(app, argc);
	check_arguments(app, argc, argv + optind);
	if (share_wanted(app) && !app->conf.background &&
	    share_use(app) == SHARE_OVER)
		end(app);
	if (prepare(app) == -1)
		end(app);
	if (app->conf.background && app->mode == MODE_FORWARD)
		go_behind(app);
	if (share_wanted(app))
		shared = share(app);
	if (run_new(app) == -1)
		end(app);
	loop(app, shared);
	if (app->signo != 0)
		die_by_signal(app->signo);
	end(app);
}
