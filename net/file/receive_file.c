/* receive_file: whether a file is wanted, what there is of it, and its end; see
 * receive_int.h. */
#include <sys/types.h>
#include <sys/queue.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ibb/si.h"
#include "ibb/stream.h"
#include "net/channel/channel.h"
#include "net/channel/app.h"
#include "net/file/filename.h"
#include "net/file/partial.h"
#include "net/file/progress.h"
#include "net/file/receive.h"
#include "net/file/receive_folder.h"
#include "net/file/receive_int.h"
#include "net/file/sum.h"
#include "net/io/log.h"
#include "xml/jid.h"

#define HASH_TIME	10000	/* ms for a hash behind the file, */
#define HASH_PIECE	16384	/* and one more for so many bytes of it */

/*
 * Whether it is wanted
 */

void
incoming_describe(struct incoming *in, const struct si_file *f)
{
	free(in->given);
	in->given = strdup(f->name);
	in->file = *f;
	in->file.name = NULL;
	file_name(f->name, in->name);
}

static int
same_file(const struct incoming *a, const struct incoming *b)
{
	return a != b && a->given != NULL && b->given != NULL &&
	    jid_samebare(a->peer, b->peer) &&
	    strcmp(a->given, b->given) == 0 &&
	    strcmp(a->file.hash, b->file.hash) == 0 &&
	    a->file.size == b->file.size &&
	    a->file.dated == b->file.dated &&
	    (!a->file.dated || a->file.date == b->file.date);
}

/* Without -k there is one file; its sender may offer it anew. */
static int
one_too_many(const struct incoming *in)
{
	const struct incoming	*other;

	if (in->receiver->app->conf.keep)
		return 0;
	if (receive_folder_count(in->receiver) > 0)
		return 1;
	TAILQ_FOREACH(other, &in->receiver->incomings, next)
		if (other != in && other->phase < INCOMING_COMPLETE &&
		    !same_file(other, in))
			return 1;
	return 0;
}

static const char *
objection(const struct incoming *in, enum si_refusal *why)
{
	const struct conf	*conf = &in->receiver->app->conf;

	*why = SI_BUSY;
	if (in->given == NULL)
		return "out of memory";
	*why = SI_TOO_LARGE;
	if (conf->max_size > 0 && in->file.size > (uint64_t)conf->max_size)
		return "it is larger than is taken here";
	*why = SI_BUSY;
	if (one_too_many(in))
		return "another one is under way";
	return NULL;
}

/* The file is not wanted: tell its sender, and our user. */
static void
incoming_decline(struct incoming *in, enum si_refusal why, const char *text)
{
	log_line(LOG_EVENT, "%s: refused %s: %s", in->shown, in->name, text);
	in->method->decline(in, why, text);
}

/*
 * What there is of it
 */

static struct file_meta
meta(const struct incoming *in, char bare[JID_MAX])
{
	return (struct file_meta){
		.peer = jid_bare(in->peer, bare),
		.name = in->given,
		.hash = in->file.hash,
		.size = in->file.size,
		.dated = in->file.dated,
		.date = in->file.date,
	};
}

/* The sender has begun anew: end what there is of its earlier attempts. */
static void
supersede(const struct incoming *in)
{
	struct incoming	*old, *next;
	struct channel	*ch;

	TAILQ_FOREACH_SAFE(old, &in->receiver->incomings, next, next) {
		if (old->partial == NULL || !same_file(old, in))
			continue;
		log_line(LOG_DETAIL, "%s: sends %s anew", old->shown,
		    old->name);
		if ((ch = old->channel) == NULL) {
			old->method->decline(old, SI_BUSY, NULL);
			continue;
		}
		if (ch->stream != NULL)
			stream_abort(ch->stream, SE_CONFLICT);
		channel_free(ch);
	}
}

/* Open what there is of the file.  Keep it only if a hash will tell whether it
 * is of this file. */
static int
open_partial(struct incoming *in)
{
	char			 bare[JID_MAX];
	struct file_meta	 m = meta(in, bare);
	int64_t			 size;

	supersede(in);
	in->partial = partial_open(in->receiver->folder, &m);
	if (in->partial == NULL ||
	    (size = partial_size(in->partial)) == -1)
		return -1;
	if (*in->file.hash == '\0' || !in->file.ranged ||
	    (uint64_t)size > in->file.size)
		size = 0;
	in->have = (uint64_t)size;
	return partial_truncate(in->partial, in->have);
}

enum hash_algo
incoming_algo(const struct incoming *in)
{
	return in->file.algo != HASH_NONE ? in->file.algo : HASH_SHA256;
}

/* A sum of what comes. */
static struct sum *
new_sum(const struct incoming *in)
{
	return sum_new(incoming_algo(in));
}

static int
sum_differs(struct incoming *in)
{
	char	 sum[HASH_HEX];

	sum_end(in->sum, sum);
	return *in->file.hash != '\0' && strcmp(sum, in->file.hash) != 0;
}

/* What was there was of something else: begin at the first byte. */
static int
start_over(struct incoming *in)
{
	sum_free(in->sum);
	in->have = 0;
	if ((in->sum = new_sum(in)) == NULL) {
		errno = ENOMEM;
		return -1;
	}
	return in->partial == NULL ? 0 : partial_truncate(in->partial, 0);
}

