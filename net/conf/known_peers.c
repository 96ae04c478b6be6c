#include <sys/types.h>
#include <sys/queue.h>
#include <sys/stat.h>

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/conf/conffile.h"
#include "net/conf/known_peers.h"
#include "net/conf/statefile.h"
#include "xml/buf.h"
#include "xml/jid.h"

#define KNOWN_FILE	"known_peers"
#define KNOWN_PEERS_MAX	(16 * 1024 * 1024)	/* bytes of it */
#define READ_STEP	(64 * 1024)

struct peer {
	char			*jid, *fingerprint;
	STAILQ_ENTRY(peer)	 next;
};
STAILQ_HEAD(peers, peer);

struct known_peers {
	char			 path[PATH_MAX];
	struct peers		 peers;
	struct peers		 torn;	/* bad lines, as their jid */
	struct statefile_note	 note;
};

static int
known_peers_insert(struct peers *list, const char *jid, const char *fingerprint)
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
	STAILQ_INSERT_TAIL(list, p, next);
	return 0;
}

static void
clear(struct peers *list)
{
	struct peer	*p;

	while ((p = STAILQ_FIRST(list)) != NULL) {
		STAILQ_REMOVE_HEAD(list, next);
		free(p->jid);
		free(p->fingerprint);
		free(p);
	}
}

/*
 * Reading
 */

static int
is_fingerprint(const char *s)
{
	static const char	 base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "abcdefghijklmnopqrstuvwxyz0123456789+/";

	return strncmp(s, "SHA256:", 7) == 0 && strlen(s) == 7 + 43 &&
	    strspn(s + 7, base64) == 43;
}

/* Take line n.  A resource may hold spaces; a fingerprint holds none.  An
 * address may begin as a comment does.  0, or -1 without memory. */
static int
known_peers_parse_line(struct known_peers *k, char *line, unsigned n)
{
	char		 jid[JID_MAX], *space;
	const char	*why;

	line[strcspn(line, "\r")] = '\0';
	space = strrchr(line, ' ');
	if (space != NULL && is_fingerprint(space + 1)) {
		*space = '\0';
		if (jid_prep(line, jid, &why) == 0)
			return known_peers_insert(&k->peers, jid, space + 1);
		if (errno == ENOMEM)
			return -1;
		*space = ' ';
	}
	if (*line == '\0' || *line == '#')
		return 0;
	statefile_bad_line(&k->note, k->path, n);
	return known_peers_insert(&k->torn, line, "");
}

/* Take all lines of text, which is changed.  0, or -1 without memory. */
static int
known_peers_parse(struct known_peers *k, char *text)
{
	char		*line;
	unsigned	 n = 0;

	while ((line = strsep(&text, "\n")) != NULL)
		if (known_peers_parse_line(k, line, ++n) == -1)
			return -1;
	return 0;
}

/* Append the whole file to b, without a NUL at its end.  0, or -1 and errno. */
static int
known_peers_read_file(int fd, struct buf *b)
{
	unsigned char	*p;
	ssize_t		 n;

	do {
		if ((p = buf_reserve(b, READ_STEP)) == NULL) {
			errno = errno == ENOBUFS ? EFBIG : errno;
			return -1;
		}
		if ((n = read(fd, p, READ_STEP)) > 0)
			buf_commit(b, (size_t)n);
	} while (n > 0 || (n == -1 && errno == EINTR));
	return n == 0 ? 0 : -1;
}

/* Read the file, and skip NUL bytes, which some file systems leave after a loss
 * of power: what is behind them counts.  0, or -1 and errno. */
static int
known_peers_load(struct known_peers *k, int fd, struct buf *b)
{
	char	*text;
	size_t	 i, len;

	if (known_peers_read_file(fd, b) == -1)
		return -1;
	len = buf_len(b);
	if ((text = malloc(len + 1)) == NULL)
		return -1;
	memcpy(text, buf_data(b), len);
	text[len] = '\0';
	for (i = 0; i < len; i++)
		if (text[i] == '\0')
			text[i] = '?';
	if (known_peers_parse(k, text) == -1) {
		free(text);
		errno = ENOMEM;
		return -1;
	}
	free(text);
	return 0;
}

static struct known_peers *
known_peers_new(const char *path)
{
	struct known_peers	*k;

	if ((k = calloc(1, sizeof(*k))) == NULL)
		return NULL;
	STAILQ_INIT(&k->peers);
	STAILQ_INIT(&k->torn);
	strlcpy(k->path, path, sizeof(k->path));
	return k;
}

