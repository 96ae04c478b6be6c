/* features_cache: see features_cache.h. */
#include <sys/types.h>
#include <sys/stat.h>

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/conf/conf.h"
#include "net/conf/conffile.h"
#include "net/conf/statefile.h"
#include "net/login/features_cache.h"
#include "xml/buf.h"
#include "xml/jid.h"

#define FILE_NAME	"known_servers"
#define LINE_MOST	(JID_MAX + 2 * FEATURES_CACHE_MAX + 16)

struct features_cache {
	char	 path[PATH_MAX];	/* "": not to be written */
	char	 jid[JID_MAX];
	int	 known, hurry;
	char	 first[FEATURES_CACHE_MAX], second[FEATURES_CACHE_MAX];
	struct statefile_note note;
};

static void
set_words(char *out, const char *p, size_t len)
{
	while (len > 0 && p[len - 1] == ' ')
		len--;
	snprintf(out, FEATURES_CACHE_MAX, "%.*s", (int)len, p);
}

/* Do the words behind the JID make sense? */
static int
is_sound(const char *p)
{
	return (strncmp(p, "yes ", 4) == 0 || strncmp(p, "no ", 3) == 0) &&
	    strstr(p, " /") != NULL && strlen(p) < LINE_MOST - JID_MAX;
}

static int
features_cache_is_line(const char *line)
{
	const char	*space = strchr(line, ' ');

	return space != NULL && is_sound(space + 1);
}

static void
features_cache_parse(struct features_cache *m, const char *p)
{
	const char	*slash = strstr(p, " /");

	m->hurry = *p == 'y';
	p += strcspn(p, " ") + 1;
	set_words(m->first, p, slash < p ? 0 : (size_t)(slash - p));
	slash += 2;
	slash += strspn(slash, " ");
	set_words(m->second, slash, strlen(slash));
	m->known = 1;
}

/* The whole file, or "" if there is none; NULL if it is not to be used. */
static char *
features_cache_read_file(const char *path)
{
	struct stat	 st;
	char		 err[CONF_ERR], *text;
	int		 fd = conf_open(path, &st, err);

	if (fd == -1 && errno != ENOENT)
		return NULL;
	text = statefile_read(fd);
	if (fd != -1)
		close(fd);
	return text;
}

struct features_cache *
features_cache_read(const char *dir, const char *jid)
{
	struct features_cache	*m;
	const char	*p;
	char		*text, *next, *line;
	unsigned	 n = 0;

	if ((m = calloc(1, sizeof(*m))) == NULL)
		return NULL;
	strlcpy(m->jid, jid, sizeof(m->jid));
	if (snprintf(m->path, sizeof(m->path), "%s/" FILE_NAME, dir) >=
	    (int)sizeof(m->path))
		*m->path = '\0';
	if ((text = features_cache_read_file(m->path)) == NULL) {
		*m->path = '\0';
		return m;
	}
	next = text;
	for (; (line = strsep(&next, "\n")) != NULL; n++)
		if (*line != '\0' && !features_cache_is_line(line))
			statefile_bad_line(&m->note, m->path, n + 1);
		else if ((p = statefile_about(line, jid)) != NULL)
			features_cache_parse(m, p);
	statefile_free(text);
	return m;
}

void
features_cache_free(struct features_cache *m)
{
	free(m);
}

const char *
features_cache_note(const struct features_cache *m)
{
	return m->note.text;
}

int
features_cache_hurry(const struct features_cache *m)
{
	return m != NULL && m->known && m->hurry;
}

const char *
features_cache_first(const struct features_cache *m)
{
	return m->known ? m->first : NULL;
}

const char *
features_cache_second(const struct features_cache *m)
{
	return m->known ? m->second : NULL;
}

/* Put the file together: the lines of other accounts as they are now, and
 * ours. */
static int
features_cache_compose(const struct features_cache *m, int fd, struct buf *out)
{
	char	*text = statefile_read(fd);
	int	 r = statefile_others(out, text, m->jid, features_cache_is_line,
	    LINE_MOST);

	statefile_free(text);
	return r == -1 ? -1 : buf_printf(out, "%s %s %s / %s\n", m->jid,
	    m->hurry ? "yes" : "no", m->first, m->second);
}

static int
features_cache_save(const struct features_cache *m)
{
	struct buf	 b;
	int		 fd, done = -1;

	if (*m->path == '\0')
		return 0;
	if ((fd = statefile_lock(m->path)) == -1)
		return -1;
	buf_init(&b, 2 * STATEFILE_MAX);
	if (features_cache_compose(m, fd, &b) == 0)
		done = statefile_replace(m->path, &b);
	buf_free(&b);
	if (done != -1)
		close(done);
	close(fd);
	return done == -1 ? -1 : 0;
}

int
features_cache_learn(struct features_cache *m, int hurry, const char *first,
    const char *second)
{
	/* A server that did not bear it once will not bear it again. */
	if (m->known && !m->hurry)
		hurry = 0;
	if (m->known && m->hurry == hurry && strcmp(m->first, first) == 0 &&
	    strcmp(m->second, second) == 0)
		return 0;
	m->known = 1;
	m->hurry = hurry;
	set_words(m->first, first, strlen(first));
	set_words(m->second, second, strlen(second));
	return features_cache_save(m);
}
