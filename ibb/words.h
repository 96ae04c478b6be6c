/*
 * words: what two xcats say to each other at the beginning of a stream that
 * carries a file, and throughout a stream that carries a folder
 * (xcat-protocol(7)).
 * A word is its length in four bytes, the most significant first, and one
 * element of XML, which declares its namespaces.
 */
#ifndef IBB_WORDS_H
#define IBB_WORDS_H

#include <stddef.h>

#include "xml/check.h"

struct buf;
struct elem;
struct parse;
struct xw;

#define WORDS_HEAD	4		/* bytes of the length */
#define WORDS_MAX	16384		/* bytes of an element, at most */

/* Begin a word at the end of out: the caller writes its element to w, and gives
 * words_end() where the word begins.  0, or -1 when out of memory. */
int	 words_begin(struct buf *out, struct xw *w, size_t *begin) MUST_CHECK;
/* End the element, and fill in its length.  0, or -1 if it is too long or there
 * is no memory: out is as it was before the word. */
int	 words_end(struct buf *out, struct xw *w, size_t begin) MUST_CHECK;

/* How many bytes the word at data takes, its head included: 0 if the len bytes
 * do not tell, -1 if no word is of this length. */
int	 words_length(const unsigned char *data, size_t len);
/* A parser for words; NULL when out of memory. */
struct parse *words_parser(void);
/* The element that the len bytes at data are, without the head; the caller
 * frees it.  NULL if they are anything else, or there is no memory: then the
 * parser can take no other word. */
struct elem *words_parse(struct parse *p, const unsigned char *data,
	    size_t len);

#endif
