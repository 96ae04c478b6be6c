/* conffile: the configuration file and the environment.  See conf.h. */
#include <sys/stat.h>

#include <openssl/crypto.h>

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/conf/conf.h"
#include "net/conf/conffile.h"

#define FILE_MAX	65536		/* bytes of a configuration file */
#define BLANK		" \t\r"
#define BOM		"\xef\xbb\xbf"

const char *
conf_home(void)
{
	const struct passwd *pw;
	const char *home;

	if ((home = getenv("HOME")) != NULL && *home != '\0')
		return home;
	if ((pw = getpwuid(geteuid())) != NULL && *pw->pw_dir != '\0')
		return pw->pw_dir;
	return NULL;
}

/* The strings one after another, in memory of their own; or NULL. */
static char *
conffile_join(const char *a, const char *b, char *err)
{
	char *s;

	if (asprintf(&s, "%s%s", a, b) == -1) {
		conf_fail(err, "out of memory");
		return NULL;
	}
	return s;
}

char *
conf_expand(const char *path, char *err)
{
	const char *home;

	if (strncmp(path, "~/", 2) != 0)
		return conffile_join(path, "", err);
	if ((home = conf_home()) == NULL) {
		conf_fail(err, "no home folder for ~/; set HOME");
		return NULL;
	}
	return conffile_join(home, path + 1, err);
}

/* Is it a file whose mode tells nothing?  A device, e.g. /dev/null, keeps
 * nothing, and other users cannot open a pipe without a name. */
static int
fleeting(const struct stat *st)
{
	return S_ISCHR(st->st_mode) ||
	    (S_ISFIFO(st->st_mode) && st->st_nlink == 0);
}

