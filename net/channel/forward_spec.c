/* forward_spec: see forward_spec.h. */
#include <stdio.h>
#include <string.h>

#include "net/channel/forward_spec.h"
#include "net/channel/service.h"
#include "net/dial/port.h"

/* The next colon outside of square brackets; NULL: none. */
static char *
next_colon(char *s)
{
	for (; *s != '\0'; s++) {
		if (*s == '[' && strchr(s, ']') != NULL)
			s = strchr(s, ']');
		else if (*s == ':')
			return s;
	}
	return NULL;
}

/* With four parts the first is an address, with three there is none. */
char *
forward_cut(char *text)
{
	char	*colons[4], *s = text, *eq = strchr(text, '=');
	size_t	 n = 0;

	if (eq != NULL) {
		*eq = '\0';
		return eq + 1;
	}
	if (*text == '/')
		return NULL;
	while (n < 4 && (s = next_colon(s)) != NULL)
		colons[n++] = s++;
	if (n != 2 && n != 3)
		return NULL;
	s = colons[n - 2];
	*s = '\0';
	return s + 1;
}

int
forward_spec(const char *arg, struct forward_spec *f, char *err)
{
	char	*service, why[SERVICE_ERR > PORT_ERR ? SERVICE_ERR : PORT_ERR];

	f->host = f->port = NULL;
	f->where = f->text;
	if (strlcpy(f->text, arg, sizeof(f->text)) >= sizeof(f->text)) {
		snprintf(err, FORWARD_ERR, "%.100s: it is too long", arg);
		return -1;
	}
	service = forward_cut(f->text);
	if (port_check(f->where, why) == -1 || (service != NULL &&
	    service_asked(service, &f->host, &f->port, why) == -1)) {
		snprintf(err, FORWARD_ERR, "%.255s", why);
		return -1;
	}
	return 0;
}
