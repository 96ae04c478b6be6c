/*
 * bsd.c: does the C library have what BSDs have?  If this can be linked without
 * libbsd, the Makefile does without it.
 */
#include <sys/queue.h>

#include <readpassphrase.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct item {
	STAILQ_ENTRY(item)	 next;
};

int
main(void)
{
	STAILQ_HEAD(, item)	 all = STAILQ_HEAD_INITIALIZER(all);
	struct item		*last = STAILQ_FIRST(&all);
	void			*p = reallocarray(NULL, 2, sizeof(*last));
	char			 text[8];

	arc4random_buf(text, sizeof(text));
	strlcpy(text, "a", sizeof(text));
	strlcat(text, "b", sizeof(text));
	explicit_bzero(text, arc4random_uniform(sizeof(text)));
	closefrom(3);
	free(p);
	return last != NULL ||
	    readpassphrase("", text, sizeof(text), RPP_ECHO_OFF) == NULL;
}
