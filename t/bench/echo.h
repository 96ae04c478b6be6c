/* echo: a service on a loopback port that sends back what comes. */
#ifndef T_BENCH_ECHO_H
#define T_BENCH_ECHO_H

#include <stddef.h>

/* Serve from now on, whenever source_wait() is called (source.h). */
void	 echo_begin(const char *port);
/* Connections that are open. */
size_t	 echo_connections(void);

#endif
