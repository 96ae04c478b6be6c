/* session_int: what session.c and login.c share. */
#ifndef NET_SESSION_INT_H
#define NET_SESSION_INT_H

#include "net/loop.h"
#include "net/session.h"
#include "xml/jid.h"

struct road;
struct sasl;

enum session_state {
	S_CONNECTING,		/* no road yet that may be logged in on */
	S_SECURE,		/* there is one; features to come */
	S_AUTH,			/* SASL exchange */
	S_AUTHENTICATED,	/* new stream; features to come */
	S_BINDING,
	S_READY,
	S_CLOSING,		/* our stream has ended; theirs not yet */
	S_CLOSED
};

struct session {
	struct loop		*loop;
	struct session_conf	 conf;
	struct session_host	 host;
	struct road		*road;
	struct iq_table		*iqs;
	struct sasl		*sasl;
	enum session_state	 state;
	struct timer		 timer;	/* login, then keepalive, then close */
	char			 domain[JID_MAX];	/* of the account */
	char			 ascii[JID_MAX];	/* the same for TLS */
	char			 bare[JID_MAX];
	char			 jid[JID_MAX];		/* bound */
	int64_t			 last_sent;
	enum session_fault	 fault;
	char			 why[512];
};

void	 session_set_state(struct session *s, enum session_state state);
void	 session_log(struct session *s, int level, const char *fmt, ...)
	    __attribute__((__format__(__printf__, 3, 4)));
/* End it with a fault; once. */
void	 session_fail(struct session *s, enum session_fault fault,
	    const char *fmt, ...)
	    __attribute__((__format__(__printf__, 3, 4)));
/* Send nonzas and stanzas of the login; secret ones are not traced. */
int	 session_send(struct session *s, const void *data, size_t len);
int	 session_send_secret(struct session *s, const void *data, size_t len);
void	 session_ready(struct session *s);

/* login.c: take a stream's child before S_READY. */
void	 login_features(struct session *s, const struct elem *features);
void	 login_input(struct session *s, const struct elem *e);

/* disco.c: answer an iq get or set that nobody took. */
void	 disco_answer(struct session *s, const struct elem *iq);

#endif
