#include <sys/types.h>
#include <sys/stat.h>

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/conf.h"
#include "net/conffile.h"
#include "net/lines.h"
#include "net/manners.h"
#include "xml/jid.h"

#define FILE_NAME	"known_servers"
#define LINE_MOST	(JID_MAX + 2 * MANNERS_MAX + 16)

struct manners {
	char	 path[PATH_MAX];	/* "": not to be written */
	char	 jid[JID_MAX];
	int	 known, hurry;
	char	 first[MANNERS_MAX], second[MANNERS_MAX];
};

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
	int		 fd = conf_open(path, &st, err);

	if (fd == -1 && errno != ENOENT)
		return NULL;
	text = lines_read(fd);
	if (fd != -1)
		close(fd);
	return text;
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
		if ((p = lines_about(line, jid)) != NULL)
			parse(m, p);
	lines_free(text);
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

/* The lines about others as they are now, and ours. */
static void
write_lines(void *arg, FILE *f)
{
	const struct manners	*m = arg;
	char			*text = read_file(m->path);

	lines_others(f, text, m->jid, LINE_MOST);
	lines_free(text);
	fprintf(f, "%s %s %s / %s\n", m->jid, m->hurry ? "yes" : "no",
	    m->first, m->second);
}

/* It is only for speed: failures are of no interest. */
static void
save(struct manners *m)
{
	int	 fd;

	if (*m->path == '\0')
		return;
	if ((fd = lines_replace(m->path, write_lines, m)) != -1)
		close(fd);
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
