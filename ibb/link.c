#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ibb/hash.h"
#include "ibb/link.h"
#include "xml/elem.h"
#include "xml/iq.h"
#include "xml/ns.h"
#include "xml/number.h"
#include "xml/stanza.h"
#include "xml/write.h"

#define AESGCM		"aesgcm:"
#define ID_BYTES	16

void
link_new_id(char *out)
{
	unsigned char	 random[ID_BYTES];

	arc4random_buf(random, sizeof(random));
	number_to_hex(random, sizeof(random), out);
}

/*
 * Sending
 */

/* XEP-0447 section 3.1; XEP-0428 says that the body is for other clients. */
static void
write_sharing(struct xw *w, const struct file_link *l)
{
	char	 size[24];

	xw_start(w, "file-sharing", NS_SHARING);
	xw_attr(w, "disposition", "inline");
	xw_start(w, "file", NS_FILE_META);
	xw_elem(w, "media-type", NULL, l->type);
	xw_elem(w, "name", NULL, l->name);
	snprintf(size, sizeof(size), "%llu", (unsigned long long)l->size);
	xw_elem(w, "size", NULL, size);
	if (l->hashed) {
		xw_start(w, "hash", NS_HASHES);
		xw_attr(w, "algo", "sha-256");
		xw_base64(w, l->hash, sizeof(l->hash));
		xw_end(w);
	}
	xw_end(w);
	xw_start(w, "sources", NULL);
	xw_start(w, "url-data", NS_URL_DATA);
	xw_attr(w, "target", l->url);
	xw_end(w);
	xw_end(w);
	xw_end(w);
	xw_start(w, "fallback", NS_FALLBACK);
	xw_attr(w, "for", NS_SHARING);
	xw_elem(w, "body", NULL, NULL);
	xw_end(w);
}

int
link_send(struct iq_table *t, const char *to, const char *id,
    const struct file_link *l)
{
	struct xw	*w = iq_stanza(t, "message", "chat", to);

	xw_attr(w, "id", id);
	xw_elem(w, "body", NULL, l->url);
	xw_start(w, "x", NS_X_OOB);
	xw_elem(w, "url", NULL, l->url);
	xw_end(w);
	write_sharing(w, l);
	xw_elem(w, "request", NS_RECEIPTS, NULL);
	return iq_send(t);
}

/*
 * Receiving
 */

static const struct elem *
sources_of(const struct elem *sharing)
{
	return elem_child(sharing, NS_SHARING, "sources");
}

/* The first <url-data/> of a file that leads to the web; NULL if it has
 * none. */
static const char *
web_source(const struct elem *sharing)
{
	const struct elem	*e;
	const char		*url;

	for (e = elem_child(sources_of(sharing), NS_URL_DATA, "url-data");
	    e != NULL; e = elem_next(e, NS_URL_DATA, "url-data"))
		if ((url = elem_attr(e, "target")) != NULL &&
		    (strncasecmp(url, "https:", 6) == 0 ||
		    strncasecmp(url, "http:", 5) == 0))
			return url;
	return NULL;
}

/* The SHA-256 among the hashes of a file, if it is one. */
static void
read_hash(struct file_link *l, const struct elem *file)
{
	const struct elem	*e;
	unsigned char		 sum[HASH_BYTES];

	for (e = elem_child(file, NS_HASHES, "hash"); e != NULL;
	    e = elem_next(e, NS_HASHES, "hash"))
		if (hash_find(elem_attr(e, "algo")) == HASH_SHA256)
			break;
	l->hashed = e != NULL && hash_read(HASH_SHA256, e, sum) == 0;
	if (l->hashed)
		memcpy(l->hash, sum, sizeof(l->hash));
}

static void
read_sharing(struct file_link *l, const struct elem *sharing, const char *url)
{
	const struct elem	*file = elem_child(sharing, NS_FILE_META,
				     "file");
	const struct elem	*name = elem_child(file, NS_FILE_META, "name");
	const struct elem	*type;

	type = elem_child(file, NS_FILE_META, "media-type");
	memset(l, 0, sizeof(*l));
	l->url = url;
	l->described = 1;
	l->name = name != NULL ? elem_text(name) : NULL;
	l->type = type != NULL ? elem_text(type) : NULL;
	l->sized = number_read(elem_text(elem_child(file, NS_FILE_META,
	    "size")), 0, INT64_MAX, &l->size) == 0;
	read_hash(l, file);
}

