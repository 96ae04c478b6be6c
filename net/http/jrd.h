/*
 * jrd: links of a JRD document, which is host-meta in JSON (RFC 6415
 * appendix A, RFC 8259).
 */
#ifndef NET_HTTP_JRD_H
#define NET_HTTP_JRD_H

#include <stddef.h>

#define JRD_MAX 1024		/* bytes of a rel or an href, with the NUL */

typedef void jrd_fn(void *arg, const char *rel, const char *href);

/* Call fn for each link with both; what is longer than JRD_MAX is left out.
 * 0, or -1 if it is not JSON (some links may have been told by then). */
int	 jrd_links(const void *data, size_t len, jrd_fn *fn, void *arg);

#endif
