/* service: see service.h. */
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
#define TARGET_IS	"give a port, host:port, /socket, !command or " \
	"udp:port"
#define UDP	"udp:"		/* before a target that takes datagrams */

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

/* What follows "udp:"; NULL: the target is for bytes. */
static char *
udp_target(char *target)
{
	size_t	 len = strlen(UDP);

	return strncmp(target, UDP, len) == 0 ? target + len : NULL;
}

/* "22" alone is both the name and the port, and so is "udp:53". */
static int
parse_port(struct service *s, const char *arg, char *err)
{
	char		*digits = udp_target(s->text);
	uint16_t	 port;

	if (digits == NULL)
		digits = s->text;
	s->host = digits;
	s->target = s->text;
	if (number_port(digits, &port) == 0)
		return 0;
	if (strchr(arg, '@') != NULL) {
		snprintf(err, SERVICE_ERR, "service %.100s: give a port number,"
		    " or name=target; to admit a peer: -a %.80s", arg, arg);
		return -1;
	}
	return bad(arg, all_digits(digits) ? PORT_IS : "give a port number, "
	    "or name=target", err);
}

static int
parse(struct service *s, const char *arg, char *err)
{
	char	*eq, *udp;

	if (strlen(arg) >= SERVICE_MAX && strchr(arg, '=') == NULL)
		return bad(arg, "too long", err);
	if ((s->text = strdup(arg)) == NULL)
		return bad(arg, "out of memory", err);
	if ((eq = strchr(s->text, '=')) == NULL)
		return parse_port(s, arg, err);
	*eq = '\0';
	s->target = eq + 1;
	udp = udp_target(s->target);
	if (addr_split(s->text, &s->host, &s->port) == -1)
		return bad(arg, "no name before the =", err);
	if (!good_name(s->host, s->port))
		return bad(arg, "its " PORT_IS, err);
	if (*(udp != NULL ? udp : s->target) == '\0' &&
	    strcmp(s->host, "*") != 0 && s->port == NULL)
		return bad(arg, "no target after the =: " TARGET_IS, err);
	return 0;
}

/*
 * Targets
 */

static int
net_target(struct target *t, const char *host, const char *port)
{
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
	return port == NULL ? net_target(t, "localhost", host) :
	    net_target(t, host, port);
}

/* What follows "udp:", which is a port or host:port. */
static int
named_udp_target(struct target *t, const char *target)
{
	if (*target == '!' || *target == '/' ||
	    named_target(t, target) == -1)
		return -1;
	t->kind = TARGET_UDP;
	return 0;
}

/* Does it lead where its caller says? */
static int
callers_own(const struct service *s)
{
	const char	*udp = udp_target(s->target);

	return *(udp != NULL ? udp : s->target) == '\0';
}

/* Where this service leads a caller that asks for host and port.  0 with *t, of
 * which the name is not filled in; or -1 with a message for the peer. */
static int
target_of(const struct service *s, const char *host, const char *port,
    struct target *t, char *err)
{
	const char	*udp = udp_target(s->target);
	char		 asked[100];

	memset(t, 0, sizeof(*t));
	t->kind = udp != NULL ? TARGET_UDP : TARGET_TCP;
	if (callers_own(s)) {
		if (port != NULL && good_host(host) &&
		    net_target(t, host, port) == 0)
			return 0;
		snprintf(err, SERVICE_ERR, "%.100s: name a host and a port",
		    text_cut(host, asked, sizeof(asked)));
		return -1;
	}
	if ((udp != NULL ? named_udp_target(t, udp) :
	    named_target(t, s->target)) == 0)
		return 0;
	snprintf(err, SERVICE_ERR, "service %.100s: not %s", s->target,
	    udp != NULL ? "udp:port or udp:host:port" :
	    "a port, host:port, /socket or !command");
	return -1;
}

static int	 exact(const struct service *s, const char *host,
		    const char *port);

