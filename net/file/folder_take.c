/* folder_take: the words and the files of a folder that comes; see
 * receive_folder_int.h. */
#include <sys/types.h>
#include <sys/queue.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ibb/folder_words.h"
#include "ibb/stream.h"
#include "net/channel/channel.h"
#include "net/file/filename.h"
#include "net/file/folder_disk.h"
#include "net/file/folder_path.h"
#include "net/file/progress.h"
#include "net/file/receive_folder.h"
#include "net/file/receive_folder_int.h"
#include "net/file/receive_int.h"
#include "net/file/sum.h"
#include "net/io/fd.h"
#include "net/io/log.h"
#include "net/io/loop.h"
#include "xml/buf.h"
#include "xml/jid.h"
#include "xml/ns.h"
#include "xml/text.h"

#define AHEAD		2048		/* files that are still to come, */
#define AHEAD_BYTES	(2 * 1024 * 1024)	/* and bytes of their paths */
#define FLUSH_BYTES	(4 * 1024 * 1024)	/* of a file, after which they
					 * begin to go to the disk */
#define TELL_MAX	100		/* lines about files not taken */

/*
 * Its name
 */

/* The sender has begun anew, before we saw that its earlier stream is dead. */
static void
supersede(struct folder_in *f)
{
	struct folder_in	*old, *next;
	struct channel		*ch;

	LIST_FOREACH_SAFE(old, &f->receiver->folders, next, next) {
		if (old == f || old->given == NULL ||
		    old->phase == FOLDER_IN_COMPLETE ||
		    strcmp(old->given, f->given) != 0 ||
		    strcmp(old->about.hash, f->about.hash) != 0 ||
		    !jid_samebare(old->peer, f->peer))
			continue;
		log_line(LOG_DETAIL, "%s: sends %s anew", old->peer,
		    old->name);
		ch = old->channel;
		stream_abort(ch->stream, SE_CONFLICT);
		channel_free(ch);
	}
}

static const char *
objection(const struct folder_in *f)
{
	const struct receiver	*r = f->receiver;

	if (r->folder == -1)
		return "a folder is taken with -r only";
	if (!r->app->conf.keep && (receive_folder_count(r) > 1 ||
	    incoming_count(r, INCOMING_SUMMING, INCOMING_MOVING, NULL) > 0))
		return "another one is under way";
	return NULL;
}

static int
take_folder(struct folder_in *f, const struct folder_word *w)
{
	const char	*why;
	char		 bare[JID_MAX];

	if (f->phase != FOLDER_IN_NAMELESS)
		return -1;
	if ((f->given = strdup(w->name)) == NULL)
		return -1;
	f->about = *w;
	file_name(w->name, f->name);
	supersede(f);
	if ((why = objection(f)) != NULL)
		return folder_in_refuse(f, FAULT_NONE, why, "");
	if (folder_disk_open(&f->disk, f->receiver->folder, jid_bare(f->peer,
	    bare), f->given, w->hash) == -1)
		return errno == EBUSY ? folder_in_refuse(f, FAULT_NONE,
		    "another process receives it", "") : folder_in_stuck(f);
	folder_in_set_phase(f, FOLDER_IN_MOVING);
	if (!f->disk.fresh)
		log_line(LOG_EVENT, "%s: %s: going on with what is there",
		    f->peer, f->name);
	if (w->size > 0)
		progress_begin(f->receiver->app->progress, f->name, 0, w->size);
	return 0;
}

/*
 * Files that are offered
 */

static int
refuse_file(struct folder_in *f, const char *path, const char *why)
{
	char	 shown[FILE_NAME];

	text_cut(path, shown, sizeof(shown));
	if (f->refused++ < TELL_MAX)
		log_line(LOG_EVENT, "%s: %s: refused %s: %s", f->peer, f->name,
		    shown, why);
	return folder_in_say(f, FOLDER_REFUSED, shown, why, 0);
}

static int
is_too_large(const struct folder_in *f, const struct folder_word *w)
{
	long long	 most = f->receiver->app->conf.max_size;

	return most > 0 && (w->size > (uint64_t)most ||
	    f->total > (uint64_t)most - w->size);
}

