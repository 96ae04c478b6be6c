/*
 * share_socket: where the process that keeps a login is found: a Unix socket in
 * $XDG_RUNTIME_DIR, which is named by a hash of all that the login depends on.
 */
#ifndef NET_SHARE_SHARE_SOCKET_H
#define NET_SHARE_SHARE_SOCKET_H

#include <sys/types.h>
#include <sys/un.h>

#include "xml/check.h"

struct app;

#define SHARE_ERR	512
#define SHARE_PREFIX	"xcat-share-"	/* of the names of the sockets */
#define SHARE_STATUS_DIR "xcat-status"	/* in the same folder: the sockets of
					 * runs that tell how they are, and
					 * nothing else, so that a sandbox can
					 * let them remove their own */

/* What there is at a socket. */
enum share_found {
	SHARE_FOUND,		/* a process of ours listens: see *fd */
	SHARE_ABSENT,		/* nothing does */
	SHARE_UNUSABLE		/* there is something, but nothing for us */
};

/* The folder of the sockets: it is to be ours, and no other user may do
 * anything in it.  NULL with a reason in why[SHARE_ERR]. */
const char *share_folder(char *why);
/*
 * The path of the socket for the login of this run, into sa->sun_path.  Only
 * runs for which all of this is equal find it: the account, the configuration's
 * folder and the key in it, the version of the protocol, the variables of the
 * environment that concern connections, and each keyword that is about the
 * login rather than about the run, with the files that it names.  0, or -1 with
 * a reason in why[SHARE_ERR].
 */
int	 share_socket_path(const struct app *app, struct sockaddr_un *sa,
	    char *why) MUST_CHECK;
/* Connect to the socket: *fd does not block.  The socket and the process behind
 * it must be ours.  If not SHARE_FOUND, there is a reason in why[SHARE_ERR]. */
enum share_found share_socket_connect(const struct sockaddr_un *sa, int *fd,
	    char *why);
/* Have *fd listen there, unless a process does already (SHARE_FOUND: *fd is
 * connected to it).  A socket that nothing listens on is removed, under a lock
 * that lets one process at a time do this.  SHARE_ABSENT: *fd listens.
 * SHARE_UNUSABLE with a reason in why[SHARE_ERR]. */
enum share_found share_socket_listen(const struct sockaddr_un *sa, int *fd,
	    char *why);
/* The folder of the sockets for share_status(), which is made if there is none:
 * ours alone, as share_folder() is.  Into out[PATH_MAX]; 0, or -1 with a reason
 * in why[SHARE_ERR]. */
int	 share_status_folder(char *out, char *why) MUST_CHECK;
/* Have *fd listen in that folder (share_status_folder()), under the number of
 * this process, into sa.  Sockets there on which no process listens are
 * removed.  0, or -1 with a reason in why[SHARE_ERR]. */
int	 share_status_listen(const char *folder, struct sockaddr_un *sa,
	    int *fd, char *why) MUST_CHECK;
/* Is the process at the other end of this socket of our user? */
int	 share_socket_is_ours(int fd);

#endif
