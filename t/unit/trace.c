/* Unit tests of net/login/trace: what -vv shows, and what it does not. */
#include <stdio.h>
#include <string.h>

#include "net/login/trace.h"
#include "t/lib/tap.h"
#include "xml/ns.h"

#define N(a)	(sizeof(a) / sizeof((a)[0]))

/* Each stanza has a secret, with the word hush in it, and a part that is
 * shown. */
static const struct {
	const char	*what, *stanza, *shown;
} secrets[] = {
	{ "SASL, the first message",
	  "<auth xmlns='" NS_SASL "' mechanism='PLAIN'>hushhush</auth>",
	  "mechanism='PLAIN'" },
	{ "SASL, a response",
	  "<response xmlns='" NS_SASL "'>hushhush</response>", "<response" },
	{ "SASL2, the first message",
	  "<authenticate xmlns='" NS_SASL2 "' mechanism='PLAIN'>"
	  "<initial-response>hushhush</initial-response></authenticate>",
	  "<initial-response>[8 characters]" },
	{ "SASL2, what the server adds",
	  "<success xmlns='" NS_SASL2 "'><additional-data>hushhush"
	  "</additional-data></success>", "<additional-data>" },
	{ "a token",
	  "<success xmlns='" NS_SASL2 "'><token xmlns='" NS_FAST
	  "' expiry='2027-01-01T00:00:00Z' token='hushhush'/></success>",
	  "expiry='2027-01-01T00:00:00Z'" },
	{ "the password of a TURN server",
	  "<iq type='result'><services xmlns='" NS_EXTDISCO "'>"
	  "<service type='turn' host='h' username='u' password='hushhush'/>"
	  "</services></iq>", "username='u'" },
	{ "the slot of an upload",
	  "<iq type='result'><slot xmlns='" NS_UPLOAD "'>"
	  "<put url='https://h/hushhush'>"
	  "<header name='Authorization'>hushhush</header></put>"
	  "<get url='https://h/hushhush/f'/></slot></iq>",
	  "<header name='Authorization'>[8 characters]" },
	{ "a password that a server has of an account",
	  "<iq type='result'><query xmlns='" NS_REGISTER "'>"
	  "<registered/><username>u</username><password>hushhush</password>"
	  "</query></iq>", "<username>u" },
	{ "a short block",
	  "<iq type='set'><data xmlns='" NS_IBB "' sid='s' seq='0'>hushhush"
	  "</data></iq>", "seq='0'" },
	{ "a text of xcat",
	  "<message><code xmlns='" NS_XCAT "'>hushhush</code></message>",
	  "<code" },
	{ "a text of a feature of xcat",
	  "<message><name xmlns='" NS_XCAT_FILE "'>hushhush</name></message>",
	  "<name" },
	{ "a text that is long",
	  "<message><body>hushhush, which is the first of the words of this "
	  "text, and no more is needed to know that it is payload</body>"
	  "</message>", "<body>[104 characters]" },
};

static const char *const shown[] = {
	"<mechanism>SCRAM-SHA-256</mechanism>",
	"<body>hello</body>",
	"<not-authorized xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>",
};

static void
test_secrets(void)
{
	char	 out[2048];
	size_t	 i, len;

	for (i = 0; i < N(secrets); i++) {
		len = strlen(secrets[i].stanza);
		trace_bytes(secrets[i].stanza, len, out, sizeof(out));
		ok(strstr(out, "hush") == NULL &&
		    strstr(out, secrets[i].shown) != NULL, "%s: %s",
		    secrets[i].what, out);
	}
}

static void
test_shown(void)
{
	char	 stanza[512], out[2048];
	size_t	 i;
	int	 n;

	for (i = 0; i < N(shown); i++) {
		n = snprintf(stanza, sizeof(stanza), "<message>%s</message>",
		    shown[i]);
		trace_bytes(stanza, (size_t)n, out, sizeof(out));
		is(out, stanza, "%s", shown[i]);
	}
}

/* A part of a stanza is not shown, and neither is text that is no XML. */
static void
test_parts(void)
{
	static const char	 whole[] = "<response xmlns='" NS_SASL
				    "'>hushhush</response>";
	char			 out[256];
	size_t			 n, bad = 0;

	for (n = 0; n < sizeof(whole) - 1; n++) {
		trace_bytes(whole, n, out, sizeof(out));
		bad += strstr(out, "bytes)") == NULL;
	}
	is_int(bad, 0, "no part of a stanza is shown");
	trace_bytes("hushhush & no XML", 17, out, sizeof(out));
	is(out, "(17 bytes)", "neither is what is no XML");
}

/* A line that is too long is cut at any byte. */
static void
test_cut(void)
{
	static const char	 stanza[] = "<message><body>gr\xc3\xbc\xc3\x9f"
				    "e</body></message>";
	char			 out[64];
	size_t			 size, bad = 0;

	for (size = 1; size < sizeof(out); size++) {
		memset(out, 'x', sizeof(out));
		trace_bytes(stanza, sizeof(stanza) - 1, out, size);
		bad += memchr(out, '\0', size) == NULL || out[size] != 'x';
	}
	is_int(bad, 0, "what is long keeps to its room");
}

int
main(void)
{
	test_secrets();
	test_shown();
	test_parts();
	test_cut();
	return tap_done();
}
