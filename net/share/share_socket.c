/* share_socket: see share_socket.h. */
#include <sys/types.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <openssl/evp.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/channel/app.h"
#include "net/conf/conf.h"
#include "net/conf/identity.h"
#include "net/io/fd.h"
#include "net/io/listen.h"
#include "net/share/share_socket.h"
#include "net/share/share_wire.h"
#include "xml/jid.h"
#include "xml/number.h"

#define NAME_BYTES	16	/* of the hash, in the name of the socket */
#define BACKLOG		128
#define LOCK_WAIT	1000	/* ms */

static void	 fail(char *, const char *, ...)
	    __attribute__((__format__(__printf__, 2, 3)));

static void
fail(char *why, const char *fmt, ...)
{
	va_list	 ap;

	va_start(ap, fmt);
	vsnprintf(why, SHARE_ERR, fmt, ap);
	va_end(ap);
}

/* Is this a folder of ours, in which no other user may do anything? */
static int
check_folder(const char *dir, char *why)
{
	struct stat	 st;

	if (lstat(dir, &st) == -1) {
		fail(why, "%.200s: %s", dir, strerror(errno));
		return -1;
	}
	if (!S_ISDIR(st.st_mode) || st.st_uid != geteuid() ||
	    (st.st_mode & 077) != 0) {
		fail(why, "%.200s is not a folder of ours alone (chmod 700)",
		    dir);
		return -1;
	}
	return 0;
}

const char *
share_folder(char *why)
{
	const char	*dir = getenv("XDG_RUNTIME_DIR");

	if (dir == NULL || *dir != '/') {
		fail(why, "XDG_RUNTIME_DIR names no folder for sockets; "
		    "set it to a folder of yours alone");
		return NULL;
	}
	return check_folder(dir, why) == -1 ? NULL : dir;
}

int
share_status_folder(char *out, char *why)
{
	const char	*dir = share_folder(why);

	if (dir == NULL)
		return -1;
	if (snprintf(out, PATH_MAX, "%s/" SHARE_STATUS_DIR, dir) >= PATH_MAX) {
		fail(why, "%.200s is too long for a socket", dir);
		return -1;
	}
	if (mkdir(out, 0700) == -1 && errno != EEXIST) {
		fail(why, "%.200s: %s", out, strerror(errno));
		return -1;
	}
	return check_folder(out, why);
}

/*
 * The name
 */

/* Hash a string with its NUL: "ab" and "c" are not "a" and "bc". */
static int
mark_string(EVP_MD_CTX *h, const char *s)
{
	return EVP_DigestUpdate(h, s, strlen(s) + 1) == 1 ? 0 : -1;
}

/* What stands in a file may change while its name does not. */
static int
mark_file(EVP_MD_CTX *h, const char *path)
{
	struct stat	 st;
	char		 text[128] = "none";

	if (stat(path, &st) == 0)
		snprintf(text, sizeof(text), "%ju %ju %jd %jd %jd",
		    (uintmax_t)st.st_dev, (uintmax_t)st.st_ino,
		    (intmax_t)st.st_size, (intmax_t)st.st_mtime,
		    (intmax_t)st.st_ctime);
	return mark_string(h, text);
}

/* Does the keyword name a file that the login depends on? */
static int
is_file(const char *keyword)
{
	return strcmp(keyword, "ca-file") == 0 ||
	    strcmp(keyword, "certificate") == 0 || strcmp(keyword, "key") == 0;
}

static int
mark_keyword(void *arg, const char *keyword, const char *value, unsigned run)
{
	EVP_MD_CTX	*h = arg;

	if (run || strcmp(keyword, "jid") == 0)
		return 0;
	if (mark_string(h, keyword) == -1 || mark_string(h, value) == -1)
		return -1;
	return is_file(keyword) ? mark_file(h, value) : 0;
}

