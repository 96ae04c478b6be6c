/*
 * heap: a ceiling on what expat may allocate.
 *
 * expat multiplies what a start tag declares: each attribute with a prefix gets
 * a copy of its namespace, so that a megabyte of input can become gigabytes
 * before any handler is called.  And expat remembers names for good.
 */
#ifndef XML_HEAP_H
#define XML_HEAP_H

#include <stddef.h>
#include <expat.h>

struct heap {
	size_t	used;
	size_t	max;
	int	full;		/* an allocation was refused: over max */
	int	failed;		/* an allocation failed: no memory */
};

/* The allocator to be given to XML_ParserCreate_MM(). */
const XML_Memory_Handling_Suite *heap_suite(void);

/* Charge new allocations to h, until the next call: expat hands its allocator
 * no context, so this is to be called before each call of expat. */
void	 heap_use(struct heap *h);

#endif