static int
expect(struct folder_in *f, const struct folder_file *file, uint64_t offset)
{
	struct expected	*x;

	if (f->n >= AHEAD || f->bytes + strlen(file->path) > AHEAD_BYTES ||
	    (x = calloc(1, sizeof(*x))) == NULL)
		return -1;
	x->file = *file;
	x->offset = offset;
	if ((x->path = strdup(file->path)) == NULL) {
		free(x);
		return -1;
	}
	x->file.path = x->path;
	TAILQ_INSERT_TAIL(&f->expecteds, x, next);
	f->n++;
	f->held++;
	f->bytes += strlen(x->path);
	return 0;
}

/* An empty file is whole as soon as it is offered. */
static int
take_file(struct folder_in *f, const struct folder_word *w)
{
	const struct folder_file	 file = { .path = w->name,
					     .size = w->size,
					     .dated = w->dated,
					     .date = w->date,
					     .mode = w->mode };
	const char	*why;
	int64_t		 have;

	if (f->phase != FOLDER_IN_MOVING)
		return -1;
	if ((why = folder_path_objection(w->name)) != NULL)
		return refuse_file(f, w->name, why);
	if (is_too_large(f, w))
		return refuse_file(f, w->name, "the folder is larger than is "
		    "taken here");
	if ((have = folder_disk_have(&f->disk, &file)) == -1)
		return refuse_file(f, w->name, errno == EEXIST ? "its name "
		    "differs from another one in case only, which is nothing "
		    "here" : strerror(errno));
	if (w->size == 0 && folder_disk_empty(&f->disk, &file) == -1)
		return folder_in_stuck(f);
	f->total += w->size;
	f->here += (uint64_t)have;
	if ((uint64_t)have == w->size)
		f->files++;
	else if (expect(f, &file, (uint64_t)have) == -1)
		return -1;
	return folder_in_say(f, FOLDER_RANGE, NULL, NULL, (uint64_t)have);
}

/*
 * Files that come
 */

static void
summed(void *arg, int error)
{
	struct folder_in	*f = arg;

	f->summing = NULL;
	if (error != 0) {
		errno = error;
		if (folder_in_stuck(f) == -1)
			stream_abort(f->channel->stream,
			    SE_INTERNAL_SERVER_ERROR);
	}
	channel_changed(f->channel);
}

/* A file of few bytes is kept in memory until they are all there, which spares
 * a temporary name. */
static int
is_small(const struct expected *x)
{
	return x->offset == 0 && x->file.size <= FOLDER_PIECE;
}

int
folder_in_begin(struct folder_in *f, const struct expected *x)
{
	f->begun = 1;
	f->have = x->offset;
	errno = ENOMEM;
	if (f->sum == NULL ? (f->sum = sum_new(FOLDER_HASH)) == NULL :
	    sum_again(f->sum) == -1)
		return -1;
	if (is_small(x))
		return 0;
	if ((f->partial = folder_disk_begin(&f->disk, &x->file)) == NULL ||
	    partial_truncate(f->partial, x->offset) == -1)
		return -1;
	if (x->offset == 0)
		return 0;
	errno = ENOMEM;
	log_line(LOG_EVENT, "%s: %s/%s: going on behind %llu bytes", f->peer,
	    f->name, x->path, (unsigned long long)x->offset);
	f->summing = sum_file(f->receiver->app->loop, f->sum,
	    partial_fd(f->partial), x->offset, summed, f);
	return f->summing == NULL ? -1 : 0;
}

static int
take_data(struct folder_in *f, const struct folder_word *w)
{
	const struct expected	*x = TAILQ_FIRST(&f->expecteds);

	if (x == NULL)
		return -1;
	if (!f->begun && folder_in_begin(f, x) == -1)
		return folder_in_stuck(f);
	if (w->len > x->file.size - f->have)
		return -1;
	if ((is_small(x) ? buf_add(&f->small, w->data, w->len) :
	    fd_write_all(partial_fd(f->partial), w->data, w->len)) == -1)
		return folder_in_stuck(f);
	if (f->partial != NULL && f->have / FLUSH_BYTES != (f->have + w->len) /
	    FLUSH_BYTES)
		partial_flush(f->partial);
	f->have += w->len;
	f->here += w->len;
	return sum_add(f->sum, w->data, w->len);
}

