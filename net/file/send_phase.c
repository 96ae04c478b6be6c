/* send_phase: how far a file is that is sent; see send_int.h. */
#include <sys/types.h>

#include "net/file/send_int.h"
#include "net/io/log.h"

#define BIT(phase)	(1U << (phase))

static const char *const phase_names[] = {
	"idle", "asking", "summing", "offered", "opening", "said", "moving",
	"short", "finished", "uploading", "done"
};

/* The phases that can follow each phase.  A file is offered again only after it
 * has moved. */
static const unsigned moves[] = {
	[SEND_IDLE] = BIT(SEND_ASKING) | BIT(SEND_SUMMING) | BIT(SEND_MOVING) |
	    BIT(SEND_UPLOADING) | BIT(SEND_DONE),
	[SEND_ASKING] = BIT(SEND_ASKING) | BIT(SEND_IDLE),
	[SEND_SUMMING] = BIT(SEND_OFFERED) | BIT(SEND_OPENING) | BIT(SEND_DONE),
	[SEND_OFFERED] = BIT(SEND_OFFERED) | BIT(SEND_IDLE),
	[SEND_OPENING] = BIT(SEND_SAID) | BIT(SEND_DONE),
	[SEND_SAID] = BIT(SEND_MOVING) | BIT(SEND_DONE),
	[SEND_MOVING] = BIT(SEND_MOVING) | BIT(SEND_SHORT) |
	    BIT(SEND_FINISHED) | BIT(SEND_OFFERED) | BIT(SEND_OPENING) |
	    BIT(SEND_DONE),
	[SEND_SHORT] = BIT(SEND_OPENING) | BIT(SEND_DONE),
	[SEND_FINISHED] = BIT(SEND_OFFERED) | BIT(SEND_OPENING) |
	    BIT(SEND_DONE),
	[SEND_UPLOADING] = BIT(SEND_DONE),
	[SEND_DONE] = BIT(SEND_SUMMING) | BIT(SEND_MOVING) |
	    BIT(SEND_UPLOADING) | BIT(SEND_DONE)
};

int
sender_set_phase(struct sender *s, enum send_phase phase)
{
	if ((moves[s->phase] & BIT(phase)) == 0)
		return -1;
	if (s->phase != phase)
		log_line(LOG_TRACE, "file %zu: %s -> %s", s->at + 1,
		    phase_names[s->phase], phase_names[phase]);
	s->phase = phase;
	return 0;
}
