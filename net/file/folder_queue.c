/* folder_queue: what of a folder is offered, read and sent; see
 * send_folder.h. */
#include <sys/types.h>
#include <sys/queue.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/file/send_folder.h"
#include "net/file/sum.h"
#include "net/file/walk.h"

#define AHEAD		1024		/* entries that are not sent yet, */
#define AHEAD_BYTES	(1024 * 1024)	/* and bytes of their paths */
#define OUT_FULL	(256 * 1024)	/* bytes of words and pieces */
#define OUT_MOST	(OUT_FULL + FOLDER_PIECE + 8 * WORDS_MAX)

/*
 * Entries
 */

static void
entry_free(struct folder_entry *e)
{
	if (e == NULL)
		return;
	free(e->path);
	free(e->wire);
	free(e);
}

static struct folder_entry *
entry_new(struct folder_queue *q, const char *path, const char *wire,
    const struct stat *st)
{
	struct folder_entry	*e;

	if ((e = calloc(1, sizeof(*e))) == NULL)
		return NULL;
	if ((e->path = strdup(path)) == NULL ||
	    (e->wire = strdup(wire)) == NULL) {
		entry_free(e);
		return NULL;
	}
	e->size = (uint64_t)st->st_size;
	e->date = st->st_mtime;
	e->mode = (int)(st->st_mode & 07777);
	e->folder = S_ISDIR(st->st_mode);
	TAILQ_INSERT_TAIL(&q->entries, e, next);
	q->n++;
	q->bytes += strlen(path) + strlen(wire);
	return e;
}

static void
entry_take(struct folder_queue *q, struct folder_entry *e)
{
	TAILQ_REMOVE(&q->entries, e, next);
	q->n--;
	q->bytes -= strlen(e->path) + strlen(e->wire);
}

static void
entry_over(struct folder_queue *q, struct folder_entry *e)
{
	entry_take(q, e);
	entry_free(e);
}

/* The next entry that the receiver has to answer, from e on. */
static struct folder_entry *
unanswered(struct folder_entry *e)
{
	while (e != NULL && (e->folder || e->answered))
		e = TAILQ_NEXT(e, next);
	return e;
}

int
folder_queue_init(struct folder_queue *q, struct loop *l, int fd)
{
	memset(q, 0, sizeof(*q));
	q->loop = l;
	q->root = fd;
	q->fd = -1;
	TAILQ_INIT(&q->entries);
	TAILQ_INIT(&q->resumed);
	beneath_init(&q->beneath, fd);
	buf_init(&q->out, OUT_MOST);
	if ((q->walk = walk_new(fd)) == NULL) {
		close(fd);
		q->loop = NULL;
		return -1;
	}
	return 0;
}

static void
close_present(struct folder_queue *q)
{
	sum_cancel(q->summing);
	q->summing = NULL;
	if (q->fd != -1)
		close(q->fd);
	q->fd = -1;
	q->present = NULL;
}

void
folder_queue_end(struct folder_queue *q)
{
	struct folder_entry	*e;

	if (q->loop == NULL)
		return;
	close_present(q);
	sum_free(q->sum);
	walk_free(q->walk);
	while ((e = TAILQ_FIRST(&q->entries)) != NULL)
		entry_over(q, e);
	while ((e = TAILQ_FIRST(&q->resumed)) != NULL) {
		TAILQ_REMOVE(&q->resumed, e, next);
		entry_free(e);
	}
	beneath_end(&q->beneath);
	buf_free(&q->out);
	close(q->root);
	q->loop = NULL;
}

/*
 * Words
 */

static int
offer(struct folder_queue *q, const struct folder_entry *e)
{
	const struct folder_word	 w = {
		.kind = e->folder ? FOLDER_DIRECTORY : FOLDER_FILE,
		.name = e->wire,
		.size = e->size,
		.dated = 1,
		.date = e->date,
		.mode = e->mode,
	};

	return folder_say(&q->out, &w);
}

/* An entry for a file is said at once; a folder's, when its turn comes. */
static int
add_file(struct folder_queue *q, const char *path, const char *wire,
    const struct stat *st, int anew)
{
	struct folder_entry	*e;

	if ((e = entry_new(q, path, wire, st)) == NULL)
		return -1;
	e->anew = anew;
	if (offer(q, e) == -1) {	/* no memory, or & in all of its path */
		q->tell(q->arg, FAULT_LOCAL, wire, strerror(ENAMETOOLONG));
		entry_over(q, e);
		return 0;
	}
	if (q->asked == NULL)
		q->asked = e;
	return 0;
}

