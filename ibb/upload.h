/*
 * upload: the stanzas of HTTP File Upload (XEP-0363): which service there is,
 * and a slot of it: where a file may be put, and where it can be fetched then.
 * The URLs are the service's words: they are judged where they are used.
 */
#ifndef IBB_UPLOAD_H
#define IBB_UPLOAD_H

#include <stddef.h>
#include <stdint.h>

#include "xml/jid.h"
#include "xml/stanza.h"

struct iq_table;

/*
 * The service (section 3)
 */

struct upload_service {
	char		 jid[JID_MAX];
	uint64_t	 max;		/* bytes of a file; UPLOAD_ANY: it
					 * names no limit */
};

#define UPLOAD_ANY	UINT64_MAX

struct upload_search;

/* Gets the service, valid during the call; NULL if the server has none, or none
 * that has answered. */
typedef void upload_found_fn(void *arg, const struct upload_service *service);

/* Look for a service of this server that takes size bytes: the first that does,
 * or else the service that takes most.  fn is called once, by deadline
 * (monotonic milliseconds) at the latest.  NULL if that cannot be sent. */
struct upload_search *upload_find(struct iq_table *t, const char *server,
	    uint64_t size, int64_t deadline, upload_found_fn *fn, void *arg);
/* End the search; not to be called after fn was.  NULL is fine. */
void	 upload_find_cancel(struct upload_search *s);

/*
 * A slot (section 4)
 */

#define UPLOAD_HEADERS	8	/* fields that a slot may ask for */

enum upload_result {
	UPLOAD_GRANTED,
	UPLOAD_TOO_LARGE,	/* max is the limit, or UPLOAD_ANY */
	UPLOAD_LATER,		/* not now: a quota; stamp says when */
	UPLOAD_REFUSED,
	UPLOAD_NONSENSE,	/* a slot that makes no sense, see text */
	UPLOAD_SILENT		/* no answer in time */
};

/* A field that has to be in the request: one of Authorization, Cookie and
 * Expires, without control characters. */
struct upload_header {
	const char	*name, *value;
};

/* What the service has answered, valid during the call. */
struct upload_slot {
	enum upload_result result;
	const char	*put, *get;	/* URLs, if it is granted */
	struct upload_header headers[UPLOAD_HEADERS];
	size_t		 nheaders;
	uint64_t	 max;
	const char	*stamp;		/* as XEP-0082 has it, or "" */
	enum stanza_error error;
	const char	*text;		/* the service's words, what is wrong
					 * with an answer that makes no sense,
					 * or "" */
};

struct upload_ask;

typedef void upload_slot_fn(void *arg, const struct upload_slot *slot);

/* Ask a service for a slot.  fn is called once, by deadline
 * (monotonic milliseconds) at the latest.  NULL if that cannot be sent. */
struct upload_ask *upload_ask(struct iq_table *t, const char *service,
	    const char *name, uint64_t size, const char *type,
	    int64_t deadline, upload_slot_fn *fn, void *arg);
/* Ignore the answer; not to be called after fn was.  NULL is fine. */
void	 upload_ask_cancel(struct upload_ask *a);

#endif
