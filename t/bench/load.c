/*
 * load: a listener under load, and how it bears that.
 *
 *	load [-n clients] [-r rate] [-d deaths] [-u rate] [-s strangers]
 *	    [-f rate] [-w seconds] [-t seconds] [-k slices] -c host:port
 *	    -C ca -D domain -p pid listener service port
 *
 * The accounts crowd1@domain and so on log in, the first -n of which keep a
 * stream each to a service of the listener, which is this program on the
 * loopback port.  -r of the streams are closed and opened again in a second; of
 * these one of -d is forgotten, as by a program that is killed, instead of
 * closed.  One more account has a stream that stays, and says a word each 20
 * ms; another asks itself through the server, as often.  One more begins -u
 * handshakes in a second that it never ends; and -s more accounts, which the
 * listener is not to know, ask for -f streams in a second.
 *
 * After -w seconds of that the measurement begins, of -t seconds in -k equal
 * slices.  Each has a line of numbers: its end in seconds; streams opened in a
 * second; streams open; kilobytes resident and descriptors of the process -p,
 * the most of each; its processor time, percent; the median and the 99th
 * percentile of the word's way there and back, ms; of the opening of a stream
 * with its first word; streams that failed; answers to strangers in a second;
 * the median and the 99th percentile of what has no listener in it, ms.
 */
#include <sys/types.h>
#include <sys/resource.h>

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "t/bench/crowd.h"
#include "t/bench/echo.h"
#include "t/bench/process.h"
#include "t/bench/source.h"
#include "t/bench/stat.h"

#define PATIENCE	60	/* s for all streams to stand, or to end */
#define WORDS		50	/* of the stream that stays, in a second */
#define OPENING		64	/* streams at first, at a time */
#define UNANSWERED	1000	/* of strangers, at most */
#define FAILURES	20	/* that are shown, */
#define DISASTER	1000	/* and that end the program */
#define LAG		0.5	/* s behind which what is due is left out */

/* Something that happens so often. */
struct beat {
	double	 rate;		/* in a second */
	double	 at;		/* when it is due next */
	void	(*fire)(double due);
};

static struct {
	size_t	 n, strangers, deaths, slices, warm, time;
	long	 pid;
} opt = { .n = 100, .slices = 6, .warm = 5, .time = 30 };

static struct crowd	 crowd;
static struct client	**clients, *honest, *mirror, *rude, **strangers;
static size_t		 opened, dead, failures, asked;
static struct stat_list	 words, openings, mirrored;
static int		 over;		/* streams are not opened again */
static struct {
	struct process	 first, most;
	size_t		 opened, failures;
	double		 began;
	uint64_t	 answers;
} slice;

/*
 * What happens to streams
 */

static void
on_opened(struct client *c, double took)
{
	opened++;
	if (c != honest)
		stat_add(&openings, took);
}

static void
on_echoed(struct client *c, double took)
{
	if (c == honest)
		stat_add(&words, took);
}

static void
on_mirrored(struct client *c, double took)
{
	(void)c;
	stat_add(&mirrored, took);
}

static void
on_ended(struct client *c, const char *why)
{
	if (why != NULL && failures++ < FAILURES)
		warnx("a stream failed: %s", why);
	if (failures == DISASTER)
		errx(1, "too many streams fail");
	if (!over)
		client_call(c);
}

/*
 * What happens in a second
 */

static void
churn(double at)
{
	static size_t	 next, ended;
	struct client	*c;
	size_t		 i;

	(void)at;
	for (i = 0; i < opt.n; i++) {
		c = clients[next++ % opt.n];
		if (client_state(c) == CLIENT_OPEN)
			break;
	}
	if (i == opt.n)
		return;
	if (opt.deaths == 0 || ++ended % opt.deaths != 0) {
		client_close(c);
		return;
	}
	dead++;
	client_forget(c);
	client_call(c);
}

static void
say(double at)
{
	if (client_state(honest) == CLIENT_OPEN && !client_waits(honest))
		client_say(honest, at);
}

static void
ask_itself(double at)
{
	if (!client_waits(mirror))
		client_mirror(mirror, at);
}

static void
half_call(double at)
{
	(void)at;
	client_half_call(rude);
}

