/*
 * fault: what a run, or a stream of it, ends with, and which exit status that
 * is.
 */
#ifndef NET_CHANNEL_FAULT_H
#define NET_CHANNEL_FAULT_H

#include "net/login/session.h"

enum fault {
	FAULT_NONE,
	FAULT_LOCAL,		/* input, output, memory */
	FAULT_USE,		/* options or configuration */
	FAULT_SERVER,		/* the server was not reached or not trusted */
	FAULT_LOGIN,		/* the login was refused, or another client
				 * took its resource */
	FAULT_PEER,		/* the peer is absent, or refused */
	FAULT_BROKEN,		/* the stream broke before its end */
	FAULT_TIME,		/* a time limit passed */
	FAULT_SIGNAL		/* app->signo ended the run */
};

/* The exit status of a fault, but FAULT_SIGNAL, which has none; see xcat(1). */
int	 fault_status(enum fault fault);
/* The fault in what went wrong, for this reason, before the network: a lack of
 * memory is no fault of the options and files. */
enum fault fault_blame(const char *why);
/* The fault of a run whose login or registration ended with this fault.  A
 * session that ended without one (SESSION_FINE) is FAULT_SERVER: the run still
 * needed the server. */
enum fault fault_of_session(enum session_fault fault);

#endif
