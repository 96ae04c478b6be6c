/*
 * Fuzzer of the files that xcat keeps.  The first line is the file's name, and
 * what is the matter with it:
 *
 *	locked		another program has it
 *	full		no file can have more than 100 bytes
 *	open		others may write to it
 *	linked		a symbolic link leads to it,
 *	dangling	or to a folder that there is not
 *	folder		it is a folder
 *	account		nothing; keys are those of accounts (known=account)
 *
 * The rest is what it holds: it is read, asked, added to, and read again, and
 * what was added is in it then, unless it was said that it cannot be.
 */
#include <sys/types.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "net/conf/allow.h"
#include "net/conf/conf.h"
#include "net/conf/identity.h"
#include "net/conf/known_peers.h"
#include "net/conf/trust.h"
#include "net/login/fast_tokens.h"
#include "net/login/features_cache.h"
#include "t/fuzz/fuzz.h"
#include "t/fuzz/script.h"
#include "t/lib/kept.h"
#include "t/lib/must.h"
#include "xml/date.h"
#include "xml/jid.h"

#define JID	"us@here.example"
#define PEER	"peer@there.example/x"
#define BARE	"peer@there.example"
#define KEY	"SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define KEY2	"SHA256:CCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCC"

static int	 by_account;

/* No input waits until another program has done its work: this stands before
 * that of the library. */
int
nanosleep(const struct timespec *time, struct timespec *left)
{
	(void)time;
	(void)left;
	return 0;
}

static void
known_peers(void)
{
	struct known_peers		*k;
	char			 err[KNOWN_PEERS_ERR];
	enum known_peers_result	 r;

	if ((k = known_peers_read(kept_dir, err)) == NULL) {
		must(*err != '\0');
		return;
	}
	must(known_peers_note(k) != NULL && *known_peers_path(k) != '\0');
	if (known_peers_entry(k, PEER))
		must(known_peers_doubt(k, PEER) == KNOWN_PEERS_UNDOUBTED);
	else
		known_peers_doubt(k, PEER);
	r = known_peers_check(k, PEER, KEY);
	must((r == KNOWN_PEERS_NEW) == !known_peers_entry(k, PEER));
	if (r == KNOWN_PEERS_CHANGED)
		must(known_peers_old(k, PEER) != NULL);
	if (known_peers_add(k, PEER, KEY, err) == 0) {
		must(known_peers_check(k, PEER, KEY) == KNOWN_PEERS_SAME);
		known_peers_free(k);
		must((k = known_peers_read(kept_dir, err)) != NULL);
		must(known_peers_check(k, PEER, KEY) == KNOWN_PEERS_SAME);
	}
	known_peers_free(k);
}

static int
on_peer(void *arg, const char *jid, const char *fingerprint)
{
	int	*left = arg;

	must(*jid != '\0' && strncmp(fingerprint, "SHA256:", 7) == 0);
	return (*left)-- > 0 ? 0 : -1;
}

/* The account is forgotten with all its keys, and no other one. */
static void
forget(void)
{
	struct known_peers	*k;
	char			 err[KNOWN_PEERS_ERR], name[JID_MAX];
	int			 r, left = 3;

	if ((k = known_peers_read(kept_dir, err)) == NULL)
		return;
	if (known_peers_add_another(k, PEER, KEY2, err) == -1)
		must(*err != '\0');
	must(known_peers_check(k, PEER, KEY2) == KNOWN_PEERS_SAME);
	must(known_peers_each(k, on_peer, &left) == 0 || left == -1);
	known_peers_by_account(k);
	must(strcmp(known_peers_name(k, PEER, name), BARE) == 0);
	must(known_peers_check(k, BARE "/other", KEY2) == KNOWN_PEERS_SAME);
	r = known_peers_forget(k, BARE, err);
	must(!known_peers_entry(k, PEER));
	known_peers_free(k);
	if (r == -1 || (k = known_peers_read(kept_dir, err)) == NULL)
		return;
	must(!known_peers_entry(k, PEER));
	known_peers_free(k);
}

static void
known_servers(void)
{
	struct features_cache	*m;
	int			 learned;

	must((m = features_cache_read(kept_dir, JID)) != NULL);
	if (features_cache_hurry(m))
		must(strlen(features_cache_first(m)) < FEATURES_CACHE_MAX &&
		    strlen(features_cache_second(m)) < FEATURES_CACHE_MAX);
	/* It is for speed: what cannot be kept is not said. */
	learned = features_cache_learn(m, 1, "PLAIN", "sm") == 0;
	must(strcmp(features_cache_first(m), "PLAIN") == 0);
	features_cache_free(m);
	must((m = features_cache_read(kept_dir, JID)) != NULL);
	if (learned && features_cache_first(m) != NULL)
		must(strcmp(features_cache_first(m), "PLAIN") == 0 &&
		    strcmp(features_cache_second(m), "sm") == 0);
	features_cache_free(m);
}

