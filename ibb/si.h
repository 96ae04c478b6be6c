/*
 * si: the stanzas by which files are offered and taken: stream initiation
 * (XEP-0095) with the profile of files (XEP-0096) and a form for the kinds of
 * stream (XEP-0020); and the words for that inside a stream between two xcats.
 */
#ifndef IBB_SI_H
#define IBB_SI_H

#include <sys/types.h>

#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "ibb/hash.h"
#include "xml/check.h"
#include "xml/iq.h"
#include "xml/stanza.h"

struct buf;
struct elem;
struct xw;

#define SI_HASH		33	/* MD5 in hexadecimal, and NUL; XEP-0096 */

/* Kinds of stream, to be put together. */
#define SI_S5B		1
#define SI_IBB		2

/* A file, as its sender describes it.  What a peer says is to be judged. */
struct si_file {
	const char	*name;		/* UTF-8, of any length */
	uint64_t	 size;		/* bytes; at most INT64_MAX */
	int		 dated;
	time_t		 date;		/* last modified, if dated */
	char		 hash[HASH_HEX];	/* lower case; "" if none */
	enum hash_algo	 algo;		/* of the hash, which may still be to
					 * come; HASH_NONE: of none */
	int		 ranged;	/* it can be sent in part */
	int		 mode;		/* permissions, or -1 (xcats only) */
	uint64_t	 more;		/* files that follow (xcats only) */
};

struct si_offer {
	const char	*from, *id;	/* of the iq */
	const char	*sid;		/* of the stream to come */
	struct si_file	 file;
	unsigned	 methods;	/* kinds of stream that we know, too */
};

/* Why an offer is not taken. */
enum si_refusal {
	SI_DECLINED,		/* forbidden */
	SI_BAD_REQUEST,
	SI_BAD_PROFILE,
	SI_NO_STREAMS,
	SI_BUSY,		/* not now */
	SI_TOO_LARGE		/* not acceptable */
};

/* Is this iq an offer of a file?  1: it is, and o is filled in, valid as long
 * as iq; -1: the offer makes no sense and has been refused; 0: the iq is
 * something else. */
int	 si_parse(struct iq_table *t, const struct elem *iq,
	    struct si_offer *o);
/* Answer an offer: take the file, from this byte on, by a stream of this kind.
 * 0 or -1. */
int	 si_accept(struct iq_table *t, const char *from, const char *id,
	    unsigned method, uint64_t offset) MUST_CHECK;
/* Refuse an offer, with words for the peer's user (may be NULL): XEP-0095
 * section 4.2. */
void	 si_refuse(struct iq_table *t, const char *from, const char *id,
	    enum si_refusal why, const char *text);

/* What came of our offer. */
struct si_answer {
	unsigned	 method;	/* 0: refused, or no answer */
	uint64_t	 offset;	/* from there on ... */
	uint64_t	 length;	/* ... so many bytes */
	enum stanza_error err;		/* SE_NONE: no answer, or nonsense */
	int		 no_streams;	/* refused for want of a stream */
	const char	*text;		/* the peer's words, what is wrong with
					 * an answer that makes no sense, or ""
					 */
};

/* Offer a file by streams of these kinds.  The answer comes to fn, as iq_ask()
 * has it, and is for si_answer().  0 or -1. */
int	 si_offer(struct iq_table *t, const char *peer, const char *sid,
	    const char *mime, const struct si_file *f, unsigned methods,
	    iq_answer_fn *fn, void *arg, int64_t deadline) MUST_CHECK;
/* Read the answer (NULL: none came in time) to our offer of f and methods into
 * a, whose text is valid as long as answer. */
void	 si_answer(const struct elem *answer, const struct si_file *f,
	    unsigned methods, struct si_answer *a);

/*
 * Between two xcats, see xcat-protocol(7): words (ibb/words.h) at the beginning
 * of a stream.
 */

/* Add the offer of a file to out: 0 or -1. */
int	 si_say_file(struct buf *out, const struct si_file *f) MUST_CHECK;
/* Add to out that the file is wanted, from offset on: 0 or -1. */
int	 si_say_range(struct buf *out, uint64_t offset) MUST_CHECK;
/* Add to out that the file is refused, and why: 0 or -1. */
int	 si_say_refused(struct buf *out, const char *text) MUST_CHECK;
/* Add to out that the file that came was not the one offered: 0 or -1. */
int	 si_say_wrong(struct buf *out, const char *text) MUST_CHECK;

enum si_word {
	SI_MORE,		/* it has not come whole */
	SI_NONSENSE,
	SI_FILE,
	SI_RANGE,
	SI_REFUSED,
	SI_WRONG
};

/* The word that the len bytes of data begin with, of which it takes *used.
 * f, *offset or *text are taken from *e, which the caller frees. */
enum si_word si_hear(const unsigned char *data, size_t len, size_t *used,
	    struct elem **e, struct si_file *f, uint64_t *offset,
	    const char **text);

#endif
