/*
 * heap: an allocator for expat that counts and refuses.
 */
#include <stdint.h>
#include <stdlib.h>

#include "xml/heap.h"

/* In front of each allocation. */
struct tag {
	_Alignas(max_align_t) struct heap	*heap;
	size_t					 size;
};

static struct heap *current;

void
heap_use(struct heap *h)
{
	current = h;
}

/* May an allocation of old bytes become one of new bytes? */
static int
heap_fits(struct heap *h, size_t old, size_t new)
{
	if (new <= SIZE_MAX - sizeof(struct tag) &&
	    (new <= old || new - old <= h->max - h->used))
		return 1;
	h->full = 1;
	return 0;
}

static void *
heap_malloc(size_t size)
{
	struct tag *tag;

	if (!heap_fits(current, 0, size))
		return NULL;
	if ((tag = malloc(sizeof(*tag) + size)) == NULL) {
		current->failed = 1;
		return NULL;
	}
	tag->heap = current;
	tag->size = size;
	current->used += size;
	return tag + 1;
}

static void *
heap_realloc(void *p, size_t size)
{
	struct tag *new, *tag;
	size_t old;

	if (p == NULL)
		return heap_malloc(size);
	tag = (struct tag *)p - 1;
	old = tag->size;
	if (!heap_fits(tag->heap, old, size))
		return NULL;
	if ((new = realloc(tag, sizeof(*new) + size)) == NULL) {
		tag->heap->failed = 1;
		return NULL;
	}
	new->size = size;
	new->heap->used = new->heap->used - old + size;
	return new + 1;
}

static void
heap_free(void *p)
{
	struct tag *tag;

	if (p == NULL)
		return;
	tag = (struct tag *)p - 1;
	tag->heap->used -= tag->size;
	free(tag);
}

const XML_Memory_Handling_Suite *
heap_suite(void)
{
	static const XML_Memory_Handling_Suite	 suite = {
		heap_malloc, heap_realloc, heap_free
	};

	return &suite;
}
