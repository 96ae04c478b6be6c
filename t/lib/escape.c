/*
 * escape.c: a fault in the parser of what the network says, to be preloaded
 * into xcat:
 *
 *	LD_PRELOAD=t/lib/escape.so ESCAPE=file xcat ...
 *
 * At the first bytes that come from a server it does what a process that has
 * been taken over would do: it reads the file, makes another beside it, starts
 * a program, and looks into another process.  Standard error has a line for
 * each.
 */
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <expat.h>

static void
tell(const char *what, int error)
{
	dprintf(STDERR_FILENO, "escape: %s: %s\n", what,
	    error == 0 ? "done" : strerror(error));
}

static void
reach(const char *what, const char *path, int flags)
{
	int	 fd = open(path, flags | O_CLOEXEC, 0600);

	tell(what, fd == -1 ? errno : 0);
	if (fd != -1)
		close(fd);
}

static void
start_program(void)
{
	sigset_t	 chld, old;
	pid_t		 pid;
	int		 status = 0;

	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	sigprocmask(SIG_BLOCK, &chld, &old);
	if ((pid = fork()) == 0) {
		execl("/bin/true", "true", (char *)NULL);
		_exit(errno);
	}
	waitpid(pid, &status, 0);
	sigprocmask(SIG_SETMASK, &old, NULL);
	tell("start", WEXITSTATUS(status));
}

/* The address is not one of the other process: that is found out only if it may
 * be looked at. */
static void
look(void)
{
	char		 byte;
	struct iovec	 here = { &byte, 1 }, there = { NULL, 1 };

	(void)process_vm_readv(getppid(), &here, 1, &there, 1, 0);
	tell("look", errno == EFAULT ? 0 : errno);
}

static void
escape(void)
{
	const char	*file = getenv("ESCAPE");
	char		 other[PATH_MAX];

	if (file == NULL)
		return;
	reach("read", file, O_RDONLY);
	snprintf(other, sizeof(other), "%s.new", file);
	reach("make", other, O_WRONLY | O_CREAT);
	start_program();
	look();
}

enum XML_Status
XML_ParseBuffer(XML_Parser parser, int len, int final)
{
	static enum XML_Status	(*next)(XML_Parser, int, int);

	if (next == NULL) {
		next = __extension__ (enum XML_Status (*)(XML_Parser, int,
		    int))dlsym(RTLD_NEXT, "XML_ParseBuffer");
		escape();
	}
	return next(parser, len, final);
}
