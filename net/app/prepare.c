/* prepare: what can be wrong before the network is; see prepare.h. */
#include <sys/types.h>
#include <sys/queue.h>
#include <sys/socket.h>

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "ibb/e2e.h"
#include "net/app/prepare.h"
#include "net/channel/app.h"
#include "net/conf/allow.h"
#include "net/conf/claim.h"
#include "net/conf/code.h"
#include "net/conf/conf.h"
#include "net/conf/identity.h"
#include "net/conf/trust.h"
#include "net/dial/proxy.h"
#include "net/io/log.h"
#include "net/io/tls.h"
#include "net/login/fast_tokens.h"
#include "net/login/features_cache.h"
#include "net/transport/discover.h"
#include "xml/jid.h"

/* What a key or a code needs, the peer's or ours. */
int
prepare_proof(struct app *app)
{
	const char	*what = app->peer_key != NULL ? "a key in the address" :
			    app->peer_code != NULL ? "a code" :
			    app->conf.invite && app_listens(app) ? "-I" :
			    app->mode == MODE_FORWARD &&
			    !STAILQ_EMPTY(&app->conf.reverse) ? "-R" : NULL;

	if (what == NULL)
		return 0;
	if (app->conf.e2e == CONF_E2E_OFF ||
	    app->conf.carrier == CONF_CARRIER_S5B)
		return app_fail(app, FAULT_USE, "%s needs end-to-end "
		    "encryption: leave out %s", what,
		    app->conf.e2e == CONF_E2E_OFF ? "e2e=off" : "carrier=s5b");
	if (app->peer_code != NULL && app->mode == MODE_PROBE)
		return app_fail(app, FAULT_USE, "a code is good for one call, "
		    "and -z would be that call: leave out one of them");
	if (app->peer_code != NULL && app->oob_sender != NULL)
		return app_fail(app, FAULT_USE, "a code is good for a stream, "
		    "and -o oob opens none: send the file without it");
	return 0;
}

/* A caller's secret is that of the code for the peer. */
static int
prepare_code(struct app *app)
{
	unsigned char	 bits[CODE_BYTES];
	int		 r;

	if (app->peer_code == NULL)
		return 0;
	r = code_read(app->peer_code, bits) == -1 ||
	    (app->code = malloc(CODE_SECRET)) == NULL ||
	    code_stretch(bits, app->peer, app->code) == -1;
	OPENSSL_cleanse(bits, sizeof(bits));
	OPENSSL_cleanse(app->peer_code, strlen(app->peer_code));
	return r ? app_fail(app, FAULT_LOCAL, "out of memory") : 0;
}

int
prepare_trust(struct app *app)
{
	char	 why[TRUST_ERR];

	if (app->conf.e2e == CONF_E2E_OFF)
		return 0;
	if ((app->trust = trust_new(app->conf.dir, app->allow, why)) == NULL)
		return app_fail(app, fault_blame(why), "%s", why);
	if (app->conf.known == CONF_KNOWN_ACCOUNT)
		trust_by_account(app->trust);
	if (app->peer_key != NULL)
		trust_pin(app->trust, app->peer_key);
	if (*trust_note(app->trust) != '\0')
		log_line(LOG_EVENT, "%s", trust_note(app->trust));
	return 0;
}

/* What the sessions with other xcats need. */
static int
prepare_e2e(struct app *app)
{
	const struct identity	*id;

	if (prepare_proof(app) == -1 || prepare_code(app) == -1 ||
	    prepare_trust(app) == -1)
		return -1;
	if (app->trust == NULL)
		return 0;
	id = trust_identity(app->trust);
	if (*id->note != '\0')
		log_line(LOG_EVENT, "%s", id->note);
	if ((app->e2e = e2e_context(id->cert, id->key)) == NULL)
		return app_fail(app, FAULT_LOCAL, "out of memory");
	return 0;
}

/* The proxy is that of -x, or else that of the environment. */
static int
prepare_proxy(struct app *app)
{
	char	 why[PROXY_ERR];
	int	 r;

	if (app->conf.proxy == NULL) {
		if ((r = proxy_environment(&app->proxy, why)) == -1)
			return app_fail(app, fault_blame(why), "%s", why);
		app->proxied = r == 1;
		return 0;
	}
	app->proxied = 1;
	if (proxy_parse(app->conf.proxy, &app->proxy, why) == -1)
		return app_fail(app, fault_blame(why), "-x: %s", why);
	return 0;
}

