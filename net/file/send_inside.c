/* send_inside: the files in a folder, offered one by one to a program that
 * takes no folders; see send_int.h. */
#include <sys/types.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/file/beneath.h"
#include "net/file/send_int.h"
#include "net/file/walk.h"
#include "net/io/log.h"
#include "xml/text.h"

/* The present folder, whose files are offered. */
struct send_inside {
	int		 root;
	char		 shown[FILE_NAME];
	struct walk	*walk;
	struct beneath	 beneath;
};

void
send_inside_end(struct sender *s)
{
	struct send_inside	*in = s->inside;

	if (in == NULL)
		return;
	walk_free(in->walk);
	beneath_end(&in->beneath);
	close(in->root);
	free(in);
	s->inside = NULL;
	s->inside_left = 0;
}

/* How many files are in it: a receiver waits for as many. */
static size_t
count_files(int root)
{
	struct walk_item	 item = { .kind = WALK_LEAVE };
	struct walk		*w = walk_new(root);
	size_t			 n = 0;

	while (w != NULL && item.kind != WALK_END) {
		walk_next(w, &item);
		n += item.kind == WALK_FILE;
	}
	walk_free(w);
	return n;
}

void
send_inside_begin(struct sender *s)
{
	struct send_inside	*in = calloc(1, sizeof(*in));

	if (in == NULL || (in->walk = walk_new(s->fd)) == NULL) {
		free(in);
		sender_failed_file(s, errno);
		return;
	}
	in->root = s->fd;
	s->fd = -1;
	beneath_init(&in->beneath, in->root);
	strlcpy(in->shown, s->shown, sizeof(in->shown));
	s->inside = in;
	s->inside_left = count_files(in->root);
	s->within += s->inside_left - 1;	/* the folder is no file */
	log_line(LOG_EVENT, "%s: %s: it takes no folders, only the %zu files "
	    "in it, without their paths", s->app->peer, s->shown,
	    s->inside_left);
	send_inside_next(s);
}

static void
say_item(const struct sender *s, const char *path, int level, const char *why)
{
	log_line(level, "%s: %s/%s: %s", s->app->peer, s->inside->shown, path,
	    why);
}

static void
item_failed(struct sender *s, const char *path, int error)
{
	say_item(s, path, LOG_FAULT, strerror(error));
	sender_note_failure(s, FAULT_LOCAL, path);
}

/* Open the file that the walk has come to: 0 or -1. */
static int
open_item(struct sender *s, const struct walk_item *item)
{
	struct send_inside	*in = s->inside;
	const char		*last;
	struct stat		 st;
	int			 dir = beneath_parent(&in->beneath, item->path,
				     0, &last);

	s->inside_left -= s->inside_left > 0;
	if (dir == -1 || (s->fd = openat(dir, last, O_RDONLY | O_NOFOLLOW |
	    O_NONBLOCK | O_NOCTTY | O_CLOEXEC)) == -1 ||
	    fstat(s->fd, &st) == -1) {
		item_failed(s, item->path, errno);
		return -1;
	}
	strlcpy(s->name, last, sizeof(s->name));
	text_cut(s->name, s->shown, sizeof(s->shown));
	sender_describe(s, &st);
	return 0;
}

/* Go on to the next file: 1, or 0 if there is none. */
static int
next_file(struct sender *s)
{
	struct walk_item	 item;

	for (;;) {
		walk_next(s->inside->walk, &item);
		switch (item.kind) {
		case WALK_FILE:
			if (open_item(s, &item) == 0)
				return 1;
			break;
		case WALK_LEFT_OUT:
			say_item(s, item.path, LOG_EVENT, item.what);
			break;
		case WALK_FAILED:
			item_failed(s, item.path, item.error);
			break;
		case WALK_LEAVE:
			break;
		case WALK_END:
			return 0;
		}
	}
}

void
send_inside_next(struct sender *s)
{
	if (next_file(s)) {
		sender_offer_open(s, 1);
		return;
	}
	send_inside_end(s);
	s->at++;
	sender_next(s);
}
