/* share: see share.h. */
#include <sys/types.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/channel/app.h"
#include "net/conf/conf.h"
#include "net/file/oob.h"
#include "net/file/send.h"
#include "net/io/background.h"
#include "net/io/log.h"
#include "net/io/loop.h"
#include "net/io/systemd.h"
#include "net/share/share.h"
#include "net/share/share_client.h"
#include "net/share/share_conn.h"
#include "net/share/share_socket.h"
#include "xml/jid.h"

#define ORDER_TIME	3000	/* ms for an answer to -O */

/*
 * May it be?
 */

/* Are these addresses, of -L and -D, the same in every folder? */
static int
absolute(const struct conf_list *l)
{
	const struct conf_item	*i;

	STAILQ_FOREACH(i, l, next)
		if (*i->value != '/' && strchr(i->value, '/') != NULL)
			return 0;
	return 1;
}

int
share_wanted(const struct app *app)
{
	char	 local[JID_MAX];

	if (app->conf.share == 0 || app->peer_code != NULL ||
	    *jid_local(app->jid, local) == '\0')
		return 0;
	switch (app->mode) {
	case MODE_SEND:
		return !oob_sends(app) && (app->sender == NULL ||
		    (app->conf.upload == CONF_UPLOAD_NO &&
		    !send_has_folder(app->sender)));
	case MODE_FORWARD:
		/* Sockets are given to one process. */
		return STAILQ_EMPTY(&app->conf.reverse) &&
		    systemd_given() == 0 && absolute(&app->conf.forward) &&
		    absolute(&app->conf.socks);
	case MODE_CALL:
	case MODE_PROBE:
		return 1;
	default:
		return 0;
	}
}

static enum share_way
unusable(const char *why)
{
	log_line(LOG_DETAIL, "share: %s; logging in", why);
	return SHARE_ALONE;
}

enum share_way
share_use(struct app *app)
{
	struct sockaddr_un	 sa;
	char			 why[SHARE_ERR];
	int			 fd;

	if (share_socket_path(app, &sa, why) == -1)
		return SHARE_ALONE;	/* said in share_start() */
	return share_socket_connect(&sa, &fd, why) == SHARE_FOUND ?
	    share_client(app, fd) : SHARE_ALONE;
}

/*
 * A process is left behind
 */

/* Begin the process.  1 in it, 0 in the caller, -1 and errno. */
static int
fork_master(int fd)
{
	pid_t	 pid = fork();
	int	 status;

	if (pid == -1)
		return -1;
	if (pid > 0) {
		while (waitpid(pid, &status, 0) == -1 && errno == EINTR)
			;
		return 0;
	}
	if (setsid() == -1 || (pid = fork()) == -1)
		_exit(1);
	if (pid > 0)
		_exit(0);
	background_leave(fd);
	return 1;
}

/* Was it a password that was typed, and is there another one now? */
static int
asks_again(struct app *app)
{
	char	 why[CONF_ERR], bare[JID_MAX];

	return app->fault == FAULT_LOGIN && conf_may_ask(&app->conf) &&
	    conf_password_again(&app->conf, jid_bare(app->jid, bare), why) == 0;
}

static enum share_way
start(struct app *app, int *fd)
{
	struct sockaddr_un	 sa;
	enum share_found	 found;
	char			 why[SHARE_ERR];

	if (share_socket_path(app, &sa, why) == -1)
		return unusable(why);
	found = share_socket_listen(&sa, fd, why);
	if (found == SHARE_UNUSABLE)
		return unusable(why);
	app->first = found == SHARE_ABSENT;
	if (app->first) {
		switch (fork_master(*fd)) {
		case 1:
			return SHARE_MASTER;
		case -1:
			close(*fd);
			return unusable(strerror(errno));
		}
		close(*fd);
		if (share_socket_connect(&sa, fd, why) != SHARE_FOUND)
			return unusable(why);
	}
	return share_client(app, *fd);
}

enum share_way
share_start(struct app *app, int *fd)
{
	enum share_way	 way;

	while ((way = start(app, fd)) == SHARE_OVER && asks_again(app))
		app->fault = FAULT_NONE;
	return way;
}

/*
 * -O
 */

struct order {
	struct loop	*loop;
	struct timer	 late;
	int		 many;		/* lines are to come, the last empty */
	int		 answered;
	int		 error;		/* why that cannot be printed */
};

