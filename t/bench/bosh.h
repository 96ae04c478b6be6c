/*
 * bosh: XEP-0124 for programs that measure: a session over two connections with
 * TLS, a request at a time on each.  A response is a text like any other to
 * the caller, and comes when its connection has it: no order is kept among
 * them, and none that is lost is asked for again.  Whatever goes wrong ends the
 * program.
 */
#ifndef T_BENCH_BOSH_H
#define T_BENCH_BOSH_H

#include <stddef.h>

struct bosh;
struct xmpp_login;

/* Begin a session with the domain at https://server/http-bind. */
struct bosh *bosh_new(const struct xmpp_login *l, const char *domain);
/* Send one request with these attributes (or "") and stanzas, and wait until
 * these words have come; the response, which the next call uses again. */
const char *bosh_ask(struct bosh *b, const char *attributes,
	    const char *stanzas, const char *words);
/* The stream begins anew: wait for its features. */
void	 bosh_restart(struct bosh *b);

/* From now on nothing waits but bosh_wait().  Requests are begun at least so
 * many ms after each other: those on two connections are not to overtake. */
void	 bosh_go(struct bosh *b, unsigned int apart);
/* May a request be sent now? */
int	 bosh_is_free(const struct bosh *b);
/* Does the server hold a request, or is one on its way? */
int	 bosh_is_held(const struct bosh *b);
/* Add stanzas to the next request. */
void	 bosh_put(struct bosh *b, const void *data, size_t len);
/* Send it, with what was added, which may be nothing. */
void	 bosh_post(struct bosh *b);
/* Wait for what comes, or until a request may be sent, a minute at most; heard
 * is told of each piece of a response, numbered by its connection, 0 or 1.
 * Returns 0 if nothing has happened. */
int	 bosh_wait(struct bosh *b, void (*heard)(void *, int, const char *,
	    size_t), void *arg);

#endif
