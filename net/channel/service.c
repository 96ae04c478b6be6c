#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/channel/service.h"
#include "net/dial/addr.h"
#include "xml/number.h"
#include "xml/text.h"

struct service {
	char	*text;		/* the argument, cut into what follows */
	char	*host, *port;	/* its name; port may be NULL */
	char	*target;	/* "": the caller's */
};

struct services {
	struct service	*list;
	size_t		 n;
};

#define PORT_IS	"port is to be a number from 1 to 65535"

static int
all_digits(const char *s)
{
	return *s != '\0' && s[strspn(s, NUMBER_DIGITS)] == '\0';
}

/* May a caller name this, or a listener, for which a * stands for any port?  A
 * name of digits is a port. */
static int
good_name(const char *host, const char *port)
{
	uint16_t	 n;

	if (port == NULL)
		return !all_digits(host) || number_port(host, &n) == 0;
	return strcmp(port, "*") == 0 || number_port(port, &n) == 0;
}

int
service_asked(char *s, char **host, char **port, char *err)
{
	char	 shown[100];

	text_cut(s, shown, sizeof(shown));
	if (addr_split(s, host, port) == -1) {
		snprintf(err, SERVICE_ERR, "service %s: give a name, a port "
		    "or host:port", shown);
		return -1;
	}
	/* A * may be asked for: a listener says that it has no service of that
	 * name. */
	if (!good_name(*host, *port)) {
		snprintf(err, SERVICE_ERR, "service %s: its " PORT_IS, shown);
		return -1;
	}
	return 0;
}

/*
 * Parsing
 */

static int
bad(const char *arg, const char *why, char *err)
{
	snprintf(err, SERVICE_ERR, "service %.100s: %s", arg, why);
	return -1;
}

/* "22" alone is both the name and the port. */
static int
parse(struct service *s, const char *arg, char *err)
{
	uint16_t	 port;
	char		*eq;

	if (strlen(arg) >= SERVICE_MAX && strchr(arg, '=') == NULL)
		return bad(arg, "too long", err);
	if ((s->text = strdup(arg)) == NULL)
		return bad(arg, "out of memory", err);
	if ((eq = strchr(s->text, '=')) == NULL) {
		s->host = s->target = s->text;
		if (all_digits(arg) && number_port(arg, &port) == -1)
			return bad(arg, PORT_IS, err);
		return number_port(arg, &port) == -1 ? bad(arg, "give a port "
		    "number, or name=target", err) : 0;
	}
	*eq = '\0';
	s->target = eq + 1;
	if (addr_split(s->text, &s->host, &s->port) == -1)
		return bad(arg, "no name before the =", err);
	if (!good_name(s->host, s->port))
		return bad(arg, "its " PORT_IS, err);
	if (*s->target == '\0' && strcmp(s->host, "*") != 0 &&
	    s->port == NULL)
		return bad(arg, "no target after the =: give a port, "
		    "host:port, /socket or !command", err);
	return 0;
}

struct services *
services_new(char *const *args, size_t n, char *err)
{
	struct services	*s;
	size_t		 i;

	if ((s = calloc(1, sizeof(*s))) == NULL ||
	    (s->list = calloc(n + 1, sizeof(*s->list))) == NULL) {
		free(s);
		snprintf(err, SERVICE_ERR, "out of memory");
		return NULL;
	}
	for (i = 0; i < n; i++) {
		s->n++;
		if (parse(&s->list[i], args[i], err) == -1) {
			services_free(s);
			return NULL;
		}
	}
	/* Targets are checked now, not when a peer calls. */
	for (i = 0; i < n; i++) {
		struct target	 t;
		struct service	*sv = &s->list[i];

		if (*sv->target != '\0' && services_match(s, sv->host,
		    sv->port, &t, err) == -1) {
			services_free(s);
			return NULL;
		}
	}
	return s;
}

void
services_free(struct services *s)
{
	size_t	 i;

	if (s == NULL)
		return;
	for (i = 0; i < s->n; i++)
		free(s->list[i].text);
	free(s->list);
	free(s);
}

