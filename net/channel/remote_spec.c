/* remote_spec: see remote_spec.h. */
#include <sys/types.h>
#include <sys/queue.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/channel/forward_spec.h"
#include "net/channel/remote_spec.h"
#include "net/channel/service.h"
#include "net/dial/resolve.h"
#include "xml/number.h"

/* Ports of an address that are allowed, from the first to the last. */
struct item {
	char		 host[ADDR_TEXT];	/* as in struct remote_place */
	uint16_t	 first, last;
};

struct remote_allowed {
	size_t		 n;
	struct item	 items[];
};

static int
bad(const char *arg, const char *why, char *err)
{
	snprintf(err, REMOTE_ERR, "%.100s: %s", arg, why);
	return -1;
}

/*
 * -R
 */

/* Is it what a service of ours could lead to, but no command? */
static int
check_target(char *target, char *err)
{
	char		 service[REMOTE_TEXT + 2], why[SERVICE_ERR];
	char		*args[] = { service };
	struct services	*s;

	if (*target == '!')
		return bad(target, "no command can be the target of -R", err);
	if (strncmp(target, "udp:", 4) == 0)
		return bad(target, "-R has no datagrams", err);
	if (*target == '\0')
		return bad("-R", "no target after the =: give a port, "
		    "host:port or /socket", err);
	snprintf(service, sizeof(service), "1=%s", target);
	if ((s = services_new(args, 1, 1, why)) == NULL)
		return bad(target, strstr(why, "out of memory") != NULL ?
		    "out of memory" : "its target is to be a port, host:port "
		    "or /socket", err);
	services_free(s);
	return 0;
}

int
remote_spec(const char *arg, struct remote_spec *r, char *err)
{
	struct remote_place	 place;

	if (strlcpy(r->text, arg, sizeof(r->text)) >= sizeof(r->text))
		return bad(arg, "it is too long", err);
	r->where = r->text;
	r->target = forward_cut(r->text);
	if (r->target == NULL)
		return bad(arg, "give [addr:]port=target", err);
	if (remote_place_read(r->where, &place, err) == -1)
		return -1;
	return check_target(r->target, err);
}

/*
 * Places
 */

/* An address as it is compared: 0 or -1. */
static int
read_host(const char *text, char *out)
{
	struct addr	 a;

	if (strcmp(text, "localhost") == 0 || strcmp(text, "*") == 0) {
		strlcpy(out, *text == '*' ? "*" : "", ADDR_TEXT);
		return 0;
	}
	if (addr_read(&a, text, 0) == -1)
		return -1;
	addr_text((const struct sockaddr *)&a.ss, out);
	return 0;
}

/* Cut text, [address:]ports: the address goes to host[ADDR_TEXT], which stays
 * as it is if there is none.  The ports, or NULL with a message, which shows
 * arg. */
static char *
cut_ports(char *text, const char *arg, const char *form, char *host, char *err)
{
	char	*name, *ports;

	if (addr_split(text, &name, &ports) == -1) {
		(void)bad(arg, form, err);
		return NULL;
	}
	if (ports == NULL)
		return name;
	if (read_host(name, host) == 0)
		return ports;
	(void)bad(arg, "its address is to be *, localhost or one in digits",
	    err);
	return NULL;
}

int
remote_place_read(const char *where, struct remote_place *p, char *err)
{
	static const char	 form[] = "give [addr:]port";
	char			 copy[REMOTE_PLACE], *port;
	uint64_t		 n;

	memset(p, 0, sizeof(*p));
	if (strlcpy(copy, where, sizeof(copy)) >= sizeof(copy))
		return bad(where, form, err);
	if ((port = cut_ports(copy, where, form, p->host, err)) == NULL)
		return -1;
	if (number_read(port, 0, UINT16_MAX, &n) == -1)
		return bad(where, "a port is a number from 0, which is any, to "
		    "65535", err);
	p->port = (uint16_t)n;
	return 0;
}

