/* local: TCP on loopback, by ports; whatever goes wrong ends the program. */
#ifndef T_BENCH_LOCAL_H
#define T_BENCH_LOCAL_H

int	 local_listen(const char *port);
int	 local_connect(const char *port);
int	 local_accept(int fd);

#endif
