/*
 * bsd.c: does the C library have what BSDs have?  If this can be linked without
 * libbsd, the Makefile does without it.
 */
#include <sys/queue.h>
#include <sys/tree.h>

#include <readpassphrase.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct item {
	STAILQ_ENTRY(item)	 next;
	RB_ENTRY(item)		 node;
};
RB_HEAD(tree, item);

static int
compare(const struct item *a, const struct item *b)
{
	return a < b ? -1 : a > b;
}

RB_GENERATE_INTERNAL(tree, item, node, compare,
    __attribute__((__unused__)) static)

int
main(void)
{
	STAILQ_HEAD(, item)	 all = STAILQ_HEAD_INITIALIZER(all);
	struct item		*last = STAILQ_LAST(&all, item, next);
	struct tree		 sorted = RB_INITIALIZER(&sorted);
	void			*p = reallocarray(NULL, 2, sizeof(*last));
	char			 text[8];

	arc4random_buf(text, sizeof(text));
	strlcpy(text, "a", sizeof(text));
	strlcat(text, "b", sizeof(text));
	explicit_bzero(text, arc4random_uniform(sizeof(text)));
	closefrom(3);
	free(p);
	return last != NULL || RB_MIN(tree, &sorted) != NULL ||
	    readpassphrase("", text, sizeof(text), RPP_ECHO_OFF) == NULL;
}
