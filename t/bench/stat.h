/* stat: numbers that are given, times, and what they come to. */
#ifndef T_BENCH_STAT_H
#define T_BENCH_STAT_H

#include <stddef.h>

struct stat_list {
	double	*v;
	size_t	 n, size;
};

/* Of an argument; the program ends if it is none. */
size_t	 stat_number(const char *text);
/* Monotonic, in seconds. */
double	 stat_now(void);
void	 stat_sleep(unsigned int ms);
void	 stat_add(struct stat_list *l, double v);
/* The value that so many percent are less than; 100: the most. */
double	 stat_percentile(struct stat_list *l, size_t percent);
/* A line: median, 99th percentile and most, in microseconds; how many. */
void	 stat_print(struct stat_list *l);

#endif
