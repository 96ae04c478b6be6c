/* kept: see kept.h. */
#include <sys/stat.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "t/lib/kept.h"

#define MOST	(128 * 1024)	/* bytes of a file */

char	 kept_dir[] = "/tmp/xcat-kept.XXXXXX";
char	 kept_path[64];

void
kept_begin(const char *name)
{
	if (mkdtemp(kept_dir) == NULL) {
		perror(kept_dir);
		exit(1);
	}
	snprintf(kept_path, sizeof(kept_path), "%s/%s", kept_dir, name);
}

int
kept_once(const char *name)
{
	static pid_t	 made;

	if (made == getpid())
		return 0;
	made = getpid();
	kept_begin(name);
	atexit(kept_clean);
	return 1;
}

int
kept_end(void)
{
	unlink(kept_path);
	return rmdir(kept_dir);
}

void
kept_empty(void)
{
	struct dirent	*e;
	DIR		*d = opendir(kept_dir);

	if (d == NULL)
		return;
	while ((e = readdir(d)) != NULL)
		if (*e->d_name != '.')
			unlinkat(dirfd(d), e->d_name, 0);
	closedir(d);
}

void
kept_clean(void)
{
	kept_empty();
	rmdir(kept_dir);
}

void
kept_put(const char *text, size_t len, mode_t mode)
{
	FILE	*f;

	unlink(kept_path);
	if ((f = fopen(kept_path, "w")) == NULL ||
	    fwrite(text, 1, len, f) != len || fclose(f) != 0 ||
	    chmod(kept_path, mode) == -1) {
		perror(kept_path);
		exit(1);
	}
}

const char *
kept_got(void)
{
	static char	 text[MOST];
	FILE		*f = fopen(kept_path, "r");
	size_t		 n = 0;

	if (f != NULL) {
		n = fread(text, 1, sizeof(text) - 1, f);
		fclose(f);
	}
	text[n] = '\0';
	return text;
}

int
kept_files(void)
{
	DIR	*d = opendir(kept_dir);
	int	 n = -2;	/* . and .. */

	if (d == NULL)
		return -1;
	while (readdir(d) != NULL)
		n++;
	closedir(d);
	return n;
}
