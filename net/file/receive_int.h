/*
 * receive_int: what the files that receive files share: receive.c, the files
 * by their streams; receive_file.c, what there is of them here; receive_si.c,
 * receive_jingle.c and receive_native.c, the offers, and receive_offer.c, what
 * the first two of these share.
 */
#ifndef NET_FILE_RECEIVE_INT_H
#define NET_FILE_RECEIVE_INT_H

#include <sys/queue.h>

#include <stddef.h>
#include <stdint.h>

#include "ibb/si.h"
#include "net/channel/app.h"
#include "net/file/filename.h"
#include "net/file/receive.h"
#include "net/io/loop.h"
#include "xml/check.h"
#include "xml/jid.h"
#include "xml/stanza.h"

struct channel;
struct dispatch;
struct folder_in;
struct jingle;
struct jingle_transfer;
struct partial;
struct sum;
struct sumfile;

/* The receiver of a run: the folder, and all files that are on their way. */
struct receiver {
	struct app	*app;
	int		 folder;	/* -1: files go to standard output */
	TAILQ_HEAD(, incoming) incomings;
	LIST_HEAD(, folder_in) folders;	/* those that come in one stream */
	char		 awaited[JID_MAX]; /* the sender of the last file, if it
					    * has more; else "" */
};

/* How far a file is.  In this order, so that ranges of phases can be counted:
 * before INCOMING_COMPLETE its bytes are still to come. */
enum incoming_phase {
	INCOMING_UNDESCRIBED,	/* a stream whose file is still to be told */
	INCOMING_SUMMING,	/* what there is of it here is looked at */
	INCOMING_AGREED,	/* the sender may begin */
	INCOMING_MOVING,	/* its stream is there, and carries it */
	INCOMING_UNPROVED,	/* all of it is here, but the hash that was
				 * announced is still to come */
	INCOMING_COMPLETE,	/* all of it is here, in its place */
	INCOMING_ENDED,		/* so it is, and the socket is to be over */
	INCOMING_FAILED,	/* the sender has yet to be told */
	INCOMING_TOLD,		/* it failed, and the sender has been told */
	INCOMING_DECLINED,	/* it is not wanted, and the sender knows */
	INCOMING_LATE		/* its stream is not taken any more: its sender
				 * has begun too late, or anew */
};

struct incoming;

/* A way in which files are offered: how its offers are answered. */
struct receive_method {
	/* The file is wanted, from in->have on: say so. */
	void	(*accept)(struct incoming *in);
	/* The file is not wanted: refuse it, with text for the peer's user (may
	 * be NULL).  in is freed, unless it has a stream that has still to
	 * come or to end. */
	void	(*decline)(struct incoming *in, enum si_refusal why,
		    const char *text);
	/* What comes in a stream before its file is described has changed.
	 * Returns 1 if the channel is no more.  NULL: files are described
	 * before there is a stream. */
	int	(*hear)(struct incoming *in);
	/* The file has failed: say so, with in->why, in its stream.  NULL: the
	 * sender learns of it by the end of the stream. */
	void	(*tell)(struct incoming *in);
	/* It is over with the file, well or not, as in->phase has it: say so
	 * beside its stream, once.  May be NULL. */
	void	(*over)(struct incoming *in);
};

/* One file that a peer has offered. */
struct incoming {
	struct receiver		*receiver;
	const struct receive_method *method;
	enum incoming_phase	 phase;
	char			 peer[JID_MAX];
	char			 shown[256];	/* the peer, for people */
	char			*sid;		/* of the stream to come, for an
						 * offer by SI or Jingle; else
						 * NULL */
	char			*id;		/* of the offer by SI, until it
						 * is answered */
	unsigned		 kind;		/* of stream, by SI */
	struct jingle_transfer	*jingle;	/* of an offer by Jingle; NULL:
						 * none, or it is over */
	char			*given;		/* its name, as given */
	char			 name[FILE_NAME];	/* and as it is here */
	struct si_file		 file;		/* but for the name */
	struct partial		*partial;	/* NULL: standard output */
	struct sum		*sum;		/* of the bytes so far */
	struct sumfile		*summing;	/* of those before this run */
	uint64_t		 have;		/* bytes that are there */
	uint64_t		 from;		/* where the offer begins */
	struct channel		*channel;	/* of its stream, or NULL */
	enum fault		 fault;		/* why it failed: for the exit
						 * status, */
	enum stanza_error	 error;		/* for the peer, */
	char			 why[512];	/* for people */
	char			 about[FILE_NAME + 128]; /* its failure */
	struct timer		 timer;		/* until its stream comes */
	TAILQ_ENTRY(incoming)	 next;
};

