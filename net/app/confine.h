/*
 * confine: a run gives up what it will not need before it hears of the network,
 * so that a fault in what reads the network's bytes is worth little.
 */
#ifndef NET_APP_CONFINE_H
#define NET_APP_CONFINE_H

struct app;

/*
 * Allow this run, which is prepared (prepare.h) and has its ports (run.h), the
 * files that its options name, its own folder and what the resolver and TLS
 * read, and give up the rest, unless sandbox is no.  A run that may start
 * commands gives up nothing: what they need is theirs to know.  -v says which.
 * Where the system has no sandbox, the run goes on without.  sockets, if it is
 * not NULL, is the folder of a socket of this run, which the run is to remove.
 */
void	 confine(struct app *app, const char *sockets);

#endif
