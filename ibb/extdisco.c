/* extdisco: see extdisco.h. */
#include <stdlib.h>
#include <string.h>

#include "ibb/extdisco.h"
#include "xml/elem.h"
#include "xml/iq.h"
#include "xml/number.h"
#include "xml/stanza.h"
#include "xml/write.h"

#define LOOKED_AT	64	/* services; more are no use */

struct extdisco {
	struct iq_table		*iqs;
	struct extdisco_service	 services[EXTDISCO_MAX];
	size_t			 n;
	extdisco_fn		*fn;
	void			*arg;
};

void
extdisco_cancel(struct extdisco *x)
{
	if (x == NULL)
		return;
	iq_forget(x->iqs, x);
	free(x);
}

/* Of which kind is it?  0, or -1 if it is of none that is of use. */
static int
parse_kind(const struct elem *e, enum extdisco_kind *kind)
{
	const char	*type = elem_attr(e, "type");
	const char	*transport = elem_attr(e, "transport");
	int		 tcp;

	if (transport == NULL)
		transport = "udp";
	tcp = strcmp(transport, "tcp") == 0;
	if (type == NULL || (!tcp && strcmp(transport, "udp") != 0))
		return -1;
	if (strcmp(type, "stun") == 0)
		*kind = tcp ? EXTDISCO_STUN_TCP : EXTDISCO_STUN_UDP;
	else if (strcmp(type, "turn") == 0)
		*kind = tcp ? EXTDISCO_TURN_TCP : EXTDISCO_TURN_UDP;
	else
		return -1;
	return 0;
}

/* Read a <service/> (section 3.1): 0, or -1 if it is of no use. */
static int
parse_service(const struct elem *e, struct extdisco_service *s)
{
	const char	*host = elem_attr(e, "host");
	const char	*port = elem_attr(e, "port");

	s->port = STUN_PORT;
	if (elem_attr(e, "action") != NULL || host == NULL || *host == '\0' ||
	    strlcpy(s->host, host, sizeof(s->host)) >= sizeof(s->host) ||
	    (port != NULL && number_port(port, &s->port) == -1))
		return -1;
	return parse_kind(e, &s->kind);
}

/* Insert it where it belongs: before those that are worse.  A place that is
 * known already keeps the better kind. */
static void
add_service(struct extdisco *x, const struct extdisco_service *s)
{
	size_t	 i, at;

	for (i = 0; i < x->n; i++)
		if (strcmp(x->services[i].host, s->host) == 0 &&
		    x->services[i].port == s->port) {
			if (x->services[i].kind <= s->kind)
				return;
			memmove(&x->services[i], &x->services[i + 1],
			    (--x->n - i) * sizeof(*s));
			break;
		}
	for (at = 0; at < x->n && x->services[at].kind <= s->kind; at++)
		;
	if (at == EXTDISCO_MAX)
		return;
	if (x->n == EXTDISCO_MAX)
		x->n--;
	memmove(&x->services[at + 1], &x->services[at],
	    (x->n - at) * sizeof(*s));
	x->services[at] = *s;
	x->n++;
}

static void
extdisco_answered(void *arg, const struct elem *answer)
{
	struct extdisco		*x = arg;
	const struct elem	*e;
	struct extdisco_service	 s;
	size_t			 i = 0;

	if (answer != NULL && stanza_error(answer) == SE_NONE) {
		e = elem_child(answer, NS_EXTDISCO, "services");
		e = elem_child(e, NS_EXTDISCO, "service");
		for (; e != NULL && i < LOOKED_AT; i++) {
			if (parse_service(e, &s) == 0)
				add_service(x, &s);
			e = elem_next(e, NS_EXTDISCO, "service");
		}
	}
	x->fn(x->arg, x->services, x->n);
	free(x);
}

struct extdisco *
extdisco_ask(struct iq_table *t, const char *server, int64_t deadline,
    extdisco_fn *fn, void *arg)
{
	struct extdisco	*x;

	if ((x = calloc(1, sizeof(*x))) == NULL)
		return NULL;
	x->iqs = t;
	x->fn = fn;
	x->arg = arg;
	xw_elem(iq_request(t, "get", server), "services", NS_EXTDISCO, NULL);
	if (iq_ask(t, extdisco_answered, x, deadline) == -1) {
		free(x);
		return NULL;
	}
	return x;
}
