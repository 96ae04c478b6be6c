/*
 * channels: a run (struct app) for unit tests of net/channel, whose server is
 * that of an engine (t/lib/engine.h): there is no session, no socket and, but
 * for pipes, no descriptor.
 */
#ifndef T_LIB_CHANNELS_H
#define T_LIB_CHANNELS_H

#include <stddef.h>

#include "net/channel/app.h"
#include "net/channel/channel.h"
#include "t/lib/engine.h"

/* The run, and the engine through which it talks to its peers. */
extern struct app	 app;
extern struct side	 us;

/* Begin a run of this mode, with a loop, with all that conf_init() says, and
 * for a listener with -a '*'.  tls: its streams have sessions. */
void	 run_begin(enum mode mode, int tls);
/* End it: free all. */
void	 run_end(void);
/* Let the loop turn once, without waiting for anything. */
void	 run_turn(void);
/* The words on standard error since the last call. */
const char *run_words(void);
/* Fire a timer that is set now, whenever it is due. */
void	 run_fire(struct timer *t);

/* A pipe: its end for the run, and the one that is left for the test, which
 * does not block. */
struct pipe {
	int	 theirs, ours;
};
/* A pipe that the run reads from; one that it writes to. */
struct pipe pipe_in(void);
struct pipe pipe_out(void);
/* What has come through it, as text; valid until the next call. */
const char *pipe_got(const struct pipe *p);

#endif
