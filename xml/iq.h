/*
 * iq: stanzas on their way out, and iq requests that wait for their answer
 * (RFC 6120 section 8.2.3).  One table for one login; both the session and
 * the bytestreams use it.
 *
 * An answer counts only if its id and its sender are those of the request:
 * ids are random, and another sender's answer with the right id is ignored.
 *
 * To send, write between a start and an end:
 *
 *	w = iq_request(t, "set", peer);
 *	xw_start(w, "open", NS_IBB); ...
 *	if (iq_ask(t, opened, stream, now + 60000) == -1) ...
 */
#ifndef XML_IQ_H
#define XML_IQ_H

#include <stddef.h>
#include <stdint.h>

#include "xml/check.h"

struct elem;
struct iq_table;
struct xw;
enum stanza_error;

/* The answer to a request, of type result or error; NULL if none came in
 * time.  It is freed after the call. */
typedef void iq_answer_fn(void *arg, const struct elem *answer);

/* As parse_piece_fn (xml/parse.h): takes an element of an answer that is still
 * coming, which is gone then, and returns 1; or leaves it there: 0. */
typedef int iq_piece_fn(void *arg, const struct elem *piece);

/* Takes one whole stanza to send.  Returns 0, or -1 with errno, ENOMEM for lack
 * of memory. */
typedef int iq_send_fn(void *arg, const void *stanza, size_t len);

/* A stanza is lost for lack of memory, and it may be an answer that a peer
 * waits for. */
typedef void iq_starved_fn(void *arg);

#define IQ_NODEADLINE	INT64_MAX
#define IQ_ID		33	/* an id, with its NUL */

struct iq_table *iq_new(iq_send_fn *send, void *arg);
/* Call fn, with the arg of iq_new(), when a stanza that is no request could not
 * be sent for lack of memory.  Of requests iq_ask() tells. */
void	 iq_on_starved(struct iq_table *t, iq_starved_fn *fn);
/* Pending requests are forgotten, their callbacks not called. */
void	 iq_free(struct iq_table *t);

/* Our own full JID, known after binding; answers to what was sent without
 * an address come from its bare form or its domain. */
int	 iq_setjid(struct iq_table *t, const char *jid) MUST_CHECK;
const char *iq_jid(const struct iq_table *t);
/* Does a stanza with this sender (NULL: none is named) come from our own
 * server, which speaks for our account: without a sender, or with the account's
 * JID or the domain (RFC 6120 section 8.1.2.1)? */
int	 iq_from_server(const struct iq_table *t, const char *from);

/* Start a request (type get or set) to a JID, or to our own account with
 * NULL. */
struct xw *iq_request(struct iq_table *t, const char *type, const char *to);
/* iq_request() with the caller's id, which must be as hard to guess as a random
 * one; a random id replaces it if it is that of a request under way. */
struct xw *iq_request_id(struct iq_table *t, const char *type, const char *to,
	    const char *id);
/*
 * End it and send it.  fn (may be NULL) is called once, with arg, unless
 * iq_forget() comes first; with NULL when deadline (monotonic milliseconds)
 * has passed.  Returns 0, or -1 if it could not be sent: fn is not called.
 */
int	 iq_ask(struct iq_table *t, iq_answer_fn *fn, void *arg,
	    int64_t deadline) MUST_CHECK;
/* Before iq_ask(): the answer may be of any length, and is given to piece, with
 * its arg, as it comes; then what is left of it to fn. */
void	 iq_in_pieces(struct iq_table *t, iq_piece_fn *piece);

/* Ask as iq_ask() does, where the answer is of no interest, as iq_post(). */
void	 iq_tell(struct iq_table *t);

/* Start the result of a request. */
struct xw *iq_result(struct iq_table *t, const struct elem *request);
/* Send an empty result, as iq_post(). */
void	 iq_ok(struct iq_table *t, const struct elem *request);
/* Send an error with this text (NULL: none), as iq_post(). */
void	 iq_refuse(struct iq_table *t, const struct elem *request,
	    enum stanza_error err, const char *text);
/* Start a result for the sender and the id of a request now freed. */
struct xw *iq_resultto(struct iq_table *t, const char *to, const char *id);
/* Send an error for the sender and the id of a request now freed. */
void	 iq_refuseto(struct iq_table *t, const char *to, const char *id,
	    enum stanza_error err, const char *text);
/* Start an error, for an <error/> with more in it than that. */
struct xw *iq_errorto(struct iq_table *t, const char *to, const char *id);

/* Start any other stanza. */
struct xw *iq_stanza(struct iq_table *t, const char *kind, const char *type,
	    const char *to);
/* End and send what was started.  0, or -1 if memory or the room of the
 * connection is out, or there is no login. */
int	 iq_send(struct iq_table *t) MUST_CHECK;

/*
 * End and send what was started, if that can be done.  For answers and last
 * words on which nothing rests here: a stanza that cannot be sent is lost, as
 * one that is on its way when the connection breaks, and its receiver has to
 * bear that.
 */
void	 iq_post(struct iq_table *t);

/* Forget all requests asked with arg; their callbacks are not called. */
void	 iq_forget(struct iq_table *t, const void *arg);

/* A received iq of type result or error: calls its callback.  Returns 1 if
 * it answered a request, 0 if it is to be ignored. */
int	 iq_answer(struct iq_table *t, const struct elem *iq);
/* A piece of a stanza that is still coming: 1 if it has been taken, 0 if it is
 * of no answer that is wanted in pieces. */
int	 iq_piece(struct iq_table *t, const struct elem *piece);
/* An answer that was too large to be kept, of which only the start tag is
 * there: as iq_answer(), for an error with no condition. */
int	 iq_answer_cut(struct iq_table *t, const struct elem *iq);

/* The earliest deadline, or IQ_NODEADLINE; end those that have passed. */
int64_t	 iq_deadline(const struct iq_table *t);
void	 iq_expire(struct iq_table *t, int64_t now);
/* Give all of them ms more. */
void	 iq_postpone(struct iq_table *t, int64_t ms);

#endif