static int
mark_environment(EVP_MD_CTX *h)
{
	static const char *const	 names[] = {
		"all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY",
		"SSL_CERT_FILE", "SSL_CERT_DIR", "OPENSSL_CONF",
		"XCAT_TEST_CLOCK"
	};
	const char			*value;
	size_t				 i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if ((value = getenv(names[i])) != NULL &&
		    (mark_string(h, names[i]) == -1 ||
		    mark_string(h, value) == -1))
			return -1;
	return 0;
}

/* The account, with the resource that the user has chosen, if any. */
static int
mark_account(EVP_MD_CTX *h, const struct app *app)
{
	char	 jid[JID_MAX];

	return app->conf.jid == NULL || jid_prep(app->conf.jid, jid, NULL) ==
	    -1 ? -1 : mark_string(h, jid);
}

static int
mark_identity(EVP_MD_CTX *h, const struct app *app)
{
	char	 path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", app->conf.dir, IDENTITY_FILE);
	return mark_string(h, app->conf.dir) == -1 ||
	    (app->conf.e2e != CONF_E2E_OFF && mark_file(h, path) == -1) ? -1 :
	    0;
}

static int
mark_all(EVP_MD_CTX *h, const struct app *app)
{
	char	 version[16];

	snprintf(version, sizeof(version), "%d", SHARE_VERSION);
	return mark_string(h, version) == -1 || mark_account(h, app) == -1 ||
	    mark_identity(h, app) == -1 || mark_environment(h) == -1 ||
	    conf_each(&app->conf, mark_keyword, h) == -1 ? -1 : 0;
}

int
share_socket_path(const struct app *app, struct sockaddr_un *sa, char *why)
{
	EVP_MD_CTX	*h;
	unsigned char	 hash[EVP_MAX_MD_SIZE];
	char		 hex[2 * NAME_BYTES + 1];
	const char	*dir = share_folder(why);
	int		 r;

	if (dir == NULL)
		return -1;
	r = (h = EVP_MD_CTX_new()) == NULL ||
	    EVP_DigestInit_ex(h, EVP_sha256(), NULL) != 1 ||
	    mark_all(h, app) == -1 || EVP_DigestFinal_ex(h, hash, NULL) != 1;
	EVP_MD_CTX_free(h);
	if (r) {
		fail(why, "out of memory");
		return -1;
	}
	number_to_hex(hash, NAME_BYTES, hex);
	memset(sa, 0, sizeof(*sa));
	sa->sun_family = AF_UNIX;
	if (snprintf(sa->sun_path, sizeof(sa->sun_path), "%s/" SHARE_PREFIX
	    "%s", dir, hex) >= (int)sizeof(sa->sun_path)) {
		fail(why, "%.200s is too long for a socket", dir);
		return -1;
	}
	return 0;
}

/*
 * The socket
 */

int
share_socket_is_ours(int fd)
{
	uid_t	 uid;
	gid_t	 gid;

	return getpeereid(fd, &uid, &gid) == 0 && uid == geteuid();
}

/* Is there a socket of ours?  Neither a link nor anything else will do. */
static enum share_found
look(const struct sockaddr_un *sa, char *why)
{
	struct stat	 st;

	if (lstat(sa->sun_path, &st) == -1) {
		fail(why, "%s: %s", sa->sun_path, strerror(errno));
		return errno == ENOENT ? SHARE_ABSENT : SHARE_UNUSABLE;
	}
	if (S_ISSOCK(st.st_mode) && st.st_uid == geteuid())
		return SHARE_FOUND;
	fail(why, "%s is no socket of ours", sa->sun_path);
	return SHARE_UNUSABLE;
}

