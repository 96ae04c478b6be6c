/*
 * sm_int: what net/login/sm.c is made of, for itself and for its tests, which
 * cannot wait until 2^32 stanzas have passed.
 */
#ifndef NET_LOGIN_SM_INT_H
#define NET_LOGIN_SM_INT_H

#include <sys/queue.h>

#include <stddef.h>
#include <stdint.h>

/* Each but the first counts what the one before counts. */
enum sm_state {
	SM_OFF,
	SM_ENABLING,		/* <enable/> is sent: what is sent counts */
	SM_ENABLED,		/* <enabled/> has come: what comes counts */
	SM_RESUMABLE		/* and the server keeps the session */
};

/* A stanza that was sent. */
struct kept {
	size_t			 len;
	STAILQ_ENTRY(kept)	 next;
	unsigned char		 data[];
};

struct sm {
	enum sm_state		 state;
	int			 asked;		/* <r/> without <a/> */
	char			*id, *location;
	uint32_t		 in, told;	/* received; told of */
	uint32_t		 acked;		/* of what was sent */
	STAILQ_HEAD(, kept)	 queue;
	size_t			 nkept, bytes;
};

#endif
