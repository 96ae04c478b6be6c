/*
 * jingle: the stanzas of Jingle sessions in which files are offered (XEP-0166,
 * XEP-0234), by SOCKS5 bytestreams (XEP-0260) or in-band (XEP-0261), as they
 * are read and written.  What follows from them is in jingle_session.h.
 *
 * A session here has one content, which is one file.
 */
#ifndef IBB_JINGLE_H
#define IBB_JINGLE_H

#include <stddef.h>
#include <stdint.h>

#include "ibb/s5b.h"
#include "ibb/si.h"
#include "ibb/sid.h"
#include "xml/check.h"
#include "xml/jid.h"

struct elem;
struct iq_table;
struct xw;

/* Bytes of a sid, of a session or of its stream, or of a name that we take. */
#define JINGLE_SID_MAX	STREAM_SID_MAX
#define JINGLE_CID	64	/* of a candidate, with NUL */
#define JINGLE_BLOCK	4096	/* of in-band streams, where none is given */

enum jingle_action {
	JINGLE_NO_ACTION,
	JINGLE_CONTENT_ACCEPT,
	JINGLE_CONTENT_ADD,
	JINGLE_CONTENT_MODIFY,
	JINGLE_CONTENT_REJECT,
	JINGLE_CONTENT_REMOVE,
	JINGLE_DESCRIPTION_INFO,
	JINGLE_SECURITY_INFO,
	JINGLE_SESSION_ACCEPT,
	JINGLE_SESSION_INFO,
	JINGLE_SESSION_INITIATE,
	JINGLE_SESSION_TERMINATE,
	JINGLE_TRANSPORT_ACCEPT,
	JINGLE_TRANSPORT_INFO,
	JINGLE_TRANSPORT_REJECT,
	JINGLE_TRANSPORT_REPLACE
};

/* Why a session ends (XEP-0166 section 7.4). */
enum jingle_reason {
	JINGLE_NO_REASON,
	JINGLE_ALTERNATIVE_SESSION,
	JINGLE_BUSY,
	JINGLE_CANCEL,
	JINGLE_CONNECTIVITY_ERROR,
	JINGLE_DECLINE,
	JINGLE_EXPIRED,
	JINGLE_FAILED_APPLICATION,
	JINGLE_FAILED_TRANSPORT,
	JINGLE_GENERAL_ERROR,
	JINGLE_GONE,
	JINGLE_INCOMPATIBLE_PARAMETERS,
	JINGLE_MEDIA_ERROR,
	JINGLE_SECURITY_ERROR,
	JINGLE_SUCCESS,
	JINGLE_TIMEOUT,
	JINGLE_UNSUPPORTED_APPLICATIONS,
	JINGLE_UNSUPPORTED_TRANSPORTS,
	/* With an element of XEP-0234 section 8 beside it. */
	JINGLE_FILE_NOT_AVAILABLE,	/* failed-application */
	JINGLE_FILE_TOO_LARGE		/* media-error */
};

enum jingle_kind {
	JINGLE_NO_TRANSPORT,
	JINGLE_IBB,
	JINGLE_S5B,
	JINGLE_OTHER_TRANSPORT	/* that we do not know */
};

/* What a <transport/> of XEP-0260 says (sections 2.2 to 2.4). */
enum jingle_says {
	JINGLE_CANDIDATES,
	JINGLE_CANDIDATE_USED,
	JINGLE_CANDIDATE_ERROR,
	JINGLE_ACTIVATED,
	JINGLE_PROXY_ERROR
};

/* What a session-info says (XEP-0166 section 6.8, XEP-0234 section 7). */
enum jingle_info {
	JINGLE_PING,
	JINGLE_RECEIVED,
	JINGLE_CHECKSUM,
	JINGLE_OTHER_INFO
};

/* The party that sends in a session, as its stanzas have it. */
enum jingle_senders {
	JINGLE_BOTH,
	JINGLE_INITIATOR,
	JINGLE_RESPONDER,
	JINGLE_NEITHER
};

/* Kinds of candidates, and their shares in a priority (XEP-0260 section 2.2).
 */
enum jingle_type {
	JINGLE_DIRECT = 126,
	JINGLE_ASSISTED = 120,
	JINGLE_TUNNEL = 110,
	JINGLE_PROXY = 10
};