static int
walk_on(struct folder_queue *q)
{
	struct walk_item	 item;

	walk_next(q->walk, &item);
	switch (item.kind) {
	case WALK_FILE:
		return add_file(q, item.path, item.wire, &item.st, 0);
	case WALK_LEAVE:
		return *item.path == '\0' || entry_new(q, item.path, item.wire,
		    &item.st) != NULL ? 0 : -1;
	case WALK_LEFT_OUT:
		q->tell(q->arg, FAULT_NONE, item.path, item.what);
		return 0;
	case WALK_FAILED:
		q->tell(q->arg, FAULT_LOCAL, item.path, strerror(item.error));
		return 0;
	default:
		walk_free(q->walk);
		q->walk = NULL;
		return 0;
	}
}

/*
 * The present file
 */

static int
present_end(struct folder_queue *q, const char *why)
{
	struct folder_word	 w = { .kind = FOLDER_END, .mode = -1 };
	struct folder_entry	*e = q->present;
	int			 r;

	if (why == NULL)
		sum_end(q->sum, w.hash);
	else
		q->tell(q->arg, FAULT_LOCAL, e->path, why);
	r = folder_say(&q->out, &w);
	if (why == NULL)
		q->files++;
	close_present(q);
	entry_take(q, e);
	if (why == NULL && e->offset > 0 && !e->anew)
		TAILQ_INSERT_TAIL(&q->resumed, e, next);
	else
		entry_free(e);
	return r;
}

static void
summed(void *arg, int error)
{
	struct folder_queue	*q = arg;

	q->summing = NULL;
	q->error = error;
	q->changed(q->arg);
}

/* Open the file whose turn it is, and go where the receiver wants it from.  A
 * file that is not there any more ends at once. */