/* How the server may be reached. */
static int
prepare_ways(struct app *app)
{
	char			 domain[JID_MAX], ascii[JID_MAX];
	char			 why[DISCOVER_ERR];
	struct discover_conf	 wc = {
		.domain = ascii,
		.server = app->conf.server,
		.family = app->conf.family == CONF_FAMILY_4 ? AF_INET :
		    app->conf.family == CONF_FAMILY_6 ? AF_INET6 : AF_UNSPEC,
		.kinds = app->conf.transport,
		.cleartext = app->conf.cleartext,
		.proxy = app->proxied ? &app->proxy : NULL,
		.tls = app->tls,
	};

	if (jid_ascii(jid_domain(app->jid, domain), ascii) == -1)
		return app_fail(app, errno == ENOMEM ? FAULT_LOCAL : FAULT_USE,
		    "-j %s: %s", app->jid, errno == ENOMEM ? "out of memory" :
		    "its domain cannot be a host name");
	if ((app->discover = discover_new(&wc, why)) == NULL)
		return app_fail(app, fault_blame(why), "%s", why);
	return 0;
}

/* What earlier logins have left behind. */
static int
prepare_memory(struct app *app)
{
	char	 why[FAST_TOKENS_ERR], bare[JID_MAX];

	jid_bare(app->jid, bare);
	if ((app->features = features_cache_read(app->conf.dir, bare)) == NULL)
		return app_fail(app, FAULT_LOCAL, "out of memory");
	if (*features_cache_note(app->features) != '\0')
		log_line(LOG_EVENT, "%s", features_cache_note(app->features));
	if (!app->conf.fast || app->conf.certificate != NULL)
		return 0;
	app->tokens = fast_tokens_open(app->conf.dir, bare, why);
	if (app->tokens == NULL && *why != '\0')
		return app_fail(app, fault_blame(why), "%s", why);
	if (app->tokens != NULL && *fast_tokens_note(app->tokens) != '\0')
		log_line(LOG_EVENT, "%s", fast_tokens_note(app->tokens));
	return 0;
}

/* Before the login: a second listener would take the address of the first. */
static int
prepare_address(struct app *app)
{
	char	 why[CLAIM_ERR];

	if (claim_take(app->jid, app->conf.dir, &app->claim, why) == -1)
		return app_fail(app, FAULT_USE, "%s", why);
	return 0;
}

/* What a run that goes on has said is read when that is long over. */
static void
add_times(const struct app *app)
{
	int	 goes_on = app->mode == MODE_FORWARD ||
		    (app_listens(app) && app->conf.keep);

	if (goes_on && !log_is_json() && log_is_kept())
		log_set_style(LOG_STAMPED);
}

/* Everything that can be wrong before the network is. */
int
prepare(struct app *app)
{
	char	 why[CONF_ERR], local[JID_MAX];
	int	 anonymous = *jid_local(app->jid, local) == '\0';

	if (app_listens(app) && (app->allow = allow_new(&app->conf.allow,
	    anonymous ? NULL : app->jid, why)) == NULL)
		return app_fail(app, fault_blame(why), "%s", why);
	if (app_listens(app) && app->conf.e2e == CONF_E2E_OFF &&
	    allow_wants_key(app->allow))
		return app_fail(app, FAULT_USE, "-a with a key needs "
		    "end-to-end encryption, which shows it: leave out "
		    "e2e=off, or the key");
	if (app_listens(app) && app->conf.invite &&
	    app->conf.log == CONF_LOG_JSON)
		return app_fail(app, FAULT_USE, "-I prints a secret, which is "
		    "not for a log: leave out log=json");
	/* This comes first of all that hashes: OpenSSL, when memory runs out as
	 * its own hashes are set up, does not survive the next one. */
	app->tls = tls_context(conf_origin(&app->conf, "ca-file", "-C"),
	    app->conf.ca_file, app->conf.certificate, app->conf.key, why);
	if (app->tls == NULL)
		return app_fail(app, fault_blame(why), "%s", why);
	if (app_listens(app) && !anonymous && prepare_address(app) == -1)
		return -1;
	if (prepare_proxy(app) == -1 || prepare_ways(app) == -1 ||
	    prepare_e2e(app) == -1 ||
	    (!anonymous && prepare_memory(app) == -1))
		return -1;
	if (!anonymous && app->conf.certificate == NULL &&
	    conf_password(&app->conf, jid_bare(app->jid, local), why) == -1)
		return app_fail(app, fault_blame(why), "%s", why);
	add_times(app);
	return 0;
}
