/*
 * probe_reach: the part of -z about this machine: at which addresses peers may
 * reach it, and what its router does.  Only the user is told of them.
 */
#ifndef NET_CHANNEL_PROBE_REACH_H
#define NET_CHANNEL_PROBE_REACH_H

struct app;
struct probe_reach;

/* Find out and report, then call fn(app), from the loop or at once.  NULL if
 * there is nothing to find out: fn was called. */
struct probe_reach *probe_reach(struct app *app, void (*fn)(struct app *app));
/* Forget it, also after fn was called; what a router maps is given back.  NULL
 * is fine. */
void	 probe_reach_free(struct probe_reach *r);

#endif