enum share_found
share_socket_connect(const struct sockaddr_un *sa, int *fd, char *why)
{
	enum share_found	 found;

	if ((found = look(sa, why)) != SHARE_FOUND)
		return found;
	if ((*fd = socket(AF_UNIX, SOCK_STREAM, 0)) == -1 ||
	    (*fd = fd_ready(*fd)) == -1) {
		fail(why, "%s", strerror(errno));
		return SHARE_UNUSABLE;
	}
	if (connect(*fd, (const struct sockaddr *)sa, sizeof(*sa)) == -1) {
		fail(why, "%s: %s", sa->sun_path, strerror(errno));
		found = errno == ECONNREFUSED || errno == ENOENT ?
		    SHARE_ABSENT : SHARE_UNUSABLE;
	} else if (!share_socket_is_ours(*fd)) {
		fail(why, "%s leads to a process of another user",
		    sa->sun_path);
		found = SHARE_UNUSABLE;
	}
	if (found != SHARE_FOUND) {
		close(*fd);
		*fd = -1;
	}
	return found;
}

/* The lock of what is at this path lasts as long as the descriptor, which is
 * returned; -1 with a reason. */
static int
take_lock(const char *of, char *why)
{
	char	 path[PATH_MAX];
	int	 fd;

	snprintf(path, sizeof(path), "%s.lock", of);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd != -1 && fd_lock(fd, LOCK_WAIT) == 0)
		return fd;
	fail(why, "%.300s: %s", path, strerror(errno));
	if (fd != -1)
		close(fd);
	return -1;
}

static int
listen_at(const struct sockaddr_un *sa)
{
	mode_t	 old;
	int	 fd;

	if (unlink(sa->sun_path) == -1 && errno != ENOENT)
		return -1;
	old = umask(0177);
	fd = listener_socket((const struct sockaddr *)sa, sizeof(*sa),
	    BACKLOG);
	umask(old);
	return fd;
}

enum share_found
share_socket_listen(const struct sockaddr_un *sa, int *fd, char *why)
{
	enum share_found	 found;
	int			 lock;

	if ((lock = take_lock(sa->sun_path, why)) == -1)
		return SHARE_UNUSABLE;
	found = share_socket_connect(sa, fd, why);
	if (found == SHARE_ABSENT && (*fd = listen_at(sa)) == -1) {
		fail(why, "%s: %s", sa->sun_path, strerror(errno));
		found = SHARE_UNUSABLE;
	}
	close(lock);
	return found;
}

/* Processes that were killed have left their sockets behind. */
static void
remove_stale(const char *folder)
{
	struct sockaddr_un	 sa = { .sun_family = AF_UNIX };
	const struct dirent	*e;
	char			 why[SHARE_ERR];
	DIR			*d;
	int			 fd;

	if ((d = opendir(folder)) == NULL)
		return;
	while ((e = readdir(d)) != NULL) {
		if (*e->d_name == '.' || snprintf(sa.sun_path,
		    sizeof(sa.sun_path), "%s/%s", folder, e->d_name) >=
		    (int)sizeof(sa.sun_path))
			continue;
		switch (share_socket_connect(&sa, &fd, why)) {
		case SHARE_FOUND:
			close(fd);
			break;
		case SHARE_ABSENT:
			(void)unlink(sa.sun_path);
			break;
		case SHARE_UNUSABLE:
			break;
		}
	}
	closedir(d);
}

int
share_status_listen(const char *folder, struct sockaddr_un *sa, int *fd,
    char *why)
{
	int	 lock;

	memset(sa, 0, sizeof(*sa));
	sa->sun_family = AF_UNIX;
	if (snprintf(sa->sun_path, sizeof(sa->sun_path), "%s/%ld", folder,
	    (long)getpid()) >= (int)sizeof(sa->sun_path)) {
		fail(why, "%.200s is too long for a socket", folder);
		return -1;
	}
	if ((lock = take_lock(folder, why)) == -1)
		return -1;
	remove_stale(folder);
	if ((*fd = listen_at(sa)) == -1)
		fail(why, "%s: %s", sa->sun_path, strerror(errno));
	close(lock);
	return *fd == -1 ? -1 : 0;
}
