/*
 * Unit tests of net/channel/forward_spec: what -L takes.
 */
#include <string.h>

#include "net/channel/forward_spec.h"
#include "t/lib/tap.h"

static void
good(const char *arg, const char *where, const char *host, const char *port)
{
	struct forward_spec	 f;
	char			 err[FORWARD_ERR] = "";

	is_int(forward_spec(arg, &f, err), 0, "%s", arg);
	is(err, "", "%s: no complaint", arg);
	is(f.where, where, "%s: where", arg);
	is(f.host != NULL ? f.host : "none", host, "%s: host", arg);
	is(f.port != NULL ? f.port : "none", port, "%s: port", arg);
}

static void
bad(const char *arg, const char *says)
{
	struct forward_spec	 f;
	char			 err[FORWARD_ERR] = "";

	is_int(forward_spec(arg, &f, err), -1, "%.40s is refused", arg);
	ok(strstr(err, says) != NULL, "%.40s: %s", arg, err);
}

int
main(void)
{
	char	 text[2 * FORWARD_TEXT];

	good("8080", "8080", "none", "none");
	good("*:0", "*:0", "none", "none");
	good("[::1]:8080", "[::1]:8080", "none", "none");
	good("/tmp/a:b", "/tmp/a:b", "none", "none");
	good("8080=web", "8080", "web", "none");
	good("localhost:8080=web", "localhost:8080", "web", "none");
	good("8080=22", "8080", "22", "none");
	good("8080=db:5432", "8080", "db", "5432");
	good("[::1]:8080=[::1]:80", "[::1]:8080", "::1", "80");
	good("/tmp/socket=web", "/tmp/socket", "web", "none");
	good("8080:localhost:80", "8080", "localhost", "80");
	good("127.0.0.1:8080:host:80", "127.0.0.1:8080", "host", "80");
	good("[::1]:8080:[2001:db8::1]:80", "[::1]:8080", "2001:db8::1", "80");
	good("8080:[::1]:80", "8080", "::1", "80");
	bad("", "[addr:]port");
	bad("http", "a port is a number");
	bad("70000=web", "65535");
	bad("8080:host:70000", "1 to 65535");
	bad("8080:host:http", "1 to 65535");
	bad("a:b:c:d:e", "[addr:]port");
	memset(text, '1', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	bad(text, "too long");
	return tap_done();
}
