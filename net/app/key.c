/* key: -K; see key.h. */
#include <errno.h>
#include <string.h>

#include "ibb/e2e.h"
#include "net/app/key.h"
#include "net/conf/identity.h"
#include "net/conf/known_peers.h"
#include "net/io/log.h"
#include "xml/jid.h"

static enum fault fail(enum fault, const char *, ...)
	    __attribute__((__format__(__printf__, 2, 3)));

/* Say what is wrong.  Returns the fault. */
static enum fault
fail(enum fault fault, const char *fmt, ...)
{
	va_list	 ap;

	va_start(ap, fmt);
	log_vline(LOG_FAULT, fmt, ap);
	va_end(ap);
	return fault;
}

/* A JID, prepared, into out[JID_MAX].  0, or the fault. */
static enum fault
prepare_jid(const char *given, char *out, const char *what)
{
	const char	*why;

	return jid_prep(given, out, &why) == 0 ? FAULT_NONE :
	    fail(fault_blame(why), "%s %.200s: %s", what, given, why);
}

/* Our account, behind which our key is to be written: -a takes both, and so
 * does a caller.  An anonymous account has no name until it has logged in. */
static enum fault
key_owner(const struct app *app, char *out)
{
	enum fault	 fault = FAULT_NONE;
	char		 local[JID_MAX];

	*out = '\0';
	if (app->conf.jid != NULL)
		fault = prepare_jid(app->conf.jid, out, "-j");
	if (fault == FAULT_NONE && *jid_local(out, local) == '\0')
		*out = '\0';
	return fault;
}

static enum fault
show(const struct identity *id, const char *owner)
{
	char	 fingerprint[E2E_FINGERPRINT];

	if (*id->note != '\0')
		return fail(FAULT_LOCAL, "%s", id->note);
	if (e2e_fingerprint(id->cert, fingerprint) == -1)
		return fail(FAULT_LOCAL, "out of memory");
	if (log_report("%s%s%s", owner, *owner != '\0' ? "=" : "",
	    fingerprint) == -1)
		return fail(FAULT_LOCAL, "standard output: %s",
		    strerror(errno));
	return FAULT_NONE;
}

enum fault
key_show(const struct app *app)
{
	struct identity	 id;
	enum fault	 fault;
	char		 why[IDENTITY_ERR], owner[JID_MAX];

	if ((fault = key_owner(app, owner)) != FAULT_NONE)
		return fault;
	if (identity_load(&id, app->conf.dir, why) == -1)
		return fail(fault_blame(why), "%s", why);
	fault = show(&id, owner);
	identity_free(&id);
	return fault;
}

/* Forget the keys of jid in one file.  Returns whether there were any, or -1
 * with a reason. */
static int
forget_in(struct known_peers *k, const char *jid, char *why)
{
	int	 r = k == NULL ? -1 : known_peers_forget(k, jid, why);

	known_peers_free(k);
	return r;
}

enum fault
key_forget(const struct app *app, const char *given)
{
	enum fault	 fault;
	char		 jid[JID_MAX], why[KNOWN_PEERS_ERR];
	int		 any, paired;

	if ((fault = prepare_jid(given, jid, "-K forget")) != FAULT_NONE)
		return fault;
	if ((any = forget_in(known_peers_read(app->conf.dir, why), jid, why)) ==
	    -1 || (paired = forget_in(known_peers_read_paired(app->conf.dir,
	    why), jid, why)) == -1)
		return fail(fault_blame(why), "%s", why);
	return any || paired ? FAULT_NONE : fail(FAULT_USE, "-K forget %s: no "
	    "key of it is known", jid);
}
