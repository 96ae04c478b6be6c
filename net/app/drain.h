/*
 * drain: a listener that is left running (-k) ends with its last stream, by
 * SIGTERM (-o grace).
 */
#ifndef NET_APP_DRAIN_H
#define NET_APP_DRAIN_H

struct app;

/* Is this signal SIGTERM, and the run a listener that is to drain and does not
 * yet?  Otherwise the signal ends the run at once. */
int	 drain_asked(const struct app *app, int signo);
/* Take no more streams, and end with the last one, or after the grace; then by
 * signo. */
void	 drain_begin(struct app *app, int signo);

#endif