/* Throw away what there is of the present file. */
static void
discard(struct folder_in *f)
{
	partial_discard(f->partial);
	f->partial = NULL;
	buf_truncate(&f->small, 0);
}

/* The hash is another: if there was a part from before, it was of something
 * else, and the sender offers the file anew. */
static int
wrong(struct folder_in *f, const struct expected *x)
{
	f->here -= f->have;
	f->total -= x->file.size;
	discard(f);
	if (x->offset == 0)
		return folder_in_refuse(f, FAULT_BROKEN, "its content is "
		    "not what was announced by its hash: ", x->path);
	return folder_in_say(f, FOLDER_WRONG, x->path, "what was there was of "
	    "something else", 0);
}

/* All bytes of it are there. */
static int
keep(struct folder_in *f, const struct expected *x)
{
	struct partial	*p = f->partial;
	int		 r;

	f->partial = NULL;
	if (is_small(x)) {
		r = folder_disk_put(&f->disk, &x->file, buf_data(&f->small),
		    buf_len(&f->small));
	} else {
		partial_flush(p);
		r = folder_disk_keep(&f->disk, p, &x->file);
	}
	buf_truncate(&f->small, 0);
	if (r == -1)
		return folder_in_stuck(f);
	f->files++;
	return 0;
}

static int
take_end(struct folder_in *f, const struct folder_word *w)
{
	const struct expected	*x = TAILQ_FIRST(&f->expecteds);
	char			 hash[HASH_HEX];
	int			 r = 0;

	if (x == NULL)
		return -1;
	if (*w->hash == '\0')	/* the sender cannot read the rest */
		discard(f);
	else if (!f->begun || f->have != x->file.size)
		return -1;
	else if (sum_end(f->sum, hash), strcmp(hash, w->hash) != 0)
		r = wrong(f, x);
	else
		r = keep(f, x);
	folder_in_close_present(f);
	folder_in_expected_over(f);
	return r;
}

static int
take_directory(struct folder_in *f, const struct folder_word *w)
{
	if (f->phase != FOLDER_IN_MOVING ||
	    folder_path_objection(w->name) != NULL)
		return -1;
	return folder_disk_directory(&f->disk, w->name, w->mode, w->dated,
	    w->date) == -1 ? folder_in_stuck(f) : 0;
}

/* Everything is here, and nothing more comes. */
static int
take_over(struct folder_in *f)
{
	char	 name[FILE_NAME], as[FILE_NAME + 8] = "";

	if (f->phase != FOLDER_IN_MOVING || !TAILQ_EMPTY(&f->expecteds))
		return -1;
	strlcpy(name, f->name, sizeof(name));
	if (folder_disk_finish(&f->disk, name, f->about.mode, f->about.dated,
	    f->about.date) == -1)
		return folder_in_stuck(f);
	if (strcmp(name, f->name) != 0)
		snprintf(as, sizeof(as), ", as %s", name);
	progress_at(f->receiver->app->progress, f->here);
	progress_end(f->receiver->app->progress);
	log_line(LOG_EVENT, "%s: %s: %llu files, %llu bytes%s", f->peer,
	    f->name, (unsigned long long)f->files,
	    (unsigned long long)f->total, as);
	receive_await(f->receiver, f->peer, f->about.more);
	folder_in_set_phase(f, FOLDER_IN_COMPLETE);
	return folder_in_say(f, FOLDER_KEPT, name, NULL, 0);
}

/*
 * All of them
 */

int
folder_in_take(struct folder_in *f, const struct folder_word *w)
{
	switch (w->kind) {
	case FOLDER_FOLDER:
		return take_folder(f, w);
	case FOLDER_FILE:
		return take_file(f, w);
	case FOLDER_DATA:
		return take_data(f, w);
	case FOLDER_END:
		return take_end(f, w);
	case FOLDER_DIRECTORY:
		return take_directory(f, w);
	case FOLDER_DONE:
		return f->phase != FOLDER_IN_MOVING ||
		    !TAILQ_EMPTY(&f->expecteds) ? -1 :
		    folder_in_say(f, FOLDER_DONE, NULL, NULL, 0);
	case FOLDER_OVER:
		return take_over(f);
	default:
		return -1;
	}
}

