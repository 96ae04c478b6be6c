/*
 * tickets: what servers gave us to resume TLS sessions with, of one account,
 * in the file tls_sessions (mode 0600), a line for each,
 *
 *	jid key trusted until ticket
 *
 * since later programs gain from them, too.  The key says what it is good for:
 * see tlsresume.h, which also knows what a ticket is; until when (seconds since
 * 1970) the server's certificate, verified at most a day before, may be relied
 * on, and the ticket be used.
 *
 * Each is used once (RFC 8446 appendix C.4), by however many programs: who
 * takes one has removed it from the file.  What the file cannot take, since
 * somebody has claimed it just now or nothing can be written there, is kept in
 * memory.
 * There are secrets in it: with the ticket of a session one can pose as its
 * server, and for TLS 1.2 read it.
 */
#ifndef NET_TICKETS_H
#define NET_TICKETS_H

#include <stddef.h>
#include <stdint.h>

struct tickets;

#define TICKETS_ERR	512
#define TICKETS_KEY	65		/* bytes of a key with its NUL */
#define TICKETS_DAY	86400		/* s that a verification counts */
#define TICKET_MAX	6144		/* bytes of a ticket */

struct ticket {
	int64_t		 trusted, until;
	size_t		 len;
	unsigned char	 data[TICKET_MAX];
};

/*
 * Those of account jid (bare), kept in directory dir; NULL: in memory only.
 * NULL without memory; or, if others may know those in the file, with a message
 * in err[TICKETS_ERR].
 */
struct tickets *tickets_new(const char *dir, const char *jid, char *err);
void	 tickets_free(struct tickets *t);	/* wipes */

/* Keep one for key, a word of TICKETS_KEY - 1 characters, at now, seconds since
 * 1970.  The oldest ones make room. */
void	 tickets_put(struct tickets *t, const char *key,
	    const struct ticket *k, int64_t now);
/* Take the newest one for key that may be used at now: 0, or -1 if there is
 * none.  To be wiped. */
int	 tickets_take(struct tickets *t, const char *key, int64_t now,
	    struct ticket *out);
/* Throw all away that are for key. */
void	 tickets_forget(struct tickets *t, const char *key, int64_t now);

#endif
