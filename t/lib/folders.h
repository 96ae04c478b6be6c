/*
 * folders: the peer of a run (t/lib/files.h) that sends or receives a folder,
 * for unit tests and fuzzers: word by word, in blocks of any size.
 */
#ifndef T_LIB_FOLDERS_H
#define T_LIB_FOLDERS_H

#include <stddef.h>

#include "ibb/folder_words.h"

/* Begin a run that receives into this folder, and a stream to it.  What the
 * peer says goes to it by folders_pass(). */
void	 folders_receive(const char *dir, int keep);
/* Begin another stream, of which nothing has been said. */
void	 folders_open(void);
/* Begin a run that sends this folder to a peer that takes folders, up to its
 * first words. */
void	 folders_send(const char *path);
/* End either. */
void	 folders_end(void);

/* The peer is about to say this word; the text of one, which may be wrong; a
 * piece; bytes, as they are. */
void	 folders_say(const struct folder_word *w);
void	 folders_say_xml(const char *xml);
void	 folders_say_piece(const void *data, size_t len);
void	 folders_say_bytes(const void *data, size_t len);
/* It offers a file; it says that the file of these bytes is complete. */
void	 folders_say_file(const char *name, unsigned long long size);
void	 folders_say_end(const void *data, size_t len);
/* All of it goes to the run, in blocks of so many bytes, 4096 at most. */
void	 folders_pass(size_t step);
/* The peer closes the stream. */
void	 folders_close(void);

/* What the run has said since the last call: its words, each with what belongs
 * to it and a semicolon, and "closed;" if it has ended the stream. */
const char *folders_heard(void);

#endif