static void
order_frame(void *arg, const struct share_frame *f)
{
	struct order	*o = arg;

	if (f->type != SHARE_STATUS)
		return;
	if (f->len > 0) {
		o->answered = 1;
		if (log_report("%.*s", (int)f->len, (const char *)f->data) ==
		    -1)
			o->error = errno;
	}
	if (f->len == 0 || !o->many || o->error != 0)
		loop_stop(o->loop);
}

static void
order_gone(void *arg)
{
	struct order	*o = arg;

	loop_stop(o->loop);
}

/* Ask the process behind this socket, and print its answer, of one line or many
 * (share_wire.h).  1 if there is one, 0 if not, -1 if its answer could not be
 * printed, which has been said. */
static int
order_one(int fd, enum share_type type, int many)
{
	struct order			 o = { .loop = loop_new(),
					     .many = many };
	const struct share_conn_user	 user = {
		.frame = order_frame,
		.gone = order_gone,
		.arg = &o,
	};
	struct share_conn		*c;

	if (o.loop == NULL) {
		close(fd);
		return 0;
	}
	o.late = (struct timer){ .fire = order_gone, .arg = &o };
	if ((c = share_conn_new(o.loop, fd, &user)) != NULL &&
	    share_conn_send(c, type, NULL, 0) == 0) {
		timer_set(o.loop, &o.late, clock_ms() + ORDER_TIME);
		if (loop_run(o.loop) == -1)
			o.answered = 0;
	}
	share_conn_free(c);
	loop_free(o.loop);
	if (o.error == 0)
		return o.answered;
	log_line(LOG_FAULT, "standard output: %s", strerror(o.error));
	return -1;
}

/* Ask those whose sockets are in this folder, under names that begin so.  Those
 * that do not answer are none. */
static enum fault
order_folder(const char *dir, const char *prefix, int many)
{
	struct sockaddr_un	 sa = { .sun_family = AF_UNIX };
	const struct dirent	*e;
	char			 why[SHARE_ERR];
	DIR			*d;
	int			 fd, r = 0;

	if ((d = opendir(dir)) == NULL) {
		log_line(LOG_FAULT, "-O list: %s", strerror(errno));
		return FAULT_LOCAL;
	}
	while (r != -1 && (e = readdir(d)) != NULL)
		if (strncmp(e->d_name, prefix, strlen(prefix)) == 0 &&
		    snprintf(sa.sun_path, sizeof(sa.sun_path), "%s/%s", dir,
		    e->d_name) < (int)sizeof(sa.sun_path) &&
		    share_socket_connect(&sa, &fd, why) == SHARE_FOUND)
			r = order_one(fd, SHARE_CHECK, many);
	closedir(d);
	return r == -1 ? FAULT_LOCAL : FAULT_NONE;
}

/* All that are ours. */
static enum fault
order_list(void)
{
	const char	*dir;
	enum fault	 fault;
	char		 why[SHARE_ERR], status[PATH_MAX];

	if ((dir = share_folder(why)) == NULL ||
	    share_status_folder(status, why) == -1) {
		log_line(LOG_FAULT, "-O list: %s", why);
		return FAULT_LOCAL;
	}
	fault = order_folder(dir, SHARE_PREFIX, 0);
	return fault == FAULT_NONE ? order_folder(status, "", 1) : fault;
}

int
share_is_order(const char *order)
{
	return strcmp(order, "check") == 0 || strcmp(order, "exit") == 0 ||
	    strcmp(order, "list") == 0;
}

enum fault
share_order(struct app *app)
{
	const char		*order = app->order;
	struct sockaddr_un	 sa;
	char			 why[SHARE_ERR];
	int			 fd, r;

	if (strcmp(order, "list") == 0)
		return order_list();
	if (share_socket_path(app, &sa, why) == 0 &&
	    share_socket_connect(&sa, &fd, why) == SHARE_FOUND) {
		r = order_one(fd, strcmp(order, "exit") == 0 ? SHARE_EXIT :
		    SHARE_CHECK, 0);
		if (r != 0)
			return r == 1 ? FAULT_NONE : FAULT_LOCAL;
		strlcpy(why, "it does not answer", sizeof(why));
	}
	log_line(LOG_FAULT, "-O %s: no process keeps this login: %s", order,
	    why);
	return FAULT_LOCAL;
}
