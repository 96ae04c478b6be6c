/* channel_state: the states of a channel, each with a setter that traces a move
 * and refuses an impossible one; see channel.h. */
#include <stddef.h>

#include "net/channel/channel.h"
#include "net/io/log.h"

#define TO(state)	(1U << (state))

/* The states of one kind, and where each of them may lead. */
struct machine {
	const char	*const *names;
	const unsigned	*next;
};

static const char *const turn_names[] = {
	"ours", "offered", "shaking", "in line", "taken"
};

static const unsigned turn_next[] = {
	[CHANNEL_OURS] = TO(CHANNEL_OFFERED),
	[CHANNEL_OFFERED] = TO(CHANNEL_SHAKING) | TO(CHANNEL_TAKEN),
	[CHANNEL_SHAKING] = TO(CHANNEL_IN_LINE) | TO(CHANNEL_TAKEN),
	[CHANNEL_IN_LINE] = TO(CHANNEL_TAKEN),
	[CHANNEL_TAKEN] = 0
};

static const char *const wait_names[] = {
	"present", "waiting", "away", "doomed", "absent"
};

static const unsigned wait_next[] = {
	[CHANNEL_PRESENT] = TO(CHANNEL_WAITING) | TO(CHANNEL_ABSENT) |
	    TO(CHANNEL_DOOMED),
	[CHANNEL_WAITING] = TO(CHANNEL_PRESENT) | TO(CHANNEL_ABSENT) |
	    TO(CHANNEL_AWAY) | TO(CHANNEL_DOOMED),
	[CHANNEL_AWAY] = TO(CHANNEL_PRESENT) | TO(CHANNEL_DOOMED),
	[CHANNEL_DOOMED] = 0,
	[CHANNEL_ABSENT] = TO(CHANNEL_PRESENT)
};

static const char *const told_names[] = {
	"untold", "greeted", "noted", "told"
};

static const unsigned told_next[] = {
	[CHANNEL_UNTOLD] = TO(CHANNEL_GREETED),
	[CHANNEL_GREETED] = TO(CHANNEL_UNTOLD) | TO(CHANNEL_NOTED),
	[CHANNEL_NOTED] = TO(CHANNEL_TOLD),
	[CHANNEL_TOLD] = 0
};

static const struct machine turns = { turn_names, turn_next };
static const struct machine waits = { wait_names, wait_next };
static const struct machine tellings = { told_names, told_next };

/* May it move?  An impossible move is a mistake of ours, and is not made. */
static int
moves(const struct channel *ch, const struct machine *m, unsigned from,
    unsigned to)
{
	const char	*peer = ch->stream != NULL ? stream_peer(ch->stream) :
			    "a stream";

	if (from == to)
		return 0;
	if ((m->next[from] & TO(to)) == 0) {
		log_line(LOG_FAULT, "%s: %s cannot become %s", peer,
		    m->names[from], m->names[to]);
		return 0;
	}
	log_line(LOG_TRACE, "%s: %s -> %s", peer, m->names[from],
	    m->names[to]);
	return 1;
}

void
channel_set_turn(struct channel *ch, enum channel_turn turn)
{
	if (moves(ch, &turns, ch->turn, turn))
		ch->turn = turn;
}

void
channel_set_waits(struct channel *ch, enum channel_waits waits_for)
{
	if (moves(ch, &waits, ch->waits, waits_for))
		ch->waits = waits_for;
}

void
channel_set_told(struct channel *ch, enum channel_told told)
{
	if (moves(ch, &tellings, ch->told, told))
		ch->told = told;
}
