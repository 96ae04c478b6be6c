/*
 * receive_folder_int: what the files that receive a folder share:
 * receive_folder.c, its stream; folder_take.c, the words and files that come.
 */
#ifndef NET_FILE_RECEIVE_FOLDER_INT_H
#define NET_FILE_RECEIVE_FOLDER_INT_H

#include <sys/types.h>
#include <sys/queue.h>

#include <stddef.h>
#include <stdint.h>

#include "ibb/folder_words.h"
#include "net/channel/app.h"
#include "net/file/filename.h"
#include "net/file/folder_disk.h"
#include "net/io/loop.h"
#include "xml/buf.h"
#include "xml/check.h"
#include "xml/jid.h"

struct channel;
struct partial;
struct receiver;
struct sum;
struct sumfile;

/* How far the folder is. */
enum folder_in_phase {
	FOLDER_IN_NAMELESS,	/* its name is still to come */
	FOLDER_IN_MOVING,	/* files come */
	FOLDER_IN_COMPLETE,	/* it is in its place */
	FOLDER_IN_REFUSING	/* it is not wanted, and the sender is told */
};

/* A file that the sender may send. */
struct expected {
	struct folder_file	 file;
	char			*path;
	uint64_t		 offset;
	TAILQ_ENTRY(expected)	 next;
};

struct folder_in {
	struct receiver	*receiver;
	struct channel	*channel;
	enum folder_in_phase phase;
	char		 peer[JID_MAX];
	char		*given;		/* its name, as given */
	char		 name[FILE_NAME];	/* and as it is here */
	struct folder_word about;	/* mode and date; its strings are not
					 * ours */
	struct folder_disk disk;
	struct folder_reader *reader;
	struct buf	 say;		/* words to the sender, */
	struct watch	 watch;		/* until its stream takes them */
	TAILQ_HEAD(, expected) expecteds;
	size_t		 n, bytes;	/* of these, and of their paths */
	size_t		 held;		/* of these, whose answers are in say */
	/* The first of them, if its bytes come: they go to a partial file, or,
	 * if they are few, to memory. */
	int		 begun;		/* the first of them is the present
					 * file */
	struct partial	*partial;
	struct buf	 small;
	struct sum	*sum;		/* made for the first of all */
	struct sumfile	*summing;
	uint64_t	 have;
	enum fault	 fault;		/* why it is refused: for our status, */
	char		 why[256];	/* and for people */
	uint64_t	 files, total;	/* files that are here; bytes of all
					 * that are taken, */
	uint64_t	 here;		/* and of those that are here */
	size_t		 refused;
	char		 behind[FILE_NAME + 128];
	LIST_ENTRY(folder_in) next;
};

/*
 * receive_folder.c
 */

/* The one place where the phase changes; -vv shows it. */
void	 folder_in_set_phase(struct folder_in *f, enum folder_in_phase phase);
/* The present file is over: what there is of it stays. */
void	 folder_in_close_present(struct folder_in *f);
/* The first of the files that are expected is over. */
void	 folder_in_expected_over(struct folder_in *f);
/* Say a word to the sender: 0, or -1 when out of memory. */
int	 folder_in_say(struct folder_in *f, enum folder_kind kind,
	    const char *name, const char *text, uint64_t offset) MUST_CHECK;
/* The folder comes to nothing, for this reason in two parts: the sender is
 * told, and ends the stream.  0, or -1 when out of memory. */
int	 folder_in_refuse(struct folder_in *f, enum fault fault,
	    const char *what, const char *detail) MUST_CHECK;
/* As folder_in_refuse(), with errno for the reason. */
int	 folder_in_stuck(struct folder_in *f) MUST_CHECK;

/*
 * folder_take.c
 */

/* Take a word or a piece: 0, or -1 if it makes no sense, or there is no
 * memory. */
int	 folder_in_take(struct folder_in *f, const struct folder_word *w)
	    MUST_CHECK;
/* Open what there is of a file that is to come.  A part has to be read first,
 * for the hash, while f->summing is set.  0, or -1 and errno. */
int	 folder_in_begin(struct folder_in *f, const struct expected *x)
	    MUST_CHECK;

#endif
