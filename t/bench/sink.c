/*
 * sink: count what comes on standard input.
 *
 *	sink [ms [file]]
 *
 * At the end a line: bytes, when the first and the last of them came, in
 * seconds of the monotonic clock; the bytes a second at which the last third
 * came; and the seconds from the first byte until four fifths of that were
 * reached for the first time, over so many milliseconds (100).  The file gets a
 * line for every few milliseconds: when, and the bytes by then.
 */
#include <sys/types.h>

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "t/bench/stat.h"

#define MARK	0.005		/* seconds between marks */

struct mark {
	double		 at;
	unsigned long	 total;		/* bytes by then */
};

static struct mark	*marks;
static size_t		 nmarks, size;

static void
mark(double at, unsigned long total)
{
	if (nmarks > 1 && at - marks[nmarks - 2].at < MARK) {
		marks[nmarks - 1].at = at;
		marks[nmarks - 1].total = total;
		return;
	}
	if (nmarks == size) {
		size = size * 2 + 1024;
		if ((marks = realloc(marks, size * sizeof(*marks))) == NULL)
			err(1, NULL);
	}
	marks[nmarks].at = at;
	marks[nmarks++].total = total;
}

static double
rate(const struct mark *a, const struct mark *b)
{
	double	 took = b->at - a->at;

	return took > 0 ? (double)(b->total - a->total) / took : 0;
}

/* Of the last third. */
static double
last_rate(void)
{
	const struct mark	*end = &marks[nmarks - 1], *m = marks;

	while (m < end && m->total < end->total / 3 * 2)
		m++;
	return rate(m, end);
}

static double
ramp(double goal, double window)
{
	size_t	 i, j;

	for (i = 0, j = 0; j < nmarks; j++) {
		while (marks[j].at - marks[i].at > window)
			i++;
		if (i > 0 && rate(&marks[i - 1], &marks[j]) >= goal)
			break;
	}
	return j < nmarks ? marks[j].at - marks[0].at : 0;
}

static void
write_marks(const char *file)
{
	FILE	*f = fopen(file, "w");
	size_t	 i;

	if (f == NULL)
		err(1, "%s", file);
	for (i = 0; i < nmarks; i++)
		fprintf(f, "%.6f %lu\n", marks[i].at, marks[i].total);
	if (fclose(f) == EOF)
		err(1, "%s", file);
}

int
main(int argc, char **argv)
{
	static char	 b[256 * 1024];
	double		 window = argc > 1 ?
			    (double)stat_number(argv[1]) / 1e3 : 0.1;
	unsigned long	 total = 0;
	ssize_t		 n;

	while ((n = read(STDIN_FILENO, b, sizeof(b))) > 0) {
		total += (unsigned long)n;
		mark(stat_now(), total);
	}
	if (n == -1)
		err(1, "read");
	if (total == 0)
		mark(0, 0);
	if (argc > 2)
		write_marks(argv[2]);
	printf("%lu %.6f %.6f %.0f %.3f\n", total, marks[0].at,
	    marks[nmarks - 1].at, last_rate(), ramp(0.8 * last_rate(), window));
	return 0;
}