static uint64_t
answers(void)
{
	uint64_t	 n = 0;
	size_t		 i;

	for (i = 0; i < opt.strangers; i++)
		n += client_answers(strangers[i]);
	return n;
}

static void
knock(double at)
{
	(void)at;
	if (opt.strangers > 0 && asked - answers() < UNANSWERED)
		client_knock(strangers[asked++ % opt.strangers]);
}

static void
look(double at)
{
	struct process	 p = process_look(opt.pid);

	(void)at;
	if (p.rss > slice.most.rss)
		slice.most.rss = p.rss;
	if (p.descriptors > slice.most.descriptors)
		slice.most.descriptors = p.descriptors;
	slice.most.seconds = p.seconds;
}

enum { CHURN, SAY, MIRROR, HALF_CALL, KNOCK, LOOK };
static struct beat	 beats[] = {
	[CHURN] = { .rate = 10, .fire = churn },
	[SAY] = { .rate = WORDS, .fire = say },
	[MIRROR] = { .rate = WORDS, .fire = ask_itself },
	[HALF_CALL] = { .fire = half_call },
	[KNOCK] = { .fire = knock },
	[LOOK] = { .rate = 4, .fire = look },
};
#define NBEATS	(sizeof(beats) / sizeof(*beats))

/*
 * Time
 */

/* Have happen what is due; returns when the next is. */
static double
beat_all(void)
{
	double		 now = stat_now(), first = now + 1;
	struct beat	*b;

	for (b = beats; b < beats + NBEATS; b++) {
		if (b->rate == 0)
			continue;
		if (b->at < now - LAG)
			b->at = now;
		while (b->at <= now) {
			b->fire(b->at);
			b->at += 1 / b->rate;
		}
		if (b->at < first)
			first = b->at;
	}
	return first;
}

static void
turn(double until)
{
	double	 ms;

	crowd_settle();
	ms = 1000 * (until - stat_now());
	source_wait(ms < 0 ? 0 : (int)ms + 1);
}

static void
run_until(double end)
{
	double	 next;

	while (stat_now() < end) {
		next = beat_all();
		turn(next < end ? next : end);
	}
}

/*
 * Slices
 */

static void
slice_begin(void)
{
	memset(&slice, 0, sizeof(slice));
	words.n = openings.n = mirrored.n = 0;
	slice.first = slice.most = process_look(opt.pid);
	slice.opened = opened;
	slice.failures = failures;
	slice.answers = answers();
	slice.began = stat_now();
}

static void
print_times(struct stat_list *l)
{
	if (l->n == 0)
		printf(" 0 0");
	else
		printf(" %.1f %.1f", 1000 * stat_percentile(l, 50),
		    1000 * stat_percentile(l, 99));
}

static void
slice_end(double began)
{
	double	 now = stat_now(), s = now - slice.began;

	look(now);
	printf("%.0f %.1f %zu %.0f %.0f %.1f", now - began,
	    (double)(opened - slice.opened) / s, echo_connections(),
	    slice.most.rss, slice.most.descriptors,
	    100 * (slice.most.seconds - slice.first.seconds) / s);
	print_times(&words);
	print_times(&openings);
	printf(" %zu %.0f", failures - slice.failures,
	    (double)(answers() - slice.answers) / s);
	print_times(&mirrored);
	putchar('\n');
	fflush(stdout);
}

static void
measure(void)
{
	double	 began = stat_now();
	size_t	 i;

	for (i = 1; i <= opt.slices; i++) {
		slice_begin();
		run_until(began + (double)(opt.time * i) / (double)opt.slices);
		slice_end(began);
	}
}

/*
 * All of it
 */

/* Let things go on until so many clients are in this state. */
static void
wait_for(enum client_state state, size_t want, const char *what)
{
	double	 end = stat_now() + PATIENCE;
	size_t	 i, n;

	for (;;) {
		n = client_state(honest) == state;
		for (i = 0; i < opt.n; i++)
			n += client_state(clients[i]) == state;
		if (n >= want)
			return;
		if (stat_now() > end)
			errx(1, "%s: %zu streams are, of %zu", what, n, want);
		turn(stat_now() + 0.1);
	}
}

