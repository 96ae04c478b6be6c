/* guest: see guest.h. */
#include <sys/types.h>
#include <sys/queue.h>

#include <stdlib.h>
#include <unistd.h>

#include "net/app/guest.h"
#include "net/app/prepare.h"
#include "net/app/server.h"
#include "net/channel/app.h"
#include "net/channel/channel.h"
#include "net/channel/forward.h"
#include "net/channel/probe_reach.h"
#include "net/conf/conf.h"
#include "net/conf/trust.h"
#include "net/dial/port.h"
#include "net/file/progress.h"
#include "net/file/send.h"
#include "net/io/log.h"
#include "net/io/loop.h"
#include "xml/iq.h"

/* What exists before the login does. */
static void
use_run(struct app *g, struct app *owner)
{
	g->owner = owner;
	g->loop = owner->loop;
	g->resolver = owner->resolver;
	g->discover = owner->discover;
	g->streamhosts = owner->streamhosts;
	strlcpy(g->jid, owner->jid, sizeof(g->jid));
	g->server = owner->server;
}

int
guest_join(struct app *g, struct app *owner)
{
	char	 why[PORT_ERR];

	use_run(g, owner);
	channels_init(g);
	TAILQ_INSERT_TAIL(&owner->guests, g, guest);
	if (prepare_proof(g) == -1 || prepare_trust(g) == -1)
		return -1;
	if (g->trust != NULL && SSL_CTX_up_ref(owner->e2e) == 1)
		g->e2e = owner->e2e;
	if (g->mode == MODE_FORWARD && forward_open(g, why) == -1)
		return app_fail(g, FAULT_LOCAL, "%s", why);
	if ((g->progress = progress_new(g->loop, g->conf.verbosity < 0)) ==
	    NULL)
		return app_fail(g, FAULT_LOCAL, "out of memory");
	log_set_before(progress_clear, g->progress);
	server_guest(g);
	return g->ending ? -1 : 0;
}

static void
close_stdio(struct app *g)
{
	if (g->input != -1)
		close(g->input);
	if (g->output != -1)
		close(g->output);
	app_stdio_taken(g);
}

/* End what it does, and be no guest any more. */
static void
part(struct app *g)
{
	struct channel	*ch;

	channels_stop(g);
	while ((ch = TAILQ_FIRST(&g->channels)) != NULL)
		channel_free(ch);
	TAILQ_REMOVE(&g->owner->guests, g, guest);
	timer_clear(g->loop, &g->chat_timer);
	timer_clear(g->loop, &g->looking);
	timer_clear(g->loop, &g->trimming);
	timer_clear(g->loop, &g->probing);
	probe_reach_free(g->reach);
	forward_free(g);
	ports_free(g->ports);
	progress_free(g->progress);
	log_set_before(NULL, NULL);
	if (g->iqs != NULL)
		iq_forget(g->iqs, g);
}

void
guest_leave(struct app *g)
{
	if (g->owner != NULL)
		part(g);
	send_free(g->sender);
	close_stdio(g);
	trust_free(g->trust);
	SSL_CTX_free(g->e2e);
	free(g->peer_given);
	free(g->peer_key);
	free(g->host);
	free(g->port);
	conf_free(&g->conf);
}