static int
has_url(const struct file_link *links, size_t n, const char *url)
{
	while (n-- > 0)
		if (strcmp(links[n].url, url) == 0)
			return 1;
	return 0;
}

size_t
link_read(const struct elem *message, struct file_link out[LINK_READ_MAX])
{
	const struct elem	*e;
	const char		*url;
	size_t			 n = 0;

	for (e = elem_child(message, NS_SHARING, "file-sharing");
	    e != NULL && n < LINK_READ_MAX;
	    e = elem_next(e, NS_SHARING, "file-sharing"))
		if ((url = web_source(e)) != NULL && !has_url(out, n, url))
			read_sharing(&out[n++], e, url);
	for (e = elem_child(message, NS_X_OOB, "x");
	    e != NULL && n < LINK_READ_MAX; e = elem_next(e, NS_X_OOB, "x")) {
		url = elem_text(elem_child(e, NS_X_OOB, "url"));
		if (*url == '\0' || has_url(out, n, url))
			continue;
		out[n++] = (struct file_link){ .url = url };
	}
	return n;
}

/* aesgcm: has the key in its fragment, and is no registered scheme: clients
 * that encrypt with OMEMO use it for files. */
static int
is_aesgcm(const char *url)
{
	url += strspn(url, " \t\r\n");
	return strncasecmp(url, AESGCM, strlen(AESGCM)) == 0;
}

static int
has_encrypted_links(const struct elem *message)
{
	const struct elem	*e, *f;
	const char		*url;

	if (is_aesgcm(elem_text(elem_child(message, NS_CLIENT, "body"))))
		return 1;
	for (e = elem_child(message, NS_X_OOB, "x"); e != NULL;
	    e = elem_next(e, NS_X_OOB, "x"))
		if (is_aesgcm(elem_text(elem_child(e, NS_X_OOB, "url"))))
			return 1;
	for (e = elem_child(message, NS_SHARING, "file-sharing"); e != NULL;
	    e = elem_next(e, NS_SHARING, "file-sharing")) {
		if (elem_child(sources_of(e), NS_ESFS, "encrypted") != NULL)
			return 1;
		for (f = elem_child(sources_of(e), NS_URL_DATA, "url-data");
		    f != NULL; f = elem_next(f, NS_URL_DATA, "url-data"))
			if ((url = elem_attr(f, "target")) != NULL &&
			    is_aesgcm(url))
				return 1;
	}
	return 0;
}

const char *
link_encryption(const struct elem *message)
{
	static const struct {
		const char	*ns, *name, *known;
	} kinds[] = {
		{ NS_OMEMO, "encrypted", "OMEMO" },
		{ NS_OMEMO_OLD, "encrypted", "OMEMO" },
		{ NS_OPENPGP, "openpgp", "OpenPGP" },
		{ NS_PGP, "x", "OpenPGP" },
	};
	size_t	 i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (elem_child(message, kinds[i].ns, kinds[i].name) != NULL)
			return kinds[i].known;
	return has_encrypted_links(message) ? "aesgcm" : NULL;
}

/*
 * Receipts
 */

int
link_wants_receipt(const struct elem *message)
{
	return elem_child(message, NS_RECEIPTS, "request") != NULL &&
	    elem_attr(message, "id") != NULL &&
	    elem_attr(message, "from") != NULL;
}

void
link_receipt(struct iq_table *t, const char *to, const char *id)
{
	struct xw	*w = iq_stanza(t, "message", NULL, to);

	xw_start(w, "received", NS_RECEIPTS);
	xw_attr(w, "id", id);
	xw_end(w);
	iq_post(t);
}

const char *
link_received(const struct elem *message)
{
	return elem_attr(elem_child(message, NS_RECEIPTS, "received"), "id");
}
