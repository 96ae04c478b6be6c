#include <sys/types.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <openssl/crypto.h>

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/conffile.h"
#include "net/lines.h"

/* Is it still the file of that name? */
static int
is_current(int fd, const char *path, struct stat *st)
{
	struct stat	 now;

	return fstat(fd, st) == 0 && stat(path, &now) == 0 &&
	    st->st_dev == now.st_dev && st->st_ino == now.st_ino;
}

int
lines_claim(const char *path, const char *what, char *err)
{
	struct stat	 st;
	int		 fd;

	*err = '\0';
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd == -1)
		return -1;
	if (flock(fd, LOCK_EX | LOCK_NB) == -1 || !is_current(fd, path, &st)) {
		close(fd);
		return -1;
	}
	if (st.st_uid != geteuid() && st.st_uid != 0)
		conf_fail(err, "%s: belongs to someone else; make it yours "
		    "with chown", path);
	else if (conf_private(path, &st, what, err) == 0)
		return fd;
	close(fd);
	return -1;
}

char *
lines_read(int fd)
{
	char	*text;
	ssize_t	 n = 0;

	if ((text = calloc(1, LINES_MAX + 1)) == NULL)
		return NULL;
	if (fd != -1)
		n = pread(fd, text, LINES_MAX + 1, 0);
	if (n >= 0 && n <= LINES_MAX)
		return text;
	lines_free(text);
	return NULL;
}

void
lines_free(char *text)
{
	if (text != NULL)
		OPENSSL_cleanse(text, LINES_MAX + 1);
	free(text);
}

char *
lines_about(char *line, const char *jid)
{
	size_t	 len = strlen(jid);

	return strncmp(line, jid, len) == 0 && line[len] == ' ' ?
	    line + len + 1 : NULL;
}

void
lines_others(FILE *f, char *text, const char *jid, size_t most)
{
	char	*line;

	while (text != NULL && strlen(text) > LINES_MAX - most)
		strsep(&text, "\n");
	while (text != NULL && (line = strsep(&text, "\n")) != NULL)
		if (*line != '\0' && lines_about(line, jid) == NULL)
			fprintf(f, "%s\n", line);
}

/* 0 or -1. */
static int
fill(int fd, void (*write)(void *, FILE *), void *arg)
{
	char	 buffer[BUFSIZ];
	FILE	*f;
	int	 copy, failed;

	/* Where that is not to be had, nobody has it. */
	flock(fd, LOCK_EX | LOCK_NB);
	if ((copy = fcntl(fd, F_DUPFD_CLOEXEC, 0)) == -1)
		return -1;
	if ((f = fdopen(copy, "w")) == NULL) {
		close(copy);
		return -1;
	}
	setvbuf(f, buffer, _IOFBF, sizeof(buffer));
	write(arg, f);
	failed = ferror(f);
	failed |= fclose(f) != 0;
	OPENSSL_cleanse(buffer, sizeof(buffer));
	return failed ? -1 : 0;
}

int
lines_replace(const char *path, void (*write)(void *, FILE *), void *arg)
{
	char	 other[PATH_MAX + 16];
	int	 fd;

	snprintf(other, sizeof(other), "%s.XXXXXXXX", path);
	if ((fd = mkostemp(other, O_CLOEXEC)) == -1)
		return -1;
	if (fill(fd, write, arg) == 0 && rename(other, path) == 0)
		return fd;
	close(fd);
	unlink(other);
	return -1;
}
