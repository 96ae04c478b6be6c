/*
 * folder_words: what two xcats say to each other in a stream that carries a
 * folder (xcat-protocol(7), Folders): words (ibb/words.h), and in one direction
 * pieces of files between them.  Nothing here knows which of the words may come
 * when.
 */
#ifndef IBB_FOLDER_WORDS_H
#define IBB_FOLDER_WORDS_H

#include <sys/types.h>

#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "ibb/hash.h"
#include "ibb/words.h"
#include "xml/check.h"

struct buf;
struct elem;
struct folder_reader;

#define FOLDER_HASH	HASH_SHA256	/* of the files in a folder */
#define FOLDER_PIECE	65536		/* bytes of a piece, at most */
#define FOLDER_HEAD	WORDS_HEAD	/* bytes before a piece, too */

enum folder_kind {
	FOLDER_MORE,		/* nothing has come whole */
	FOLDER_NONSENSE,
	FOLDER_DATA,		/* a piece of the present file */
	/* Of the sender: */
	FOLDER_FOLDER,		/* what the folder is called */
	FOLDER_FILE,		/* a file is offered */
	FOLDER_DIRECTORY,	/* a folder within is complete */
	FOLDER_END,		/* the present file is, or its rest is given up
				 * if there is no hash */
	FOLDER_DONE,		/* all is; from the receiver, all was read */
	FOLDER_OVER,		/* nothing more comes */
	/* Of the receiver: */
	FOLDER_RANGE,		/* the next file is wanted from there on */
	FOLDER_REFUSED,		/* it is not, or without a name the folder */
	FOLDER_WRONG,		/* what was there was of something else */
	FOLDER_KEPT		/* the folder is in its place */
};

/* A word or a piece.  Which members there are follows from the kind. */
struct folder_word {
	enum folder_kind kind;
	int		 mode;		/* permissions, or -1 */
	const char	*name;		/* UTF-8; NULL if there is none */
	const char	*text;		/* for people; "" or NULL if there is
					 * none */
	uint64_t	 size;		/* of a file, or of all in a folder, 0:
					 * that is not said; at most
					 * INT64_MAX */
	uint64_t	 offset;	/* of a range */
	uint64_t	 more;		/* files that follow the folder */
	time_t		 date;		/* last modified, if dated */
	int		 dated;
	char		 hash[HASH_HEX];	/* in lower case; "" if none */
	const unsigned char *data;	/* a piece, */
	size_t		 len;		/* of so many bytes */
};

/* Add a word to out: 0, or -1 if it is too long or there is no memory. */
int	 folder_say(struct buf *out, const struct folder_word *w) MUST_CHECK;
/* Write the head of a piece of len bytes, FOLDER_PIECE at most, into
 * out[FOLDER_HEAD]. */
void	 folder_piece(size_t len, unsigned char *out);

/* A reader of the words of one stream; NULL when out of memory. */
struct folder_reader *folder_reader_new(void);
/* NULL is fine. */
void	 folder_reader_free(struct folder_reader *r);
/* The word or piece that the len bytes of data begin with, behind what the
 * reader had of it before: *used bytes are taken, all of them for FOLDER_MORE.
 * Of a piece each call gives what there is.  What *w points to is valid until
 * the next call, the piece as long as data. */
enum folder_kind folder_hear(struct folder_reader *r,
	    const unsigned char *data, size_t len, size_t *used,
	    struct folder_word *w);

#endif
