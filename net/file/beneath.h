/*
 * beneath: files and folders under one folder, by paths (folder_path.h) that
 * cannot leave it: each part is opened on its own, and no symbolic link is
 * followed.
 *
 * The folder of the last path stays open, since the next one is mostly in it;
 * that is one descriptor, however deep the folders are.
 */
#ifndef NET_FILE_BENEATH_H
#define NET_FILE_BENEATH_H

#include <sys/types.h>

#include "net/file/folder_path.h"
#include "xml/check.h"

struct beneath {
	int	 root;			/* not ours */
	int	 fd;			/* the folder of path; -1: none */
	char	 path[FOLDER_PATH];	/* of fd; "": root itself */
};

/* Paths are under this folder, which outlives b. */
void	 beneath_init(struct beneath *b, int root);
/* Close what is open. */
void	 beneath_end(struct beneath *b);
/* The folder of this path; it stays b's, and is good until the next call.  ""
 * is root.  With make, what is missing is made, what is no folder is removed
 * for one, and a folder of ours that cannot be written to is made writable.
 * -1 and errno. */
int	 beneath_folder(struct beneath *b, const char *path, int make)
	    MUST_CHECK;
/* The folder that this path's last part is in, as beneath_folder() has it; that
 * part is *last. */
int	 beneath_parent(struct beneath *b, const char *path, int make,
	    const char **last) MUST_CHECK;

#endif
