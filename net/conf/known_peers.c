/* known_peers: see known_peers.h. */
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
#include "net/conf/peer.h"
#include "net/conf/statefile.h"
#include "xml/buf.h"
#include "xml/jid.h"

#define KNOWN_PEERS_MAX	(16 * 1024 * 1024)	/* bytes of it */
#define READ_STEP	(64 * 1024)

struct peer {
	char			*jid, *fingerprint;
	STAILQ_ENTRY(peer)	 next;
};
STAILQ_HEAD(peers, peer);

struct known_peers {
	char			 path[PATH_MAX];
	int			 by_account;	/* all resources share keys */
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

/* Take line n.  A resource may hold spaces; a fingerprint holds none.  An
 * address may begin as a comment does.  0, or -1 without memory. */
static int
known_peers_parse_line(struct known_peers *k, char *line, unsigned n)
{
	char		 jid[JID_MAX], *space;
	const char	*why;

	line[strcspn(line, "\r")] = '\0';
	space = strrchr(line, ' ');
	if (space != NULL && peer_is_key(space + 1)) {
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

/* Read the file.  NUL bytes, which some file systems leave after a loss of
 * power, become '?': their line is no entry then, and what is behind them
 * counts.  0, or -1 and errno. */
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

static struct known_peers *
known_peers_read_named(const char *dir, const char *name, char *err)
{
	char		 path[PATH_MAX];
	struct known_peers	*k;
	struct stat	 st;
	struct buf	 b;
	int		 fd, r;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
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

struct known_peers *
known_peers_read(const char *dir, char *err)
{
	return known_peers_read_named(dir, "known_peers", err);
}

struct known_peers *
known_peers_read_paired(const char *dir, char *err)
{
	return known_peers_read_named(dir, "paired", err);
}

void
known_peers_by_account(struct known_peers *k)
{
	k->by_account = 1;
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

/* Is what is known of this peer also about jid?  A line without a resource is
 * about all resources of its account. */
static int
known_peers_about(const struct known_peers *k, const struct peer *p,
    const char *jid)
{
	if (strcmp(p->jid, jid) == 0)
		return 1;
	return (k->by_account || *jid_resource(p->jid) == '\0') &&
	    jid_samebare(p->jid, jid);
}

static struct peer *
known_peers_find(const struct known_peers *k, const char *jid)
{
	struct peer	*p;

	STAILQ_FOREACH(p, &k->peers, next)
		if (known_peers_about(k, p, jid))
			break;
	return p;
}

const char *
known_peers_old(const struct known_peers *k, const char *jid)
{
	const struct peer	*p = known_peers_find(k, jid);

	return p != NULL ? p->fingerprint : NULL;
}

const char *
known_peers_name(const struct known_peers *k, const char *jid, char *out)
{
	const struct peer	*p = known_peers_find(k, jid);

	if (k->by_account)
		return jid_bare(jid, out);
	strlcpy(out, p != NULL ? p->jid : jid, JID_MAX);
	return out;
}

int
known_peers_each(const struct known_peers *k,
    int (*see)(void *, const char *, const char *), void *arg)
{
	struct peer	*p;

	STAILQ_FOREACH(p, &k->peers, next)
		if (see(arg, p->jid, p->fingerprint) == -1)
			return -1;
	return 0;
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
		if (known_peers_about(k, p, jid) &&
		    strcmp(p->fingerprint, fingerprint) == 0)
			return KNOWN_PEERS_SAME;
	return known_peers_entry(k, jid) ? KNOWN_PEERS_CHANGED :
	    KNOWN_PEERS_NEW;
}

/*
 * Writing
 */

/* A change of the file: what makes the new content of b out of what is in it
 * now, which is in now, too.  1, 0 if nothing has to change, or -1 with a
 * message. */
typedef int	 change_fn(const struct known_peers *now, struct buf *b,
		    const char *jid, const char *fingerprint, char *err);

/* A new line behind all that is there. */
static int
known_peers_append(const struct known_peers *now, struct buf *b,
    const char *jid, const char *fingerprint, char *err)
{
	/* Some editors leave the last line without its end. */
	const char	*end = buf_len(b) > 0 &&
			    buf_data(b)[buf_len(b) - 1] != '\n' ? "\n" : "";

	if (known_peers_check(now, jid, fingerprint) == KNOWN_PEERS_SAME)
		return 0;
	if (buf_printf(b, "%s%s %s\n", end, jid, fingerprint) == -1)
		return conf_fail(err, "%s: %s", now->path, strerror(errno));
	return 1;
}

/* As known_peers_append(), unless there is another key. */
static int
known_peers_append_first(const struct known_peers *now, struct buf *b,
    const char *jid, const char *fingerprint, char *err)
{
	if (known_peers_check(now, jid, fingerprint) == KNOWN_PEERS_CHANGED)
		return conf_fail(err, "%s: another program has just met it "
		    "with another key", now->path);
	return known_peers_append(now, b, jid, fingerprint, err);
}

/* Is p forgotten with jid?  An account stands for all of its resources if that
 * is what whole says. */
static int
known_peers_named(const struct peer *p, const char *jid, int whole)
{
	return strcmp(p->jid, jid) == 0 || (whole &&
	    *jid_resource(jid) == '\0' && jid_samebare(p->jid, jid));
}

/* Is this line of len bytes forgotten with jid? */
static int
known_peers_forgets(const char *line, size_t len, const char *jid, int whole)
{
	struct known_peers	 one;
	struct peer		*p;
	char			*copy;
	int			 r = 0;

	memset(&one, 0, sizeof(one));
	STAILQ_INIT(&one.peers);
	STAILQ_INIT(&one.torn);
	if ((copy = strndup(line, len)) == NULL)
		return -1;
	if (known_peers_parse_line(&one, copy, 1) == -1)
		r = -1;
	else if ((p = STAILQ_FIRST(&one.peers)) != NULL)
		r = known_peers_named(p, jid, whole);
	clear(&one.peers);
	clear(&one.torn);
	free(copy);
	return r;
}

/* All lines but those that are forgotten with jid.  As change_fn. */
static int
known_peers_drop(const struct known_peers *now, struct buf *b,
    const char *jid, int whole, char *err)
{
	size_t		 len = buf_len(b), n, i;
	const char	*text, *end;
	int		 about = 0, dropped = 0;
	struct buf	 kept;

	buf_init(&kept, KNOWN_PEERS_MAX);
	for (i = 0; i < len && about != -1; i += n) {
		text = (const char *)buf_data(b) + i;
		end = memchr(text, '\n', len - i);
		n = end != NULL ? (size_t)(end - text) + 1 : len - i;
		about = known_peers_forgets(text, n - (end != NULL), jid,
		    whole);
		if (about == 1)
			dropped = 1;
		else if (about == 0 && buf_add(&kept, text, n) == -1)
			about = -1;
	}
	buf_drain(b, len);
	if (about == -1 || buf_move(b, &kept) == -1)
		dropped = conf_fail(err, "%s: %s", now->path, strerror(errno));
	buf_free(&kept);
	return dropped;
}

static int
known_peers_drop_account(const struct known_peers *now, struct buf *b,
    const char *jid, const char *fingerprint, char *err)
{
	(void)fingerprint;
	return known_peers_drop(now, b, jid, 1, err);
}

static int
known_peers_drop_name(const struct known_peers *now, struct buf *b,
    const char *jid, const char *fingerprint, char *err)
{
	(void)fingerprint;
	return known_peers_drop(now, b, jid, 0, err);
}

/* Change the file, which is locked as fd.  As change_fn. */
static int
known_peers_compose(const struct known_peers *k, int fd, struct buf *b,
    change_fn *change, const char *jid, const char *fingerprint, char *err)
{
	struct known_peers	*now = known_peers_new(k->path);
	int			 r;

	if (now == NULL || known_peers_load(now, fd, b) == -1) {
		known_peers_free(now);
		return conf_fail(err, "%s: %s", k->path, strerror(errno));
	}
	now->by_account = k->by_account;
	r = change(now, b, jid, fingerprint, err);
	known_peers_free(now);
	return r;
}

/* As change_fn, and the file is changed. */
static int
known_peers_change(const struct known_peers *k, change_fn *change,
    const char *jid, const char *fingerprint, char *err)
{
	struct buf	 b;
	int		 fd, done, r;

	if ((fd = statefile_lock(k->path)) == -1)
		return conf_fail(err, "%s: %s", k->path, strerror(errno));
	buf_init(&b, KNOWN_PEERS_MAX);
	r = known_peers_compose(k, fd, &b, change, jid, fingerprint, err);
	if (r == 1 && (done = statefile_replace(k->path, &b)) == -1)
		r = conf_fail(err, "%s: %s", k->path, strerror(errno));
	else if (r == 1)
		close(done);
	buf_free(&b);
	close(fd);
	return r;
}

/* Remember the key, by the name that counts, here and in the file. */
static int
known_peers_remember(struct known_peers *k, change_fn *change,
    const char *jid, const char *fingerprint, char *err)
{
	char	 bare[JID_MAX];

	if (k->by_account)
		jid = jid_bare(jid, bare);
	if (known_peers_insert(&k->peers, jid, fingerprint) == -1)
		return conf_fail(err, "out of memory");
	return known_peers_change(k, change, jid, fingerprint, err) == -1 ?
	    -1 : 0;
}

int
known_peers_add(struct known_peers *k, const char *jid, const char *fingerprint,
    char *err)
{
	return known_peers_remember(k, known_peers_append_first, jid,
	    fingerprint, err);
}

int
known_peers_add_another(struct known_peers *k, const char *jid,
    const char *fingerprint, char *err)
{
	return known_peers_remember(k, known_peers_append, jid, fingerprint,
	    err);
}

/* Forget what jid names, here and in the file; whole: an account stands for all
 * of its resources. */
static int
known_peers_lose(struct known_peers *k, const char *jid, int whole, char *err)
{
	struct peer	*p, *next;

	STAILQ_FOREACH_SAFE(p, &k->peers, next, next)
		if (known_peers_named(p, jid, whole)) {
			STAILQ_REMOVE(&k->peers, p, peer, next);
			free(p->jid);
			free(p->fingerprint);
			free(p);
		}
	if (access(k->path, F_OK) == -1 && errno == ENOENT)
		return 0;
	return known_peers_change(k, whole ? known_peers_drop_account :
	    known_peers_drop_name, jid, NULL, err);
}

int
known_peers_forget(struct known_peers *k, const char *jid, char *err)
{
	return known_peers_lose(k, jid, 1, err);
}

int
known_peers_forget_name(struct known_peers *k, const char *jid, char *err)
{
	return known_peers_lose(k, jid, k->by_account, err);
}
