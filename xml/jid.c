/*
 * jid: addresses and their preparation (RFC 6122, RFC 3490, RFC 4013).
 */
#include <sys/socket.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <stdlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <errno.h>
#include <idna.h>
#include <stringprep.h>

#include "xml/jid.h"
#include "xml/number.h"
#include "xml/utf8.h"

#define PART_MAX	1023
#define HOST_MAX	253		/* of a name in DNS */

/* What may be wrong with each part. */
struct phrases {
	const char	*empty, *length, *invalid;
};

static const struct phrases local_phrases = {
	"its localpart is empty",
	"its localpart is too long",
	"its localpart contains forbidden characters"
};
static const struct phrases domain_phrases = {
	"its domain has an empty label",
	"its domain is too long",
	"its domain is not a valid host name"
};
static const struct phrases resource_phrases = {
	"its resource is empty",
	"its resource is too long",
	"its resource contains forbidden characters"
};

/* Prepare len bytes of in into out[PART_MAX + 1].  NULL or what is wrong. */
static const char *
jid_prep_part(char *out, const char *in, size_t len,
    const Stringprep_profile *profile, const struct phrases *why)
{
	if (len > PART_MAX)
		return why->length;
	memcpy(out, in, len);
	out[len] = '\0';
	switch (stringprep(out, PART_MAX + 1, 0, profile)) {
	case STRINGPREP_OK:
		/* Some characters are mapped to nothing. */
		return *out == '\0' ? why->empty : NULL;
	case STRINGPREP_TOO_SMALL_BUFFER:
		return why->length;
	case STRINGPREP_MALLOC_ERROR:
	case STRINGPREP_NFKC_FAILED:	/* valid UTF-8 has no other cause */
	case STRINGPREP_ICONV_ERROR:
		errno = ENOMEM;
		return "out of memory";
	default:
		return why->invalid;
	}
}

/* Length of the full stop at s that separates labels (RFC 3490 section 3.1),
 * 0 if it is none. */
static size_t
jid_dot(const char *s)
{
	static const char *const wide[] = {
		"\xe3\x80\x82", "\xef\xbc\x8e", "\xef\xbd\xa1"
	};
	size_t i;

	if (*s == '.')
		return 1;
	for (i = 0; i < sizeof(wide) / sizeof(wide[0]); i++) {
		if (strncmp(s, wide[i], 3) == 0)
			return 3;
	}
	return 0;
}

/* Has the prepared label only letters, digits, '-', and '_', which hosts should
 * not have but do?  Preparation can make other characters, among them '@' and
 * '/', of some that look harmless. */
static int
jid_good_label(const char *s)
{
	static const char good[] = "abcdefghijklmnopqrstuvwxyz0123456789-_";

	for (; *s != '\0'; s++) {
		if (!(*s & 0x80) && strchr(good, *s) == NULL)
			return 0;
	}
	return 1;
}

/* "[" IPv6 address "]", in lower case as inet_ntop() would write it. */
static const char *
jid_prep_ipv6(char *out, const char *in, size_t len)
{
	char text[INET6_ADDRSTRLEN];
	struct in6_addr addr;

	if (len < 2 || len - 2 >= sizeof(text) || in[len - 1] != ']')
		return "its domain is not a valid IPv6 address";
	memcpy(text, in + 1, len - 2);
	text[len - 2] = '\0';
	if (inet_pton(AF_INET6, text, &addr) != 1)
		return "its domain is not a valid IPv6 address";
	inet_ntop(AF_INET6, &addr, text, sizeof(text));
	out[0] = '[';
	strlcpy(out + 1, text, sizeof(text));
	strlcat(out, "]", sizeof(text) + 2);
	return NULL;
}

/* Bytes of s before the next dot or end; *sep is the length of that dot. */
static size_t
jid_label_len(const char *s, const char *end, size_t *sep)
{
	const char *at = s;

	while (at < end && jid_dot(at) == 0)
		at++;
	*sep = at < end ? jid_dot(at) : 0;
	return (size_t)(at - s);
}

/* Replace an A-label in label[PART_MAX + 1] by the U-label that it stands for
 * (RFC 6122 section 2.2).  A label that stands for none stays as it is (RFC
 * 3490 section 4.2).  NULL, or what is wrong. */
static const char *
jid_to_unicode(char *label)
{
	char	*u;
	size_t	 sep;
	int	 good, r;

	if (strncmp(label, "xn--", 4) != 0)
		return NULL;
	r = idna_to_unicode_8z8z(label, &u, IDNA_ALLOW_UNASSIGNED);
	if (r == IDNA_MALLOC_ERROR || r == IDNA_ICONV_ERROR)
		return "out of memory";
	if (r != IDNA_SUCCESS)
		return NULL;
	good = strlcpy(label, u, PART_MAX + 1) <= PART_MAX &&
	    jid_label_len(label, label + strlen(label), &sep) == strlen(label);
	free(u);
	return good ? NULL : domain_phrases.invalid;
}

/* Prepare label by label, since the rule for right-to-left scripts is about
 * labels.  One dot at the end is dropped. */
