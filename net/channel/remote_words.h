/*
 * remote_words: what a caller and a listener say to each other in the control
 * stream of -R (xcat-protocol(7), Ports for callers): lines.
 */
#ifndef NET_CHANNEL_REMOTE_WORDS_H
#define NET_CHANNEL_REMOTE_WORDS_H

#include <stddef.h>

#include "xml/check.h"

#define REMOTE_PORTS	64	/* of a caller, numbered from 1 */
#define REMOTE_LINE	512	/* bytes, with what ends the line */

enum remote_word {
	REMOTE_LISTEN,		/* the caller's: [addr:]port */
	REMOTE_LISTENING,	/* it does: [addr:]port, never port 0 */
	REMOTE_REFUSED,		/* it does not: why, for people */
	REMOTE_CLOSED		/* it does no more: why, for people */
};

struct stream;

struct remote_line {
	enum remote_word word;
	unsigned	 number;	/* of a port: 1 to REMOTE_PORTS */
	char		 text[REMOTE_LINE];
};

/* Take the line at the head of the len bytes at data: returns the bytes that it
 * has there; 0 if it is not whole yet; -1 if it is none of these lines. */
int	 remote_words_read(const unsigned char *data, size_t len,
	    struct remote_line *l) MUST_CHECK;
/* Take the lines that have come by the stream, while it is open.  heard gets
 * each: 0; 1 if no more are to be heard; -1 if a line makes no sense there.
 * Returns 0, or -1 if heard has, or if what came is none of these lines. */
int	 remote_words_take(struct stream *s,
	    int (*heard)(void *arg, const struct remote_line *l), void *arg)
	    MUST_CHECK;
/* Write a line into out[REMOTE_LINE]; text is cut if it is too long, and has no
 * line of its own.  Returns its bytes. */
size_t	 remote_words_write(enum remote_word word, unsigned number,
	    const char *text, char *out);

#endif
