/*
 * conf: the settings, from the configuration file, the environment and the
 * options, which are three spellings of one table of keywords.
 */
#ifndef NET_CONF_CONF_H
#define NET_CONF_CONF_H

#include <sys/queue.h>

#include <stddef.h>
#include <stdint.h>

#include "xml/check.h"

struct conf_item {
	char			*value;
	int			 given;	/* by an option, not by the file */
	STAILQ_ENTRY(conf_item)	 next;
};
STAILQ_HEAD(conf_list, conf_item);

enum conf_family { CONF_FAMILY_ANY, CONF_FAMILY_4, CONF_FAMILY_6 };
enum conf_carrier { CONF_CARRIER_AUTO, CONF_CARRIER_IBB, CONF_CARRIER_S5B };
enum conf_policy { CONF_POLICY_AUTO, CONF_POLICY_PUBLIC, CONF_POLICY_ANY };
enum conf_e2e { CONF_E2E_PREFER, CONF_E2E_REQUIRE, CONF_E2E_OFF };
enum conf_known { CONF_KNOWN_PEER, CONF_KNOWN_ACCOUNT };
enum conf_transport {
	CONF_TRANSPORT_AUTO,
	CONF_TRANSPORT_TCP,
	CONF_TRANSPORT_WEBSOCKET,
	CONF_TRANSPORT_BOSH
};

enum conf_log { CONF_LOG_TEXT, CONF_LOG_JSON };

enum conf_presence {
	CONF_PRESENCE_AUTO,	/* contacts for a listener, else peer */
	CONF_PRESENCE_CONTACTS,
	CONF_PRESENCE_PEER,
	CONF_PRESENCE_NONE
};

enum conf_upload {
	CONF_UPLOAD_NO,
	CONF_UPLOAD_ABSENT,	/* if the peer takes no file now */
	CONF_UPLOAD_YES
};

#define CONF_RUN		4	/* of conf_see_fn */
#define CONF_SHARE_TIME		600	/* s, of share=yes */
#define CONF_WAIT_NO		0
#define CONF_WAIT_FOREVER	(-1)

struct conf {
	/* keyword (option)				*/
	int	 family;	/* family any|4|6 (-4 -6) */
	int	 known;		/* known peer|account: have keys */
	struct conf_list allow;	/* allow jid (-a), repeatable */
	long	 block_size;	/* block-size bytes (-b), or 0 */
	char	*ca_file;	/* ca-file path (-C) */
	int	 carrier;	/* carrier auto|ibb|s5b (-i: ibb) */
	int	 e2e;		/* e2e prefer|require|off */
	int	 fast;		/* fast yes|no: tokens, XEP-0484 */
	long	 grace;		/* grace seconds: for streams, at the end */
	int	 invite;	/* invite yes|no: a code (-I) */
	char	*server;	/* server where (-c) */
	int	 no_stdin;	/* no-stdin yes|no (-d) */
	int	 upload;	/* upload yes|absent|no */
	char	*receive;	/* receive path: files go there (-r) */
	char	*oob;		/* oob serve[:addr:port]|fetch[:any]|url */
	long	 max_size;	/* max-size bytes of a file, or 0: any */
	struct conf_list forward; /* forward port[=service] (-L), repeatable */
	struct conf_list reverse; /* reverse port=target (-R), repeatable */
	struct conf_list remote; /* remote port,... of callers, repeatable */
	struct conf_list socks;	/* socks [addr:]port (-D), repeatable */
	int	 background;	/* background yes|no (-f) */
	int	 log;		/* log text|json: lines on standard error */
	long	 memory;	/* memory bytes, of all streams; 0: none given
				 */
	long	 max_streams;	/* max-streams number, of a listener */
	long	 max_streams_per_peer; /* max-streams-per-peer number */
	long	 invite_time;	/* invite-time seconds */
	char	*jid;		/* jid address (-j); not yet prepared */
	int	 keep;		/* keep-listening yes|no (-k) */
	int	 message;	/* message yes|no (-m) */
	int	 close_at_eof;	/* close-at-eof yes|no (-N) */
	char	*password;	/* password text (file only) */
	char	*password_file;	/* password-file path (-p) */
	char	*password_command; /* password-command text (file only) */
	int	 verbosity;	/* verbosity -1..2 (-q -v) */
	long	 timeout;	/* timeout seconds (-w); 0: none given */
	struct conf_list s5b_proxy; /* s5b-proxy jid (-P), repeatable */
	struct conf_list streamhost; /* streamhost addr[:port], repeatable */
	int	 policy;	/* streamhost-policy auto|public|any */
	int	 udp;		/* udp yes|no: -L takes datagrams (-u) */
	long	 upgrade_after;	/* upgrade-after bytes */
	int	 presence;	/* presence contacts|peer|none */
	int	 punch;		/* punch yes|no */
	int	 portmap;	/* portmap yes|no */
	char	*stun;		/* stun host[:port] */
	int	 sandbox;	/* sandbox yes|no */
	int	 plain;		/* plain yes|no: SASL PLAIN allowed */
	int	 cleartext;	/* cleartext yes|no: ws, http allowed */
	char	*proxy;		/* proxy url (-x) */
	struct conf_list service; /* service name=target, repeatable */
	long	 share;		/* share seconds|yes|no: a login for many */
	long	 wait;		/* wait seconds|no|forever (-W) */
	long	 udp_clients;	/* udp-clients number, of -u */
	long	 udp_idle;	/* udp-idle seconds: a stream of datagrams may
				 * be quiet */
	int	 transport;	/* transport auto|tcp|websocket|bosh */
	int	 asked;		/* how often for the password: no keyword */
	char	*certificate;	/* certificate path: client, for EXTERNAL */
	char	*key;		/* key path: its key, if apart */

