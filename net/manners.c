#include <sys/types.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/conf.h"
#include "net/conffile.h"
#include "net/manners.h"
#include "xml/jid.h"

#define FILE_NAME	"known_servers"
#define FILE_MAX	(64 * 1024)	/* bytes: more is not ours */
#define LINE_MOST	(JID_MAX + 2 * MANNERS_MAX + 16)

struct manners {
	char	 path[PATH_MAX];	/* "": not to be written */
	char	 jid[JID_MAX];
	int	 known, hurry;
	char	 first[MANNERS_MAX], second[MANNERS_MAX];
};

/* Is this line about jid?  What is behind the JID, or NULL.  A bare JID has no
 * spaces. */
static const char *
about(const char *line, const char *jid)
{
	size_t	 len = strlen(jid);

	return strncmp(line, jid, len) == 0 && line[len] == ' ' ?
	    line + len + 1 : NULL;
}

static void
set_words(char *out, const char *p, size_t len)
{
	while (len > 0 && p[len - 1] == ' ')
		len--;
	snprintf(out, MANNERS_MAX, "%.*s", (int)len, p);
}

/* What makes no sense is not known. */
static void
parse(struct manners *m, const char *p)
{
	const char	*slash;

	m->hurry = strncmp(p, "yes ", 4) == 0;
	if ((!m->hurry && strncmp(p, "no ", 3) != 0) ||
	    (slash = strstr(p, " /")) == NULL || strlen(p) >= MANNERS_MAX)
		return;
	p += strcspn(p, " ") + 1;
	set_words(m->first, p, slash < p ? 0 : (size_t)(slash - p));
	slash += 2;
	slash += strspn(slash, " ");
	set_words(m->second, slash, strlen(slash));
	m->known = 1;
}

/* The whole file, or "" if there is none; NULL if it is not to be used. */
static char *
read_file(const char *path)
{
	struct stat	 st;
	char		 err[CONF_ERR], *text;
	ssize_t		 n = 0;
	int		 fd = conf_open(path, &st, err);

	if (fd == -1 && errno != ENOENT)
		return NULL;
	if ((text = calloc(1, FILE_MAX + 1)) != NULL && fd != -1)
		n = read(fd, text, FILE_MAX + 1);
	if (fd != -1)
		close(fd);
	if (n >= 0 && n <= FILE_MAX)
		return text;
	free(text);
	return NULL;
}

struct manners *
manners_read(const char *dir, const char *jid)
{
	struct manners	*m;
	const char	*p;
	char		*text, *next, *line;

	if ((m = calloc(1, sizeof(*m))) == NULL)
		return NULL;
	strlcpy(m->jid, jid, sizeof(m->jid));
	if (snprintf(m->path, sizeof(m->path), "%s/" FILE_NAME, dir) >=
	    (int)sizeof(m->path))
		*m->path = '\0';
	if ((text = read_file(m->path)) == NULL) {
		*m->path = '\0';
		return m;
	}
	next = text;
	while ((line = strsep(&next, "\n")) != NULL)
		if ((p = about(line, jid)) != NULL)
			parse(m, p);
	free(text);
	return m;
}

void
manners_free(struct manners *m)
{
	free(m);
}

int
manners_hurry(const struct manners *m)
{
	return m != NULL && m->known && m->hurry;
}

const char *
manners_first(const struct manners *m)
{
	return m->known ? m->first : NULL;
}

const char *
manners_second(const struct manners *m)
{
	return m->known ? m->second : NULL;
}

/* The lines about others as they are now, and ours.  If they are too many, the
 * oldest are forgotten. */
static void
write_lines(const struct manners *m, FILE *f)
{
	char	*text = read_file(m->path), *next = text, *line;

	while (next != NULL && strlen(next) > FILE_MAX - LINE_MOST)
		strsep(&next, "\n");
	while (next != NULL && (line = strsep(&next, "\n")) != NULL)
		if (*line != '\0' && about(line, m->jid) == NULL)
			fprintf(f, "%s\n", line);
	free(text);
	fprintf(f, "%s %s %s / %s\n", m->jid, m->hurry ? "yes" : "no",
	    m->first, m->second);
}

/* By another file and its renaming, so that nobody reads half of it.  It is
 * only for speed: failures are of no interest. */
static void
save(const struct manners *m)
{
	char	 path[PATH_MAX + 16];
	FILE	*f;
	int	 fd, failed;

	snprintf(path, sizeof(path), "%s.XXXXXXXX", m->path);
	if (*m->path == '\0' || (fd = mkostemp(path, O_CLOEXEC)) == -1)
		return;
	if ((f = fdopen(fd, "w")) == NULL) {
		close(fd);
		unlink(path);
		return;
	}
	write_lines(m, f);
	failed = ferror(f);
	if (fclose(f) != 0 || failed || rename(path, m->path) == -1)
		unlink(path);
}

void
manners_learn(struct manners *m, int hurry, const char *first,
    const char *second)
{
	/* Once it was too much for it, it will be again. */
	if (m->known && !m->hurry)
		hurry = 0;
	if (m->known && m->hurry == hurry && strcmp(m->first, first) == 0 &&
	    strcmp(m->second, second) == 0)
		return;
	m->known = 1;
	m->hurry = hurry;
	set_words(m->first, first, strlen(first));
	set_words(m->second, second, strlen(second));
	save(m);
}
