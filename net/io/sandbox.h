/*
 * sandbox: what the kernel is to refuse this process from now on, whatever it
 * is made to ask for.  On Linux: files by Landlock, programs and system calls
 * that xcat has no use for by seccomp(2); on OpenBSD: pledge(2) and unveil(2).
 * Elsewhere there is none.
 */
#ifndef NET_IO_SANDBOX_H
#define NET_IO_SANDBOX_H

#include "xml/check.h"

struct sandbox;

/* What may be done with a file, or with those below a folder. */
enum sandbox_use {
	SANDBOX_SOCKETS,	/* make sockets and remove files, and no
				 * more */
	SANDBOX_READ,
	SANDBOX_WRITE,		/* and read */
	SANDBOX_MAKE		/* and make, rename and remove files,
				 * folders and sockets */
};

/* What was given up, as bits. */
enum {
	SANDBOX_FILES = 1,	/* all files that are not allowed */
	SANDBOX_PROGRAMS = 2	/* programs are no longer started */
};

/* Begin with nothing that is allowed.  NULL and errno, ENOSYS or EOPNOTSUPP
 * where the system has no sandbox for files. */
struct sandbox *sandbox_new(void);
/* Allow this use of the file or folder at path, as the path leads to it now.  A
 * path that leads nowhere is passed over. */
void	 sandbox_allow(struct sandbox *s, const char *path,
	    enum sandbox_use use);
/* Frees s, which may be NULL: then only programs are given up.  From here on
 * the process, and all that it forks, are refused the rest.  Returns what was
 * given up. */
int	 sandbox_enter(struct sandbox *s) MUST_CHECK;

#endif
