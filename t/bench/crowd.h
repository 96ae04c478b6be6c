/*
 * crowd: many XMPP clients in one process, which call a listener: each has a
 * login of its own (xmpp.h) and a stream (ibb/stream.h) with a session, to a
 * service that sends back what it gets.  Other clients are rude, or strangers.
 * Whatever goes wrong with a login ends the program; what goes wrong with a
 * stream is told.
 */
#ifndef T_BENCH_CROWD_H
#define T_BENCH_CROWD_H

#include <stddef.h>
#include <stdint.h>

#include "t/bench/xmpp.h"

struct client;

enum client_state {
	CLIENT_IDLE,		/* without a stream */
	CLIENT_OPENING,		/* until the stream stands */
	CLIENT_TRYING,		/* until its first word is back */
	CLIENT_OPEN,
	CLIENT_CLOSING
};

/* What all clients have in common. */
struct crowd {
	struct xmpp_login login;	/* but jid and password */
	const char	*domain;
	const char	*listener;	/* full JID */
	const char	*service;	/* that echoes */
	/* The stream of a client has brought its first word back, so many
	 * seconds after it was called. */
	void	(*opened)(struct client *c, double took);
	/* What client_say() sent is back, seconds after that. */
	void	(*echoed)(struct client *c, double took);
	/* What client_mirror() sent is back, seconds after that. */
	void	(*mirrored)(struct client *c, double took);
	/* Its stream has ended; why is NULL if it was closed as it should. */
	void	(*ended)(struct client *c, const char *why);
};

/* Client number n, logged in as crowdN; cr must outlive it. */
struct client *client_new(const struct crowd *cr, size_t n);
/* Call the listener: an idle client is OPENING. */
void	 client_call(struct client *c);
/* Send a word, which is not to be out already, as if at time since. */
void	 client_say(struct client *c, double since);
/* Ask the client itself for something, through the server, which takes the ways
 * of a word without the listener; as if at time since. */
void	 client_mirror(struct client *c, double since);
/* Is a word, or a question, out that has not come back? */
int	 client_waits(const struct client *c);
/* End the stream as it should be: a client that is OPEN is CLOSING. */
void	 client_close(struct client *c);
/* Forget the stream, as a program that is killed does: IDLE at once, and the
 * listener is not told. */
void	 client_forget(struct client *c);
/* Begin a stream whose session will never stand; the client must be IDLE, and
 * stays it. */
void	 client_half_call(struct client *c);
/* Ask for a stream without a session, raw: for strangers. */
void	 client_knock(struct client *c);
/* How many of its requests have been answered. */
uint64_t client_answers(const struct client *c);
enum client_state client_state(const struct client *c);

/* Look at the clients to which something has happened, and send what they have
 * to say; before each source_wait(). */
void	 crowd_settle(void);

#endif
