/*
 * punch: one side of net/s5b/punch as a program, for tests with routers.
 *
 *	punch initiator|other server ttl lag [ms]
 *
 * Asks the STUN server which address and port the world sees, and writes them
 * to standard output, a line; reads the peer's from standard input, a line for
 * each address; punches lag ms after that, for five seconds or ms, and lets a
 * few bytes go both ways.  On standard error: "direct ADDRESS PORT after MS",
 * and the status is 0; or what became of it, and 1.
 */
#include <sys/types.h>
#include <sys/socket.h>

#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ibb/extdisco.h"
#include "net/dial/addr.h"
#include "net/io/loop.h"
#include "net/s5b/punch.h"
#include "net/s5b/shared_port.h"
#include "net/s5b/stun.h"
#include "net/s5b/stun_ask.h"
#include "xml/number.h"

#define PATIENCE	5000	/* ms; of punching, unless told */

static struct loop	*loop;
static struct punch_conf conf = { .key = "what both have in common", };
static struct addr	 peers[PUNCH_PEERS];
static int64_t		 began, patience = PATIENCE;
static int		 status = 1;

static void
print(FILE *fp, const char *before, const struct addr *a, const char *after)
{
	const struct sockaddr	*sa = (const struct sockaddr *)&a->ss;
	char			 text[ADDR_TEXT];

	fprintf(fp, "%s%s %u%s", before, addr_text(sa, text), addr_port(sa),
	    after);
	fflush(fp);
}

/* A message of each side arrives whole. */
static int
converse(int fd)
{
	static const char	 hello[] = "hello, other side";
	char			 in[sizeof(hello)];
	struct timeval		 tv = { .tv_sec = 5 };

	fcntl(fd, F_SETFL, 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	return write(fd, hello, sizeof(hello)) == sizeof(hello) &&
	    recv(fd, in, sizeof(in), MSG_WAITALL) == sizeof(in) &&
	    memcmp(in, hello, sizeof(in)) == 0;
}

static void
punched(void *arg, int fd, const struct addr *peer, const char *why)
{
	char	 took[32];

	(void)arg;
	if (fd == -1) {
		fprintf(stderr, "no: %s\n", why);
	} else if (converse(fd)) {
		snprintf(took, sizeof(took), " after %lld\n",
		    (long long)(clock_ms() - began));
		print(stderr, "direct ", peer, took);
		status = 0;
	} else {
		fprintf(stderr, "no: a socket in which nothing moves\n");
	}
	loop_stop(loop);
}

static void
read_peers(void)
{
	char		 line[256], *port;
	uint16_t	 n;

	while (conf.npeers < PUNCH_PEERS &&
	    fgets(line, sizeof(line), stdin) != NULL && *line != '\n')
		if ((port = strchr(line, ' ')) != NULL) {
			*port++ = '\0';
			port[strcspn(port, "\n")] = '\0';
			if (number_port(port, &n) == 0 &&
			    addr_read(&peers[conf.npeers], line, n) == 0)
				conf.npeers++;
		}
	conf.peers = peers;
}

static void
mapped(void *arg, const struct addr *a, const char *why)
{
	int	 lag = *(int *)arg;

	if (a == NULL)
		errx(1, "stun: %s", why);
	print(stdout, "", a, "\n\n");
	read_peers();
	began = clock_ms();
	conf.start = began + lag;
	conf.deadline = conf.start + patience;
	if (punch(loop, &conf, punched, NULL) == NULL)
		err(1, "punch");
}

int
main(int argc, char **argv)
{
	struct addr	 server, any;
	struct stun_ask	*s;
	int		 fd, lag;

	if (argc < 5 || argc > 6 ||
	    addr_read(&server, argv[2], STUN_PORT) == -1)
		errx(2, "usage: punch initiator|other server ttl lag "
		    "[ms]");
	conf.initiator = strcmp(argv[1], "initiator") == 0;
	conf.ttl = (int)strtol(argv[3], NULL, 10);
	lag = (int)strtol(argv[4], NULL, 10);
	if (argc > 5)
		patience = strtol(argv[5], NULL, 10);
	if ((loop = loop_new()) == NULL ||
	    addr_make(&any, server.ss.ss_family, NULL, 0) == -1 ||
	    (fd = shared_port_socket(&any)) == -1 ||
	    addr_local(fd, &conf.local[0]) == -1 ||
	    (s = stun_ask(loop, &server, &conf.local[0], clock_ms() + PATIENCE,
	    mapped, &lag)) == NULL)
		err(1, NULL);
	conf.nlocal = 1;
	if (loop_run(loop) == -1)
		err(1, NULL);
	stun_ask_free(s);
	return status;
}
