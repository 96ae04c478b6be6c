/*
 * jrd: links of a JRD document, which is host-meta in JSON (RFC 6415
 * appendix A, RFC 8259).
 */
#ifndef NET_HTTP_JRD_H
#define NET_HTTP_JRD_H

#include <stddef.h>

#define JRD_MAX 1024		/* bytes of a rel or an href, with the NUL */

/* Gets a link. */
typedef void jrd_fn(void *arg, const char *rel, const char *href);

/* Call fn for each link that has a rel and an href, both shorter than JRD_MAX.
 * 0, or -1 if data is not JSON (fn may have been called for some links by
 * then). */
int	 jrd_links(const void *data, size_t len, jrd_fn *fn, void *arg);

#endif
