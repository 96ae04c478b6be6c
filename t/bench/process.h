/* process: what a process takes, as /proc has it. */
#ifndef T_BENCH_PROCESS_H
#define T_BENCH_PROCESS_H

struct process {
	double	 rss;		/* KiB resident */
	double	 descriptors;	/* open; 0 if that is not to be seen */
	double	 seconds;	/* of processor time */
};

/* Of the process with this number; the program ends if there is none. */
struct process process_look(long pid);

#endif
