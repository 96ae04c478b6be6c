/* receive_int: what the files that receive files share: receive.c,
 * receive_file.c, receive_si.c and receive_words.c. */
#ifndef NET_FILE_RECEIVE_INT_H
#define NET_FILE_RECEIVE_INT_H

#include <sys/queue.h>

#include <stddef.h>
#include <stdint.h>

#include "ibb/si.h"
#include "net/file/partial.h"
#include "net/io/loop.h"
#include "xml/jid.h"
#include "xml/stanza.h"

struct app;
struct buf;
struct channel;
struct channel_file_ops;

enum phase {
	DESCRIBED_NOT,	/* a stream whose file is still to be told */
	SUMMING,	/* what there is of it is looked at */
	AGREED,		/* the sender may begin */
	MOVING,		/* its stream is there */
	COMPLETE,
	FAILED,		/* and that is to be said, or it has been */
	LATE		/* its sender has taken too long */
};

struct incoming {
	enum phase		 phase;
	char			 peer[JID_MAX];
	char			 shown[256];	/* the same, for people */
	char			*sid, *id;	/* by SI; id: unanswered */
	unsigned		 method;
	char			*given;		/* its name, as given */
	char			 name[FILE_NAME];
	struct si_file		 file;		/* but for the name */
	struct partial		*partial;	/* NULL: standard output */
	struct sum		*sum;
	struct sumfile		*summing;
	uint64_t		 have;		/* bytes that are there */
	struct channel		*link;		/* NULL: none yet */
	int			 declined;	/* before it began */
	int			 ended;		/* complete, and its socket
						 * is to be over */
	int			 told;		/* why it failed: */
	enum fault		fault;
	enum stanza_error	 error;
	char			 why[512];
	struct timer		 timer;
	TAILQ_ENTRY(incoming)	 next;
};
TAILQ_HEAD(incomings, incoming);

/*
 * receive.c
 */

extern struct incomings	 incomings;
/* A file that comes, for its channel. */
extern const struct channel_file_ops	 receive_ops;

/* One more, from this peer, with this sid (NULL: it is to be described in its
 * stream); NULL when out of memory. */
struct incoming *incoming_new(const char *peer, const char *sid);
void	 incoming_free(struct incoming *in);
/* Nothing more is done with it; what there is of the file stays. */
void	 incoming_let_go(struct incoming *in);
void	 incoming_set_phase(struct incoming *in, enum phase phase);
/* It comes to nothing, for this reason, in two parts.  What follows from that
 * is not for now, since its link is in use. */
void	 incoming_fail(struct incoming *in, enum fault fault,
	    enum stanza_error error, const char *why, const char *detail);
/* How many are in one of the phases from the first to the last; of those that
 * the account of this peer sends, unless it is NULL. */
size_t	 incoming_count(enum phase from, enum phase to, const char *peer);

/* Those in struct channel_takers.  receive_si.c has the first two,
 * receive_native.c the third. */
void	*receive_find(struct app *app, const char *peer, const char *sid);
int	 receive_take(struct channel *l, void *file) MUST_CHECK;
int	 receive_offered(struct channel *l) MUST_CHECK;
/* As struct channel_file_ops has it: receive_si.c. */
void	 receive_missed(void *file);

/*
 * receive_file.c
 */

/* Is there a folder?  Close it. */
int	 receive_folder(void);
void	 receive_close_folder(void);
/* Remember what is offered, and under which name it goes here. */
void	 incoming_describe(struct incoming *in, const struct si_file *f);
/* Decline it, and it may be gone; or see what there is of it, and then accept
 * the rest. */
void	 incoming_prepare(struct incoming *in);
/* All bytes are there: put the file in its place, and it is COMPLETE; or it is
 * FAILED if they are not what was announced, or cannot be kept. */
void	 incoming_end(struct incoming *in);
/* What came is not what was offered, for this reason: throw it away. */
void	 incoming_wrong(struct incoming *in, const char *what);

/*
 * receive_si.c: by SI.  The answer to the offer, once.
 */
void	 receive_si_accept(struct incoming *in);
void	 receive_si_refuse(struct incoming *in, enum si_refusal why,
	    const char *text);

/*
 * receive_words.c: from an xcat
 */

/* Take what it says before the file.  1: the link is no more. */
int	 receive_native_hear(struct channel *l);
/* Say what is wanted of the file; that it is not, or was wrong, as si_say_*()
 * has it, and why. */
void	 receive_native_accept(struct incoming *in);
void	 receive_native_tell(struct incoming *in,
	    int (*word)(struct buf *, const char *), const char *text);

#endif
