#include <sys/types.h>
#include <sys/queue.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/conffile.h"
#include "net/known.h"
#include "xml/jid.h"

#define KNOWN_FILE	"known_peers"

struct peer {
	char			*jid, *fingerprint;
	STAILQ_ENTRY(peer)	 next;
};

struct known {
	char			 path[PATH_MAX];
	STAILQ_HEAD(, peer)	 peers;
};

static int
add(struct known *k, const char *jid, const char *fingerprint)
{
	struct peer	*p;

	if ((p = calloc(1, sizeof(*p))) == NULL)
		return -1;
	p->jid = strdup(jid);
	p->fingerprint = strdup(fingerprint);
	if (p->jid == NULL || p->fingerprint == NULL) {
		free(p->jid);
		free(p->fingerprint);
		free(p);
		return -1;
	}
	STAILQ_INSERT_TAIL(&k->peers, p, next);
	return 0;
}

static int
is_fingerprint(const char *s)
{
	static const char	 base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "abcdefghijklmnopqrstuvwxyz0123456789+/";

	return strncmp(s, "SHA256:", 7) == 0 && strlen(s) == 7 + 43 &&
	    strspn(s + 7, base64) == 43;
}

/* A resource may hold spaces; a fingerprint holds none.  An address may begin
 * as a comment does. */
static int
parse_line(struct known *k, char *line, unsigned n, char *err)
{
	char		 jid[JID_MAX], *space;
	const char	*why;

	line[strcspn(line, "\r\n")] = '\0';
	space = strrchr(line, ' ');
	if (space != NULL && is_fingerprint(space + 1)) {
		*space = '\0';
		if (jid_prep(line, jid, &why) == 0)
			return add(k, jid, space + 1) == -1 ?
			    conf_fail(err, "out of memory") : 0;
	}
	if (*line == '\0' || *line == '#')
		return 0;
	return conf_fail(err, "%s:%u: not \"jid SHA256:...\"; mend or remove "
	    "the line", k->path, n);
}

static int
read_lines(struct known *k, FILE *f, char *err)
{
	char		*line = NULL;
	size_t		 size = 0;
	unsigned	 n = 0;
	int		 r = 0;

	while (r == 0 && getline(&line, &size, f) != -1)
		r = parse_line(k, line, ++n, err);
	if (r == 0 && ferror(f))
		r = conf_fail(err, "%s: %s", k->path, strerror(errno));
	free(line);
	return r;
}

struct known *
known_read(const char *dir, char *err)
{
	struct known	*k;
	struct stat	 st;
	FILE		*f;
	int		 fd, r;

	if ((k = calloc(1, sizeof(*k))) == NULL) {
		conf_fail(err, "out of memory");
		return NULL;
	}
	STAILQ_INIT(&k->peers);
	snprintf(k->path, sizeof(k->path), "%s/" KNOWN_FILE, dir);
	if ((fd = conf_open(k->path, &st, err)) == -1) {
		if (errno == ENOENT || errno == ENOTDIR)
			return k;
		known_free(k);
		return NULL;
	}
	if ((f = fdopen(fd, "r")) == NULL) {
		conf_fail(err, "%s: %s", k->path, strerror(errno));
		close(fd);
		known_free(k);
		return NULL;
	}
	r = read_lines(k, f, err);
	fclose(f);
	if (r == 0)
		return k;
	known_free(k);
	return NULL;
}

void
known_free(struct known *k)
{
	struct peer	*p;

	if (k == NULL)
		return;
	while ((p = STAILQ_FIRST(&k->peers)) != NULL) {
		STAILQ_REMOVE_HEAD(&k->peers, next);
		free(p->jid);
		free(p->fingerprint);
		free(p);
	}
	free(k);
}

const char *
known_path(const struct known *k)
{
	return k->path;
}

const char *
known_old(const struct known *k, const char *jid)
{
	struct peer	*p;

	STAILQ_FOREACH(p, &k->peers, next)
		if (strcmp(p->jid, jid) == 0)
			return p->fingerprint;
	return NULL;
}

int
known_peer(const struct known *k, const char *jid)
{
	return known_old(k, jid) != NULL;
}

enum known_result
known_check(const struct known *k, const char *jid, const char *fingerprint)
{
	struct peer	*p;

	STAILQ_FOREACH(p, &k->peers, next)
		if (strcmp(p->jid, jid) == 0 &&
		    strcmp(p->fingerprint, fingerprint) == 0)
			return KNOWN_SAME;
	return known_peer(k, jid) ? KNOWN_CHANGED : KNOWN_NEW;
}

/* Some editors leave the last line without its end. */
static int
in_a_line(int fd)
{
	off_t	 size = lseek(fd, 0, SEEK_END);
	char	 last;

	return size > 0 && pread(fd, &last, 1, size - 1) == 1 && last != '\n';
}

/* One write, so that two programs never mix their lines. */
static int
append(const char *path, const char *jid, const char *fingerprint)
{
	char	*line;
	int	 fd, n, r;

	fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (fd == -1)
		return -1;
	n = asprintf(&line, "%s%s %s\n", in_a_line(fd) ? "\n" : "", jid,
	    fingerprint);
	if (n == -1) {
		close(fd);
		return -1;
	}
	r = write(fd, line, (size_t)n) == n ? 0 : -1;
	free(line);
	return close(fd) == -1 ? -1 : r;
}

int
known_add(struct known *k, const char *jid, const char *fingerprint,
    char *err)
{
	if (add(k, jid, fingerprint) == -1)
		return conf_fail(err, "out of memory");
	if (append(k->path, jid, fingerprint) == -1)
		return conf_fail(err, "%s: %s", k->path, strerror(errno));
	return 0;
}