struct known_peers *
known_peers_read(const char *dir, char *err)
{
	char		 path[PATH_MAX];
	struct known_peers	*k;
	struct stat	 st;
	struct buf	 b;
	int		 fd, r;

	snprintf(path, sizeof(path), "%s/" KNOWN_FILE, dir);
	if ((k = known_peers_new(path)) == NULL) {
		conf_fail(err, "out of memory");
		return NULL;
	}
	if ((fd = conf_open(k->path, &st, err)) == -1) {
		if (errno == ENOENT || errno == ENOTDIR)
			return k;
		known_peers_free(k);
		return NULL;
	}
	buf_init(&b, KNOWN_PEERS_MAX);
	if ((r = known_peers_load(k, fd, &b)) == -1)
		conf_fail(err, "%s: %s", k->path, strerror(errno));
	buf_free(&b);
	close(fd);
	if (r == 0)
		return k;
	known_peers_free(k);
	return NULL;
}

void
known_peers_free(struct known_peers *k)
{
	if (k == NULL)
		return;
	clear(&k->peers);
	clear(&k->torn);
	free(k);
}

/*
 * Looking
 */

const char *
known_peers_path(const struct known_peers *k)
{
	return k->path;
}

const char *
known_peers_note(const struct known_peers *k)
{
	return k->note.text;
}

const char *
known_peers_old(const struct known_peers *k, const char *jid)
{
	struct peer	*p;

	STAILQ_FOREACH(p, &k->peers, next)
		if (strcmp(p->jid, jid) == 0)
			return p->fingerprint;
	return NULL;
}

int
known_peers_entry(const struct known_peers *k, const char *jid)
{
	return known_peers_old(k, jid) != NULL;
}

/* A line that was cut may end within the JID. */
enum known_peers_doubt
known_peers_doubt(const struct known_peers *k, const char *jid)
{
	enum known_peers_doubt	 doubt = KNOWN_PEERS_UNDOUBTED;
	struct peer		*p;
	size_t			 len = strlen(jid), n;

	if (known_peers_entry(k, jid))
		return KNOWN_PEERS_UNDOUBTED;
	STAILQ_FOREACH(p, &k->torn, next) {
		n = strlen(p->jid);
		if (strncasecmp(p->jid, jid, n < len ? n : len) != 0)
			continue;
		if (n > len && p->jid[len] == ' ')
			return KNOWN_PEERS_HAD_KEY;
		if (n <= len)
			doubt = KNOWN_PEERS_DOUBTED;
	}
	return doubt;
}

enum known_peers_result
known_peers_check(const struct known_peers *k, const char *jid,
    const char *fingerprint)
{
	struct peer	*p;

	STAILQ_FOREACH(p, &k->peers, next)
		if (strcmp(p->jid, jid) == 0 &&
		    strcmp(p->fingerprint, fingerprint) == 0)
			return KNOWN_PEERS_SAME;
	return known_peers_entry(k, jid) ? KNOWN_PEERS_CHANGED :
	    KNOWN_PEERS_NEW;
}

/*
 * Adding
 */

/* Put together what is to be in the file, which is locked: all that is in it
 * now, and a new line.  0, or -1 with a message. */
static int
known_peers_compose(const struct known_peers *k, int fd, struct buf *b,
    const char *jid,
    const char *fingerprint, char *err)
{
	struct known_peers		*now = known_peers_new(k->path);
	enum known_peers_result	 r;
	const char		*end;

	if (now == NULL || known_peers_load(now, fd, b) == -1) {
		known_peers_free(now);
		return conf_fail(err, "%s: %s", k->path, strerror(errno));
	}
	r = known_peers_check(now, jid, fingerprint);
	known_peers_free(now);
	if (r == KNOWN_PEERS_CHANGED)
		return conf_fail(err, "%s: another program has just met it "
		    "with another key", k->path);
	if (r == KNOWN_PEERS_SAME)
		return 0;
	/* Some editors leave the last line without its end. */
	end = buf_len(b) > 0 && buf_data(b)[buf_len(b) - 1] != '\n' ?
	    "\n" : "";
	if (buf_printf(b, "%s%s %s\n", end, jid, fingerprint) == -1)
		return conf_fail(err, "%s: %s", k->path, strerror(errno));
	return 0;
}

static int
add_to_file(const struct known_peers *k, const char *jid,
    const char *fingerprint, char *err)
{
	struct buf	 b;
	int		 fd, done, r;

	if ((fd = statefile_lock(k->path)) == -1)
		return conf_fail(err, "%s: %s", k->path, strerror(errno));
	buf_init(&b, KNOWN_PEERS_MAX);
	r = known_peers_compose(k, fd, &b, jid, fingerprint, err);
	if (r == 0 && (done = statefile_replace(k->path, &b)) == -1)
		r = conf_fail(err, "%s: %s", k->path, strerror(errno));
	else if (r == 0)
		close(done);
	buf_free(&b);
	close(fd);
	return r;
}

int
known_peers_add(struct known_peers *k, const char *jid, const char *fingerprint,
    char *err)
{
	if (known_peers_insert(&k->peers, jid, fingerprint) == -1)
		return conf_fail(err, "out of memory");
	return add_to_file(k, jid, fingerprint, err);
}
