/*
 * share_master_int: what the files that serve clients share: share_master.c has
 * the process, share_member.c one client, which is a guest of its login.
 */
#ifndef NET_SHARE_SHARE_MASTER_INT_H
#define NET_SHARE_SHARE_MASTER_INT_H

#include <sys/types.h>
#include <sys/queue.h>

#include <stdint.h>

#include "net/channel/app.h"
#include "net/io/listen.h"
#include "net/io/log.h"
#include "net/io/loop.h"
#include "net/share/share_socket.h"

struct share_conn;

enum master_state {
	MASTER_SERVING,
	MASTER_LOST,		/* its login is: no more clients; what they have
				 * breaks, and then they end */
	MASTER_ENDING		/* it was told to end, and ends them */
};

struct share_master {
	struct app		*app;		/* has the login */
	enum master_state	 state;
	struct listener		 listener;
	char			 path[sizeof(((struct sockaddr_un *)0)
				     ->sun_path)];	/* "": removed */
	dev_t			 dev;		/* of the socket's file */
	ino_t			 ino;
	long			 seconds;	/* to stay without clients */
	struct timer		 idle;		/* these */
	struct timer		 reports;
	struct log_sink		 sink;		/* of the login's own words */
	LIST_HEAD(, member)	 members;
};

enum member_state {
	MEMBER_NEW,		/* it has not said what it wants */
	MEMBER_TAKEN,		/* it has, and is to say go */
	MEMBER_JOINED,		/* it is a guest */
	MEMBER_OVER		/* it is to hear how it ended */
};

struct member {
	struct share_master	*master;
	struct share_conn	*conn;
	enum member_state	 state;
	struct app		 app;		/* of the guest */
	struct log_sink		 sink;
	struct timer		 timer;		/* for what is to come next */
	uint64_t		 reported;	/* bytes */
	int			 gone;		/* its process has ended */
	LIST_ENTRY(member)	 next;
};

/* share_master.c */

/* The process ends, for the reason that state is, and its clients hear of
 * that. */
void	 share_master_ends(struct share_master *m, enum master_state state);
/* A client has left. */
void	 share_master_left(struct share_master *m);
/* The level of a client's sink has changed. */
void	 share_master_levels(struct share_master *m);

/* share_member.c */

/* A client has connected: fd becomes its.  NULL when out of memory. */
struct member *share_member_new(struct share_master *m, int fd);
/* Break off what it does, and close the connection. */
void	 share_member_free(struct member *c);
/* The process is about to end: a run that has not begun may be done by the
 * client alone, any other one breaks, of itself if the login was lost. */
void	 share_member_end(struct member *c);
/* Pass words on, as put() of struct log_sink. */
int	 share_member_put(struct member *c, int level, int fd,
	    const char *data, size_t len);
/* Tell it how many bytes are confirmed, if that has changed. */
void	 share_member_report(struct member *c);

#endif
