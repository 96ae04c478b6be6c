/*
 * probe: -z: what there is at the peer, in lines on standard output.
 *
 * The way that a stream would take is looked for with the peer, in a stream
 * that is for that only (STREAM_FOR_PROBE) and takes no place there.
 */
#ifndef NET_CHANNEL_PROBE_H
#define NET_CHANNEL_PROBE_H

struct app;
struct channel;

/* Ask the peer what it is (XEP-0030), then open a stream to it. */
void	 probe_begin(struct app *app);
/* Is the run's stream to be for a probe only (STREAM_FOR_PROBE)?  That of -z is
 * if the peer knows these, whether or not a way is looked for. */
int	 probe_wants_no_place(const struct app *app);
/* The stream stands: report.  Then again with each change: once the way is
 * known, or the time for that is up, report that and end the stream. */
void	 probe_stands(struct channel *ch);

#endif
