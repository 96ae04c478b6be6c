/* channel_file: what is asked of the file that is attached to a channel; see
 * channel.h. */
#include <stddef.h>

#include "net/channel/channel_int.h"

/* The functions of a channel without a file. */
static const struct channel_file_ops no_file;

void
channel_attach(struct channel *ch, const struct channel_file_ops *ops,
    void *file)
{
	ch->file_ops = ops;
	ch->file = file;
}

void
channel_detach(struct channel *ch)
{
	ch->file = NULL;
	ch->file_ops = &no_file;
}

size_t
channel_file_none(void *file, size_t len)
{
	(void)file;
	(void)len;
	return 0;
}

/* Ask a question whose answer is no where there is no function for it. */
static int
ask(const struct channel *ch, int (*fn)(void *))
{
	return fn != NULL && fn(ch->file);
}

static void
tell(const struct channel *ch, void (*fn)(void *))
{
	if (fn != NULL)
		fn(ch->file);
}

int
channel_is_apart(const struct channel *ch)
{
	return ask(ch, ch->file_ops->apart);
}

/*
 * Bytes
 */

size_t
channel_file_room(const struct channel *ch, size_t room)
{
	return ch->file_ops->room != NULL ? ch->file_ops->room(ch->file, room) :
	    room;
}

void
channel_file_wrote(const struct channel *ch, size_t len)
{
	if (ch->file_ops->wrote != NULL)
		ch->file_ops->wrote(ch->file, len);
}

void
channel_file_ended(const struct channel *ch)
{
	if (ch->file_ops->ended != NULL)
		ch->file_ops->ended(ch->file);
	else
		stream_finish(ch->stream);
}

size_t
channel_file_limit(const struct channel *ch, size_t len)
{
	return ch->file_ops->limit != NULL ?
	    ch->file_ops->limit(ch->file, len) : len;
}

void
channel_file_took(const struct channel *ch, size_t len)
{
	size_t	 there;

	if (ch->file_ops->took != NULL)
		ch->file_ops->took(ch->file, stream_data(ch->stream, &there),
		    len);
	else
		stream_consume(ch->stream, len);
}

/*
 * States and ends
 */

int
channel_file_check(const struct channel *ch)
{
	return ask(ch, ch->file_ops->check);
}

int
channel_file_complete(const struct channel *ch)
{
	return ask(ch, ch->file_ops->complete);
}

void
channel_file_fails(const struct channel *ch)
{
	tell(ch, ch->file_ops->fails);
}

int
channel_file_told(const struct channel *ch)
{
	return ask(ch, ch->file_ops->told);
}

int
channel_file_declined(const struct channel *ch)
{
	return ask(ch, ch->file_ops->declined);
}

const char *
channel_file_before(const struct channel *ch)
{
	return ch->file_ops->before != NULL ? ch->file_ops->before(ch->file) :
	    "";
}

const char *
channel_file_behind(const struct channel *ch)
{
	return ch->file_ops->behind != NULL ? ch->file_ops->behind(ch->file) :
	    "";
}

int
channel_file_more(const struct channel *ch)
{
	return ask(ch, ch->file_ops->more);
}

int
channel_file_over(const struct channel *ch, enum fault fault)
{
	return ch->file_ops->over != NULL &&
	    ch->file_ops->over(ch->file, fault);
}

void
channel_file_missed(const struct channel *ch)
{
	tell(ch, ch->file_ops->missed);
}

void
channel_file_left(const struct channel *ch)
{
	tell(ch, ch->file_ops->left);
}
