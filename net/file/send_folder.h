/*
 * send_folder: a folder that goes to another xcat in one stream (xcat-protocol
 * (7), Folders): files are offered many at a time, and the bytes of those that
 * the receiver wants follow in order, so that a small file costs no round trip.
 *
 * send_folder.c has the stream, folder_queue.c what is offered and read.
 */
#ifndef NET_FILE_SEND_FOLDER_H
#define NET_FILE_SEND_FOLDER_H

#include <sys/types.h>
#include <sys/queue.h>

#include <stddef.h>
#include <stdint.h>

#include "ibb/folder_words.h"
#include "net/channel/app.h"
#include "net/file/beneath.h"
#include "xml/buf.h"
#include "xml/check.h"

struct loop;
struct sum;
struct sumfile;
struct walk;

/* A file that is offered, or a folder that is complete once what is before it
 * in the queue has gone. */
struct folder_entry {
	char		*path;		/* on the disk, relative */
	char		*wire;		/* as the receiver knows it */
	uint64_t	 size;
	time_t		 date;
	int		 mode;
	int		 folder;	/* it is one */
	int		 answered;	/* the receiver has said where from */
	int		 anew;		/* it is offered for the second time */
	uint64_t	 offset;	/* from there */
	TAILQ_ENTRY(folder_entry) next;
};

/* What is in the folder, from the walk to the words and pieces in out. */
struct folder_queue {
	struct loop	*loop;
	int		 root;		/* the folder */
	struct walk	*walk;		/* NULL: all has been seen */
	struct beneath	 beneath;
	struct buf	 out;		/* words and pieces, to be sent */
	TAILQ_HEAD(, folder_entry) entries;
	TAILQ_HEAD(, folder_entry) resumed;	/* parts of which were there */
	struct folder_entry *asked;	/* the first that is unanswered */
	size_t		 n, bytes;	/* of entries, and of their paths */
	/* The file whose bytes go. */
	struct folder_entry *present;
	int		 fd;
	uint64_t	 left;
	struct sum	*sum;		/* made for the first of all */
	struct sumfile	*summing;	/* what the receiver has is read */
	int		 error;		/* with which that ended */
	/* What is told of what does not go. */
	void		(*tell)(void *arg, enum fault fault, const char *path,
			    const char *why);
	void		(*changed)(void *arg);	/* there may be more to send */
	void		*arg;
	uint64_t	 files, sent;	/* files, and bytes, that went, */
	uint64_t	 there;		/* and bytes that were there before */
};

/* Begin with the folder that fd is, which becomes the queue's.  0, or -1 and
 * errno, and fd is closed; tell, changed and arg are to be set before more is
 * asked of it. */
int	 folder_queue_init(struct folder_queue *q, struct loop *l, int fd)
	    MUST_CHECK;
/* Close and free what it has; a queue that is all zero is fine. */
void	 folder_queue_end(struct folder_queue *q);
/* Is there something to add to out now? */
int	 folder_queue_ready(const struct folder_queue *q);
/* Add words and pieces to out while there is something to add, and out is not
 * full.  0, or -1 when out of memory. */
int	 folder_queue_fill(struct folder_queue *q) MUST_CHECK;
/* Has all that there is gone to out, as far as the receiver wants it? */
int	 folder_queue_done(const struct folder_queue *q);
/* May the receiver still say that one of the files was wrong? */
int	 folder_queue_may_come_back(const struct folder_queue *q);
/* The receiver wants the next file from there on.  0, or -1 if that makes no
 * sense. */
int	 folder_queue_range(struct folder_queue *q, uint64_t offset) MUST_CHECK;
/* The receiver does not want the next file, for this reason.  0, or -1 if that
 * makes no sense. */
int	 folder_queue_refused(struct folder_queue *q, const char *text)
	    MUST_CHECK;
/* What the receiver had of this file was of something else, and is thrown away:
 * offer it anew.  0, or -1 if that makes no sense. */
int	 folder_queue_wrong(struct folder_queue *q, const char *wire)
	    MUST_CHECK;

#endif
