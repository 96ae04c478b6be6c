/*
 * send: -s with files, one after another.
 *
 * send.c does that; send_ask.c finds out what the peer can take, and
 * send_phase.c has the phases of a file.  send_native.c offers a file in a
 * stream between xcats, send_folder.c a folder.  send_si.c (XEP-0096) and
 * send_jingle.c (XEP-0234) offer a file to any other program, send_plain.c is
 * what these two share, and send_inside.c offers them the files in a folder one
 * by one.  send_open.c opens files in one process for another, which sends
 * them.  send_input.c sends standard input, which is no file; send_upload.h is
 * about files on a server, and links to them.
 */
#ifndef NET_FILE_SEND_H
#define NET_FILE_SEND_H

#include <stddef.h>

#include "net/channel/app.h"

struct sender;

#define SEND_ERR	4096

/* A sender of these files, once they were looked at; paths stay the caller's,
 * and outlive it.  NULL with a fault, and a message in err[SEND_ERR], if none
 * of them can be sent. */
struct sender *send_new(struct app *app, char *const *paths, size_t n,
	    enum fault *fault, char *err);
/*
 * For a run that another process does: the file at this place is opened, its
 * name is put into *name.  Returns a descriptor, or -1 and *error, an errno; -2
 * if it is a pipe with a name or the like, which must not be opened before its
 * turn; -3 if there is no file at this place.
 */
int	 send_open(struct sender *s, size_t at, const char **name, int *error);
/* Is one of the files a folder?  What is in it is opened as it is sent, so by
 * this process. */
int	 send_has_folder(const struct sender *s);
/* In that process: a sender of no files, until send_add() adds some.  NULL when
 * out of memory. */
struct sender *send_new_open(struct app *app);
/* Add a file that is open, fd, or could not be opened, error.  name is copied,
 * fd becomes the sender's.  0, or -1 when out of memory. */
int	 send_add(struct sender *s, const char *name, int fd, int error)
	    MUST_CHECK;
/* NULL is fine. */
void	 send_free(struct sender *s);
/* We have logged in: begin to send the files.  The run ends with the last. */
void	 send_start(struct sender *s);
/* We have logged in anew, and the answers to what was asked before are lost. */
void	 send_back(struct sender *s);

/* -s without files: call the peer, and send standard input as it is, with its
 * progress on the terminal. */
void	 send_input_start(struct app *app);

#endif