static void
open_all(void)
{
	size_t	 i;

	client_call(honest);
	for (i = 0; i < opt.n; i++) {
		if (i >= OPENING)
			wait_for(CLIENT_OPEN, i - OPENING, "opening");
		client_call(clients[i]);
	}
	wait_for(CLIENT_OPEN, opt.n + 1, "opening");
}

static void
close_all(void)
{
	size_t	 i;

	wait_for(CLIENT_OPEN, opt.n + 1, "before the end");
	over = 1;
	for (i = 0; i < opt.n; i++)
		client_close(clients[i]);
	client_close(honest);
	wait_for(CLIENT_IDLE, opt.n + 1, "closing");
}

/* The listener finds the dead, whose accounts are there, within seconds, and
 * gives handshakes ten. */
static void
wait_for_listener(void)
{
	double	 end = stat_now() + PATIENCE;

	while (echo_connections() > 0) {
		if (stat_now() > end)
			errx(1, "the listener keeps %zu connections",
			    echo_connections());
		turn(stat_now() + 0.1);
	}
}

static struct client **
log_in(size_t n, size_t *account)
{
	struct client	**all = calloc(n + 1, sizeof(struct client *));
	size_t		 i;

	if (all == NULL)
		err(1, NULL);
	for (i = 0; i < n; i++)
		all[i] = client_new(&crowd, ++*account);
	return all;
}

static void
usage(void)
{
	errx(2, "usage: load [-n clients] [-r rate] [-d deaths] [-u rate]\n"
	    "    [-s strangers] [-f rate] [-w seconds] [-t seconds]\n"
	    "    [-k slices] -c host:port -C ca -D domain -p pid\n"
	    "    listener service port");
}

static void
take_option(int c)
{
	switch (c) {
	case 'c':	crowd.login.server = optarg; break;
	case 'C':	crowd.login.ca = optarg; break;
	case 'D':	crowd.domain = optarg; break;
	case 'n':	opt.n = stat_number(optarg); break;
	case 'r':	beats[CHURN].rate = (double)stat_number(optarg); break;
	case 'd':	opt.deaths = stat_number(optarg); break;
	case 'u':
		beats[HALF_CALL].rate = (double)stat_number(optarg);
		break;
	case 's':	opt.strangers = stat_number(optarg); break;
	case 'f':	beats[KNOCK].rate = (double)stat_number(optarg); break;
	case 'w':	opt.warm = stat_number(optarg); break;
	case 't':	opt.time = stat_number(optarg); break;
	case 'k':	opt.slices = stat_number(optarg); break;
	case 'p':	opt.pid = (long)stat_number(optarg); break;
	default:	usage();
	}
}

static void
allow_descriptors(void)
{
	struct rlimit	 rl;

	if (getrlimit(RLIMIT_NOFILE, &rl) == -1)
		err(1, "getrlimit");
	rl.rlim_cur = rl.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &rl) == -1)
		err(1, "setrlimit");
}

int
main(int argc, char **argv)
{
	struct rusage	 ru;
	size_t		 account = 0;
	int		 c;

	crowd = (struct crowd){ .opened = on_opened, .echoed = on_echoed,
	    .mirrored = on_mirrored, .ended = on_ended };
	while ((c = getopt(argc, argv, "c:C:d:D:f:k:n:p:r:s:t:u:w:")) != -1)
		take_option(c);
	if (argc - optind != 3 || crowd.login.server == NULL ||
	    crowd.login.ca == NULL || crowd.domain == NULL || opt.n == 0 ||
	    opt.pid == 0 || opt.slices == 0)
		usage();
	crowd.listener = argv[optind];
	crowd.service = argv[optind + 1];
	allow_descriptors();
	echo_begin(argv[optind + 2]);
	clients = log_in(opt.n, &account);
	honest = *log_in(1, &account);
	rude = *log_in(1, &account);
	mirror = *log_in(1, &account);
	strangers = log_in(opt.strangers, &account);
	open_all();
	run_until(stat_now() + (double)opt.warm);
	measure();
	close_all();
	wait_for_listener();
	getrusage(RUSAGE_SELF, &ru);
	warnx("%zu streams opened, %zu died, %zu failed; %ld s of processor "
	    "time here", opened, dead, failures,
	    (long)(ru.ru_utime.tv_sec + ru.ru_stime.tv_sec));
	return 0;
}