static void
local_failure(struct incoming *in, int error)
{
	int	 busy = error == EBUSY;

	incoming_decline(in, busy ? SI_BUSY : SI_DECLINED, busy ?
	    "another process receives it" : strerror(error));
}

static void
incoming_agree(struct incoming *in)
{
	incoming_set_phase(in, INCOMING_AGREED);
	if (in->have > 0)
		log_line(LOG_EVENT, "%s: %s: going on behind %llu bytes",
		    in->shown, in->name, (unsigned long long)in->have);
	in->method->accept(in);
}

static void
incoming_summed(void *arg, int error)
{
	struct incoming	*in = arg;

	in->summing = NULL;
	/* If all is there already, its sum shows whether it is right. */
	if (error == 0 && in->have == in->file.size) {
		if (sum_differs(in) && start_over(in) == -1)
			error = errno;
		else if (in->have > 0) {
			sum_free(in->sum);	/* it has been ended */
			in->sum = NULL;
		}
	}
	if (error != 0)
		local_failure(in, error);
	else
		incoming_agree(in);
}

void
incoming_prepare(struct incoming *in)
{
	enum si_refusal	 why;
	const char	*text;

	if ((text = objection(in, &why)) != NULL) {
		incoming_decline(in, why, text);
		return;
	}
	incoming_set_phase(in, INCOMING_SUMMING);
	if ((in->receiver->folder != -1 && open_partial(in) == -1) ||
	    (in->sum = new_sum(in)) == NULL) {
		local_failure(in, errno);
		return;
	}
	if (in->have == 0) {
		incoming_agree(in);
		return;
	}
	in->summing = sum_file(in->receiver->app->loop, in->sum,
	    partial_fd(in->partial), in->have, incoming_summed, in);
	if (in->summing == NULL)
		local_failure(in, ENOMEM);
}

/*
 * Its end
 */

static void
say_complete(const struct incoming *in, const char *name)
{
	char			 as[FILE_NAME + 8] = "";
	struct log_event	 e = { .kind = LOG_FILE, .peer = in->peer,
				     .file = in->name, .in = in->file.size };

	if (strcmp(name, in->name) != 0) {
		e.as = name;
		snprintf(as, sizeof(as), ", as %s", name);
	}
	progress_at(in->receiver->app->progress, in->have);
	progress_end(in->receiver->app->progress);
	log_event(in->partial != NULL ? LOG_EVENT : LOG_DETAIL, &e,
	    "%s: %s: %llu bytes%s%s%s%s", in->shown, in->name,
	    (unsigned long long)in->file.size, as,
	    *in->file.hash != '\0' ? ", " : ", no hash to compare",
	    *in->file.hash != '\0' ? hash_shown(in->file.algo) : "",
	    *in->file.hash != '\0' ? " agrees" : "");
}

void
incoming_wrong(struct incoming *in, const char *what)
{
	if (in->partial != NULL) {
		partial_discard(in->partial);
		in->partial = NULL;
	}
	incoming_fail(in, FAULT_BROKEN, SE_NOT_ACCEPTABLE, what,
	    in->receiver->folder != -1 ?
	    "; it was thrown away, have it sent again" :
	    "; it is not to be relied on");
}

/* Is a hash still to come, of which the offer has said so? */
static int
awaits_hash(const struct incoming *in)
{
	return in->phase == INCOMING_MOVING && in->jingle != NULL &&
	    in->file.algo != HASH_NONE && *in->file.hash == '\0' &&
	    in->sum != NULL;
}

static void
no_hash(void *arg)
{
	incoming_prove(arg);
}

void
incoming_prove(struct incoming *in)
{
	if (in->phase != INCOMING_UNPROVED)
		return;
	timer_clear(in->receiver->app->loop, &in->timer);
	incoming_end(in);
	channel_changed(in->channel);
}

void
incoming_end(struct incoming *in)
{
	char	 name[FILE_NAME];

	if (awaits_hash(in)) {
		in->timer = (struct timer){ .fire = no_hash, .arg = in };
		timer_set(in->receiver->app->loop, &in->timer, clock_ms() +
		    HASH_TIME + (int64_t)(in->file.size / HASH_PIECE));
		incoming_set_phase(in, INCOMING_UNPROVED);
		return;
	}
	if (in->sum != NULL && sum_differs(in)) {
		incoming_wrong(in, "its content is not what was announced "
		    "by its hash");
		return;
	}
	strlcpy(name, in->name, sizeof(name));
	if (in->partial != NULL) {
		if (partial_finish(in->partial, name, in->file.mode,
		    in->file.dated, in->file.date) == -1) {
			incoming_fail(in, FAULT_LOCAL, SE_INTERNAL_SERVER_ERROR,
			    "it cannot be kept: ", strerror(errno));
			return;
		}
	}
	say_complete(in, name);
	in->partial = NULL;
	receive_await(in->receiver, in->peer, in->file.more);
	incoming_set_phase(in, INCOMING_COMPLETE);
}

/*
 * Files that belong together
 */

void
receive_await(struct receiver *r, const char *peer, uint64_t more)
{
	strlcpy(r->awaited, more > 0 ? peer : "", sizeof(r->awaited));
}

int
receive_was_last(const struct receiver *r, const char *peer, uint64_t more)
{
	return more == 0 && jid_samebare(peer, r->awaited) &&
	    receive_folder_count(r) == 0 && incoming_count(r,
	    INCOMING_UNDESCRIBED, INCOMING_UNPROVED, NULL) == 0;
}
