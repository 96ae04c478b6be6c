/*
 * two_ends: two ends of a stream in one loop, each with what net/s5b needs, for
 * unit tests of that: a table of iqs, its streamhosts, its upgrades.  What an
 * end sends waits in a queue, and the test is the server that routes it.
 *
 * The test makes loop, resolver and tls, calls ends_exchange() before each turn
 * of the loop, and sets what it wants in ends before ends_begin().
 */
#ifndef T_LIB_TWO_ENDS_H
#define T_LIB_TWO_ENDS_H

#include <sys/types.h>
#include <sys/queue.h>

#include <stddef.h>
#include <stdint.h>

#include <openssl/ssl.h>

#include "net/conf/conf.h"

struct elem;
struct loop;
struct s5b_offer;

#define SID	"sid0123456789"
#define HERE	"a@example.org/x"	/* the caller */
#define THERE	"b@example.org/y"	/* the listener */
#define AFTER	10000		/* bytes that make a stream worth a socket */
#define TURN	50		/* ms of the fast clock */
#define TURNS	8000		/* until a test has failed: 8 s, or more */
/* Let the loop turn until this is so; false if it never is. */
#define soon(cond)	__extension__({					\
	int _n;								\
	for (_n = 0; _n < TURNS && !(cond); _n++)			\
		ends_turn();						\
	_n < TURNS;							\
})

/* A stanza on its way. */
struct letter {
	STAILQ_ENTRY(letter)	 next;
	char			 xml[];
};

struct side {
	const char		*jid;
	struct side		*peer;
	struct conf		 conf;
	struct iq_table		*iqs;
	struct dispatch		*dispatch;
	struct ibb		*ibb;
	struct streamhosts	*hosts;
	struct upgrades		*upgrades;
	struct stream		*stream;
	struct upgrade		*upgrade;
	struct parse		*in;
	STAILQ_HEAD(, letter)	 out;
	int			 away, ending;	/* as its upgrades ask */
	int			 changed;	/* it is to be looked at */
	int			 blind;		/* but is not */
	size_t			 sent, got;	/* bytes */
	int			 wrong;		/* of what came */
	int			 made;		/* upgrades */
};

/* What differs between tests. */
struct ends {
	/* Configure a side that is being made. */
	void	(*configure)(struct side *s);
	/* s has sent this, which may be changed; it waits to be routed. */
	void	(*sent)(struct side *s, char *xml);
	/* Route this stanza of s, which is without its sender. */
	void	(*route)(struct side *s, const char *xml);
	/* The servers are on this machine. */
	int	  near;
	/* As in struct upgrades_host (net/s5b/upgrade.h). */
	int	(*opens)(void *side, const char *peer);
	void	(*offered)(void *side, struct s5b_offer *o);
};

extern struct ends	 ends;
extern struct side	 a, b;		/* HERE and THERE */
extern struct loop	*loop;
extern struct resolver	*resolver;
extern SSL_CTX		*tls;

/* Make both sides, with no stream yet. */
void	 ends_begin(void);
/* Then a stream in-band, whose session stands. */
void	 ends_call(void);
/* Free both. */
void	 ends_end(void);
/* What streams of s are like. */
struct stream_conf ends_stream_conf(struct side *s);
/* The upgrade of its stream, made now if it has none. */
struct upgrade *upgrade_of(struct side *s);

/* Is this the answer to an iq? */
int	 is_answer(const struct elem *e);
/* The side gets this, as from its session.  Did anything take it? */
int	 ends_dispatch(struct side *to, const struct elem *e);
/* Route the oldest stanza that s has sent.  0: there is none. */
int	 ends_deliver(struct side *s);
/* Something about the side has changed: of stream_call(), among others. */
void	 on_changed(void *side);

/* For loop_before(): deliver all, and look at the sides. */
void	 ends_exchange(void *unused);
/* Let the loop turn for TURN ms, or for so many ms of the fast clock. */
void	 ends_turn(void);
void	 wait_ms(int64_t ms);

/* Send so many bytes. */
void	 send_bytes(struct side *s, size_t len);
/* Both send so many: do all arrive? */
int	 talk(size_t len);

#endif
