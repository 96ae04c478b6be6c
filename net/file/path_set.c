/* path_set: the paths of a folder that were offered; see path_set.h. */
#include <stdlib.h>
#include <string.h>

#include "net/file/path_set.h"

#define SLOTS		1024		/* at first */
#define SLOTS_MOST	(1024 * 1024)	/* 8 MiB; three of four are used */

/* FNV-1a, of 64 bits.  Paths that were chosen to be taken for each other are of
 * no use to their sender, to which all of them belong. */
static uint64_t
hash(const char *path, size_t len)
{
	uint64_t	 h = UINT64_C(0xcbf29ce484222325);
	size_t		 i;

	for (i = 0; i < len; i++)
		h = (h ^ (unsigned char)path[i]) * UINT64_C(0x100000001b3);
	return h != 0 ? h : 1;
}

/* The slot that has this hash, or the free one for it. */
static uint64_t *
slot(const struct path_set *s, uint64_t h)
{
	size_t	 i = (size_t)(h ^ h >> 32) & (s->size - 1);

	while (s->slots[i] != 0 && s->slots[i] != h)
		i = (i + 1) & (s->size - 1);
	return &s->slots[i];
}

void
path_set_free(struct path_set *s)
{
	free(s->slots);
	memset(s, 0, sizeof(*s));
}

static void
lose(struct path_set *s)
{
	path_set_free(s);
	s->lost = 1;
}

/* Make room for one more: 0 or -1. */
static int
grow(struct path_set *s)
{
	struct path_set	 more = {
		.size = s->size > 0 ? 2 * s->size : SLOTS,
		.n = s->n,
	};
	size_t		 i;

	if (s->n < s->size / 4 * 3)
		return 0;
	if (more.size > SLOTS_MOST ||
	    (more.slots = calloc(more.size, sizeof(*more.slots))) == NULL)
		return -1;
	for (i = 0; i < s->size; i++)
		if (s->slots[i] != 0)
			*slot(&more, s->slots[i]) = s->slots[i];
	free(s->slots);
	*s = more;
	return 0;
}

/* Add one path: 0, or -1 if there is nothing else to be added, as it is there,
 * or the set is lost. */
static int
add(struct path_set *s, const char *path, size_t len)
{
	uint64_t	 h = hash(path, len), *p;

	if (s->lost)
		return -1;
	if (grow(s) == -1) {
		lose(s);
		return -1;
	}
	p = slot(s, h);
	if (*p == h)
		return -1;
	*p = h;
	s->n++;
	return 0;
}

void
path_set_add(struct path_set *s, const char *path)
{
	size_t	 len = strlen(path);

	while (add(s, path, len) == 0) {
		while (len > 0 && path[len - 1] != '/')
			len--;
		if (len == 0)
			break;
		len--;		/* the slash */
	}
}

int
path_set_has(const struct path_set *s, const char *path)
{
	uint64_t	 h = hash(path, strlen(path));

	return s->lost || (s->size > 0 && *slot(s, h) == h);
}
