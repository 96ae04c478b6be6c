/*
 * fd: descriptors, made so that no failure goes unseen.  All functions set
 * errno when they fail, and return -1 (fd_opendir: NULL).  What they have
 * opened themselves is closed then.
 */
#ifndef NET_IO_FD_H
#define NET_IO_FD_H

#include <dirent.h>
#include <stddef.h>

/* Close fd and keep errno.  Returns -1, for the caller to return. */
int	 fd_give_up(int fd);

/* Write all of it to fd, which blocks.  0 or -1; fd stays open. */
int	 fd_write_all(int fd, const void *data, size_t len);

/* fd does not survive exec(3).  0 or -1; fd stays open. */
int	 fd_cloexec(int fd);

/* fd does not survive exec(3), and does not block.  Returns fd, or -1: fd is
 * closed. */
int	 fd_ready(int fd);

/* Lock the file that fd is (flock(2), exclusive), as long as fd or a copy of it
 * is open.  While another process has the lock, wait for ms at most.  0, or -1:
 * EWOULDBLOCK if another has it still; fd stays open. */
int	 fd_lock(int fd, int ms);

/* Other sockets of this user may be bound to the local port of fd, which is a
 * socket, as well, if they say so, too.  0 or -1; fd stays open. */
int	 fd_share_port(int fd);

/* A pipe whose ends do not survive exec(3): fds[0] is to be read.  0 or -1. */
int	 fd_pipe(int fds[2]);
/* Close both ends and keep errno.  Returns -1. */
int	 fd_pipe_give_up(int fds[2]);

/* Where the system lets a pipe or a terminal be opened once more, fd becomes
 * one that does not block, and shares nothing with the processes that have the
 * old one.  0 or -1: it stays as it is. */
int	 fd_anew(int fd);

/* A descriptor of /dev/null, to read and write, that does not survive exec(3);
 * or -1. */
int	 fd_null(void);
/* Make fd a descriptor of /dev/null, which survives exec(3).  0, or -1: it is
 * as it was. */
int	 fd_to_null(int fd);

/* The folder that fd is, to be read from its first name on; fd stays open, but
 * shares its place in the folder.  NULL and errno. */
DIR	*fd_opendir(int fd);

/* A copy of fd, which is no standard descriptor and does not survive exec(3);
 * or -1. */
int	 fd_copy(int fd);

#endif
