/*
 * registration: an account is made on a server (XEP-0077), before there is a
 * login: with a name and a password, and with nothing else.  A server that
 * wants more is for a person with a browser.
 */
#ifndef NET_LOGIN_REGISTRATION_H
#define NET_LOGIN_REGISTRATION_H

#include <stdint.h>

#include "net/login/session.h"

struct registration;

struct registration_conf {
	const char	*jid;		/* of the account; prepared */
	const char	*password;
	struct discover	*ways;		/* where to connect */
	int64_t		 ms;		/* time allowed for all of it */
	/* A line for -v (level 1) or -vv (level 2). */
	void		(*log)(void *arg, int level, const char *line);
	/* It is over: SESSION_FINE if there is an account now, or how that
	 * failed, and for people why.  Called once; may not free. */
	void		(*done)(void *arg, enum session_fault fault,
			    const char *why);
	void		*arg;
};

/* Connect and register.  conf is copied, what it points to has to outlive the
 * registration.  NULL when out of memory. */
struct registration *registration_new(struct loop *l, struct resolver *r,
	    const struct registration_conf *conf);
/* Drop the connection.  r may be NULL. */
void	 registration_free(struct registration *r);

#endif
