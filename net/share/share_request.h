/*
 * share_request: SHARE_RUN, what a client asks of the process that keeps the
 * login: the fields that stand for the options of the run, and its descriptors.
 */
#ifndef NET_SHARE_SHARE_REQUEST_H
#define NET_SHARE_SHARE_REQUEST_H

#include <stddef.h>

#include "net/share/share_conn.h"
#include "net/share/share_socket.h"
#include "xml/check.h"

struct app;
struct share_frame;

/* Zeroed before its first use. */
struct share_request {
	int	 input, output;		/* are these handed over? */
	int	 fds[SHARE_FDS];	/* what is, */
	size_t	 n;
};

/* Send the request for this run.  0, or -1 with a reason in why[SHARE_ERR]. */
int	 share_request_send(struct share_request *r, const struct app *app,
	    struct share_conn *c, char *why) MUST_CHECK;
/* Free what the request has. */
void	 share_request_free(struct share_request *r);

/*
 * Set what the request in f says in g, which is zeroed, of owner's login, and
 * take its descriptors off c; *columns is for struct log_sink.  0, or -1 with a
 * reason in why[SHARE_ERR]; then guest_leave() frees what g has.
 */
int	 share_request_take(struct app *g, const struct app *owner,
	    const struct share_frame *f, struct share_conn *c, int *columns,
	    char *why) MUST_CHECK;

#endif
