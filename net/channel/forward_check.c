/* forward_check: see forward_check.h. */
#include <sys/types.h>
#include <sys/queue.h>

#include <stdio.h>

#include "net/channel/app.h"
#include "net/channel/forward_check.h"
#include "net/channel/forward_spec.h"
#include "net/channel/remote_spec.h"
#include "net/conf/conf.h"
#include "net/dial/port.h"

/* What -u cannot be with; NULL: all is well. */
static const char *
udp_objection(const struct app *app)
{
	if (app_listens(app))
		return "-u needs -L; a service of datagrams is name=udp:port";
	if (app->mode != MODE_FORWARD)
		return "-u needs -L";
	if (!STAILQ_EMPTY(&app->conf.socks))
		return "-u does not go with -D";
	if (!STAILQ_EMPTY(&app->conf.reverse))
		return "-u does not go with -R";
	if (app->conf.carrier == CONF_CARRIER_S5B)
		return "-u needs the peer's agreement, which a socket alone "
		    "has no word for: leave out carrier=s5b";
	return NULL;
}

int
forward_check(const struct app *app, char *err)
{
	const char		*objection = NULL;
	struct conf_item	*item;
	struct forward_spec	 spec;
	struct remote_spec	 remote;
	char			 why[REMOTE_ERR > PORT_ERR ? REMOTE_ERR :
				     PORT_ERR];

	if (app->conf.udp && (objection = udp_objection(app)) != NULL) {
		snprintf(err, FORWARD_CHECK_ERR, "%s", objection);
		return -1;
	}
	STAILQ_FOREACH(item, &app->conf.forward, next) {
		if (forward_spec(item->value, &spec, why) == -1) {
			snprintf(err, FORWARD_CHECK_ERR, "-L %s", why);
			return -1;
		}
		if (app->conf.udp && *spec.where == '/') {
			snprintf(err, FORWARD_CHECK_ERR, "-L %.200s: -u needs "
			    "a port", spec.where);
			return -1;
		}
	}
	STAILQ_FOREACH(item, &app->conf.socks, next)
		if (port_check(item->value, why) == -1) {
			snprintf(err, FORWARD_CHECK_ERR, "-D %s", why);
			return -1;
		}
	STAILQ_FOREACH(item, &app->conf.reverse, next)
		if (remote_spec(item->value, &remote, why) == -1) {
			snprintf(err, FORWARD_CHECK_ERR, "-R %s", why);
			return -1;
		}
	return 0;
}