static int
present_begin(struct folder_queue *q, struct folder_entry *e)
{
	const char	*last;
	struct stat	 st;
	int		 dir = beneath_parent(&q->beneath, e->path, 0, &last);

	q->present = e;
	q->left = e->size - e->offset;
	q->error = 0;
	if (q->sum == NULL ? (q->sum = sum_new(FOLDER_HASH)) == NULL :
	    sum_again(q->sum) == -1)
		return -1;
	if (dir == -1 || (q->fd = openat(dir, last, O_RDONLY | O_NOFOLLOW |
	    O_NONBLOCK | O_NOCTTY | O_CLOEXEC)) == -1 ||
	    fstat(q->fd, &st) == -1)
		return present_end(q, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return present_end(q, "it is no file any more");
	if (e->offset == 0)
		return 0;
	if (lseek(q->fd, (off_t)e->offset, SEEK_SET) == -1)
		return present_end(q, strerror(errno));
	q->summing = sum_file(q->loop, q->sum, q->fd, e->offset, summed, q);
	return q->summing == NULL ? -1 : 0;
}

/* Read a piece of the present file into out. */
static int
present_read(struct folder_queue *q)
{
	size_t		 want = q->left < FOLDER_PIECE ? (size_t)q->left :
			     FOLDER_PIECE;
	unsigned char	*p;
	ssize_t		 n;

	if (q->error != 0)
		return present_end(q, strerror(q->error));
	if ((p = buf_reserve(&q->out, FOLDER_HEAD + want)) == NULL)
		return -1;
	n = read(q->fd, p + FOLDER_HEAD, want);
	if (n == -1)
		return errno == EINTR ? 0 : present_end(q, strerror(errno));
	if (n == 0)
		return present_end(q, "it has become shorter while it was "
		    "sent; try again");
	if (sum_add(q->sum, p + FOLDER_HEAD, (size_t)n) == -1)
		return -1;
	folder_piece((size_t)n, p);
	buf_commit(&q->out, FOLDER_HEAD + (size_t)n);
	q->left -= (uint64_t)n;
	q->sent += (uint64_t)n;
	return q->left == 0 ? present_end(q, NULL) : 0;
}

/*
 * The queue
 */

static int
may_walk(const struct folder_queue *q)
{
	return q->walk != NULL && q->n < AHEAD && q->bytes < AHEAD_BYTES;
}

/* The first entry, if it is to be sent, or is sent. */
static struct folder_entry *
sendable(const struct folder_queue *q)
{
	struct folder_entry	*e = TAILQ_FIRST(&q->entries);

	return e != NULL && q->summing == NULL && (e->folder || e->answered) ?
	    e : NULL;
}

int
folder_queue_ready(const struct folder_queue *q)
{
	return may_walk(q) || sendable(q) != NULL;
}

static int
send_entry(struct folder_queue *q, struct folder_entry *e)
{
	int	 r = 0;

	if (q->present != NULL)
		return present_read(q);
	if (!e->folder && e->offset < e->size)
		return present_begin(q, e);
	if (e->folder)
		r = offer(q, e);
	else
		q->files++;
	entry_over(q, e);
	return r;
}

int
folder_queue_fill(struct folder_queue *q)
{
	struct folder_entry	*e;

	while (buf_len(&q->out) < OUT_FULL) {
		if (may_walk(q)) {
			if (walk_on(q) == -1)
				return -1;
		} else if ((e = sendable(q)) == NULL) {
			break;
		} else if (send_entry(q, e) == -1) {
			return -1;
		}
	}
	return 0;
}

int
folder_queue_done(const struct folder_queue *q)
{
	return q->walk == NULL && TAILQ_EMPTY(&q->entries);
}

int
folder_queue_may_come_back(const struct folder_queue *q)
{
	return !TAILQ_EMPTY(&q->resumed);
}

/*
 * What the receiver says
 */

int
folder_queue_range(struct folder_queue *q, uint64_t offset)
{
	struct folder_entry	*e = q->asked;

	if (e == NULL || offset > e->size)
		return -1;
	e->answered = 1;
	e->offset = offset;
	q->there += offset;
	q->asked = unanswered(e);
	return 0;
}

int
folder_queue_refused(struct folder_queue *q, const char *text)
{
	struct folder_entry	*e = q->asked;

	if (e == NULL)
		return -1;
	q->asked = unanswered(TAILQ_NEXT(e, next));
	q->tell(q->arg, FAULT_PEER, e->path, text);
	entry_over(q, e);
	return 0;
}

/* The folder that the file is in is complete only behind it. */
static int
add_parent(struct folder_queue *q, const struct folder_entry *e)
{
	const char	*path = strrchr(e->path, '/');
	const char	*wire = strrchr(e->wire, '/');
	char		 on_disk[FOLDER_PATH], on_wire[FOLDER_PATH];
	struct stat	 st;
	int		 fd;

	if (path == NULL || wire == NULL)
		return 0;
	strlcpy(on_disk, e->path, sizeof(on_disk));
	strlcpy(on_wire, e->wire, sizeof(on_wire));
	on_disk[path - e->path] = on_wire[wire - e->wire] = '\0';
	if ((fd = beneath_folder(&q->beneath, on_disk, 0)) == -1 ||
	    fstat(fd, &st) == -1)
		return 0;
	return entry_new(q, on_disk, on_wire, &st) == NULL ? -1 : 0;
}

static int
offer_anew(struct folder_queue *q, const struct folder_entry *e)
{
	const char	*last;
	struct stat	 st;
	int		 dir = beneath_parent(&q->beneath, e->path, 0, &last);

	if (dir == -1 || fstatat(dir, last, &st, AT_SYMLINK_NOFOLLOW) == -1 ||
	    !S_ISREG(st.st_mode)) {
		q->tell(q->arg, FAULT_LOCAL, e->path, "it is no file any more");
		return 0;
	}
	return add_file(q, e->path, e->wire, &st, 1) == -1 ? -1 :
	    add_parent(q, e);
}

int
folder_queue_wrong(struct folder_queue *q, const char *wire)
{
	struct folder_entry	*e;
	int			 r;

	TAILQ_FOREACH(e, &q->resumed, next)
		if (strcmp(e->wire, wire) == 0)
			break;
	if (e == NULL)
		return -1;
	TAILQ_REMOVE(&q->resumed, e, next);
	q->files--;
	r = offer_anew(q, e);
	entry_free(e);
	return r;
}
