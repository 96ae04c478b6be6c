/*
 * sic: where the own server sees this login come from (XEP-0279): a STUN for
 * the connection to it.
 */
#ifndef IBB_SIC_H
#define IBB_SIC_H

#include <stdint.h>

struct iq_table;
struct sic;

/* ip is an address as text, which is the server's word and not checked, and
 * valid during the call; NULL if the server does not say.  port is 0 if it does
 * not say that. */
typedef void sic_fn(void *arg, const char *ip, uint16_t port);

/* Ask the own server (section 3).  fn is called once, by deadline (monotonic
 * milliseconds) at the latest.  NULL if that cannot be sent. */
struct sic *sic_ask(struct iq_table *t, int64_t deadline, sic_fn *fn,
	    void *arg);
/* Ignore the answer; not to be called after fn was.  NULL is fine. */
void	 sic_cancel(struct sic *s);

#endif