/* Does one of list[from] to list[i - 1] take what list[i] would by its name? */
static int
has_namesake(const struct service *list, size_t from, size_t i)
{
	const struct service	*s = &list[i];

	for (; from < i; from++)
		if (exact(&list[from], s->host, s->port) &&
		    (udp_target(list[from].target) != NULL) ==
		    (udp_target(s->target) != NULL))
			return 1;
	return 0;
}

/* A second service of a name could not be reached.  0, or -1 with a message. */
static int
check_names(const struct services *s, size_t typed, char *err)
{
	const struct service	*sv;
	size_t			 i;

	for (i = 0; i < s->n; i++) {
		sv = &s->list[i];
		if (!has_namesake(s->list, i < typed ? 0 : typed, i))
			continue;
		snprintf(err, SERVICE_ERR, "service %.180s%s%.10s is listed "
		    "twice: give one of them another name", sv->host,
		    sv->port != NULL ? ":" : "",
		    sv->port != NULL ? sv->port : "");
		return -1;
	}
	return 0;
}

struct services *
services_new(char *const *args, size_t n, size_t typed, char *err)
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

		if (!callers_own(sv) && target_of(sv, sv->host, sv->port, &t,
		    err) == -1) {
			services_free(s);
			return NULL;
		}
	}
	if (check_names(s, typed, err) == -1) {
		services_free(s);
		return NULL;
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
		return any && s->port == NULL && !callers_own(s);
	if (s->port == NULL)
		return any;
	return (any || strcmp(s->host, host) == 0) &&
	    (strcmp(s->port, "*") == 0 || strcmp(s->port, port) == 0);
}

static int
takes(const struct service *s, enum service_for what)
{
	return what == SERVICE_FOR_ANY || (what == SERVICE_FOR_DATAGRAMS) ==
	    (udp_target(s->target) != NULL);
}

static const struct service *
find(const struct services *s, const char *host, const char *port,
    enum service_for what)
{
	size_t	 i;

	for (i = 0; i < s->n; i++)
		if (takes(&s->list[i], what) && (host == NULL ||
		    exact(&s->list[i], host, port)))
			return &s->list[i];
	for (i = 0; host != NULL && i < s->n; i++)
		if (takes(&s->list[i], what) &&
		    pattern(&s->list[i], host, port))
			return &s->list[i];
	return NULL;
}

/* There is none for it: say which there is. */
static enum service_match
missed(const struct services *s, const char *host, const char *port,
    enum service_for what, char *err)
{
	const struct service	*other = find(s, host, port, SERVICE_FOR_ANY);
	char			 asked[100], number[11];

	text_cut(host != NULL ? host : other != NULL ? other->host : "", asked,
	    sizeof(asked));
	text_cut(port != NULL ? port : "", number, sizeof(number));
	if (s->n == 0) {
		strlcpy(err, "there are no services here", SERVICE_ERR);
		return SERVICE_NONE;
	}
	if (other == NULL) {
		snprintf(err, SERVICE_ERR, "no such service: %s%s%s", asked,
		    port != NULL ? ":" : "", number);
		return SERVICE_NONE;
	}
	snprintf(err, SERVICE_ERR, "service %s%s%s takes %s", asked,
	    port != NULL ? ":" : "", number, what == SERVICE_FOR_DATAGRAMS ?
	    "no datagrams: leave out -u" : "datagrams: call it with -L and -u");
	return SERVICE_OTHER;
}

enum service_match
services_match(const struct services *s, const char *host, const char *port,
    enum service_for what, struct target *t, char *err)
{
	const struct service	*sv;

	if ((sv = find(s, host, port, what)) == NULL)
		return missed(s, host, port, what, err);
	if (host == NULL) {
		host = sv->host;
		port = sv->port;
	}
	if (target_of(sv, host, port, t, err) == -1)
		return SERVICE_NONE;
	snprintf(t->name, sizeof(t->name), port != NULL ? "%.250s:%.10s" :
	    "%.250s", host, port);
	return SERVICE_FOUND;
}
