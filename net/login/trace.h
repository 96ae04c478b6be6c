/*
 * trace: stanzas as -vv shows them: without what is secret (SASL) and without
 * payload.
 */
#ifndef NET_LOGIN_TRACE_H
#define NET_LOGIN_TRACE_H

#include <stddef.h>

struct elem;

/* A received element as a line, in out of size bytes, which is returned. */
char	*trace_elem(const struct elem *e, char *out, size_t size);
/* A stanza or nonza that is sent, len bytes, as a line in out. */
char	*trace_bytes(const void *stanza, size_t len, char *out, size_t size);

#endif