static void
tokens(void)
{
	const struct fast_token	*k;
	struct fast_tokens		*t;
	char			 err[FAST_TOKENS_ERR], id[64];

	if ((t = fast_tokens_open(kept_dir, JID, err)) == NULL)
		return;
	must(strlcpy(id, fast_tokens_id(t), sizeof(id)) == 36);
	if ((k = fast_tokens_get(t, 1000)) != NULL) {
		must(k->expiry > 1000 && *k->mechanism != '\0' &&
		    *k->secret != '\0');
		must(fast_tokens_use(t) > 0);
	}
	must(fast_tokens_put(t, "HT-SHA-256-NONE", "s e",
	    "2999-01-01T00:00:00Z", 1) == -1);
	if (fast_tokens_put(t, "HT-SHA-256-NONE", "secret",
	    "2999-01-01T00:00:00Z", 1) == 0) {
		fast_tokens_close(t);
		must((t = fast_tokens_open(kept_dir, JID, err)) != NULL);
		must(strcmp(fast_tokens_id(t), id) == 0);
		must((k = fast_tokens_get(t, 1000)) != NULL &&
		    strcmp(k->secret, "secret") == 0 && k->count == 0);
	}
	fast_tokens_drop(t);
	must(fast_tokens_get(t, 0) == NULL);
	fast_tokens_close(t);
}

/* A text is a time of XEP-0082 or is none, and a time that is read can be
 * written. */
static void
times(const char *text)
{
	char	 again[DATE_TEXT];
	time_t	 t, same;

	if (date_read(text, &t) == 0)
		must(date_text(t, again) != NULL &&
		    date_read(again, &same) == 0 && same == t);
}

/* A key is read or refused, but no file that is there is replaced. */
static void
key(void)
{
	struct identity	 id;
	char		 err[IDENTITY_ERR];

	if (identity_load(&id, kept_dir, err) == -1) {
		must(*err != '\0');
		return;
	}
	must(id.key != NULL && id.cert != NULL);
	identity_free(&id);
}

/* SIGHUP: what was paired is read anew, and is as it was. */
static void
reload(struct trust *t, struct allow *a, const struct conf_list *who,
    int stored)
{
	struct allow	*next;
	char		 err[TRUST_ERR], why[ALLOW_ERR];

	must((next = allow_new(who, JID, why)) != NULL);
	if (trust_reload(t, kept_dir, next, err) == -1) {
		must(*err != '\0');
		allow_free(next);
		return;
	}
	allow_renew(a, next);
	must(!stored || trust_judge(t, PEER, KEY2) == NULL);
}

/* A listener judges by -a, and knows the callers that had a code. */
static void
callers(void)
{
	struct conf_item	 item = { .value = (char[]){ PEER "=" KEY } };
	struct conf_item	 paired = { .value = (char[]){ "@paired" } };
	struct conf_list	 who = STAILQ_HEAD_INITIALIZER(who);
	struct allow		*a;
	struct trust		*t;
	char			 err[TRUST_ERR], why[ALLOW_ERR];
	int			 stored;

	STAILQ_INSERT_TAIL(&who, &item, next);
	if (by_account)
		STAILQ_INSERT_TAIL(&who, &paired, next);
	must((a = allow_new(&who, JID, why)) != NULL);
	if ((t = trust_new(kept_dir, a, err)) != NULL) {
		must(trust_judge(t, PEER, KEY) == NULL);
		must(trust_judge(t, PEER, "SHA256:B") != NULL);
		must(trust_identity(t)->key != NULL);
		must(!trust_doubts(t, PEER) && !trust_expects(t, PEER));
		stored = trust_paired(t, PEER, KEY2, err) == 0;
		must(stored || *err != '\0');
		must(trust_judge(t, PEER, KEY2) == NULL);
		must(allow_check(a, BARE "/y") ==
		    (by_account ? ALLOW_KEY : ALLOW_NO));
		must(!by_account || trust_judge(t, BARE "/y", KEY2) == NULL);
		reload(t, a, &who, stored);
	}
	trust_free(t);
	allow_free(a);
}

static struct trust *
make_trust(void)
{
	struct trust	*t;
	char		 err[TRUST_ERR];

	if ((t = trust_new(kept_dir, NULL, err)) == NULL)
		must(*err != '\0');
	else if (by_account)
		trust_by_account(t);
	return t;
}

