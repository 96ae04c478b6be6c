/*
 * sink: count what comes on standard input.
 *
 * At the end a line: bytes, and when the first and the last of them came, in
 * seconds of the monotonic clock.
 */
#include <sys/types.h>

#include <err.h>
#include <stdio.h>
#include <unistd.h>

#include "t/bench/stat.h"

int
main(void)
{
	static char	 b[256 * 1024];
	unsigned long	 total = 0;
	double		 first = 0, last = 0;
	ssize_t		 n;

	while ((n = read(STDIN_FILENO, b, sizeof(b))) > 0) {
		last = stat_now();
		if (total == 0)
			first = last;
		total += (unsigned long)n;
	}
	if (n == -1)
		err(1, "read");
	printf("%lu %.6f %.6f\n", total, first, last);
	return 0;
}
