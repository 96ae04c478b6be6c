/*
 * fast_tokens: what FAST needs to log in without the password (XEP-0484): the
 * name of this client at its servers, and the tokens that they gave it.
 *
 * A server may end the earlier session of a client that logs in again, and
 * replaces its token, so that programs that run side by side must be
 * different clients: each claims one of the files tokens.0 to tokens.7 in the
 * configuration directory for as long as it runs.  In there (mode 0600) is the
 * client's UUID on a line, and a line for each account:
 *
 *	jid mechanism expiry count token
 */
#ifndef NET_LOGIN_FAST_TOKENS_H
#define NET_LOGIN_FAST_TOKENS_H

#include <stdint.h>

#include "xml/check.h"

struct fast_tokens;

#define TOKEN_MAX	1024		/* bytes of a token with its NUL */
#define TOKEN_MECH	24		/* bytes of its name, with NUL */
#define FAST_TOKENS_ERR	512

struct fast_token {
	char		 mechanism[TOKEN_MECH];
	char		 secret[TOKEN_MAX];
	int64_t		 expiry;	/* seconds since 1970 */
	unsigned	 count;		/* how often it was used */
};

/*
 * Claim a file in dir, for account jid (bare).  NULL with an empty err if there
 * is none to be had: all are taken, or nothing can be written there.  NULL with
 * a message in err[FAST_TOKENS_ERR] if one may be known to others (conffile.h).
 */
struct fast_tokens *fast_tokens_open(const char *dir, const char *jid,
	    char *err);
/* Wipe and free.  NULL is fine. */
void	 fast_tokens_close(struct fast_tokens *t);
/* Which lines of the file were ignored, as they make no sense, for people; ""
 * if there were none. */
const char *fast_tokens_note(const struct fast_tokens *t);

/* The client's UUID. */
const char *fast_tokens_id(const struct fast_tokens *t);
/* The account's token, if it has one and that has not expired at now, seconds;
 * else NULL. */
const struct fast_token *fast_tokens_get(const struct fast_tokens *t,
	    int64_t now);
/* The token is about to be used: count that, here and in the file
 * (fast_tokens_error()).  Returns how often it has been, with this time. */
unsigned fast_tokens_use(struct fast_tokens *t);
/*
 * The server has given another, which expires at a time as XEP-0082 has it:
 * keep it, here and in the file.  0; -1 if it makes no sense, has expired or
 * cannot be kept, in which case the old one stays in the file.
 */
int	 fast_tokens_put(struct fast_tokens *t, const char *mechanism,
	    const char *secret, const char *expiry, int64_t now) MUST_CHECK;
/* The token was refused: forget it, here and in the file
 * (fast_tokens_error()). */
void	 fast_tokens_drop(struct fast_tokens *t);
/* Why the file could not be written by the last fast_tokens_use() or
 * fast_tokens_drop(), an errno, or 0. */
int	 fast_tokens_error(const struct fast_tokens *t);

#endif
