/*
 * session: a login to an XMPP server (RFC 6120, 6121): from a transport to a
 * bound resource that is available, and its stanzas until the end.
 *
 * A session outlives its connection: it notices the loss, connects again, and
 * resumes (XEP-0198) or binds its resource anew.
 *
 * It answers the requests that every client must: disco#info, disco#items and
 * ping.  Any other request that its user does not take gets
 * service-unavailable.
 */
#ifndef NET_LOGIN_SESSION_H
#define NET_LOGIN_SESSION_H

#include <stddef.h>
#include <stdint.h>

#include <openssl/ssl.h>

#include "net/dial/addr.h"
#include "xml/check.h"

struct addr;
struct dispatch;
struct elem;
struct iq_table;
struct loop;
struct features_cache;
struct resolver;
struct roster;
struct session;
struct fast_tokens;
struct discover;

enum session_fault {
	SESSION_FINE,
	SESSION_UNREACHED,	/* no server was reached */
	SESSION_UNTRUSTED,	/* it may not be the right server */
	SESSION_REFUSED,	/* the login was refused, */
	SESSION_PASSWORD,	/* for the password or the name */
	SESSION_LOST,		/* the connection broke after login */
	SESSION_CONFLICT,	/* another client took our resource */
	SESSION_TIMEOUT,	/* the login took too long */
	SESSION_INTERNAL	/* memory is out */
};

/* The contacts that are told that we are there (RFC 6121 section 4). */
enum session_presence {
	SESSION_PRESENCE_CONTACTS,	/* the account's contacts */
	SESSION_PRESENCE_PEER,	/* session_conf.peer alone: directed presence,
				 * section 4.6 */
	SESSION_PRESENCE_NONE
};

struct session_conf {
	enum session_presence presence;
	const char	*peer;		/* of SESSION_PRESENCE_PEER */
	const char	*jid;		/* prepared; a resource is asked for */
	const char	*password;	/* NULL: none */
	struct discover	*ways;		/* where to connect */
	int		 plain;		/* SASL PLAIN is allowed */
	int		 external;	/* TLS presents a certificate */
	int64_t		 login_ms;	/* time allowed until ready */
	int		 bytestreams;	/* peers offer sockets (XEP-0065) */
	int		 files;		/* and files (XEP-0096) */
	int		 folders;	/* and folders, from xcats */
	int		 oob;		/* and URLs (XEP-0066), in messages to
					 * the account, too */
	int		 trace;		/* stanzas to log, too */
	struct features_cache *features; /* of the server; NULL: not known */
	struct fast_tokens *tokens; /* FAST's (XEP-0484); NULL: not used */
	int		 any_resource;	/* the server may choose one */
	int		 early;		/* ready() may be called before the
					 * resource is granted, so that what is
					 * sent then does not wait for that */
	int		 persist;	/* once logged in, come back from a
					 * loss: try until closed */
	int64_t		 patience_ms;	/* for how long to insist on our
					 * resource when coming back, */
	int		 insists;	/* and then end without it */
	int		 named;		/* peers call us by our resource: go
					 * back to it if it had to be left */
};

/* What a session tells and asks its user; arg is passed to all functions.  None
 * may call session_free(). */
struct session_host {
	/* Logged in, bound and available. */
	void	(*ready)(void *arg);
	/* The connection is lost, as session_why() says, and the session tries
	 * to come back.  What is sent meanwhile is kept if the session may be
	 * resumed, else thrown away. */
	void	(*lost)(void *arg, int resumable);
	/* The session is back.  If it is not resumed, any stanza that was under
	 * way may be lost, and iq requests will not be answered.  too_big: the
	 * loss came of a stanza larger than the server allows. */
	void	(*back)(void *arg, int resumed, int too_big);
	/* Returns 1 if no stream depends on our address now. */
	int	(*may_move)(void *arg);
	/* Does this stanza, which is no answer, come from a stranger, to whom
	 * we are not there?  If it does, it is answered as the server answers
	 * for an absent resource, and reaches no other function. */
	int	(*stranger)(void *arg, const struct elem *e);
	/* May this JID, which is no stranger, know what we can do? */
	int	(*allowed)(void *arg, const char *jid);
	/* The session is over: session_fault() and session_why() say how. */
	void	(*closed)(void *arg);
	/* A line for -v (level 1) or -vv (level 2). */
	void	(*log)(void *arg, int level, const char *line);
	void	*arg;
};

/* Log in.  The strings in conf must outlive the session; host is copied.
 * NULL when out of memory. */
struct session *session_new(struct loop *l, struct resolver *r,
	    const struct session_conf *conf, const struct session_host *host);
/* Drop the connection at once; s may be NULL. */
void	 session_free(struct session *s);

/* The table that sends stanzas and matches answers, for as long as the session
 * lives; stanzas can be sent once the session is ready. */
struct iq_table *session_iqs(struct session *s);
/* The table of handlers for stanzas that are no answers and not from strangers,
 * for as long as the session lives.  A request that no handler takes is
 * answered as every client must, or refused. */
struct dispatch *session_dispatch(struct session *s);
/* For roster_fetch(), for as long as the session lives. */
struct roster *session_roster(struct session *s);
/* Our full JID, once ready. */
const char *session_jid(const struct session *s);
/* In back(): has our full JID changed since before the loss? */
int	 session_moved(const struct session *s);

/* Tell this peer that we are there, too (RFC 6121 section 4.6), if the session
 * is ready. */
void	 session_tell(struct session *s, const char *peer);
/* Show stanzas with log() (1), or not (0): session_conf.trace. */
void	 session_set_trace(struct session *s, int trace);

/* What secures the connection, e.g. "TLSv1.3", or "not encrypted". */
const char *session_security(struct session *s);

/* The transport that was taken, and why. */
const char *session_transport(struct session *s);
/* What kind of address the server has; ADDR_PUBLIC if that is not known. */
enum addr_kind session_server_kind(struct session *s);
/* Is the server on this machine? */
int	 session_near(struct session *s);
/* The local address of the connection to the server, whose port others may
 * share (fd_share_port()).  0, or -1 if there is none, more than one, or a
 * proxy between. */
int	 session_local(struct session *s, struct addr *local) MUST_CHECK;
/* How many bytes a stanza may have (XEP-0478); 0: the server does not say. */
size_t	 session_most(const struct session *s);

/* How long its transport may hold a stanza and its answer: us, see
 * transport_holds(). */
int64_t	 session_holds(const struct session *s);

/* How many bytes of stanzas should be sent now; 0 while the server is slow to
 * take what is queued. */
size_t	 session_room(const struct session *s);
/* Stop (1) and go on (0) reading from the server. */
void	 session_pause(struct session *s, int pause);
/* The process was stopped for a while (see clock_lost()): find out now whether
 * the server is still there, or there again. */
void	 session_woken(struct session *s);
/* End the stream properly: unavailable, </stream:stream>, and wait a little
 * for the server's. */
void	 session_close(struct session *s);

/* How the session has failed, or SESSION_FINE. */
enum session_fault session_fault(const struct session *s);
/* What happened and what to do, e.g. "cannot reach it: Connection
 * refused; check -c and the network". */
const char *session_why(const struct session *s);

#endif