/*
 * receive.c
 */

/* A new file from this peer, for a stream with this sid (NULL: it is not known
 * by one); NULL when out of memory. */
struct incoming *incoming_new(struct receiver *r,
	    const struct receive_method *method, const char *peer,
	    const char *sid);
/* Free it, and take it from its channel.  NULL is fine. */
void	 incoming_free(struct incoming *in);
/* Nothing more is done with the file; what there is of it stays. */
void	 incoming_let_go(struct incoming *in);
/* The one place where a phase changes; -vv shows it.  Returns 0, or -1 and
 * nothing has changed, if there is no such move. */
int	 incoming_set_phase(struct incoming *in, enum incoming_phase phase);
/* This channel's stream is to carry the file. */
void	 incoming_attach(struct incoming *in, struct channel *ch);
/* The file comes to nothing, for this reason, in two parts.  Its channel is in
 * use by the caller: what follows is done at the next look at the channel. */
void	 incoming_fail(struct incoming *in, enum fault fault,
	    enum stanza_error error, const char *why, const char *detail);
/* How many files are in one of the phases from the first to the last; only
 * those that the account of this peer sends, unless peer is NULL. */
size_t	 incoming_count(const struct receiver *r, enum incoming_phase from,
	    enum incoming_phase to, const char *peer);

/*
 * receive_file.c
 */

/* A file or folder of this peer is complete, behind which so many follow. */
void	 receive_await(struct receiver *r, const char *peer, uint64_t more);
/* Is what this peer has offered, which was declined and has so many behind it,
 * the last of several, so that a run which waits for it is over?  Not while
 * anything else comes. */
int	 receive_was_last(const struct receiver *r, const char *peer,
	    uint64_t more);
/* Remember what is offered, and under which name it goes here.  in->given is
 * NULL when out of memory, which incoming_prepare() looks at. */
void	 incoming_describe(struct incoming *in, const struct si_file *f);
/* Decline the file, which frees it if it was offered by SI; or see what there
 * is of it here, and accept the rest, at once or when that has been read. */
void	 incoming_prepare(struct incoming *in);
/* All bytes are there: put the file in its place, and it is complete; or it
 * fails if the bytes are not what was announced, or cannot be kept. */
void	 incoming_end(struct incoming *in);
/* The hash that was still to come is there, or will not come: incoming_end()
 * goes on. */
void	 incoming_prove(struct incoming *in);
/* The function by which its bytes are summed: that of its offer, or else the
 * usual one of Jingle, as a hash may come that no offer has announced. */
enum hash_algo incoming_algo(const struct incoming *in);
/* What came is not what was offered, for this reason: throw it away. */
void	 incoming_wrong(struct incoming *in, const char *what);

/*
 * receive_offer.c: offers by programs other than xcats
 */

/* May this peer offer files in the plain?  As struct jingles_host has it, with
 * the app. */
int	 receive_opens(void *app, const char *peer);
/* Why no file of this peer is taken now by a stream with this sid; NULL if one
 * is. */
const char *receive_objection(const struct receiver *r, const char *from,
	    const char *sid, enum si_refusal *why);
/* Nothing more is wanted of a file that was agreed on.  It is remembered, so
 * that its stream, which may be on its way, is refused, and does not go to
 * standard output. */
void	 incoming_forgo(struct incoming *in);
/* A timer's: the stream that was agreed on has not come. */
void	 incoming_lapse(void *incoming);
/* If too many of these are remembered, forget the oldest ones. */
void	 incoming_forget_late(struct receiver *r);
/* The file that was agreed on for a stream of this peer with this sid; NULL if
 * there is none. */
struct incoming *receive_find(const struct receiver *r, const char *peer,
	    const char *sid);

/*
 * receive_si.c: offers by SI (XEP-0096)
 */

/* As receive_login(), for these. */
int	 receive_si_login(struct receiver *r, struct dispatch *d) MUST_CHECK;

/*
 * receive_jingle.c: offers by Jingle (XEP-0234)
 */

/* A peer offers a file: of struct jingles_host, with the app. */
void	 receive_jingle_offered(void *app, const struct jingle *j);

/*
 * receive_native.c: offers in streams from an xcat (xcat-protocol(7))
 */

/* A stream is offered for a file, which is described in it.  0, or -1 when out
 * of memory. */
int	 receive_native_offered(struct channel *ch) MUST_CHECK;

#endif
