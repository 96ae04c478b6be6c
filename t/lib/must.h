/*
 * must: what has to be true for a program of tests to go on.  With must() a
 * unit test checks that its set-up has succeeded, for which it prints no line
 * of TAP (t/lib/tap.h), and a fuzzer what its subject promises.
 */
#ifndef T_LIB_MUST_H
#define T_LIB_MUST_H

#include <stdio.h>
#include <stdlib.h>

/* If cond is false, print the place and the words of cond on standard error,
 * and abort the program.  cond is always evaluated, and once, so that a call in
 * it may have effects.  A macro, for checkers of null pointers. */
#define must(cond)	do {						\
	if (!(cond)) {							\
		fprintf(stderr, "# %s:%d: must(%s)\n", __FILE__,	\
		    __LINE__, #cond);					\
		abort();						\
	}								\
} while (0)

#endif
