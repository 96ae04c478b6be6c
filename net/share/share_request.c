/* share_request: see share_request.h. */
#include <sys/types.h>
#include <sys/stat.h>

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/channel/app.h"
#include "net/conf/conf.h"
#include "net/file/send.h"
#include "net/io/fd.h"
#include "net/io/log.h"
#include "net/share/share_conn.h"
#include "net/share/share_request.h"
#include "xml/buf.h"
#include "xml/jid.h"
#include "xml/number.h"

/* The modes that a request may be for. */
static const struct {
	enum mode	 mode;
	const char	*name;
} modes[] = {
	{ MODE_CALL, "call" },
	{ MODE_SEND, "send" },
	{ MODE_FORWARD, "forward" },
	{ MODE_PROBE, "probe" },
};

#define NMODES	(sizeof(modes) / sizeof(modes[0]))
#define SET	"set "		/* before the name of a keyword */

/*
 * From a client
 */

static int
add_keyword(void *arg, const char *keyword, const char *value, unsigned run)
{
	char	 name[64];

	(void)run;
	/* A caller has no callers. */
	if (strcmp(keyword, "allow") == 0 || strcmp(keyword, "jid") == 0)
		return 0;
	snprintf(name, sizeof(name), SET "%s", keyword);
	return share_field_add(arg, name, value);
}

static int
add_if(struct buf *b, const char *name, const char *value)
{
	return value == NULL ? 0 : share_field_add(b, name, value);
}

static const char *
mode_name(enum mode mode)
{
	size_t	 i;

	for (i = 0; i < NMODES; i++)
		if (modes[i].mode == mode)
			return modes[i].name;
	return "";
}

static int
add_fields(struct buf *b, const struct share_request *r,
    const struct app *app)
{
	char	 columns[16];

	snprintf(columns, sizeof(columns), "%d", log_columns());
	return share_field_add(b, "mode", mode_name(app->mode)) == -1 ||
	    share_field_add(b, "peer", app->peer) == -1 ||
	    add_if(b, "key", app->peer_key) == -1 ||
	    add_if(b, "host", app->host) == -1 ||
	    add_if(b, "port", app->port) == -1 ||
	    (app->first && share_field_add(b, "first", "") == -1) ||
	    share_field_add(b, "columns", columns) == -1 ||
	    (r->input && share_field_add(b, "input", "") == -1) ||
	    (r->output && share_field_add(b, "output", "") == -1) ||
	    conf_each(&app->conf, add_keyword, b) == -1 ? -1 : 0;
}

/* Open the file at this place, and add it.  1; 0 if there is none; -1 with a
 * reason. */
static int
add_file(struct share_request *r, struct buf *b, struct sender *s, size_t at,
    char *why)
{
	const char	*name;
	char		 text[PATH_MAX + 16];
	int		 error = 0, fd;

	if (at + 4 > SHARE_FDS) {
		snprintf(why, SHARE_ERR, "these are too many files");
		return -1;
	}
	switch (fd = send_open(s, at, &name, &error)) {
	case -3:
		return 0;
	case -2:
		snprintf(why, SHARE_ERR, "%.200s is no regular file", name);
		return -1;
	case -1:
		break;
	default:
		r->fds[r->n++] = fd;
	}
	if (snprintf(text, sizeof(text), "%d %s", error, name) >=
	    (int)sizeof(text) || share_field_add(b, "file", text) == -1) {
		snprintf(why, SHARE_ERR, "these are too many names");
		return -1;
	}
	return 1;
}

static int
add_files(struct share_request *r, struct buf *b, struct sender *s, char *why)
{
	size_t	 at = 0;
	int	 more = s != NULL;

	while (more == 1)
		more = add_file(r, b, s, at++, why);
	return more;
}

/* Another process may read from the pipe or terminal, too, and must not have
 * the process that keeps the login wait for what it has taken: all clients
 * would wait.  That process could not open it anew, as it is confined. */
static int
add_own(struct share_request *r, int own)
{
	struct stat	 st;
	int		 fd = fd_copy(own);

	if (fd == -1)
		return -1;
	if (fstat(fd, &st) == 0 && (S_ISFIFO(st.st_mode) || isatty(fd)))
		(void)fd_anew(fd);
	r->fds[r->n++] = fd;
	return 0;
}

/* Standard input and output, where the run has these.  0, or -1 and errno. */
static int
add_stdio(struct share_request *r, const struct app *app)
{
	r->input = (app->mode == MODE_CALL || app->mode == MODE_SEND) &&
	    app->sender == NULL && !app->conf.no_stdin;
	r->output = app->mode == MODE_CALL;
	if (r->input && add_own(r, STDIN_FILENO) == -1)
		return -1;
	return r->output ? add_own(r, STDOUT_FILENO) : 0;
}

