/*
 * tokens: what FAST needs to log in without the password (XEP-0484): who this
 * client is to its servers, and the tokens that they gave it.
 *
 * A server may end the earlier session of a client that logs in again, and
 * replaces its token, so that programs that run at the same time must be
 * different clients: each claims one of the files tokens.0 to tokens.7 in the
 * configuration directory for as long as it runs.  In there (mode 0600) is the
 * client's UUID on a line, and a line for each account:
 *
 *	jid mechanism expiry count token
 */
#ifndef NET_TOKENS_H
#define NET_TOKENS_H

#include <stdint.h>

#include "xml/check.h"

struct tokens;

#define TOKEN_MAX	1024		/* bytes of a token with its NUL */
#define TOKEN_MECH	24		/* of its mechanism's name, likewise */
#define TOKENS_ERR	512

struct token {
	char		 mechanism[TOKEN_MECH];
	char		 secret[TOKEN_MAX];
	int64_t		 expiry;	/* seconds since 1970 */
	unsigned	 count;		/* how often it was used */
};

/*
 * Claim a file in dir, for account jid (bare).  NULL with an empty err if there
 * is none to be had: all are taken, or nothing can be written there.  NULL with
 * a message in err[TOKENS_ERR] if one may be known to others (conffile.h).
 */
struct tokens *tokens_open(const char *dir, const char *jid, char *err);
/* Wipe and free.  NULL is fine. */
void	 tokens_close(struct tokens *t);
/* Which lines of the file were ignored, as they make no sense, for people; ""
 * if there were none. */
const char *tokens_note(const struct tokens *t);

/* The client's UUID. */
const char *tokens_id(const struct tokens *t);
/* The account's token, if there is one that has not expired at now, seconds;
 * else NULL. */
const struct token *tokens_get(const struct tokens *t, int64_t now);
/* It is about to be used: count that, here and in the file (tokens_error()).
 * Returns how often it has been, with this time. */
unsigned tokens_use(struct tokens *t);
/*
 * The server has given another, which expires at a time as XEP-0082 has it:
 * keep it, here and in the file.  0; -1 if it makes no sense, has expired or
 * cannot be kept, in which case the old one stays in the file.
 */
int	 tokens_put(struct tokens *t, const char *mechanism,
	    const char *secret, const char *expiry, int64_t now) MUST_CHECK;
/* It was refused: forget it, here and in the file (tokens_error()). */
void	 tokens_drop(struct tokens *t);
/* Why the file could not be written by the last tokens_use() or tokens_drop(),
 * an errno, or 0. */
int	 tokens_error(const struct tokens *t);

/* A DateTime of XEP-0082 in seconds since 1970, or -1. */
int64_t	 tokens_time(const char *text);

#endif
