/*
 * probe: -z: what there is at the peer, in lines on standard output.
 */
#ifndef NET_CHANNEL_PROBE_H
#define NET_CHANNEL_PROBE_H

struct app;
struct channel;

/* Ask the peer what it is (XEP-0030), then open a stream to it. */
void	 probe_begin(struct app *app);
/* The stream stands: report, and end it. */
void	 probe_stands(struct channel *ch);

#endif
