/*
 * app: what the parts of one run of xcat share: the options as they were
 * understood, the login, and the streams.  xcat.c makes it, hands it down and
 * turns the fault that it ended with into the exit status.
 */
#ifndef NET_CHANNEL_APP_H
#define NET_CHANNEL_APP_H

#include <sys/types.h>
#include <sys/queue.h>
#include <sys/tree.h>

#include <stddef.h>
#include <stdint.h>

#include <openssl/ssl.h>

#include "net/channel/admit.h"
#include "net/channel/fault.h"
#include "net/conf/conf.h"
#include "net/dial/proxy.h"
#include "net/io/loop.h"
#include "xml/jid.h"

struct account;
struct allow;
struct budget;
struct channel;
struct channel_takers;
struct claim;
struct discover;
struct dispatch;
struct fast_tokens;
struct forward_udp;
struct forwards;
struct features_cache;
struct ibb;
struct invite;
struct iq_table;
struct jingles;
struct loop;
struct oob_fetcher;
struct oob_sender;
struct ports;
struct probe_reach;
struct progress;
struct receiver;
struct resolver;
struct registration;
struct remote_allowed;
struct remote_ask;
struct remote_control;
struct roster;
struct sender;
struct services;
struct session;
struct streamhosts;
struct trust;
struct upgrades;
struct warm;

enum mode {
	MODE_CALL,		/* standard input and output to a peer */
	MODE_SEND,		/* standard input only */
	MODE_FORWARD,		/* -L, -D, -R: a stream for each connection */
	MODE_PROBE,		/* -z */
	MODE_LISTEN,		/* a peer to standard input and output */
	MODE_SERVE,		/* peers to services */
	MODE_SHARE,		/* the login alone, for others (net/share) */
	MODE_KEY,		/* -K */
	MODE_REGISTER		/* --register */
};

/* What is known of the server, once a login is under way. */
enum app_server {
	APP_SERVER_UP,
	APP_SERVER_AWAY,	/* its connection is lost, and being sought */
	APP_SERVER_LOST		/* the session is over */
};

/* What is told about a guest, or about the owner of guests. */
struct app_host {
	/* It begins what it was called for: from now on bytes may move. */
	void	(*begins)(void *arg);
	/* -L, -D: connections are accepted from now on. */
	void	(*stands)(void *arg);
	/* An owner: this signal ends it. */
	void	(*signalled)(void *arg, int signo);
	/* It has ended, with app->fault.  It is to be freed later, from a
	 * timer. */
	void	(*ended)(void *arg);
};

struct app {
	/* What the user asks for. */
	enum mode		 mode;
	struct conf		 conf;
	char			 jid[JID_MAX];	/* account and resource */
	int			 any_resource;	/* the server may choose it */
	char			 peer[JID_MAX];
	char			*peer_given;	/* its word, freed at the end */
	char			*peer_key;	/* that it must have, or NULL */
	char			*peer_code;	/* for one call; or NULL */
	char			*host, *port;	/* the peer's service; NULL */
	const char		*order;		/* of -O, or NULL */
	struct services		*services;	/* ours; NULL: none */
	char *const		*files;		/* of -s: words of the command
						 * line */
	size_t			 nfiles;
	char *const		*operands;	/* what follows -l: services, */
	size_t			 noperands;	/* which main() owns */

	/* What a login needs. */
	struct proxy		 proxy;
	int			 proxied;	/* there is a proxy */
	struct discover		*discover;	/* where the server is */
	struct features_cache	*features;	/* that the server had */
	struct fast_tokens	*tokens;	/* for it, or NULL */
	SSL_CTX			*tls;		/* towards the server */
	struct trust		*trust;		/* NULL: e2e is off */
	SSL_CTX			*e2e;		/* towards peers; so, too */
	struct allow		*allow;		/* of a listener; else NULL */
	unsigned char		*code;		/* a caller's secret, or NULL */

	/* The login.  NULL before it: all but the first three. */
	struct loop		*loop;
	struct resolver		*resolver;
	struct streamhosts	*streamhosts;	/* where sockets lead */
	struct session		*session;
	struct registration	*registration;	/* of --register; NULL */
	struct iq_table		*iqs;		/* the session's */
	struct roster		*roster;	/* the session's */
	struct dispatch		*dispatch;	/* the session's */
	struct upgrades		*upgrades;	/* sockets for streams */
	struct ibb		*ibb;
	struct budget		*budget;	/* of all streams */
	struct warm		*warm;		/* what sessions have left for
						 * the next; NULL: nothing */

	/* What moves bytes. */
	struct ports		*ports;		/* -L, -D; NULL: none */
	struct forwards		*forwards;	/* of -L, -D; NULL: none */
	struct forward_udp	*udp;		/* -u: of -L; NULL: none */
	struct remote_ask	*remote_ask;	/* of -R; NULL: none */
	struct remote_allowed	*remote;	/* ports that callers may ask a
						 * listener for; NULL: none */
	LIST_HEAD(, remote_control) controls;	/* of those that do */
	int			 background;	/* for background_ready() (-f);
						 * 0: stay in the foreground */
	TAILQ_HEAD(, channel)	 channels;
	TAILQ_HEAD(, channel)	 changed;	/* are to be looked at */
	size_t			 nchannels;
	RB_HEAD(accounts, account) accounts;	/* of callers: account.h */
	const struct channel_takers *takers;	/* of files; NULL: none */
	struct sender		*sender;	/* of the files of -s; NULL */
	struct receiver		*receiver;	/* of files */
	struct jingles		*jingles;	/* sessions about files */
	struct oob_sender	*oob_sender;	/* of a URL; NULL */
	struct oob_fetcher	*fetcher;	/* of URLs; NULL */
	struct progress		*progress;	/* of the present file */

