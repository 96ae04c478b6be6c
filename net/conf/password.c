/* password: where the password comes from.  See conf_password() in conf.h. */
#include <sys/stat.h>
#include <sys/wait.h>

#include <openssl/crypto.h>

#include <errno.h>
#include <readpassphrase.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/conf/conf.h"
#include "net/conf/conffile.h"
#include "net/io/child.h"
#include "net/io/fd.h"

#define PASSWORD_MAX	1024
#define PASSWORD_TRIES	3	/* at the terminal */

/*
 * Read the first line from fd, without its end, into line[PASSWORD_MAX + 1].
 * Byte by byte: if fd is a pipe, what follows belongs to another reader.
 * Returns NULL, or what is wrong.
 */
static const char *
first_line(int fd, char *line)
{
	size_t n = 0;
	ssize_t r;
	char ch;

	for (;;) {
		if ((r = read(fd, &ch, 1)) == -1) {
			if (errno == EINTR)
				continue;
			return strerror(errno);
		}
		if (r == 0 || ch == '\n')
			break;
		if (ch == '\0')
			return "its first line, the password, is not text";
		if (n == PASSWORD_MAX)
			return "its first line, the password, is too long";
		line[n++] = ch;
	}
	if (n > 0 && line[n - 1] == '\r')
		n--;
	line[n] = '\0';
	return n > 0 ? NULL : "its first line, the password, is empty";
}

/* origin is -p or the keyword. */
static int
from_file(const char *origin, const char *path, char *line, char *err)
{
	struct stat st;
	char what[CONF_ERR];
	const char *why = NULL;
	int fd, r = -1;

	if ((fd = conf_open(path, &st, what)) != -1) {
		r = conf_private(path, &st, "password", what);
		if (r == 0 && (why = first_line(fd, line)) != NULL)
			r = conf_fail(what, "%s: %s", path, why);
		close(fd);
	}
	return r == 0 ? 0 : conf_fail(err, "%s %s", origin, what);
}

/*
 * Start the command, with standard output to out.  If standard input is the
 * terminal, the command may read it, to ask for a password of its own; else it
 * is payload, and the command gets nothing to read.  Returns its pid, or -1 and
 * errno.
 */
static pid_t
spawn(const char *command, int out)
{
	struct child_conf c = { .command = command,
		.fds = { CHILD_KEEP, out, CHILD_KEEP } };
	pid_t pid;
	int null;

	if (isatty(STDIN_FILENO))
		return child_spawn(&c);
	if ((null = fd_null()) == -1)
		return -1;
	c.fds[STDIN_FILENO] = null;
	pid = child_spawn(&c);
	(void)fd_give_up(null);
	return pid;
}

/* Start the command.  Returns its pid, and in *fd the reading end of its
 * output. */
static pid_t
start(const char *command, int *fd)
{
	int p[2];
	pid_t pid;

	if (fd_pipe(p) == -1)
		return -1;
	if ((pid = spawn(command, p[1])) == -1)
		return fd_pipe_give_up(p);
	close(p[1]);
	*fd = p[0];
	return pid;
}

/* Read the rest of the command's output, so that no write of it fails. */
static void
drain(int fd)
{
	char waste[512];
	ssize_t r;

	while ((r = read(fd, waste, sizeof(waste))) > 0 ||
	    (r == -1 && errno == EINTR))
		;
	OPENSSL_cleanse(waste, sizeof(waste));
}

/* No message has the command's text or output in it: both may be secret. */
static int
from_command(const char *command, char *line, char *err)
{
	const char *why;
	pid_t pid;
	int fd = -1, status;

	if ((pid = start(command, &fd)) == -1)
		return conf_fail(err, "password-command: %s",
		    strerror(errno));
	why = first_line(fd, line);
	drain(fd);
	close(fd);
	if ((status = child_wait(pid)) == -1)
		return conf_fail(err, "password-command: %s",
		    strerror(errno));
	if (WIFSIGNALED(status))
		return conf_fail(err, "password-command was killed by "
		    "signal %d", WTERMSIG(status));
	if (WEXITSTATUS(status) != 0)
		return conf_fail(err, "password-command failed with status "
		    "%d; try it by hand", WEXITSTATUS(status));
	if (why != NULL)
		return conf_fail(err, "password-command: %s", why);
	return 0;
}

/* again is what the prompt ends with. */
static int
from_prompt(struct conf *c, const char *jid, const char *again, char *line,
    size_t size, char *err)
{
	char prompt[CONF_ERR];
	int saved;

	c->asked++;
	(void)snprintf(prompt, sizeof(prompt), "Password for %s%s: ", jid,
	    again);
	if (readpassphrase(prompt, line, size, RPP_REQUIRE_TTY) == NULL) {
		if (errno == ENOTTY)
			return conf_fail(err, "no password for %s, and no "
			    "terminal to ask on; give it by -p file, "
			    "password-command or XCAT_PASSWORD", jid);
		saved = errno;
		conf_fail(err, "cannot ask for the password: %s",
		    strerror(saved));
		errno = saved;
		return -1;
	}
	if (*line == '\0')
		return conf_fail(err, "no password given for %s", jid);
	if (strlen(line) > PASSWORD_MAX)
		return conf_fail(err, "the password is longer than %d bytes",
		    PASSWORD_MAX);
	return 0;
}

int
conf_password(struct conf *c, const char *jid, char *err)
{
	char line[PASSWORD_MAX + 2];
	int r;

	if (c->password != NULL)
		return 0;
	if (c->password_file != NULL)
		r = from_file(conf_origin(c, "password-file", "-p"),
		    c->password_file, line, err);
	else if (c->password_command != NULL)
		r = from_command(c->password_command, line, err);
	else
		r = from_prompt(c, jid, "", line, sizeof(line), err);
	if (r == 0 && (c->password = strdup(line)) == NULL)
		r = conf_fail(err, "out of memory");
	OPENSSL_cleanse(line, sizeof(line));
	return r;
}

int
conf_may_ask(const struct conf *c)
{
	return c->asked > 0 && c->asked < PASSWORD_TRIES;
}

int
conf_password_again(struct conf *c, const char *jid, char *err)
{
	if (c->password != NULL)
		OPENSSL_cleanse(c->password, strlen(c->password));
	free(c->password);
	c->password = NULL;
	errno = 0;
	return conf_password(c, jid, err);
}

int
conf_password_confirm(struct conf *c, const char *jid, char *err)
{
	char line[PASSWORD_MAX + 2];
	int r;

	if (c->asked == 0)
		return 0;
	r = from_prompt(c, jid, ", again", line, sizeof(line), err);
	if (r == 0 && strcmp(line, c->password) != 0)
		r = conf_fail(err, "the two passwords differ; try again");
	OPENSSL_cleanse(line, sizeof(line));
	return r;
}

int
conf_code(const char *peer, char *line, size_t size, char *err)
{
	char prompt[CONF_ERR];

	(void)snprintf(prompt, sizeof(prompt), "Code for %s: ", peer);
	if (readpassphrase(prompt, line, size, RPP_REQUIRE_TTY | RPP_ECHO_ON) !=
	    NULL)
		return 0;
	if (errno == ENOTTY)
		return conf_fail(err, "no terminal to ask on for the "
		    "code; write it behind the = of the peer");
	return conf_fail(err, "cannot ask for the code: %s", strerror(errno));
}
