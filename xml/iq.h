/*
 * iq: stanzas on their way out, and iq requests that wait for their answer
 * (RFC 6120 section 8.2.3).  One table for one login; both the session and
 * the bytestreams use it.
 *
 * An answer counts only if its id and its sender are those of the request: ids
 * are random, and an answer of another sender with the right id is ignored.
 *
 * The callback of a request runs in the context in which it was asked
 * (xml/context.h).
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
#include "xml/stanza.h"

struct elem;
struct iq_table;
struct xw;

/* The answer to a request, of type result or error; NULL if none came in
 * time.  It is freed after the call. */
typedef void iq_answer_fn(void *arg, const struct elem *answer);

/* Takes an element of an answer that is still coming, as parse_piece_fn
 * (xml/parse.h): 1 if it has, and the element is freed; 0 if it is to stay. */
typedef int iq_piece_fn(void *arg, const struct elem *piece);

/* Takes one whole stanza to send.  Returns 0, or -1 with errno, ENOMEM for lack
 * of memory. */
typedef int iq_send_fn(void *arg, const void *stanza, size_t len);

/* Hears that a stanza, perhaps an answer that a peer waits for, is lost for
 * lack of memory. */
typedef void iq_starved_fn(void *arg);

#define IQ_NODEADLINE	INT64_MAX
#define IQ_ID		33	/* an id, with its NUL */

/* An empty table, whose stanzas go to send with arg.  NULL when out of memory.
 */
struct iq_table *iq_new(iq_send_fn *send, void *arg);
/* Have fn called, with the arg of iq_new(), when a stanza that is no request
 * cannot be sent for lack of memory.  For a request iq_ask() says so. */
void	 iq_on_starved(struct iq_table *t, iq_starved_fn *fn);
/* Free the table and its pending requests, whose callbacks are not called.
 * NULL is fine. */
void	 iq_free(struct iq_table *t);

/* Set our full JID, which is known after binding: answers to requests without
 * an address come from its bare form or its domain.  It is copied; 0, or -1
 * when out of memory. */
int	 iq_setjid(struct iq_table *t, const char *jid) MUST_CHECK;
/* Our JID as it was set last; NULL before. */
const char *iq_jid(const struct iq_table *t);
/* Does a stanza with this sender (NULL: none is named) come from our own
 * server? It speaks for our account with no sender, the account's JID or the
 * domain (RFC 6120 section 8.1.2.1). */
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
/* Let the answer be of any length: its elements are given to piece, with the
 * arg of iq_ask(), as they come, and what is left of it to fn.  To be called
 * between iq_request() and iq_ask(). */
void	 iq_in_pieces(struct iq_table *t, iq_piece_fn *piece);

/* End a request and send it as iq_post() does: its answer is ignored. */
void	 iq_tell(struct iq_table *t);

/* Start the result of a request, for its sender and with its id. */
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
/* Start an error, into which the caller writes the <error/>. */
struct xw *iq_errorto(struct iq_table *t, const char *to, const char *id);

/* Start a stanza of this kind: "iq", "message" or "presence"; type and to may
 * be NULL. */
struct xw *iq_stanza(struct iq_table *t, const char *kind, const char *type,
	    const char *to);
/* End and send what was started.  0, or -1 if memory or the room of the
 * connection is out, or there is no login. */
int	 iq_send(struct iq_table *t) MUST_CHECK;

/*
 * End and send what was started, if that can be done.  For answers and last
 * words on which nothing rests here: a stanza that cannot be sent is lost, like
 * a stanza on its way when the connection breaks.
 */
void	 iq_post(struct iq_table *t);

/* Forget all requests asked with arg; their callbacks are not called. */
void	 iq_forget(struct iq_table *t, const void *arg);

/* Take a received iq of type result or error: the callback of its request is
 * called.  Returns 1, or 0 if it answers none and is to be ignored. */
int	 iq_answer(struct iq_table *t, const struct elem *iq);
/* Take an element of a stanza that is still coming: 1 if it has been taken, 0
 * if the stanza is no answer that is wanted in pieces. */
int	 iq_piece(struct iq_table *t, const struct elem *piece);
/* Take an answer that was too large to be kept, of which only the start tag is
 * there: as iq_answer(), with an error without a condition. */
int	 iq_answer_cut(struct iq_table *t, const struct elem *iq);

/* The earliest deadline, monotonic milliseconds; or IQ_NODEADLINE. */
int64_t	 iq_deadline(const struct iq_table *t);
/* End the requests whose deadlines have passed. */
void	 iq_expire(struct iq_table *t, int64_t now);
/* Give all requests with a deadline ms milliseconds more. */
void	 iq_postpone(struct iq_table *t, int64_t ms);

#endif