const char *
services_text(const struct services *s, char *out, size_t size)
{
	const struct service	*sv;
	size_t			 i, n = 0;

	*out = '\0';
	for (i = 0; i < s->n && n < size; i++) {
		sv = &s->list[i];
		n += (size_t)snprintf(out + n, size - n, "%s%s%s%s",
		    i > 0 ? " " : "", sv->host, sv->port != NULL ? ":" : "",
		    sv->port != NULL ? sv->port : "");
	}
	return out;
}

int
services_run_commands(const struct services *s)
{
	size_t	 i;

	for (i = 0; i < s->n; i++)
		if (*s->list[i].target == '!')
			return 1;
	return 0;
}

/*
 * Matching
 */

static int
exact(const struct service *s, const char *host, const char *port)
{
	return strcmp(s->host, host) == 0 && (s->port == NULL ? port == NULL :
	    port != NULL && strcmp(s->port, port) == 0);
}

/* "*" alone is "*:*"; a caller that names no port names no host either. */
static int
pattern(const struct service *s, const char *host, const char *port)
{
	int	 any = strcmp(s->host, "*") == 0;

	if (port == NULL)
		return any && s->port == NULL && *s->target != '\0';
	if (s->port == NULL)
		return any;
	return (any || strcmp(s->host, host) == 0) &&
	    (strcmp(s->port, "*") == 0 || strcmp(s->port, port) == 0);
}

static const struct service *
find(const struct services *s, const char *host, const char *port)
{
	size_t	 i;

	if (host == NULL)
		return s->n > 0 ? &s->list[0] : NULL;
	for (i = 0; i < s->n; i++)
		if (exact(&s->list[i], host, port))
			return &s->list[i];
	for (i = 0; i < s->n; i++)
		if (pattern(&s->list[i], host, port))
			return &s->list[i];
	return NULL;
}

static int
tcp_target(struct target *t, const char *host, const char *port)
{
	t->kind = TARGET_TCP;
	if (strlcpy(t->host, host, sizeof(t->host)) >= sizeof(t->host))
		return -1;
	return number_port(port, &t->port);
}

/* A host that a caller names goes to the resolver and nowhere else, but it must
 * be a name at all. */
static int
good_host(const char *host)
{
	return *host != '\0' && *host != '-' && strspn(host, "abcdefghijklm"
	    "nopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._:%") ==
	    strlen(host);
}

static int
named_target(struct target *t, const char *target)
{
	char	 copy[SERVICE_MAX], *host, *port;

	if (*target == '!') {
		t->kind = TARGET_COMMAND;
		t->command = target + 1;
		return target[1] == '\0' ? -1 : 0;
	}
	if (*target == '/') {
		t->kind = TARGET_UNIX;
		t->path = target;
		return 0;
	}
	if (strlcpy(copy, target, sizeof(copy)) >= sizeof(copy) ||
	    addr_split(copy, &host, &port) == -1)
		return -1;
	return port == NULL ? tcp_target(t, "localhost", host) :
	    tcp_target(t, host, port);
}

int
services_match(const struct services *s, const char *host, const char *port,
    struct target *t, char *err)
{
	const struct service	*sv;
	char			 asked[100], number[11];

	memset(t, 0, sizeof(*t));
	text_cut(host != NULL ? host : "", asked, sizeof(asked));
	text_cut(port != NULL ? port : "", number, sizeof(number));
	if ((sv = find(s, host, port)) == NULL) {
		snprintf(err, SERVICE_ERR, "no such service: %s%s%s", asked,
		    port != NULL ? ":" : "", number);
		return -1;
	}
	if (host == NULL) {
		host = sv->host;
		port = sv->port;
	}
	snprintf(t->name, sizeof(t->name), port != NULL ? "%.250s:%.10s" :
	    "%.250s", host, port);
	if (*sv->target != '\0' ? named_target(t, sv->target) == -1 :
	    port == NULL || !good_host(host) || tcp_target(t, host, port) ==
	    -1) {
		snprintf(err, SERVICE_ERR, *sv->target != '\0' ?
		    "service %.100s: not a port, host:port, /socket or "
		    "!command" : "%.100s: name a host and a port", *sv->target
		    != '\0' ? sv->target : asked);
		return -1;
	}
	return 0;
}