struct jingle_candidate {
	char		 cid[JINGLE_CID];
	struct streamhost host;
	enum jingle_type type;
	uint32_t	 priority;
};

struct jingle_transport {
	enum jingle_kind kind;
	const char	*sid;		/* of the stream; NULL: none given */
	size_t		 block;		/* bytes, in-band; 0: none given */
	int		 message;	/* message stanzas are asked for */
	const char	*dstaddr;	/* XEP-0260 section 2.2, or NULL */
	enum jingle_says says;
	const char	*cid;		/* what that is said of, or NULL */
	const struct elem *elem;	/* for jingle_candidates() */
};

struct jingle_content {
	int		 by_responder;	/* its creator */
	const char	*name;		/* "" if it has none */
	enum jingle_senders senders;
	int		 described;	/* it has a description ... */
	int		 is_file;	/* ... of a file, which is: */
	struct si_file	 file;		/* name "" if none is given */
	int		 sized;		/* it says how large the file is */
	int		 nonsense;	/* a range is given that is none */
	uint64_t	 offset;	/* the range: from there on, */
	uint64_t	 length;	/* so many bytes; UINT64_MAX: all */
	struct jingle_transport transport;
};

/* A stanza as it came: valid as long as the stanza is. */
struct jingle {
	const char	*from, *id;	/* of the iq */
	enum jingle_action action;
	const char	*sid;		/* of the session */
	size_t		 ncontents;
	struct jingle_content content;	/* the first of them */
	enum jingle_reason reason;
	const char	*text;		/* the reason in words, or "" */
	enum jingle_info info;
	const struct elem *elem;
};

/*
 * Reading
 */

/* Read <jingle/> out of the iq that it came in.  0; or -1 if it lacks what each
 * one must have: a sender, an id, a sid that we take, an action that there is,
 * a name for each content. */
int	 jingle_parse(const struct elem *iq, const struct elem *jingle,
	    struct jingle *j) MUST_CHECK;
/* The candidates of a transport, the best first, into out[S5B_HOSTS]; returns
 * how many.  Candidates that make no sense are left out. */
size_t	 jingle_candidates(const struct jingle_transport *t,
	    struct jingle_candidate *out);
/* The name of a reason, for example "connectivity-error"; "" for none. */
const char *jingle_reason_name(enum jingle_reason reason);
/* The name of an action, for example "session-accept". */
const char *jingle_action_name(enum jingle_action action);

/*
 * Writing
 */

/* What a content is written of. */
struct jingle_out {
	int		 by_responder;	/* its creator */
	const char	*name;
	const struct si_file *file;	/* NULL: no description */
	const char	*mime;		/* of the file, or NULL */
	int		 answer;	/* it is the answer to an offer: the
					 * range is said as it is here, */
	uint64_t	 offset;
	enum jingle_kind kind;		/* of transport */
	const char	*stream;	/* its sid */
	size_t		 block;
	const char	*dstaddr;	/* or NULL */
	const struct jingle_candidate *candidates;
	size_t		 ncandidates;
	enum jingle_says says;
	const char	*cid;
};

/* Write <content/>. */
void	 jingle_write_content(struct xw *w, const struct jingle_out *o);
/* Write <reason/>; text may be NULL. */
void	 jingle_write_reason(struct xw *w, enum jingle_reason reason,
	    const char *text);
/* Start a request to peer with <jingle/> of this session and action, into which
 * the caller writes what it has; initiator or responder (may be NULL) is our
 * JID.  iq_ask() or iq_tell() end it. */
struct xw *jingle_start(struct iq_table *t, const char *peer, const char *sid,
	    enum jingle_action action, const char *initiator,
	    const char *responder);

/* Errors of XEP-0166 section 10. */
enum jingle_error {
	JINGLE_OUT_OF_ORDER,
	JINGLE_TIE_BREAK,
	JINGLE_UNKNOWN_SESSION,
	JINGLE_UNSUPPORTED_INFO
};

/* Refuse a request with this error, as iq_post(). */
void	 jingle_refuse(struct iq_table *t, const struct jingle *j,
	    enum jingle_error err);

#endif
