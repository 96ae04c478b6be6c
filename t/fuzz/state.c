/*
 * Fuzzer of the files that xcat keeps.  The first line is the file's name, the
 * rest what it holds: it is read, asked, added to, and read again, and what was
 * added is in it then.
 */
#include <sys/types.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/file.h"
#include "net/identity.h"
#include "net/known.h"
#include "net/manners.h"
#include "net/tokens.h"
#include "net/trust.h"
#include "t/fuzz/fuzz.h"
#include "t/fuzz/script.h"
#include "t/lib/kept.h"

#define must(x)	do { if (!(x)) abort(); } while (0)
#define JID	"us@here.example"
#define PEER	"peer@there.example/x"
#define KEY	"SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

static void
known_peers(void)
{
	struct known		*k;
	char			 err[KNOWN_ERR];
	enum known_result	 r;

	if ((k = known_read(kept_dir, err)) == NULL) {
		must(*err != '\0');
		return;
	}
	r = known_check(k, PEER, KEY);
	must((r == KNOWN_NEW) == !known_peer(k, PEER));
	if (r == KNOWN_CHANGED)
		must(known_old(k, PEER) != NULL);
	if (known_add(k, PEER, KEY, err) == 0) {
		must(known_check(k, PEER, KEY) == KNOWN_SAME);
		known_free(k);
		must((k = known_read(kept_dir, err)) != NULL);
		must(known_check(k, PEER, KEY) == KNOWN_SAME);
	}
	known_free(k);
}

static void
known_servers(void)
{
	struct manners	*m;

	must((m = manners_read(kept_dir, JID)) != NULL);
	if (manners_hurry(m))
		must(strlen(manners_first(m)) < MANNERS_MAX &&
		    strlen(manners_second(m)) < MANNERS_MAX);
	(void)!manners_learn(m, 1, "PLAIN", "sm");	/* it is for speed */
	must(strcmp(manners_first(m), "PLAIN") == 0);
	manners_free(m);
	must((m = manners_read(kept_dir, JID)) != NULL);
	/* It is only for speed: a file that is not ours stays. */
	if (manners_first(m) != NULL)
		must(strcmp(manners_first(m), "PLAIN") == 0 &&
		    strcmp(manners_second(m), "sm") == 0);
	manners_free(m);
}

static void
tokens(void)
{
	const struct token	*k;
	struct tokens		*t;
	char			 err[TOKENS_ERR], id[64];

	if ((t = tokens_open(kept_dir, JID, err)) == NULL)
		return;
	must(strlcpy(id, tokens_id(t), sizeof(id)) == 36);
	if ((k = tokens_get(t, 1000)) != NULL) {
		must(k->expiry > 1000 && *k->mechanism != '\0' &&
		    *k->secret != '\0');
		must(tokens_use(t) > 0);
	}
	must(tokens_put(t, "HT-SHA-256-NONE", "s e", "2999-01-01T00:00:00Z",
	    1) == -1);
	if (tokens_put(t, "HT-SHA-256-NONE", "secret", "2999-01-01T00:00:00Z",
	    1) == 0) {
		tokens_close(t);
		must((t = tokens_open(kept_dir, JID, err)) != NULL);
		must(strcmp(tokens_id(t), id) == 0);
		must((k = tokens_get(t, 1000)) != NULL &&
		    strcmp(k->secret, "secret") == 0 && k->count == 0);
	}
	tokens_drop(t);
	must(tokens_get(t, 0) == NULL);
	tokens_close(t);
}

/* A time of XEP-0082 is one or none. */
static void
times(const char *text)
{
	must(tokens_time(text) >= -1);
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

static void
judge(void)
{
	struct trust	*t;
	char		 err[TRUST_ERR], line[512];
	const char	*why;

	if ((t = trust_new(kept_dir, NULL, err)) == NULL) {
		must(*err != '\0');
		return;
	}
	why = trust_judge(t, PEER, KEY);
	must(why == NULL || (*why != '\0' && trust_expects(t, PEER)));
	if (why == NULL)
		trust_met(t, PEER, KEY, line, sizeof(line));
	trust_free(t);
}

static const struct {
	const char	*name;
	void		(*read)(void);
} files[] = {
	{ "known_peers", known_peers },
	{ "known_servers", known_servers },
	{ "tokens.0", tokens },
	{ "key.pem", key },
};

/* The folder, with no file but this one in it. */
static void
put(const char *name, const uint8_t *data, size_t len)
{
	static pid_t	 made;

	if (made != getpid()) {
		made = getpid();
		kept_begin(name);
		atexit(kept_clean);
	}
	kept_empty();
	snprintf(kept_path, sizeof(kept_path), "%s/%s", kept_dir, name);
	kept_put((const char *)data, len, 0600);
}

int
fuzz_state(const uint8_t *data, size_t size)
{
	const uint8_t	*rest;
	struct script	 s;
	const char	*line;
	size_t		 i, len;

	script_begin(&s, data, size);
	if ((line = script_line(&s)) == NULL)
		return 0;
	times(line);
	rest = script_rest(&s, &len);
	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		if (strcmp(line, files[i].name) != 0)
			continue;
		put(line, rest, len);
		files[i].read();
		if (strcmp(line, "known_peers") == 0)
			judge();
	}
	return 0;
}
