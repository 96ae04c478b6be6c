/*
 * corpus: every seed of every fuzzer, as a test: each fuzzer takes those in its
 * folder of t/fuzz/corpus, in a process of its own.
 *
 *	t/unit/corpus.t			all of them
 *	t/unit/corpus.t name [path ...]	one fuzzer: its seeds, or files and
 *					folders of them
 *
 * A seed that fails is shown as the command that runs it alone.
 */
#include <sys/types.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <dirent.h>
#include <err.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "t/fuzz/fuzz.h"
#include "t/lib/tap.h"

#define SEED_MAX	(1024 * 1024)	/* bytes */
#define PATIENCE	20		/* s for a seed, which takes none */

struct fuzzer {
	const char	*name;
	fuzz_fn		*fn;
};

static const struct fuzzer	 fuzzers[] = { FUZZERS(FUZZ_ENTRY) };

static const struct fuzzer *
find(const char *name)
{
	size_t	 i;

	for (i = 0; i < sizeof(fuzzers) / sizeof(fuzzers[0]); i++)
		if (strcmp(fuzzers[i].name, name) == 0)
			return &fuzzers[i];
	errx(2, "t/fuzz/fuzz.h has no fuzzer %s", name);
}

/* The file is copied to memory of its exact size, so that a sanitizer sees
 * what is read behind it. */
static void
run_file(const struct fuzzer *f, const char *path)
{
	static unsigned char	 in[SEED_MAX];
	unsigned char		*data;
	size_t			 len;
	FILE			*fp = fopen(path, "r");

	if (fp == NULL)
		err(2, "%s", path);
	alarm(PATIENCE);
	len = fread(in, 1, sizeof(in), fp);
	fclose(fp);
	if ((data = malloc(len)) == NULL && len > 0)
		err(2, NULL);
	if (len > 0)
		memcpy(data, in, len);
	f->fn(data, len);
	free(data);
}

static int
seed(const struct dirent *e)
{
	return e->d_name[0] != '.';
}

/* In a process of its own: 1 if it ends well. */
static int
survives(const struct fuzzer *f, const char *path)
{
	pid_t	 pid;
	int	 status;

	fflush(NULL);
	if ((pid = fork()) == -1)
		err(2, "fork");
	if (pid == 0) {
		run_file(f, path);
		exit(0);
	}
	if (waitpid(pid, &status, 0) != pid)
		err(2, "waitpid");
	return status == 0;
}

/* The seeds of a folder, or the one file there is; apart: a process for each.
 * Returns their number. */
static int
run(const struct fuzzer *f, const char *path, int apart)
{
	struct dirent	**list;
	struct stat	  st;
	char		  name[PATH_MAX];
	int		  i, n, failed = 0;

	if (stat(path, &st) == 0 && !S_ISDIR(st.st_mode)) {
		run_file(f, path);
		return 1;
	}
	if ((n = scandir(path, &list, seed, alphasort)) == -1)
		return 0;
	for (i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "%s/%s", path, list[i]->d_name);
		if (!apart)
			run_file(f, name);
		else if (!survives(f, name) && failed++ == 0)
			printf("# t/unit/corpus.t %s %s\n", f->name, name);
		free(list[i]);
	}
	free(list);
	return n;
}

/* All seeds of one fuzzer in one process; if that fails, one by one, to tell
 * which it was. */
static void
test(const struct fuzzer *f)
{
	char	 path[PATH_MAX];
	pid_t	 pid;
	int	 status;

	snprintf(path, sizeof(path), "t/fuzz/corpus/%s", f->name);
	fflush(NULL);
	if ((pid = fork()) == -1)
		err(2, "fork");
	if (pid == 0)
		exit(run(f, path, 0) > 0 ? 0 : 1);
	if (waitpid(pid, &status, 0) != pid)
		err(2, "waitpid");
	if (!ok(status == 0, "seeds of %s", f->name))
		run(f, path, 1);
}

int
main(int argc, char **argv)
{
	const struct fuzzer	*f;
	char			 path[PATH_MAX];
	size_t			 i;
	int			 k;

	if (argc > 1) {
		f = find(argv[1]);
		snprintf(path, sizeof(path), "t/fuzz/corpus/%s", f->name);
		if (argc == 2)
			run(f, path, 0);
		for (k = 2; k < argc; k++)
			run(f, argv[k], 0);
		return 0;
	}
	for (i = 0; i < sizeof(fuzzers) / sizeof(fuzzers[0]); i++)
		test(&fuzzers[i]);
	return tap_done();
}
