/*
 * end: the local end of a stream: two descriptors, or one socket twice.
 *
 * Bytes read go to the other side as it has room, bytes the other side has
 * go out as the descriptor takes them, and nothing is kept in between: each
 * direction holds back the one before it.
 */
#ifndef NET_END_H
#define NET_END_H

#include <stddef.h>

#include "xml/check.h"

struct end;
struct loop;

/* The other side, such as a stream; arg is passed to all. */
struct end_peer {
	size_t	(*room)(void *arg);		/* bytes it takes now */
	/* 0, or -1 if the other side is over, which changed() says, too. */
	int	(*write)(void *arg, const void *data, size_t len) MUST_CHECK;
	void	(*finish)(void *arg);		/* no more input */
	const unsigned char *(*data)(void *arg, size_t *len);
	void	(*consume)(void *arg, size_t len);	/* these are out */
	void	(*changed)(void *arg);	/* look at the end again */
	void	*arg;
};

/* In place of a descriptor.  It is not -1, so that a call which failed is not
 * taken for it, and the output thrown away. */
#define END_NONE	(-2)

/*
 * Read from rfd and write to wfd; they may be the same.  rfd END_NONE: there is
 * no input, finish is called at once.  wfd END_NONE: output is thrown away.
 * The descriptors become the end's, and are closed also if it fails.  NULL and
 * errno when out of memory, or if one is -1, from a call that has failed:
 * errno is that call's then.
 */
struct end *end_new(struct loop *l, int rfd, int wfd,
	    const struct end_peer *peer);
/* Closes what is open. */
void	 end_free(struct end *e);
/* Forget the end but leave its descriptors open, for another one.  Returns
 * whether that of its input is; it is not if the input has ended. */
int	 end_leave(struct end *e);
/* Like end_free(), telling a TCP peer that it was no proper end (a reset). */
void	 end_break(struct end *e);

/*
 * The reader of our output may stop reading before it has said all it has to
 * say, as a command may that needs no input: that is an error only if there
 * is output for it, and not before its own end.
 */
void	 end_outlive(struct end *e);
/* There is output: write it now if that cannot take time, without waiting for
 * poll to say so. */
void	 end_push(struct end *e);
/* Read no more. */
void	 end_stop_input(struct end *e);
/* Is there no more input, as it has ended or was stopped? */
int	 end_input_finished(const struct end *e);
/* There will be no more output: pass that on (close, or SHUT_WR for a
 * socket).  Failures, which include those of writes before, show in
 * end_error(). */
void	 end_finish_output(struct end *e);
int	 end_output_finished(const struct end *e);

/* An errno if reading or writing failed, else 0; and which it was, for
 * people: "reading from" or "writing to". */
int	 end_error(const struct end *e);
const char *end_failed(const struct end *e);

#endif
