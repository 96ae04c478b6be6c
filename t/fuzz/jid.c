/* Fuzzer of xml/jid: what is prepared stays as it is, and comes apart into
 * parts that are fine by themselves. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "t/fuzz/fuzz.h"
#include "t/lib/must.h"
#include "xml/jid.h"
#include "xml/utf8.h"

static void
try_jid(const char *s)
{
	char again[JID_MAX], out[JID_MAX], part[JID_MAX], want[JID_MAX];
	const char *why = NULL;

	if (jid_prep(s, out, &why) == -1) {
		must(why != NULL && *out == '\0');
		return;
	}
	must(utf8_valid(out));
	must(jid_prep(out, again, NULL) == 0 && strcmp(out, again) == 0);
	must(jid_ascii(jid_domain(out, part), again) == 0);
	must(*part != '\0' && strpbrk(part, "@/") == NULL);
	must(jid_samebare(out, jid_bare(out, part)));

	*want = '\0';
	if (*jid_local(out, part) != '\0') {
		strlcpy(want, part, JID_MAX);
		strlcat(want, "@", JID_MAX);
	}
	strlcat(want, jid_domain(out, part), JID_MAX);
	must(strcmp(want, jid_bare(out, part)) == 0);
	if (*jid_resource(out) != '\0') {
		strlcat(want, "/", JID_MAX);
		strlcat(want, jid_resource(out), JID_MAX);
	}
	must(strcmp(want, out) == 0);
}

static void
try_saslprep(const char *s)
{
	char again[300], out[300];

	if (jid_saslprep(s, out, sizeof(out)) == 0)
		must(utf8_valid(s) && jid_saslprep(out, again,
		    sizeof(again)) == 0);
}

int
fuzz_jid(const uint8_t *data, size_t size)
{
	char *s = malloc(size + 1), out[JID_MAX];

	must(s != NULL);
	memcpy(s, data, size);
	s[size] = '\0';
	try_jid(s);
	try_saslprep(s);
	if (utf8_valid(s) && jid_ascii(s, out) == 0)
		must(strlen(out) < JID_MAX);
	free(s);
	return 0;
}