	/* One login for many (net/app/guest.h): a guest is a run that uses the
	 * login of another run, its owner. */
	TAILQ_HEAD(, app)	 guests;	/* of an owner */
	TAILQ_ENTRY(app)	 guest;
	struct app		*owner;		/* of a guest; else NULL */
	unsigned		 context;	/* a guest's (xml/context.h) */
	int			 input, output;	/* a guest's; -1: none */
	int			 begun;		/* a guest's: logged in, under
						 * way */
	int			 held;		/* a guest's: channels_hold() */
	int			 first;		/* a guest's: its process has
						 * begun the owner's */
	/* What an owner and its guests tell who has made them; arg is theirs.
	 * NULL for a run of its own. */
	const struct app_host	*told;
	void			*told_arg;

	/* How the run goes. */
	enum app_server		 server;
	int			 ending;
	enum fault		 fault;		/* that it ends with */
	int			 signo;		/* that ends it, or 0 */
	int			 draining;	/* a signal that ends it with
						 * the last stream; or 0 */
	int			 terminal;	/* there is one that controls
						 * this process */
	int			 confined;	/* it has given up programs, and
						 * maybe files (confine.h) */

	/* net/app's own. */
	struct timer		 password_timer; /* to ask for it again */
	struct timer		 grace_timer;	/* for streams, if draining */
	struct timer		 chat_timer;	/* for the end of a chat */

	/* net/channel's own. */
	struct timer		 lingering;	/* until a peer has asked */
	struct timer		 asking, answering; /* for struct ibb_host */
	struct timer		 looking;	/* at the channels, again */
	struct timer		 trimming;	/* what streams needed */
	unsigned		 turn;		/* of the loop */
	int64_t			 clock_lost;	/* clock_lost(), as last seen */
	int64_t			 asked;		/* when -z asked the peer */
	struct probe_reach	*reach;		/* of -z; NULL */
	int			 peer_probes;	/* the peer takes streams that
						 * look for a way to it */
	struct timer		 probing;	/* until the way is known */
	struct admit_told	 refused, plain;
	struct admit_told	 met;		/* an owner's: admit_meet() */
	struct claim		*claim;		/* of our address; NULL: none */
	struct invite		*invite;	/* a code for a call; NULL */
};

/* Print a line of what was asked for (-z) on standard output.  The run ends if
 * that cannot be. */
void	 app_report(struct app *app, const char *fmt, ...)
	    __attribute__((__format__(__printf__, 2, 3)));
/* Give the claim of a listener's address back: it takes no more callers, and
 * inetd(8) may have begun the next listener already. */
void	 app_yield(struct app *app);
/* Begin to end the run with this fault; the first one counts. */
void	 app_end(struct app *app, enum fault fault);
/* app_end(), with a line on standard error that says why.  Before there is a
 * loop its caller has to end.  Returns -1, to be returned by the caller. */
int	 app_fail(struct app *app, enum fault fault, const char *fmt, ...)
	    __attribute__((__format__(__printf__, 3, 4)));

/* What standard input and output of the run are: descriptors of this process,
 * which the run closes; -1 if a guest's have been taken. */
int	 app_input(const struct app *app);
int	 app_output(const struct app *app);
/* Standard input and output belong to a channel now. */
void	 app_stdio_taken(struct app *app);

/* Does one stream make the whole run? */
int	 app_is_single(const struct app *app);
/* Does it wait for peers to call? */
int	 app_listens(const struct app *app);
/* Until when an answer asked for now is waited for, clock_ms(). */
int64_t	 app_deadline(const struct app *app);
/* How long a login or a registration may take, ms. */
int64_t	 app_login_time(const struct app *app);
/* How long to wait for a server or a peer to be back, ms. */
int64_t	 app_patience(const struct app *app);

/*
 * The server, as the parts of a run need it; before the session is made there
 * is none, which takes all and tells nothing.
 */

/* What becomes of the server.  The move is traced; it cannot be away behind the
 * end of the session. */
void	 app_set_server(struct app *app, enum app_server server);
/* fault_of_session() of the session; without one FAULT_SERVER. */
enum fault app_session_fault(const struct app *app);
/* What happened to the session, as session_why() has it. */
const char *app_server_why(const struct app *app);
/* Bytes of stanzas that the server takes now; 0 when it is slow. */
size_t	 app_room(const struct app *app);
/* Stop (1) and go on (0) reading from the server. */
void	 app_pause(struct app *app, int pause);
/* The run was stopped for a while, and has to find out what it has missed. */
void	 app_woken(struct app *app);

#endif
