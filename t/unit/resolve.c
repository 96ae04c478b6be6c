/* Unit tests of net/dial/resolve: what needs no DNS does not ask it. */
#include <sys/types.h>
#include <sys/socket.h>
#include <netinet/in.h>

#include <stdlib.h>
#include <unistd.h>

#include "net/dial/resolve.h"
#include "net/io/loop.h"
#include "t/lib/tap.h"

static struct loop	*loop;
static size_t		 found;
static int		 family;

/* The next descriptor to be had: it tells whether a socket has been opened. */
static int
next_fd(void)
{
	int	 fd = dup(STDERR_FILENO);

	close(fd);
	return fd;
}

static void
answer(void *arg, const struct addr *addrs, size_t n, const char *err)
{
	(void)arg;
	ok((n == 0) == (err != NULL), "why there are none, or nothing");
	found = n;
	family = n > 0 ? addrs[0].ss.ss_family : 0;
	loop_stop(loop);
}

static void
test(struct resolver *r, const char *host, int wanted, size_t n)
{
	int	 fd = next_fd();

	if (resolve(r, host, 5222, wanted, answer, NULL) == NULL)
		abort();
	is_int(next_fd(), fd, "%s: nothing is sent", host);
	if (next_fd() != fd)
		return;		/* whose answer may never come */
	loop_run(loop);
	is_int(found, n, "%zu addresses of family %d", n, wanted);
	if (n > 0)
		is_int(family, wanted, "which is theirs");
}

int
main(void)
{
	struct resolver	*r;

	if ((loop = loop_new()) == NULL || (r = resolver_new(loop)) == NULL)
		abort();
	test(r, "127.0.0.1", AF_INET, 1);
	test(r, "127.0.0.1", AF_INET6, 0);
	test(r, "::1", AF_INET6, 1);
	test(r, "::1", AF_INET, 0);
	test(r, "localhost", AF_INET, 1);
	test(r, "a.localhost", AF_INET6, 1);
	resolver_free(r);
	loop_free(loop);
	return tap_done();
}
