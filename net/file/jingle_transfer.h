/*
 * jingle_transfer: a file on its way by Jingle, at either end, until there is a
 * stream for it: the session (ibb/jingle_session.h), its socket
 * (net/s5b/jingle_socket.h), and the in-band stream if that comes to nothing.
 *
 * The initiator is the sender.  send_jingle.c and receive_jingle.c are the
 * users.
 */
#ifndef NET_FILE_JINGLE_TRANSFER_H
#define NET_FILE_JINGLE_TRANSFER_H

#include <stdint.h>

#include "ibb/jingle_session.h"
#include "net/channel/app.h"
#include "net/io/loop.h"
#include "xml/check.h"

struct dispatch;
struct jingle_socket;

/* What the user of a transfer is told; arg is passed to all.  The transfer may
 * be freed in each of them. */
struct jingle_transfer_user {
	/* The peer accepts the offer.  0; or -1, and nothing more is done, if
	 * what it wants cannot be. */
	int	(*accepted)(void *arg, const struct jingle_content *c);
	/* The offer was answered with this error, or with nothing (SE_NONE). */
	void	(*refused)(void *arg, enum stanza_error err, const char *text);
	/* The stream is to be in-band, with the sid and the blocks that
	 * t->session has now. */
	void	(*inband)(void *arg);
	/* The stream is in this socket, which is the user's, as
	 * jingle_socket_user has it. */
	void	(*socket)(void *arg, int fd, const char *proxy);
	/* There is no way between the ends, for this reason: the session has
	 * been ended. */
	void	(*failed)(void *arg, const char *why);
	/* Nothing has come of it in time: the session has been ended. */
	void	(*late)(void *arg);
	/* As struct jingle_user has them. */
	void	(*checksum)(void *arg, const struct si_file *f);
	void	(*received)(void *arg);
	void	(*ended)(void *arg, enum jingle_reason reason,
		    const char *text);
};

/* What is still to be known before a stream is offered or accepted. */
enum jingle_transfer_step {
	JINGLE_TRANSFER_NEW,		/* our candidates; and, of a responder,
					 * whether the file is wanted */
	JINGLE_TRANSFER_READY,		/* whether the file is wanted */
	JINGLE_TRANSFER_WANTED,		/* our candidates */
	JINGLE_TRANSFER_SETTLING	/* nothing: the peer has it */
};

struct jingle_transfer {
	struct app	*app;
	const struct jingle_transfer_user *user;
	void		*arg;
	struct jingle_session *session;
	struct jingle_socket *socket;	/* NULL: none is negotiated */
	struct timer	 timer;		/* for the peer's next word */
	enum jingle_transfer_step step;
	struct si_file	 file;		/* as it is offered, or accepted */
	const char	*mime;
	uint64_t	 offset;	/* from where on it is accepted */
};

/* The login stands: <jingle/> comes from d now, and offers go to offered(), as
 * struct jingles_host has it, with the app.  0, or -1 when out of memory. */
int	 jingle_transfers_login(struct app *app, struct dispatch *d,
	    int (*opens)(void *app, const char *peer),
	    void (*offered)(void *app, const struct jingle *j)) MUST_CHECK;
/* The run is stopped: end all sessions, which stay their users'. */
void	 jingle_transfers_stop(struct app *app);
/* Free what jingle_transfers_login() has made; there must be no transfer. */
void	 jingle_transfers_free(struct app *app);

/* Offer f, whose name has to outlive the transfer, to peer: by a socket, if one
 * is wanted, with in-band to fall back on, or in-band.  NULL when out of
 * memory. */
struct jingle_transfer *jingle_transfer_offer(struct app *app,
	    const char *peer, const struct si_file *f, const char *mime,
	    int socket, const struct jingle_transfer_user *user, void *arg);
/* Own an offer, which waits for jingle_transfer_accept(), or to be ended.  NULL
 * when out of memory: it is refused then. */
struct jingle_transfer *jingle_transfer_take(struct app *app,
	    const struct jingle *j, const struct jingle_transfer_user *user,
	    void *arg);
/* Accept the offer, of f as it was described, from offset on; the name has to
 * outlive the transfer. */
void	 jingle_transfer_accept(struct jingle_transfer *t,
	    const struct si_file *f, uint64_t offset);
/* Wait for the peer's next word until then; INT64_MAX: for ever. */
void	 jingle_transfer_wait(struct jingle_transfer *t, int64_t deadline);
/* End it, and the session, if that has not ended, for this reason.  NULL is
 * fine. */
void	 jingle_transfer_free(struct jingle_transfer *t,
	    enum jingle_reason reason, const char *text);

#endif