char *
remote_place_text(const struct remote_place *p, uint16_t port, char *out)
{
	int	 v6 = strchr(p->host, ':') != NULL;

	snprintf(out, REMOTE_PLACE, "%s%s%s%s%u", v6 ? "[" : "", p->host,
	    v6 ? "]" : "", *p->host != '\0' ? ":" : "", port);
	return out;
}

/*
 * What is allowed
 */

/* "port", "port-port" or "*". */
static int
read_ports(char *text, struct item *i)
{
	char	*dash = strchr(text, '-');

	if (strcmp(text, "*") == 0) {
		i->first = 1;
		i->last = UINT16_MAX;
		return 0;
	}
	if (dash != NULL)
		*dash++ = '\0';
	else
		dash = text;
	return number_port(text, &i->first) == -1 ||
	    number_port(dash, &i->last) == -1 || i->first > i->last ? -1 : 0;
}

static int
read_item(char *text, struct item *i, char *err)
{
	char	 shown[100], *ports;

	strlcpy(shown, text, sizeof(shown));
	memset(i, 0, sizeof(*i));
	ports = cut_ports(text, shown, "give ports as 8080, 8080-8090 or *, or "
	    "addr:port", i->host, err);
	if (ports == NULL)
		return -1;
	if (read_ports(ports, i) == -1)
		return bad(shown, "ports are numbers from 1 to 65535, as "
		    "8080, 8080-8090 or *", err);
	return 0;
}

static int
read_value(struct remote_allowed *a, const char *value, char *err)
{
	char	*copy = strdup(value), *rest = copy, *text;
	int	 r = 0;

	if (copy == NULL)
		return bad(value, "out of memory", err);
	while (r == 0 && (text = strsep(&rest, ",")) != NULL)
		r = read_item(text, &a->items[a->n++], err);
	free(copy);
	return r;
}

struct remote_allowed *
remote_allowed_new(const struct conf_list *l, char *err)
{
	const struct conf_item	*i;
	const char		*s;
	struct remote_allowed	*a;
	size_t			 n = 0;

	STAILQ_FOREACH(i, l, next)
		for (n++, s = i->value; (s = strchr(s, ',')) != NULL; s++)
			n++;
	if ((a = calloc(1, sizeof(*a) + n * sizeof(a->items[0]))) == NULL) {
		(void)bad("remote", "out of memory", err);
		return NULL;
	}
	STAILQ_FOREACH(i, l, next)
		if (read_value(a, i->value, err) == -1) {
			free(a);
			return NULL;
		}
	return a;
}

void
remote_allowed_free(struct remote_allowed *a)
{
	free(a);
}

int
remote_allows_any(const struct remote_allowed *a)
{
	return a != NULL && a->n > 0;
}

/* Is it about this address?  All addresses are not the loopback alone, which
 * has the weaker rule, and is among them. */
static int
is_about(const struct item *i, const struct remote_place *p)
{
	struct addr	 a;

	if (strcmp(i->host, "*") == 0 || strcmp(i->host, p->host) == 0)
		return 1;
	return *i->host == '\0' && addr_read(&a, p->host, 0) == 0 &&
	    addr_kind((const struct sockaddr *)&a.ss) == ADDR_LOOPBACK;
}

int
remote_allows(const struct remote_allowed *a, const struct remote_place *p)
{
	size_t	 i;

	for (i = 0; a != NULL && i < a->n; i++)
		if (is_about(&a->items[i], p) && p->port >= a->items[i].first &&
		    p->port <= a->items[i].last)
			return 1;
	return 0;
}

int
remote_next(const struct remote_allowed *a, const struct remote_place *p,
    uint16_t *port)
{
	const struct item	*it;
	uint32_t		 best = UINT16_MAX + 1, next;
	size_t			 i;

	for (i = 0; a != NULL && i < a->n; i++) {
		it = &a->items[i];
		if (!is_about(it, p) || it->last <= *port)
			continue;
		if (it->first == 1 && it->last == UINT16_MAX) {
			*port = 0;
			return 1;
		}
		next = it->first > *port ? it->first : *port + 1U;
		if (next < best)
			best = next;
	}
	if (best > UINT16_MAX)
		return 0;
	*port = (uint16_t)best;
	return 1;
}
