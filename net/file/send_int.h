/*
 * send_int: what the files that send files share: send.c, the files one after
 * another; send_ask.c, what the peer can take; send_native.c, send_jingle.c and
 * send_si.c, the ways of offering a file; send_open.c, files that
 * come opened.
 */
#ifndef NET_FILE_SEND_INT_H
#define NET_FILE_SEND_INT_H

#include <stddef.h>
#include <stdint.h>

#include "ibb/inband.h"
#include "ibb/si.h"
#include "net/channel/app.h"
#include "net/channel/await.h"
#include "net/file/filename.h"
#include "net/file/send.h"
#include "xml/check.h"
#include "xml/stanza.h"

struct channel;
struct folder_send;
struct jingle_transfer;
struct send_inside;
struct stat;
struct stream;
struct stream_conf;
struct sum;
struct sumfile;
struct uploads;

/* How far the present file is. */
enum send_phase {
	SEND_IDLE,
	SEND_ASKING,		/* what the peer can do */
	SEND_SUMMING,		/* the file is read, for its hash */
	SEND_OFFERED,		/* by SI; the answer is awaited */
	SEND_OPENING,		/* a stream, to offer the file in */
	SEND_SAID,		/* the file is offered in its stream */
	SEND_MOVING,		/* its bytes go */
	SEND_SHORT,		/* it ended before the size that was offered */
	SEND_FINISHED,		/* all of it is on its way */
	SEND_UPLOADING,		/* to a server, by send_upload.c */
	SEND_DONE
};

/* Which attempt at the present file this is.  None is made twice. */
enum send_attempt {
	SEND_FIRST,
	SEND_ANEW,		/* what the peer had was of something else */
	SEND_WITHOUT_SOCKET	/* the socket did not come about */
};

/* What the peer can do. */
enum {
	SEND_KNOWS_NATIVE = 1,	/* files in streams between xcats */
	SEND_KNOWS_SI = 2,	/* XEP-0096 */
	SEND_KNOWS_S5B = 4,	/* XEP-0065 */
	SEND_KNOWS_XCAT = 8,	/* it is an xcat, which may take no files */
	SEND_KNOWS_JINGLE = 16,	/* XEP-0234 */
	SEND_KNOWS_JINGLE_S5B = 32,	/* XEP-0260 */
	SEND_KNOWS_FOLDERS = 128,	/* folders in streams between xcats */
	SEND_KNOWS_LINKS = 64	/* its user has a link sent, as people do */
};

/* A way of offering a file and sending it by a channel. */
struct send_method {
	unsigned	 knows;		/* what the peer has to know for it */
	enum hash_algo	 algo;		/* of the hash in its offers */
	/* Offer the present file, which is open and described; once the peer
	 * wants it, sender_seek() and sender_join() send it. */
	void		(*offer)(struct sender *s);
	/* The file's stream has changed, and nothing has been concluded from
	 * that yet.  Returns 1 if the channel is no more.  NULL: there is no
	 * stream. */
	int		(*check)(struct sender *s, struct channel *ch);
};

/* The files of -s, of which one is sent at a time. */
struct sender {
	struct app	*app;
	char *const	*paths;
	char		**names;	/* the same, of send_add(); or NULL */
	int		*fds;		/* of these, -1: none; or NULL */
	int		*errors;	/* of each, before the login: an errno
					 * (EISDIR: a folder), or 0 */
	size_t		 n, at;		/* files; the number of this one */
	size_t		 good;		/* without error, behind this one */
	struct await	 absent;	/* until the peer is asked again (-W) */
	unsigned	 knows;		/* SEND_KNOWS_... */
	enum fault	 fault;		/* the first that was not FAULT_NONE */
	size_t		 failed;	/* files that were not sent */
	char		 failures[512];	/* their names, for people */
	struct uploads	*uploads;	/* NULL: files are not uploaded */
	struct send_inside *inside;	/* the present folder, whose files are
					 * offered; or NULL */
	size_t		 inside_left;	/* files that are still in it */
	size_t		 within;	/* files in folders so far, less these
					 * folders */
	struct folder_send *folder;	/* goes in its stream; or NULL */

	/* The present file. */
	enum send_phase	 phase;
	enum send_attempt attempt;
	const struct send_method *method;
	struct channel	*channel;	/* of its stream, or NULL */
	int		 fd;
	char		 name[FILE_NAME];
	char		 shown[FILE_NAME];	/* the name, for people */
	char		 about[FILE_NAME + 2];	/* and as send_about() has it */
	struct si_file	 file;
	struct sum	*sum;
	struct sumfile	*summing;
	char		 sid[INBAND_SID];	/* of an offer by SI */
	struct jingle_transfer *jingle;	/* of an offer by Jingle, or NULL */
	enum fault	 broken;	/* what its stream broke with; */
	char		 why[256];	/* so, in words */
	unsigned	 kinds;		/* of stream, offered by SI; */
	unsigned	 kind;		/* agreed on of these, or 0 */
	uint64_t	 offset;	/* where we began */
	uint64_t	 left;		/* bytes still to be read, or
					 * SEND_UNSIZED */
};

#define SEND_UNSIZED	UINT64_MAX	/* a pipe has no size */

/*
 * send_phase.c
 */

/* The one place where the phase changes; -vv shows it.  Returns 0, or -1 and
 * nothing has changed, if there is no such move. */
int	 sender_set_phase(struct sender *s, enum send_phase phase);

/*
 * send.c
 */