/* A key that the user gives is the only good one. */
static void
pinned(void)
{
	struct trust	*t;
	char		 line[512];

	if ((t = make_trust()) == NULL)
		return;
	trust_pin(t, KEY);
	must(trust_expects(t, PEER) && !trust_doubts(t, PEER));
	must(trust_judge(t, PEER, KEY2) != NULL);
	if (trust_judge(t, PEER, KEY) == NULL)
		trust_met(t, PEER, KEY, line, sizeof(line));
	trust_free(t);
}

/* What a code proves takes the place of what was known. */
static void
proved(void)
{
	struct trust	*t;
	char		 line[1024];
	int		 kept;

	if ((t = make_trust()) == NULL)
		return;
	trust_proved(t, PEER, KEY2, line, sizeof(line));
	must(trust_judge(t, PEER, KEY2) == NULL);
	kept = strstr(line, "cannot be remembered") == NULL;
	must(strstr(line, "another program") == NULL);
	trust_free(t);
	if (!kept || (t = make_trust()) == NULL)
		return;
	must(trust_judge(t, PEER, KEY2) == NULL && trust_expects(t, PEER));
	trust_proved(t, PEER, KEY2, line, sizeof(line));
	must(strstr(line, "which was known") != NULL);
	trust_free(t);
}

static void
judge(void)
{
	struct trust	*t;
	char		 line[512];
	const char	*why;

	if ((t = make_trust()) == NULL)
		return;
	must(trust_note(t) != NULL);
	why = trust_judge(t, PEER, KEY);
	must(why == NULL || (*why != '\0' && trust_expects(t, PEER)));
	if (why == NULL)
		trust_met(t, PEER, KEY, line, sizeof(line));
	trust_free(t);
}

static void
peers(void)
{
	known_peers();
	judge();
	pinned();
	proved();
	forget();
	pinned();
}

static const struct {
	const char	*name;
	void		(*read)(void);
} files[] = {
	{ "known_peers", peers },
	{ "paired", callers },
	{ "known_servers", known_servers },
	{ "tokens.0", tokens },
	{ "key.pem", key },
};

/* The folder, with no file but this one in it. */
static void
put(const char *name, const uint8_t *data, size_t len, mode_t mode)
{
	if (kept_once(name))
		signal(SIGXFSZ, SIG_IGN);
	kept_empty();
	rmdir(kept_path);
	snprintf(kept_path, sizeof(kept_path), "%.30s/%.30s", kept_dir, name);
	kept_put((const char *)data, len, mode);
}

/* The file becomes a symbolic link: to what it was, or to nowhere. */
static void
make_link(int dangling)
{
	char	 to[sizeof(kept_path) + 8];

	snprintf(to, sizeof(to), "%s%s", kept_path, dangling ? ".d/f" : ".x");
	must(rename(kept_path, to) == 0 || dangling);
	unlink(kept_path);
	must(symlink(to, kept_path) == 0);
}

static void
limit_files(rlim_t bytes)
{
	struct rlimit	 r = { .rlim_cur = bytes, .rlim_max = RLIM_INFINITY };

	must(setrlimit(RLIMIT_FSIZE, &r) == 0);
}

/* Returns what holds a lock, or -1. */
static int
trouble(const char *what)
{
	int	 fd = -1;

	if (strcmp(what, "locked") == 0) {
		fd = open(kept_path, O_RDWR | O_CLOEXEC);
		must(fd != -1 && flock(fd, LOCK_EX) == 0);
	} else if (strcmp(what, "full") == 0) {
		limit_files(100);
	} else if (strcmp(what, "linked") == 0) {
		make_link(0);
	} else if (strcmp(what, "dangling") == 0) {
		make_link(1);
	} else if (strcmp(what, "folder") == 0) {
		unlink(kept_path);
		must(mkdir(kept_path, 0700) == 0);
	}
	return fd;
}

static void
try(const char *name, const char *what, const uint8_t *data, size_t len)
{
	size_t	 i;
	int	 fd;

	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		if (strcmp(name, files[i].name) != 0)
			continue;
		put(name, data, len, strcmp(what, "open") == 0 ? 0666 : 0600);
		fd = trouble(what);
		by_account = strcmp(what, "account") == 0;
		files[i].read();
		limit_files(RLIM_INFINITY);
		if (fd != -1)
			close(fd);
	}
}

int
fuzz_state(const uint8_t *data, size_t size)
{
	const uint8_t	*rest;
	struct script	 s;
	char		*line, name[64], *what;
	size_t		 len;

	script_begin(&s, data, size);
	if ((line = script_line(&s)) == NULL)
		return 0;
	times(line);
	strlcpy(name, line, sizeof(name));
	what = name + strcspn(name, " ");
	if (*what != '\0')
		*what++ = '\0';
	rest = script_rest(&s, &len);
	try(name, what, rest, len);
	return 0;
}