int
share_request_send(struct share_request *r, const struct app *app,
    struct share_conn *c, char *why)
{
	struct buf	 b;
	int		 sent = -1;

	buf_init(&b, SHARE_FRAME_MAX);
	if (add_stdio(r, app) == -1)
		strlcpy(why, strerror(errno), SHARE_ERR);
	else if (add_fields(&b, r, app) == -1)
		strlcpy(why, "these are too many options", SHARE_ERR);
	else if (add_files(r, &b, app->sender, why) == 0 &&
	    (sent = share_conn_send_fds(c, SHARE_RUN, buf_data(&b),
	    buf_len(&b), r->fds, r->n)) == -1)
		snprintf(why, SHARE_ERR, "%s", strerror(errno));
	buf_free(&b);
	return sent;
}

void
share_request_free(struct share_request *r)
{
	size_t	 i;

	for (i = 0; i < r->n; i++)
		close(r->fds[i]);
	r->n = 0;
}

/*
 * In the process that keeps the login
 */

static int
set_copy(char **to, const char *value)
{
	free(*to);
	return (*to = strdup(value)) == NULL ? -1 : 0;
}

static int
set_mode(struct app *g, const char *name)
{
	size_t	 i;

	for (i = 0; i < NMODES; i++)
		if (strcmp(modes[i].name, name) == 0) {
			g->mode = modes[i].mode;
			return 0;
		}
	return -1;
}

static int
set_columns(int *columns, const char *value)
{
	uint64_t	 n;

	if (number_read(value, 0, 10000, &n) == -1)
		n = 0;
	*columns = (int)n;
	return 0;
}

static int
set_first(struct app *g)
{
	g->first = 1;
	return 0;
}

/* 0, or -1: the field makes no sense here. */
static int
set_field(struct app *g, int *columns, const char *name, const char *value,
    char *why)
{
	if (strncmp(name, SET, sizeof(SET) - 1) == 0)
		return conf_set(&g->conf, name + sizeof(SET) - 1, value, 0,
		    why);
	if (strcmp(name, "mode") == 0)
		return set_mode(g, value);
	if (strcmp(name, "peer") == 0)
		return strlcpy(g->peer, value, sizeof(g->peer)) <
		    sizeof(g->peer) ? 0 : -1;
	if (strcmp(name, "key") == 0)
		return set_copy(&g->peer_key, value);
	if (strcmp(name, "host") == 0)
		return set_copy(&g->host, value);
	if (strcmp(name, "port") == 0)
		return set_copy(&g->port, value);
	if (strcmp(name, "first") == 0)
		return set_first(g);
	if (strcmp(name, "columns") == 0)
		return set_columns(columns, value);
	return -1;
}

/* A file, "errno name", whose descriptor comes if the number is 0. */
static int
take_file(struct app *g, struct share_conn *c, const char *value)
{
	size_t		 len = strspn(value, NUMBER_DIGITS);
	uint64_t	 error;
	int		 fd = -1;

	if (value[len] != ' ' || number_decimal(value, len, 0, 4095, &error) ==
	    -1 || (error == 0 && (fd = share_conn_take_fd(c)) == -1))
		return -1;
	if (g->sender == NULL && (g->sender = send_new_open(g)) == NULL) {
		if (fd != -1)
			close(fd);
		return -1;
	}
	return send_add(g->sender, value + len + 1, fd, (int)error);
}

static int
take_fields(struct app *g, const struct share_frame *f, struct share_conn *c,
    int *columns, char *why)
{
	const unsigned char	*data = f->data;
	const char		*name, *value;
	size_t			 len = f->len;
	int			 r;

	while ((r = share_field_next(&data, &len, &name, &value)) == 1) {
		if (strcmp(name, "input") == 0)
			r = (g->input = share_conn_take_fd(c)) == -1 ? -1 : 0;
		else if (strcmp(name, "output") == 0)
			r = (g->output = share_conn_take_fd(c)) == -1 ? -1 : 0;
		else if (strcmp(name, "file") == 0)
			r = take_file(g, c, value);
		else
			r = set_field(g, columns, name, value, why);
		if (r == -1)
			return -1;
	}
	return r == -1 || g->peer[0] == '\0' ? -1 : 0;
}

int
share_request_take(struct app *g, const struct app *owner,
    const struct share_frame *f, struct share_conn *c, int *columns, char *why)
{
	strlcpy(why, "it does not understand what is asked for", SHARE_ERR);
	g->input = g->output = -1;
	conf_init(&g->conf);
	if (set_copy(&g->conf.dir, owner->conf.dir) == -1 ||
	    set_copy(&g->conf.path, owner->conf.path) == -1) {
		strlcpy(why, "out of memory", SHARE_ERR);
		return -1;
	}
	return take_fields(g, f, c, columns, why);
}
