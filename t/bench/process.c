#include <sys/types.h>

#include <dirent.h>
#include <err.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "t/bench/process.h"
#include "t/bench/stat.h"

/* Fields of proc(5) behind the name of the program, which may have blanks. */
enum { STATE = 3, USER = 14, SYSTEM = 15, PAGES = 24 };

static void
read_stat(long pid, struct process *p)
{
	char	 path[64], line[1024], *rest, *word;
	double	 ticks = 0;
	FILE	*f;
	int	 i;

	snprintf(path, sizeof(path), "/proc/%ld/stat", pid);
	if ((f = fopen(path, "r")) == NULL ||
	    fgets(line, sizeof(line), f) == NULL ||
	    (rest = strstr(line, ") ")) == NULL)
		err(1, "%s", path);
	fclose(f);
	rest += 2;
	for (i = STATE; (word = strsep(&rest, " ")) != NULL; i++) {
		if (i == USER || i == SYSTEM)
			ticks += (double)stat_number(word);
		else if (i == PAGES)
			p->rss = (double)stat_number(word) *
			    (double)sysconf(_SC_PAGESIZE) / 1024;
	}
	p->seconds = ticks / (double)sysconf(_SC_CLK_TCK);
}

/* xcat has secrets in memory, so only root may see what it has open. */
static double
count_descriptors(long pid)
{
	char	 path[64];
	DIR	*d;
	int	 n = 0;

	snprintf(path, sizeof(path), "/proc/%ld/fd", pid);
	if ((d = opendir(path)) == NULL)
		return 0;
	while (readdir(d) != NULL)
		n++;
	closedir(d);
	return n - 2;		/* . and .. */
}

struct process
process_look(long pid)
{
	struct process	 p;

	read_stat(pid, &p);
	p.descriptors = count_descriptors(pid);
	return p;
}
