/* sandbox: Landlock, pledge and unveil; see sandbox.h. */
#include <sys/types.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/prctl.h>
#include <sys/syscall.h>
#endif

#include "net/io/sandbox.h"
#include "net/io/sandbox_calls.h"

#if defined(__linux__) && defined(SYS_landlock_create_ruleset)

/*
 * Landlock, as landlock(7) and the kernel's linux/landlock.h have it.  The
 * header of the system may be older than the kernel, so the numbers are here.
 */
enum {
	FS_EXECUTE = 1 << 0,
	FS_WRITE_FILE = 1 << 1,
	FS_READ_FILE = 1 << 2,
	FS_READ_DIR = 1 << 3,
	FS_REMOVE_DIR = 1 << 4,
	FS_REMOVE_FILE = 1 << 5,
	FS_MAKE_CHAR = 1 << 6,
	FS_MAKE_DIR = 1 << 7,
	FS_MAKE_REG = 1 << 8,
	FS_MAKE_SOCK = 1 << 9,
	FS_MAKE_FIFO = 1 << 10,
	FS_MAKE_BLOCK = 1 << 11,
	FS_MAKE_SYM = 1 << 12,
	FS_REFER = 1 << 13,		/* since version 2 */
	FS_TRUNCATE = 1 << 14		/* since version 3 */
};
#define FS_FIRST	((1 << 13) - 1)	/* what version 1 knows */
#define FS_FOLDERS	(FS_READ_DIR | FS_REMOVE_DIR | FS_REMOVE_FILE | \
	FS_MAKE_DIR | FS_MAKE_REG | FS_REFER)	/* have no sense for files */
#define GIVE_VERSION	1		/* of landlock_create_ruleset() */
#define RULE_BENEATH	1		/* a type of landlock_add_rule() */

struct ruleset {
	uint64_t	 handled;
};

/* The kernel wants it packed. */
struct beneath {
	uint64_t	 allowed;
	int32_t		 parent;
} __attribute__((packed));

struct sandbox {
	int		 fd;		/* the rules */
	uint64_t	 handled;
};

struct sandbox *
sandbox_new(void)
{
	struct ruleset	 r = { FS_FIRST };
	struct sandbox	*s;
	long		 version;

	version = syscall(SYS_landlock_create_ruleset, NULL, 0, GIVE_VERSION);
	if (version == -1)
		return NULL;
	if (version >= 2)
		r.handled |= FS_REFER;
	if (version >= 3)
		r.handled |= FS_TRUNCATE;
	if ((s = malloc(sizeof(*s))) == NULL)
		return NULL;
	s->handled = r.handled;
	s->fd = (int)syscall(SYS_landlock_create_ruleset, &r, sizeof(r), 0);
	if (s->fd == -1) {
		free(s);
		return NULL;
	}
	return s;
}

static uint64_t
rights(enum sandbox_use use)
{
	uint64_t	 r = FS_READ_FILE | FS_READ_DIR;

	if (use == SANDBOX_SOCKETS)
		return FS_MAKE_SOCK | FS_REMOVE_FILE;
	if (use >= SANDBOX_WRITE)
		r |= FS_WRITE_FILE | FS_TRUNCATE;
	if (use >= SANDBOX_MAKE)
		r |= FS_MAKE_REG | FS_MAKE_DIR | FS_MAKE_SOCK |
		    FS_REMOVE_FILE | FS_REMOVE_DIR | FS_REFER;
	return r;
}

void
sandbox_allow(struct sandbox *s, const char *path, enum sandbox_use use)
{
	struct beneath	 b = { .parent = open(path, O_PATH | O_CLOEXEC) };
	struct stat	 st;

	if (b.parent == -1)
		return;
	b.allowed = rights(use) & s->handled;
	if (fstat(b.parent, &st) == 0 && !S_ISDIR(st.st_mode))
		b.allowed &= ~(uint64_t)(FS_FOLDERS | FS_MAKE_SOCK);
	/* A pipe or a socket cannot have a rule, and needs none. */
	(void)syscall(SYS_landlock_add_rule, s->fd, RULE_BENEATH, &b, 0);
	close(b.parent);
}

static int
give_up_files(struct sandbox *s)
{
	int	 r;

	if (s == NULL)
		return 0;
	r = syscall(SYS_landlock_restrict_self, s->fd, 0) == 0 ?
	    SANDBOX_FILES | SANDBOX_PROGRAMS : 0;
	close(s->fd);
	free(s);
	return r;
}

#elif defined(__OpenBSD__)

#define PROMISES	"stdio rpath wpath cpath flock inet unix dns tty " \
	"proc route"

struct sandbox {
	int		 unused;
};

struct sandbox *
sandbox_new(void)
{
	return calloc(1, sizeof(struct sandbox));
}

void
sandbox_allow(struct sandbox *s, const char *path, enum sandbox_use use)
{
	(void)s;
	(void)unveil(path, use == SANDBOX_SOCKETS ? "c" :
	    use == SANDBOX_READ ? "r" : use == SANDBOX_WRITE ? "rw" : "rwc");
}

static int
give_up_files(struct sandbox *s)
{
	if (s == NULL)
		return 0;
	free(s);
	return unveil(NULL, NULL) == 0 && pledge(PROMISES, NULL) == 0 ?
	    SANDBOX_FILES | SANDBOX_PROGRAMS : 0;
}

#else

struct sandbox *
sandbox_new(void)
{
	errno = ENOSYS;
	return NULL;
}

void
sandbox_allow(struct sandbox *s, const char *path, enum sandbox_use use)
{
	(void)s;
	(void)path;
	(void)use;
}

static int
give_up_files(struct sandbox *s)
{
	(void)s;
	return 0;
}

#endif

int
sandbox_enter(struct sandbox *s)
{
	int	 r;

#ifdef __linux__
	/* Without it, only root may have either of the two. */
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1)
		return 0;
#endif
	r = give_up_files(s);
	if (sandbox_calls_give_up())
		r |= SANDBOX_PROGRAMS;
	return r;
}