/* Begin with the file whose turn it is, or end the run. */
void	 sender_next(struct sender *s);
/* The file that is open, and has its names, is described by st. */
void	 sender_describe(struct sender *s, const struct stat *st);
/* Offer the file that is open and described; sized is 0 for a pipe. */
void	 sender_offer_open(struct sender *s, int sized);
/* The present file or folder is over, and all has been said of it: go on to the
 * next, or end the run. */
void	 sender_over(struct sender *s, enum fault fault);
/* The present file comes to nothing, for this reason: say so, and go on to the
 * next. */
void	 sender_failed(struct sender *s, enum fault fault, const char *why);
/* The present file comes to nothing, since reading it failed with this errno:
 * say so, and go on to the next. */
void	 sender_failed_file(struct sender *s, int error);
/* The present file is on a server, and the account to has got a link to it: go
 * on to the next. */
void	 sender_uploaded(struct sender *s, const char *to);
/* A file that was taken for sent comes to nothing: remember it. */
void	 sender_note_failure(struct sender *s, enum fault fault,
	    const char *name);
/* There is no file left, and nothing more to wait for: end the run. */
void	 sender_end(struct sender *s);
/* A channel for the file, without a stream yet; NULL, and the run ends, when
 * out of memory. */
struct channel *sender_channel(struct sender *s);
/* Open a stream to the peer for the channel, as sc has it.  Returns it; NULL,
 * and the run ends, when out of memory. */
struct stream *sender_call(struct sender *s, struct channel *ch,
	    const struct stream_conf *sc);
/* length bytes from offset on are to be sent.  0, or -1 and errno. */
int	 sender_seek(struct sender *s, uint64_t offset, uint64_t length)
	    MUST_CHECK;
/* The peer wants the file: send what is to be sent by the channel's stream. */
void	 sender_join(struct sender *s, struct channel *ch);
/* Free the channel of the present file, and offer the file again.  Returns 1:
 * the channel is no more. */
int	 sender_again(struct sender *s, struct channel *ch);
/* All of the file has been sent, and its stream is over: go on to the next. */
void	 sender_sent(struct sender *s);
/* The peer does not take the present file by its method after all: offer it by
 * the best of the others that it knows.  0, or -1 if there is none. */
int	 sender_instead(struct sender *s) MUST_CHECK;
/* Break the stream off with this error, and fail.  Returns 1: the channel is no
 * more. */
int	 sender_give_up(struct channel *ch, enum stanza_error error,
	    enum fault fault, const char *why);
/* If the peer has ended the stream, in good order, before it has said what is
 * waited for: give up, for this reason.  Nothing is joined to the stream yet
 * whose end would tell.  Returns 1 if the channel is no more. */
int	 sender_check_closed(struct channel *ch, const char *why);

/*
 * send_ask.c
 */

/* Ask the peer what it can take (XEP-0030), then begin; with -o upload=yes
 * begin at once. */
void	 send_ask(struct sender *s);

/*
 * send_plain.c: to any program, whichever way
 */

#define SEND_UNANSWERED	"no answer in time; has its user seen the offer?"

/* What it means that an offer is answered with this error, for people. */
const char *sender_refusal(enum stanza_error err);
/* These words, and in brackets the name of the error or reason, and what the
 * peer says of it, as far as it says anything ("").  Returns out. */
const char *sender_refusal_text(const char *words, const char *name,
	    const char *text, char *out, size_t size);
/* Say that the file is not encrypted end to end, if that is to be said. */
void	 sender_say_plain(const struct sender *s);
/* How long an answer to the close of a stream is waited for: of struct
 * stream_conf, with the channel.  Some programs never give one. */
int64_t	 sender_close_deadline(void *channel);

/*
 * send_si.c: to any program (XEP-0096)
 */

/* The kinds of stream to offer (ibb/si.h). */
unsigned send_si_kinds(const struct sender *s);
/* As struct send_method has them. */
void	 send_si_offer(struct sender *s);
int	 send_si_check(struct sender *s, struct channel *ch);

/*
 * send_jingle.c: to any program (XEP-0234)
 */

/* As struct send_method has them. */
void	 send_jingle_offer(struct sender *s);
int	 send_jingle_check(struct sender *s, struct channel *ch);
/* The present file is over, or is to be offered anew: so is its session. */
void	 send_jingle_drop(struct sender *s);

/*
 * send_native.c: to an xcat (xcat-protocol(7))
 */

/* As struct send_method has them. */
void	 send_native_offer(struct sender *s);
int	 send_native_check(struct sender *s, struct channel *ch);
/* As struct send_method has them, for a pipe, which has no size: the stream is
 * all there is. */
void	 send_pipe_offer(struct sender *s);
int	 send_pipe_check(struct sender *s, struct channel *ch);

/*
 * send_folder.c: a folder to an xcat (xcat-protocol(7))
 */

/* As struct send_method has it: the folder that is open. */
void	 send_folder_offer(struct sender *s);
/* Free what there is of it; its channel is no more. */
void	 send_folder_free(struct sender *s);

/*
 * send_inside.c: a folder to any other program, file by file
 */

/* Offer what is in the folder that is open, one file after another. */
void	 send_inside_begin(struct sender *s);
/* Go on with the next of these, or behind the folder. */
void	 send_inside_next(struct sender *s);
/* Offer no more of these.  There need be none. */
void	 send_inside_end(struct sender *s);

/*
 * send_open.c
 */

/* What the file or folder with this path is called, into out[FILE_NAME]. */
void	 sender_name(const char *path, char *out);

/* Does this name stand for standard input? */
int	 sender_is_stdin(const char *path);
/* The file whose turn it is, path, opened; or -1 and errno. */
int	 sender_open_next(struct sender *s, const char *path);
/* Close and free what send_add() has added. */
void	 sender_close_open(struct sender *s);

#endif