	uint64_t given;		/* by options: a bit for each keyword */
	char	*path;		/* the configuration file, read or not */
	char	*dir;		/* for keys and known peers: the folder it
				 * is in, if it is a file */
};

#define CONF_ERR 512		/* bytes for a message */

/* Set the defaults in c, whose old contents do not matter.  The lists are empty
 * and the strings NULL.  conf_free() releases what is set afterwards. */
void	 conf_init(struct conf *c);
/* Free what is in c, and wipe the secrets. */
void	 conf_free(struct conf *c);

/* The family of addresses to use: AF_UNSPEC, AF_INET or AF_INET6. */
int	 conf_af(const struct conf *c);

/*
 * Set one keyword, as -o keyword=value and a line of the file do.  A value
 * set again replaces the first, but for repeatable keywords, which collect.
 * secrets says whether password and password-command may be set (never from
 * argv).  Returns 0, or -1 with a one-line message in err[CONF_ERR].
 */
int	 conf_set(struct conf *c, const char *keyword, const char *value,
	    int secrets, char *err) MUST_CHECK;
/* Set the keyword of an option's letter; value is the option's argument, if it
 * has one.  Returns as conf_set(). */
int	 conf_letter(struct conf *c, int letter, const char *value,
	    char *err) MUST_CHECK;
/* Append what options have added to the lists of from to those of c, which was
 * read from the file.  Returns as conf_set(). */
int	 conf_add_given(struct conf *c, const struct conf *from, char *err)
	    MUST_CHECK;
/* Set what -o says, "keyword=value" or "keyword value", never a secret.
 * Returns as conf_set(). */
int	 conf_option(struct conf *c, const char *arg, char *err) MUST_CHECK;

/* Has an option set this keyword, and not only the file or the environment? */
int	 conf_given(const struct conf *c, const char *keyword);
/* What set this keyword, for messages: option, e.g. "-p", or the keyword, which
 * is in the file. */
const char *conf_origin(const struct conf *c, const char *keyword,
	    const char *option);
/* Set this keyword as if the file had no line for it: a word, whose default is
 * the first of its enum (0), a string, a path or a list.  What options gave
 * stays. */
void	 conf_ignore(struct conf *c, const char *keyword);

/* Sees a keyword with its value, as conf_set() takes them; run (CONF_RUN): it
 * is about one run, not about the login.  0, or -1 to see no more. */
typedef int conf_see_fn(void *arg, const char *keyword, const char *value,
	    unsigned run);
/* Have see called, in the order of their names, for all keywords that are set
 * otherwise than in a new struct conf, but for the ways to the password.  0, or
 * -1 if see returned that. */
int	 conf_each(const struct conf *c, conf_see_fn *see, void *arg)
	    MUST_CHECK;

/*
 * Find and read the configuration file: $XCAT_CONFIG, else
 * $XDG_CONFIG_HOME/xcat/config, else ~/.config/xcat/config.  A missing file
 * is no error unless $XCAT_CONFIG named it.  Lines are "keyword value";
 * empty lines and lines that start with # are skipped, and a comment behind a
 * value is an error; the value runs to the end of the line, trailing white
 * space apart, or between double quotes.  A UTF-8 byte order mark is skipped.
 * A file with a password that others can read, or of another owner (not us,
 * not root), is refused by name with what to do (chmod 600).  Sets path and
 * dir in any case.  Then the environment: XCAT_JID and XCAT_PASSWORD, which
 * is then removed from it, and its value overwritten.
 * Returns 0, or -1 with a message "path:line: what, and what to do".
 */
int	 conf_read(struct conf *c, char *err) MUST_CHECK;

/*
 * Get the password of account jid into c->password.  There is one, and the last
 * way to it that was given counts, of `password' (XCAT_PASSWORD),
 * `password-file' (-p; its first line; with the file's rules on mode and owner)
 * and `password-command' (first line of output of sh -c, with the terminal left
 * as it is, or no input, and stderr passed through); otherwise it is asked for
 * on /dev/tty.  Best called before any signal handler is installed.  Returns 0,
 * or -1 with a message.
 */
int	 conf_password(struct conf *c, const char *jid, char *err) MUST_CHECK;
/* Was the password typed, and may another one be, as it was wrong? */
int	 conf_may_ask(const struct conf *c);
/* The password that was typed is wrong: ask once more.  0, or -1 with a
 * message, and errno EINTR if a signal came meanwhile, which has been raised
 * again. */
int	 conf_password_again(struct conf *c, const char *jid, char *err)
	    MUST_CHECK;
/* Was the password typed?  Then have it typed again, as it may have been
 * mistyped.  0, or -1 with a message: the two differ, or as above. */
int	 conf_password_confirm(struct conf *c, const char *jid, char *err)
	    MUST_CHECK;
/* Ask on /dev/tty for the code of a call to peer, into line of size bytes.  0,
 * or -1 with a message. */
int	 conf_code(const char *peer, char *line, size_t size, char *err)
	    MUST_CHECK;

#endif
