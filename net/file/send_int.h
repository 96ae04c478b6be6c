/* send_int: what the files that send files share: send.c, send_ask.c, send_si.c
 * and send_words.c. */
#ifndef NET_FILE_SEND_INT_H
#define NET_FILE_SEND_INT_H

#include <stddef.h>
#include <stdint.h>

#include "ibb/inband.h"
#include "ibb/si.h"
#include "net/file/partial.h"
#include "xml/check.h"
#include "xml/stanza.h"

struct channel;

enum phase {
	IDLE,
	ASKING,		/* what the peer can do */
	SUMMING,
	OFFERED,	/* by SI */
	OPENING,	/* a stream, to an xcat, and its word */
	MOVING,
	DONE
};

/* What the peer can do. */
enum {
	KNOWS_XCAT = 1,		/* files in streams */
	KNOWS_SI = 2,
	KNOWS_S5B = 4,
	IS_XCAT = 8	/* though it may take no files */
};

struct outgoing {
	enum phase	 phase;
	char *const	*paths;
	int		*errors;	/* of each, before the login: an errno
					 * (EISDIR: a folder), or 0 */
	size_t		 n, at;		/* the present one */
	size_t		 good;		/* without error, from there on */
	unsigned	 knows;
	int		 fd;
	char		 name[FILE_NAME], shown[FILE_NAME];
	struct si_file	 file;
	struct sum	*sum;
	struct sumfile	*summing;
	char		 sid[INBAND_SID];
	unsigned	 methods, method;
	uint64_t	 offset, left;
	int		 said;		/* the offer, to an xcat */
	int		 finished;	/* all of it is on its way */
	int		 again;		/* it has been sent twice */
	int		 missed;	/* sockets did not come about */
	enum fault	 fault;	/* the first that was not fine */
	size_t		 failed;	/* how many were not sent, ... */
	char		 failures[512];	/* ... and which, for people */
	struct channel	*link;
};

/* There is one, since they go one after another. */
extern struct outgoing	 out;

/* send.c */
void	 outgoing_set_phase(enum phase phase);
/* Begin with the file whose turn it is, or end the run. */
void	 outgoing_next(void);
/* This one comes to nothing, for this reason, or since reading it failed with
 * this errno: say so, and go on to the next. */
void	 outgoing_failed(enum fault fault, const char *why);
void	 outgoing_failed_file(int error);
/* A link for it, without a stream yet; NULL, and the run ends, when out of
 * memory. */
struct channel *outgoing_link(void);
/* So many bytes from there on are to be sent.  0, or -1 and errno. */
int	 outgoing_seek(uint64_t offset, uint64_t length) MUST_CHECK;
/* The peer wants it: send what is to be sent by the link's stream. */
void	 outgoing_join(struct channel *l);
/* Its link is gone: offer it again, as if it had not been.  1. */
int	 outgoing_again(struct channel *l);
/* Break the stream off with this error, and fail.  1: the link is no more. */
int	 outgoing_give_up(struct channel *l, enum stanza_error error,
	    enum fault fault, const char *why);

/* send_ask.c: ask the peer what it can take (XEP-0030), then begin. */
void	 send_ask(void);

/*
 * send_si.c: to any program (XEP-0096)
 */

/* The kinds of stream to offer (ibb/si.h). */
unsigned send_si_methods(void);
/* Offer the file, and send it by the stream that is agreed on. */
void	 send_si_offer(void);
/* The stream failed.  If that was for want of a streamhost that could be
 * reached: the same stream in-band, or if that is not wanted, a new offer that
 * names nothing else; and 1. */
int	 send_si_fall_back(struct channel *l);
/* The stream failed.  Has the peer all the same all that was to be sent? */
int	 send_si_whole(const struct channel *l);

/*
 * send_words.c: to an xcat
 */

/* Open a stream for the file; it is open: offer the file in it. */
void	 send_native_offer(void);
void	 send_native_say(struct channel *l);
/* Take what an xcat says; what others may send means nothing.  1: the link is
 * no more. */
int	 send_native_hear(struct channel *l);
/* A pipe, or what else has no size: the stream is all there is. */
void	 send_native_pipe(void);

#endif
