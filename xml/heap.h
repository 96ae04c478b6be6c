/*
 * heap: a ceiling on what expat may allocate.
 *
 * What a start tag declares, expat multiplies: each prefixed attribute gets
 * its own copy of its namespace, so that one megabyte of input can become
 * gigabytes before any handler is called.  Names it remembers for good.
 */
#ifndef XML_HEAP_H
#define XML_HEAP_H

#include <stddef.h>
#include <expat.h>

struct heap {
	size_t	used;
	size_t	max;
	int	full;		/* something was refused because of max */
	int	failed;		/* or because there was no memory */
};

/* For XML_ParserCreate_MM(). */
const XML_Memory_Handling_Suite *heap_suite(void);

/* New allocations are h's until the next call: expat hands its allocator no
 * context.  To be called before expat is, for each parser. */
void	 heap_use(struct heap *h);

#endif
