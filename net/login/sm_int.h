/* sm_int: what net/login/sm.c is made of, for itself and for its tests, which
 * cannot wait until 2^32 stanzas have passed. */
#ifndef NET_LOGIN_SM_INT_H
#define NET_LOGIN_SM_INT_H

#include <sys/queue.h>

#include <stddef.h>
#include <stdint.h>

/* A stanza that was sent. */
struct kept {
	size_t			 len;
	STAILQ_ENTRY(kept)	 next;
	unsigned char		 data[];
};

struct sm {
	int			 counting;	/* what is sent */
	int			 enabled;	/* and what comes */
	int			 asked;		/* <r/> without <a/> */
	int			 resumable;
	char			*id, *location;
	uint32_t		 in, told;	/* received; said so */
	uint32_t		 acked;		/* of what was sent */
	STAILQ_HEAD(, kept)	 queue;
	size_t			 nkept, bytes;
};

#endif
