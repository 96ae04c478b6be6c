/*
 * congestion_model: the model of a path (congestion.h): how fast it is, how
 * long its round trip takes, and how much may be under way for a given queue.
 * Rates are bytes a second, times microseconds.  For congestion.c alone.
 */
#ifndef IBB_CONGESTION_MODEL_H
#define IBB_CONGESTION_MODEL_H

#include <stddef.h>
#include <stdint.h>

struct congestion;

#define MODEL_FAST	1000000		/* bytes a second: what a path has in
					 * queues is judged by its noise, too */

/* n, but least or most where it is beyond. */
size_t	 model_clamp(size_t n, size_t least, size_t most);
/* The least budget with stanzas of this size: a second one goes while one is
 * under way. */
size_t	 model_least_budget(size_t stanza);
/* The highest rate of the last CONGESTION_RATES rounds; 0 before the first. */
uint64_t model_highest_rate(const struct congestion *p);
/* The round trip when no queue stands in the path, for a block that the
 * transport holds as long as it holds any. */
int64_t	 model_base_trip(const struct congestion *p);
/* How long a key may wait behind blocks. */
int64_t	 model_polite_time(const struct congestion *p);
/* How long blocks of a stream with this rate may stand in queues; polite: where
 * a key waits behind them. */
int64_t	 model_queue_time(const struct congestion *p, uint64_t rate,
	    int polite);
/* From when on a round trip shows a queue. */
int64_t	 model_late_trip(const struct congestion *p, int polite);
/* How many bytes are under way at this rate with a queue of this time. */
size_t	 model_budget(const struct congestion *p, uint64_t rate,
	    int64_t queue);
/* Does much less arrive than since the queue was drained? */
int	 model_fell_by_half(const struct congestion *p);
/* A round had this rate. */
void	 model_know_rate(struct congestion *p, uint64_t rate);
/* All rates but the last are of another path. */
void	 model_forget_rates(struct congestion *p);

#endif
