/*
 * files: a run (t/lib/channels.h) that sends or receives files, for unit tests:
 * the test is its peers, stanza by stanza.
 */
#ifndef T_LIB_FILES_H
#define T_LIB_FILES_H

#include <stddef.h>

#include "ibb/si.h"
#include "t/lib/channels.h"

/* Begin a run that receives, into this folder, or for NULL to standard output.
 * It takes files from all accounts of the domain of PEER. */
void	 files_receive(const char *dir, int keep);
/* Begin a run that sends these files, four at most. */
void	 files_send(const char *const *paths, size_t n);
/* Begin a run that sends these files with this value of -o upload. */
void	 files_upload(const char *const *paths, size_t n,
	    enum conf_upload upload);
/* End either. */
void	 files_end(void);

/* A stanza comes from the peer with this JID.  Returns 1 if the run took it, or
 * 0.  Then the loop turns as in files_turn(). */
int	 files_hear(const char *from, const char *xml);
/* A request of type set with this inside it comes from the peer.  Returns how
 * it was answered: "result", an error as "bad-request/cancel", or "" if it was
 * not.  What else the run sends stays in the queue of us. */
const char *files_ask(const char *from, const char *inside);
/* Let the loop turn until all that is at hand is done: it does not wait for
 * what takes time. */
void	 files_turn(void);

/* The word, in a stream between xcats, that the run has sent next: its peer
 * confirms it.  The text that comes with it is for a range the offset, for a
 * file the name. */
enum si_word files_word(char *text, size_t size);
/* The base64 of a block in which an xcat says this word (si_say_refused() or
 * si_say_wrong()) with this text. */
const char *files_say(int (*word)(struct buf *, const char *),
	    const char *text);
/* The base64 of a block in which an xcat wants a file from there on. */
const char *files_say_range(uint64_t offset);
/* The base64 of a block in which an xcat offers this file. */
const char *files_say_file(const struct si_file *f);

#endif
