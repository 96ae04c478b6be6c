/*
 * pump: what a server relays, at best.
 *
 *	pump [-Bbtw] [-g ms] -c server -C ca -j jid -p password -J jid
 *	    -P password [-n bytes] setting ...
 *	pump ... -r count [-i ms]
 *
 * The first account sends blocks of XEP-0047 to the second one, with -b both
 * send, over STARTTLS, TLS from the beginning (-t), a WebSocket (-w) or BOSH
 * (-B), whose requests begin at least so many ms after each other (-g).  Each
 * setting is block:window:record:pad; it is tried in turn, and a line says how
 * many bytes per second it moved, and how many while the last third was
 * confirmed.  With -r one iq after another is sent, and
 * answered: the line has the microseconds, median, 99th percentile and most.
 * With -i there is a pause before each.
 */
#include <sys/types.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "t/bench/bosh.h"
#include "t/bench/flow.h"
#include "t/bench/stat.h"
#include "t/bench/xmpp.h"

struct plan {
	struct xmpp_login	 login[2];
	int			 both;
	uint64_t		 bytes;
	size_t			 trips;
	unsigned int		 pause;		/* ms */
	unsigned int		 apart;		/* ms, of requests of BOSH */
	int			 nsettings;
	char			**settings;
};

static struct flow_setting
setting(const char *text)
{
	struct flow_setting	 s;
	size_t			*field[] = { &s.block, &s.window, &s.record,
				    &s.pad };
	char			 copy[128], *p = copy, *word;
	size_t			 i;

	snprintf(copy, sizeof(copy), "%s", text);
	for (i = 0; i < 4; i++)
		if ((word = strsep(&p, ":")) == NULL ||
		    (*field[i] = stat_number(word)) == 0)
			errx(2, "%s: not block:window:record:pad", text);
	return s;
}

#define SETTLE	200	/* ms until the server has read what was sent before */

/* One end waits for the other. */
static void
meet(int fd)
{
	char	 c = 0;

	if (write(fd, &c, 1) != 1 || read(fd, &c, 1) != 1)
		errx(1, "the other end is gone");
}

static void
one_setting(const struct plan *p, struct xmpp *x, int who, int fd,
    const char *text)
{
	struct flow_setting	 s = setting(text);
	struct flow		*f = flow_new(x, p->login[!who].jid, &s);
	uint64_t		 n = p->bytes / s.block + 1;
	double			 began;

	stat_sleep(SETTLE);
	meet(fd);
	began = stat_now();
	flow_run(f, who == 0 || p->both ? n : 0, who == 1 || p->both ? n : 0);
	meet(fd);
	if (who == 0) {
		printf("%s %.0f %.0f\n", text, (double)(n * s.block) *
		    (p->both ? 2 : 1) / (stat_now() - began),
		    flow_last_rate(f));
		fflush(stdout);
	}
	flow_free(f);
}

static void
trips(const struct plan *p, struct xmpp *x, int who, int fd)
{
	struct flow_setting	 s = { 1, 1, 16384, 1 };
	struct flow		*f = flow_new(x, p->login[!who].jid, &s);
	struct stat_list	 l = { 0 };
	size_t			 i;
	double			 began;

	meet(fd);
	if (who == 1) {
		flow_run(f, 0, p->trips);
	} else {
		for (i = 0; i < p->trips; i++) {
			stat_sleep(p->pause);
			began = stat_now();
			flow_run(f, 1, 0);
			stat_add(&l, stat_now() - began);
		}
		stat_print(&l);
	}
	meet(fd);
	flow_free(f);
}

static void
act(const struct plan *p, int who, int fd)
{
	struct xmpp	 x;
	int		 i;

	xmpp_login(&x, &p->login[who]);
	if (x.transport == XMPP_BOSH)
		bosh_go(x.bosh, p->apart);
	meet(fd);
	if (p->trips > 0)
		trips(p, &x, who, fd);
	for (i = 0; i < p->nsettings; i++)
		one_setting(p, &x, who, fd, p->settings[i]);
}

static void
usage(void)
{
	fprintf(stderr, "usage: pump [-Bbtw] [-g ms] -c server -C ca -j jid "
	    "-p password -J jid -P password\n\t[-n bytes] "
	    "[-r count [-i ms]] [block:window:record:pad ...]\n");
	exit(2);
}

static void
options(struct plan *p, int argc, char **argv)
{
	int	 c;

	while ((c = getopt(argc, argv, "Bbtwc:C:g:i:j:p:J:P:n:r:")) != -1)
		switch (c) {
		case 'B':	p->login[0].transport = XMPP_BOSH; break;
		case 'b':	p->both = 1; break;
		case 't':	p->login[0].transport = XMPP_TLS; break;
		case 'w':	p->login[0].transport = XMPP_WEBSOCKET; break;
		case 'c':	p->login[0].server = optarg; break;
		case 'C':	p->login[0].ca = optarg; break;
		case 'g':	p->apart = (unsigned)stat_number(optarg); break;
		case 'i':	p->pause = (unsigned)stat_number(optarg); break;
		case 'j':	p->login[0].jid = optarg; break;
		case 'p':	p->login[0].password = optarg; break;
		case 'J':	p->login[1].jid = optarg; break;
		case 'P':	p->login[1].password = optarg; break;
		case 'n':	p->bytes = stat_number(optarg); break;
		case 'r':	p->trips = stat_number(optarg); break;
		default:	usage();
		}
	p->login[1].transport = p->login[0].transport;
	p->login[1].server = p->login[0].server;
	p->login[1].ca = p->login[0].ca;
	p->nsettings = argc - optind;
	p->settings = argv + optind;
	if (p->login[0].server == NULL || p->login[0].ca == NULL ||
	    p->login[0].jid == NULL || p->login[0].password == NULL ||
	    p->login[1].jid == NULL || p->login[1].password == NULL)
		usage();
}

int
main(int argc, char **argv)
{
	struct plan	 p = { .bytes = 10000000 };
	int		 fds[2], status;
	pid_t		 child;

	options(&p, argc, argv);
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == -1 ||
	    (child = fork()) == -1)
		err(1, NULL);
	close(fds[child == 0]);
	act(&p, child == 0, fds[child != 0]);
	if (child != 0 && (waitpid(child, &status, 0) == -1 || status != 0))
		errx(1, "the other end fails");
	return 0;
}