static int
check_owner(const char *path, const struct stat *st, char *err)
{
	if (S_ISDIR(st->st_mode))
		return conf_fail(err, "%s: is a folder, not a file", path);
	if (st->st_uid != geteuid() && st->st_uid != 0)
		return conf_fail(err, "%s: belongs to someone else; make it "
		    "yours with chown", path);
	if (!fleeting(st) && (st->st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return conf_fail(err, "%s: others can write to it; "
		    "chmod go-w %s", path, path);
	return 0;
}

int
conf_open(const char *path, struct stat *st, char *err)
{
	int fd, saved;

	if ((fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY)) == -1) {
		saved = errno;
		conf_fail(err, "%s: %s", path, strerror(saved));
		errno = saved;
		return -1;
	}
	/* Of the descriptor, as the path may be another file by now. */
	if (fstat(fd, st) == -1) {
		conf_fail(err, "%s: %s", path, strerror(errno));
		close(fd);
		return -1;
	}
	if (check_owner(path, st, err) == -1) {
		close(fd);
		errno = EPERM;
		return -1;
	}
	return fd;
}

int
conf_private(const char *path, const struct stat *st, const char *what,
    char *err)
{
	if (!fleeting(st) && (st->st_mode & (S_IRWXG | S_IRWXO)) != 0)
		return conf_fail(err, "%s: others can read the %s in it; "
		    "chmod 600 %s", path, what, path);
	return 0;
}

/* The whole file as a string in FILE_MAX + 1 bytes, or NULL. */
static char *
slurp(int fd, const char *path, char *err)
{
	char *text;
	size_t n = 0;
	ssize_t r;

	if ((text = calloc(1, FILE_MAX + 1)) == NULL) {
		conf_fail(err, "out of memory");
		return NULL;
	}
	while ((r = read(fd, text + n, FILE_MAX + 1 - n)) != 0 &&
	    n <= FILE_MAX) {
		if (r > 0)
			n += (size_t)r;
		else if (errno != EINTR)
			break;
	}
	if (r == -1)
		conf_fail(err, "%s: %s", path, strerror(errno));
	else if (n > FILE_MAX)
		conf_fail(err, "%s: too large for a configuration", path);
	else if (memchr(text, '\0', n) != NULL)
		conf_fail(err, "%s: is not text; it has a NUL byte", path);
	else
		return text;
	OPENSSL_cleanse(text, FILE_MAX + 1);
	free(text);
	return NULL;
}

/* Remove a pair of double quotes.  What is inside is taken as it is. */
static char *
unquote(char *s)
{
	size_t n = strlen(s);

	if (*s != '"')
		return s;
	if (n < 2 || s[n - 1] != '"')
		return NULL;
	s[n - 1] = '\0';
	return s + 1;
}

/* Does a comment seem to follow the value?  Passwords and commands may have a #
 * in them, so their lines are taken as they stand. */
static int
has_comment(const char *keyword, const char *value)
{
	const char *p;

	if (strcmp(keyword, "password") == 0 ||
	    strcmp(keyword, "password-command") == 0)
		return 0;
	/* Within quotes a # is part of the value. */
	if (*value == '"') {
		p = strrchr(value, '"');
		if (p == value || p[1] == '\0')
			return 0;
		value = p + 1;
	}
	for (p = value; (p = strchr(p, '#')) != NULL; p++)
		if (p > value && strchr(BLANK, p[-1]) != NULL)
			return 1;
	return 0;
}

/* Take one line; *secret becomes 1 if the password is in it. */
static int
conffile_parse_line(struct conf *c, char *line, int *secret, char *err)
{
	char *value;
	size_t n;

	line += strspn(line, BLANK);
	for (n = strlen(line); n > 0; n--)
		if (strchr(BLANK, line[n - 1]) == NULL)
			break;
	line[n] = '\0';
	if (*line == '\0' || *line == '#')
		return 0;
	value = conf_split(line);
	if (strcmp(line, "password") == 0 || (strcmp(line, "proxy") == 0 &&
	    strchr(value, '@') != NULL))
		*secret = 1;
	if (has_comment(line, value))
		return conf_fail(err, "a comment has a line of its own; if "
		    "the # is part of the value, put that in double quotes");
	if ((value = unquote(value)) == NULL)
		return conf_fail(err, "the value has no closing quote");
	return conf_set(c, line, value, 1, err);
}

static int
conffile_parse(struct conf *c, char *text, int *secret, char *err)
{
	char what[CONF_ERR], *line;
	unsigned n = 0;

	/* Some editors begin a file with a mark of its byte order. */
	if (strncmp(text, BOM, strlen(BOM)) == 0)
		text += strlen(BOM);
	while ((line = strsep(&text, "\n")) != NULL) {
		n++;
		if (conffile_parse_line(c, line, secret, what) == -1)
			return conf_fail(err, "%s:%u: %s", c->path, n, what);
	}
	return 0;
}

static int
conffile_read(struct conf *c, int required, char *err)
{
	struct stat st;
	char what[CONF_ERR], *text;
	int fd, r = -1, secret = 0;

	if ((fd = conf_open(c->path, &st, what)) == -1)
		return !required && (errno == ENOENT || errno == ENOTDIR) ?
		    0 : conf_fail(err, "%s%s", required ? "XCAT_CONFIG: " : "",
		    what);
	if ((text = slurp(fd, c->path, err)) != NULL) {
		r = conffile_parse(c, text, &secret, err);
		OPENSSL_cleanse(text, FILE_MAX + 1);
		free(text);
	}
	close(fd);
	if (r == 0 && secret)
		r = conf_private(c->path, &st, "password", err);
	return r;
}

/* The file where it is without XCAT_CONFIG. */
static char *
usual_file(char *err)
{
	const char *s;

	/* A relative path is to be ignored, by the specification of XDG. */
	if ((s = getenv("XDG_CONFIG_HOME")) != NULL && *s == '/')
		return conffile_join(s, "/xcat/config", err);
	if ((s = conf_home()) != NULL)
		return conffile_join(s, "/.config/xcat/config", err);
	conf_fail(err, "no home folder to find the configuration in; "
	    "set HOME or XCAT_CONFIG");
	return NULL;
}

/* Where the file is or would be. */
static char *
find_file(int *required, char *err)
{
	const char *s;

	*required = 0;
	if ((s = getenv("XCAT_CONFIG")) == NULL || *s == '\0')
		return usual_file(err);
	*required = 1;
	return conf_expand(s, err);
}

/* The folder of a file; NULL with a message. */
static char *
folder_of(const char *path, char *err)
{
	const char *slash = strrchr(path, '/');
	char *dir;

	if (slash == NULL)
		dir = strdup(".");
	else if (slash == path)
		dir = strdup("/");
	else
		dir = strndup(path, (size_t)(slash - path));
	if (dir == NULL)
		conf_fail(err, "out of memory");
	return dir;
}

/* Keys and known peers stand beside the configuration.  A device or a pipe for
 * one, as /dev/null is for none, has no place beside it: they stay where they
 * are without XCAT_CONFIG. */
static int
set_paths(struct conf *c, int *required, char *err)
{
	struct stat st;
	char *usual;

	free(c->path);
	free(c->dir);
	c->dir = NULL;
	if ((c->path = find_file(required, err)) == NULL)
		return -1;
	if (stat(c->path, &st) == -1 || S_ISREG(st.st_mode) ||
	    S_ISDIR(st.st_mode)) {
		c->dir = folder_of(c->path, err);
	} else if ((usual = usual_file(err)) != NULL) {
		c->dir = folder_of(usual, err);
		free(usual);
	}
	return c->dir != NULL ? 0 : -1;
}

static int
read_variable(struct conf *c, const char *name, const char *keyword, char *err)
{
	char what[CONF_ERR];
	const char *value;

	if ((value = getenv(name)) == NULL || *value == '\0')
		return 0;
	if (conf_set(c, keyword, value, 1, what) == -1)
		return conf_fail(err, "%s: %s", name, what);
	return 0;
}

/*
 * What is in the environment can be read by the commands that we start, in
 * theirs, and by all processes of this user in the memory of ours, where it
 * stays when it is unset (/proc/PID/environ): so it is overwritten there.
 */
static void
forget_variable(const char *name)
{
	char *value;

	if ((value = getenv(name)) != NULL)
		OPENSSL_cleanse(value, strlen(value));
	unsetenv(name);
}

int
conf_read(struct conf *c, char *err)
{
	int required, r = 0;

	if (set_paths(c, &required, err) == -1 ||
	    conffile_read(c, required, err) == -1 ||
	    read_variable(c, "XCAT_JID", "jid", err) == -1 ||
	    read_variable(c, "XCAT_PASSWORD", "password", err) == -1)
		r = -1;
	forget_variable("XCAT_PASSWORD");
	return r;
}
