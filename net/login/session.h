/*
 * session: a login to an XMPP server (RFC 6120, 6121): from a transport to a
 * bound resource that is available, and its stanzas until the end.
 *
 * A session outlives its connection: it notices the loss, connects again, and
 * resumes (XEP-0198) or binds the same resource anew.
 *
 * It answers what every client must: disco#info, disco#items and ping; the
 * rest of what its user does not take gets service-unavailable.
 */
#ifndef NET_LOGIN_SESSION_H
#define NET_LOGIN_SESSION_H

#include <stddef.h>
#include <stdint.h>

#include <openssl/ssl.h>

struct elem;
struct iq_table;
struct loop;
struct features_cache;
struct resolver;
struct session;
struct fast_tokens;
struct discover;

enum session_fault {
	SESSION_FINE,
	SESSION_UNREACHED,	/* server not reached */
	SESSION_UNTRUSTED,	/* it may not be the right one */
	SESSION_REFUSED,	/* login refused */
	SESSION_PASSWORD,	/* and it is the password, or the name */
	SESSION_LOST,		/* it broke after login */
	SESSION_CONFLICT,	/* another client took our resource */
	SESSION_TIMEOUT,	/* login took too long */
	SESSION_INTERNAL	/* memory */
};

struct session_conf {
	const char	*jid;		/* prepared; a resource is asked for */
	const char	*password;	/* NULL: none */
	struct discover	*ways;		/* where to connect; see ways.h */
	int		 plain;		/* SASL PLAIN is allowed */
	int		 external;	/* their tls presents a certificate */
	int64_t		 login_ms;	/* time allowed until ready */
	int		 bytestreams;	/* sockets are taken (XEP-0065) */
	int		 files;		/* and files (XEP-0096) */
	int		 oob;		/* and URLs (XEP-0066) */
	int		 trace;		/* stanzas to log, too */
	struct features_cache *manners; /* of the server; NULL: not known */
	struct fast_tokens *tokens; /* FAST's (XEP-0484); NULL: not used */
	int		 any_resource;	/* the server may choose one */
	int		 early;		/* ready may be told a little early:
					 * what is sent then does not wait */
	int		 persist;	/* once logged in, come back from a
					 * loss: try until closed */
	int64_t		 patience_ms;	/* for how long it insists on its
					 * resource, coming back, ... */
	int		 insists;	/* ... and ends without it then */
	int		 named;		/* it is called by its resource: goes
					 * back to it if it had to leave it */
};

/* What the user of a session gets to know; arg is passed to all.  None may
 * call session_free(). */
struct session_host {
	/* Logged in, bound and available. */
	void	(*ready)(void *arg);
	/* Its connection is lost, as session_why() says, and is being sought
	 * again.  What is sent meanwhile is kept if the session may be
	 * resumed, else thrown away. */
	void	(*lost)(void *arg, int resumable);
	/* It is back.  Not resumed: what was under way either way may have
	 * been lost, and iq requests will not be answered.  too_big: it was
	 * lost because a stanza was larger than the server allows. */
	void	(*back)(void *arg, int resumed, int too_big);
	/* Does no stream depend on our address now?  Returns 1 if so. */
	int	(*may_move)(void *arg);
	/* Does this stanza, no answer, come from an address that is to find
	 * nothing here?  Then it is answered as the server answers for a
	 * resource that is not there, and reaches no other function. */
	int	(*stranger)(void *arg, const struct elem *e);
	/* A stanza that is neither that nor an answer; returns 1 if it has
	 * dealt with it. */
	int	(*stanza)(void *arg, const struct elem *e);
	/* A stanza other than an answer that was too large to be kept: its
	 * start tag, and perhaps that of its first child, are all there is of
	 * it.  Returns 1 if it has dealt with it; else a request is refused. */
	int	(*cut)(void *arg, const struct elem *e);
	/* May this JID, no stranger, know what we can do? */
	int	(*allowed)(void *arg, const char *jid);
	/* It is over: session_fault() and session_why() say how. */
	void	(*closed)(void *arg);
	/* A line for -v (level 1) or -vv (level 2). */
	void	(*log)(void *arg, int level, const char *line);
	void	*arg;
};

/* Log in.  The strings in conf must outlive the session; host is copied.
 * NULL when out of memory. */
struct session *session_new(struct loop *l, struct resolver *r,
	    const struct session_conf *conf, const struct session_host *host);
void	 session_free(struct session *s);

/* The table that sends stanzas and matches answers, for as long as the
 * session lives; stanzas can be sent once it is ready. */
struct iq_table *session_iqs(struct session *s);
/* Our full JID, once ready. */
const char *session_jid(const struct session *s);
/* When it is back: is its full JID another one than before the loss? */
int	 session_moved(const struct session *s);

/* What secures the connection, e.g. "TLSv1.3 ...". */
const char *session_security(struct session *s);

/* The transport it took, and why that one. */
const char *session_transport(struct session *s);
/* Is the server on this machine? */
int	 session_near(struct session *s);
/* Bytes that a stanza may have (XEP-0478); 0: the server does not say. */
size_t	 session_most(const struct session *s);

/* Bytes of stanzas that should still be sent now; 0 when the server is slow
 * to take what is queued. */
size_t	 session_room(const struct session *s);
/* Stop (1) and go on (0) reading from the server. */
void	 session_pause(struct session *s, int pause);
/* We have been stopped for a while (see clock_lost()): find out now whether the
 * server is still there, or there again. */
void	 session_woken(struct session *s);
/* End the stream properly: unavailable, </stream:stream>, and wait a little
 * for the server's. */
void	 session_close(struct session *s);

enum session_fault session_fault(const struct session *s);
/* What happened and what to do, e.g. "cannot reach it: Connection
 * refused; check -c and the network". */
const char *session_why(const struct session *s);

#endif
