/*
 * run: what the parts of one run of xcat share: the options as they were
 * understood, the login, and the streams.  xcat.c fills it, says the words and
 * ends the run; the rest of net/channel does the joining.
 */
#ifndef NET_CHANNEL_RUN_H
#define NET_CHANNEL_RUN_H

#include <sys/types.h>
#include <sys/queue.h>

#include <stddef.h>
#include <stdint.h>

#include <openssl/ssl.h>

#include "net/conf/conf.h"
#include "net/dial/proxy.h"
#include "xml/jid.h"

struct allow;
struct budget;
struct ibb;
struct channel;
struct loop;
struct features_cache;
struct ports;
struct resolver;
struct services;
struct session;
struct fast_tokens;
struct trust;

/* The exit status; see xcat(1). */
enum {
	EX_FINE,
	EX_LOCAL,		/* I/O, memory */
	EX_USE,			/* usage or configuration */
	EX_SERVER,		/* server not reached or not trusted */
	EX_LOGIN,		/* login refused */
	EX_PEER,		/* peer absent or refusing */
	EX_BROKEN,		/* the stream broke before its end */
	EX_TIME			/* timed out */
};

enum mode {
	CALL,			/* standard input and output to a peer */
	SEND,			/* standard input only */
	FORWARD,		/* -L, -D: connections here to a peer */
	PROBE,			/* -z */
	LISTEN,			/* a peer to standard input and output */
	SERVE,			/* peers to services */
	KEY			/* -K */
};

struct run {
	enum mode		 mode;
	struct conf		 conf;
	char			 jid[JID_MAX];	/* account and resource */
	char			 peer[JID_MAX];
	char			*host, *port;	/* the peer's service */
	struct services		*services;	/* ours */
	struct proxy		 proxy;
	int			 proxied;	/* there is one */
	struct discover		*ways;		/* to the server */
	struct features_cache		*manners;	/* of the server */
	struct fast_tokens *tokens; /* for it; may be NULL */
	int			 any_resource;	/* nobody named one */
	SSL_CTX			*tls;		/* towards the server */
	struct trust		*trust;		/* NULL: e2e is off */
	SSL_CTX			*e2e;		/* towards peers; likewise */
	struct allow		*allow;		/* of a listener */
	struct ports		*ports;		/* -L, -D */
	struct loop		*loop;
	struct resolver		*resolver;
	struct session		*session;
	struct ibb		*ibb;		/* NULL before the login */
	struct budget		*budget;	/* likewise: of its streams */
	TAILQ_HEAD(, channel)	 channels;
	TAILQ_HEAD(, channel)	 changed;	/* of these: to be looked at */
	size_t			 nchannels;
	int			 status;
	int			 ending;
	int			 away;		/* the server is, for now */
	int			 lost;		/* the session is, for good */
	int			 signo;		/* that ends us */
};

extern struct run run;

/* A line on standard error, of this level (enum log_level); what comes from
 * outside is cleaned in there. */
void	 say(int level, const char *fmt, ...)
	    __attribute__((__format__(__printf__, 2, 3)));
/* End the program now, with a line that says why. */
void	 die(int status, const char *fmt, ...)
	    __attribute__((__noreturn__, __format__(__printf__, 2, 3)));
/* A line of what was asked for (-z, -K), on standard output. */
void	 report(const char *fmt, ...)
	    __attribute__((__format__(__printf__, 1, 2)));
/* Begin to end with this status; the first one counts.  fatal() says why. */
void	 finish(int status);
void	 fatal(int status, const char *fmt, ...)
	    __attribute__((__format__(__printf__, 2, 3)));

/* Does one stream make the whole run? */
int	 single(void);
int	 listening(void);
/* The exit status that the session's fault deserves. */
int	 session_status(void);

#endif
