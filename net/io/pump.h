/*
 * pump: the local end of a stream: two descriptors, or one socket twice.
 *
 * Bytes that are read go to the other side (a stream) as it has room; bytes
 * that it has are written as the descriptor takes them.  Nothing is kept in
 * between, so that a slow side holds back the other.
 */
#ifndef NET_IO_PUMP_H
#define NET_IO_PUMP_H

#include <stddef.h>

#include "xml/check.h"

struct iovec;
struct pump;
struct loop;

/* The other side, e.g. a stream; arg is passed to all. */
struct pump_peer {
	size_t	(*room)(void *arg);		/* bytes it takes now */
	/* 0, or -1 if the other side is over, which changed() says, too. */
	int	(*write)(void *arg, const void *data, size_t len) MUST_CHECK;
	void	(*finish)(void *arg);		/* no more input */
	const unsigned char *(*data)(void *arg, size_t *len);
	void	(*consume)(void *arg, size_t len);	/* these are out */
	void	(*changed)(void *arg);	/* look at the pump again */
	void	*arg;
	/* In place of data(), for a socket: fills at most max pieces of what
	 * is to be written, and returns how many there are. */
	int	(*pieces)(void *arg, struct iovec *iov, int max);
};

/* In place of a descriptor.  It is not -1, so that the -1 of a call that failed
 * is not taken for it, and the output thrown away. */
#define PUMP_NONE	(-2)

/*
 * Read from rfd and write to wfd; they may be equal.  rfd PUMP_NONE: there is
 * no input, finish is called at once.  wfd PUMP_NONE: output is thrown away.
 * The descriptors become the pump's, and are closed also if it fails.  NULL and
 * errno when out of memory, or if one is -1, from a call that has failed:
 * errno is that call's then.
 */
struct pump *pump_new(struct loop *l, int rfd, int wfd,
	    const struct pump_peer *peer);
/* Close the descriptors that are open. */
void	 pump_free(struct pump *e);
/* Free the pump but leave its descriptors open, for another pump.  Returns
 * whether that of the input is open, which it is not if the input has ended. */
int	 pump_leave(struct pump *e);
/* pump_free(), and a TCP peer sees a reset: this was no proper end. */
void	 pump_break(struct pump *e);

/*
 * The reader of our output may stop reading before its own output ends, as a
 * command does that needs no input.  From now on that is an error only if there
 * is output for it, and then only once its own output has ended.  So it is with
 * a socket that is both ends, unless it has pieces().
 */
void	 pump_outlive(struct pump *e);
/* There is output: write it now if that cannot block, without waiting for
 * poll. */
void	 pump_push(struct pump *e);
/* Neither read nor write (1), until both go on (0): the process that the
 * descriptors belong to has been stopped. */
void	 pump_hold(struct pump *e, int hold);
/* Read no more. */
void	 pump_stop_input(struct pump *e);
/* Is there no more input, as it has ended or was stopped? */
int	 pump_input_finished(const struct pump *e);
/* There will be no more output: pass that on (close, or SHUT_WR for a
 * socket).  Failures, which include those of writes before, show in
 * pump_error(). */
void	 pump_finish_output(struct pump *e);
/* Has all output been written, and its end passed on? */
int	 pump_output_finished(const struct pump *e);

/* An errno if reading or writing failed, else 0. */
int	 pump_error(const struct pump *e);
/* What failed, for people: "reading from" or "writing to". */
const char *pump_failed(const struct pump *e);

#endif
