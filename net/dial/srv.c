/* srv: see srv.h. */
#include <stdlib.h>

#include "net/dial/srv.h"

/* Records without weight come first within a priority, as srv_draw() wants
 * them. */
static int
srv_compare(const void *a, const void *b)
{
	const struct srv	*x = a, *y = b;

	if (x->priority != y->priority)
		return x->priority < y->priority ? -1 : 1;
	return (x->weight > 0) - (y->weight > 0);
}

static void
swap(struct srv *a, struct srv *b)
{
	struct srv	 tmp = *a;

	*a = *b;
	*b = tmp;
}

/* Draw one of the n records, which have one priority: it goes to the front. */
static void
srv_draw(struct srv *s, size_t n, uint32_t (*bounded)(uint32_t))
{
	uint32_t	 sum = 0, pick;
	size_t		 i;

	for (i = 0; i < n; i++)
		sum += s[i].weight;
	pick = bounded(sum + 1);
	for (i = 0, sum = s[0].weight; sum < pick; sum += s[i].weight)
		i++;
	/* The others keep their order: records without weight stay in front. */
	for (; i > 0; i--)
		swap(&s[i], &s[i - 1]);
}

void
srv_order(struct srv *s, size_t n, uint32_t (*bounded)(uint32_t))
{
	size_t	 i, end;

	qsort(s, n, sizeof(*s), srv_compare);
	for (i = 0; i < n; i++) {
		for (end = i + 1; end < n &&
		    s[end].priority == s[i].priority; end++)
			;
		srv_draw(s + i, end - i, bounded);
	}
}
