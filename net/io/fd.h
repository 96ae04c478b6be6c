/*
 * fd: descriptors, made so that no failure goes unseen.  All functions return
 * -1 and errno when they fail, and leave nothing open then.
 */
#ifndef NET_IO_FD_H
#define NET_IO_FD_H

/* Close fd and keep errno.  Returns -1, for the caller to return. */
int	 fd_give_up(int fd);

/* fd does not survive exec(3).  0 or -1; fd stays open. */
int	 fd_cloexec(int fd);

/* fd does not survive exec(3), and does not block.  Returns fd, or -1: fd is
 * closed. */
int	 fd_ready(int fd);

/* Other sockets of this user may be bound to the local port of fd, which is a
 * socket, as well, if they say so, too.  0 or -1; fd stays open. */
int	 fd_share_port(int fd);

/* A pipe whose ends do not survive exec(3): fds[0] is to be read.  0 or -1. */
int	 fd_pipe(int fds[2]);
/* Close both ends and keep errno.  Returns -1. */
int	 fd_pipe_give_up(int fds[2]);

/* A copy of fd, which is no standard descriptor and does not survive exec(3);
 * or -1. */
int	 fd_copy(int fd);

#endif