static const char *
jid_prep_host(char *out, const char *in, size_t len)
{
	char ascii[JID_MAX], label[PART_MAX + 1];
	const char *end = in + len, *why;
	size_t n, sep, used = 0;

	for (;;) {
		n = jid_label_len(in, end, &sep);
		why = jid_prep_part(label, in, n, stringprep_nameprep,
		    &domain_phrases);
		if (why != NULL)
			return why;
		if ((why = jid_to_unicode(label)) != NULL)
			return why;
		if (!jid_good_label(label))
			return domain_phrases.invalid;
		n += sep;
		if (used + strlen(label) > PART_MAX)
			return domain_phrases.length;
		used += strlcpy(out + used, label, PART_MAX + 1 - used);
		if ((in += n) == end)
			break;
		out[used++] = '.';
	}
	if (jid_ascii(out, ascii) == 0)
		return NULL;
	return errno == ENOMEM ? "out of memory" : domain_phrases.invalid;
}

static const char *
jid_prep_domain(char *out, const char *in, size_t len)
{
	if (len == 0)
		return "its domain is empty";
	if (*in == '[')
		return jid_prep_ipv6(out, in, len);
	return jid_prep_host(out, in, len);
}

static const char *
jid_prep_parts(char *out, const char *in)
{
	char part[PART_MAX + 1];
	const char *at, *why;
	size_t n;

	if (!utf8_valid(in))
		return "it is not valid UTF-8 text";
	n = strcspn(in, "/");
	if ((at = memchr(in, '@', n)) != NULL) {
		why = jid_prep_part(part, in, (size_t)(at - in),
		    stringprep_xmpp_nodeprep, &local_phrases);
		if (why != NULL)
			return why;
		strlcpy(out, part, JID_MAX);
		strlcat(out, "@", JID_MAX);
		n -= (size_t)(at + 1 - in);
		in = at + 1;
	}
	if ((why = jid_prep_domain(part, in, n)) != NULL)
		return why;
	strlcat(out, part, JID_MAX);
	if (in[n] == '\0')
		return NULL;
	in += n + 1;
	why = jid_prep_part(part, in, strlen(in), stringprep_xmpp_resourceprep,
	    &resource_phrases);
	if (why != NULL)
		return why;
	strlcat(out, "/", JID_MAX);
	strlcat(out, part, JID_MAX);
	return NULL;
}

int
jid_prep(const char *in, char *out, const char **why)
{
	const char *phrase;

	*out = '\0';
	errno = 0;
	if ((phrase = jid_prep_parts(out, in)) == NULL)
		return 0;
	*out = '\0';
	if (why != NULL)
		*why = phrase;
	return -1;
}

/* Copy n bytes of s. */
static char *
jid_copy(char *out, const char *s, size_t n)
{
	if (n >= JID_MAX)
		n = JID_MAX - 1;
	memcpy(out, s, n);
	out[n] = '\0';
	return out;
}

char *
jid_bare(const char *jid, char *out)
{
	return jid_copy(out, jid, strcspn(jid, "/"));
}

char *
jid_domain(const char *jid, char *out)
{
	size_t n = strcspn(jid, "@/");

	if (jid[n] == '@')
		jid += n + 1;
	return jid_copy(out, jid, strcspn(jid, "/"));
}

char *
jid_local(const char *jid, char *out)
{
	size_t n = strcspn(jid, "@/");

	return jid_copy(out, jid, jid[n] == '@' ? n : 0);
}

const char *
jid_resource(const char *jid)
{
	size_t n = strcspn(jid, "/");

	return jid[n] == '/' ? jid + n + 1 : jid + n;
}

int
jid_samebare(const char *a, const char *b)
{
	size_t n = strcspn(a, "/");

	return n == strcspn(b, "/") && memcmp(a, b, n) == 0;
}

int
jid_ascii(const char *domain, char *out)
{
	char *ascii;
	int fits, r;

	if (*domain == '[')
		return strlcpy(out, domain, JID_MAX) < JID_MAX ? 0 : -1;
	r = idna_to_ascii_8z(domain, &ascii, IDNA_ALLOW_UNASSIGNED);
	if (r != IDNA_SUCCESS) {
		errno = r == IDNA_MALLOC_ERROR || r == IDNA_ICONV_ERROR ?
		    ENOMEM : EINVAL;
		return -1;
	}
	fits = *ascii != '\0' && strlen(ascii) <= HOST_MAX;
	strlcpy(out, fits ? ascii : "", JID_MAX);
	free(ascii);
	return fits ? 0 : -1;
}

/* Printable ASCII is its own SASLprep, so most passwords need not pass through
 * libidn, which leaves copies in memory. */
static int
jid_is_plain(const char *s)
{
	while (*s >= ' ' && *s < 0x7f)
		s++;
	return *s == '\0';
}

int
jid_saslprep(const char *in, char *out, size_t size)
{
	if (strlcpy(out, in, size) < size && (jid_is_plain(in) ||
	    (utf8_valid(in) && stringprep(out, size, 0,
	    stringprep_saslprep) == STRINGPREP_OK)))
		return 0;
	explicit_bzero(out, size);
	return -1;
}

void
jid_setresource(char *jid, const char *resource)
{
	unsigned char	 r[16];
	char		 hex[2 * sizeof(r) + 1];
	size_t		 len = strlen(jid);

	arc4random_buf(r, sizeof(r));
	number_to_hex(r, sizeof(r), hex);
	snprintf(jid + len, JID_MAX - len, "/%s",
	    resource != NULL ? resource : hex);
}
