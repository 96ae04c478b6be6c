#include <sys/mman.h>
#include <sys/queue.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ibb/budget.h"
#include "ibb/e2e.h"
#include "net/channel/accept.h"
#include "net/channel/linger.h"
#include "net/conf/allow.h"
#include "net/conf/identity.h"
#include "net/conf/trust.h"
#include "net/dial/resolve.h"
#include "net/s5b/streamhosts.h"
#include "net/s5b/upgrade.h"
#include "t/lib/bounded.h"
#include "t/lib/channels.h"
#include "t/lib/kept.h"
#include "t/lib/must.h"
#include "xml/iq.h"

#define MEMORY	(64 * 1024 * 1024)

struct app	 app;
struct side	 us;

static int	 words = -1;	/* standard error, meanwhile */
static int	 stderr_copy = -1;

/* All words go to a file in memory, from here to run_end(). */
static void
words_begin(void)
{
	must((words = memfd_create("words", MFD_CLOEXEC)) != -1);
	must((stderr_copy = dup(STDERR_FILENO)) != -1);
	must(dup2(words, STDERR_FILENO) != -1);
}

/* What a test says of its failures is none of the run's words. */
static void
pass_on(const char *line)
{
	size_t	 n;

	for (; *line != '\0'; line += n) {
		n = strcspn(line, "\n");
		n += line[n] == '\n';
		if (*line == '#')
			must(write(stderr_copy, line, n) == (ssize_t)n);
	}
}

const char *
run_words(void)
{
	static char	 text[8192];
	ssize_t		 n = pread(words, text, sizeof(text) - 1, 0);

	must(n >= 0);
	text[n] = '\0';
	pass_on(text);
	must(ftruncate(words, 0) == 0 && lseek(words, 0, SEEK_SET) == 0);
	return text;
}

static void
words_end(void)
{
	run_words();
	must(dup2(stderr_copy, STDERR_FILENO) != -1);
	close(stderr_copy);
	close(words);
}


static void
trust_begin(void)
{
	const struct identity	*id;
	char			 why[TRUST_ERR];

	static int		 begun;

	if (!begun++) {
		kept_begin("key.pem");
		must(atexit(kept_clean) == 0);
	}
	must((app.trust = trust_new(kept_dir, app.allow, why)) != NULL);
	id = trust_identity(app.trust);
	must((app.e2e = e2e_context(id->cert, id->key)) != NULL);
}

static void
engine_begin(void)
{
	struct ibb_host	 host = {
		.allowed = on_allowed,
		.offer = app_listens(&app) ? accept_offered : NULL,
		.settled = linger_settled,
		.ask_later = linger_ask_later,
		.answer_later = NULL,
		.arg = &app,
	};

	side_init(&us, US);
	side_host(&us, &host);
	app.ibb = us.ibb;
	app.iqs = us.iqs;
	app.dispatch = us.dispatch;
}

static int
is_near(void *arg)
{
	(void)arg;
	return 1;
}

/* Sockets are not allowed, until a test sets app.conf.carrier. */
static void
sockets_begin(void)
{
	const struct streamhosts_conf	 conf = {
		.loop = app.loop,
		.conf = &app.conf,
		.jid = app.jid,
		.near = is_near,
	};
	char				 why[STREAMHOSTS_ERR];

	app.conf.carrier = CONF_CARRIER_IBB;
	must((app.resolver = resolver_new(app.loop)) != NULL);
	must((app.streamhosts = streamhosts_new(&conf, why)) != NULL);
	must(channels_prepare_upgrades(&app) == 0);
}

void
run_begin(enum mode mode, int tls)
{
	static char		 all[] = "*";
	struct conf_item	*item;
	char			 why[ALLOW_ERR];

	memset(&app, 0, sizeof(app));
	conf_init(&app.conf);
	app.mode = mode;
	strlcpy(app.jid, US, sizeof(app.jid));
	strlcpy(app.peer, PEER, sizeof(app.peer));
	must((app.loop = loop_new()) != NULL);
	channels_init(&app);
	if (app_listens(&app)) {
		must((item = calloc(1, sizeof(*item))) != NULL);
		must((item->value = strdup(all)) != NULL);
		STAILQ_INSERT_TAIL(&app.conf.allow, item, next);
		must((app.allow = allow_new(&app.conf.allow, NULL, why)) !=
		    NULL);
	}
	engine_begin();
	sockets_begin();
	must((app.budget = budget_new(MEMORY, MEMORY)) != NULL);
	if (tls)
		trust_begin();
	words_begin();
}

void
run_end(void)
{
	struct channel	*ch;

	while ((ch = TAILQ_FIRST(&app.channels)) != NULL)
		channel_free(ch);
	words_end();
	upgrades_free(app.upgrades);
	streamhosts_free(app.streamhosts);
	side_free(&us);
	budget_free(app.budget);
	SSL_CTX_free(app.e2e);
	trust_free(app.trust);
	allow_free(app.allow);
	resolver_free(app.resolver);
	loop_free(app.loop);
	conf_free(&app.conf);
}

void
run_turn(void)
{
	must(bounded_run(app.loop, 0) != -1);
}

void
run_fire(struct timer *t)
{
	must(t->on);
	timer_clear(app.loop, t);
	t->fire(t->arg);
}

/*
 * Pipes
 */

static struct pipe
new_pipe(int theirs)
{
	struct pipe	 p;
	int		 fds[2];

	must(pipe2(fds, O_CLOEXEC) == 0);
	p.theirs = fds[theirs];
	p.ours = fds[!theirs];
	must(fcntl(p.ours, F_SETFL, O_NONBLOCK) == 0);
	return p;
}

struct pipe
pipe_in(void)
{
	return new_pipe(0);
}

struct pipe
pipe_out(void)
{
	return new_pipe(1);
}

const char *
pipe_got(const struct pipe *p)
{
	static char	 text[4096];
	ssize_t		 n = read(p->ours, text, sizeof(text) - 1);

	text[n > 0 ? n : 0] = '\0';
	return text;
}
