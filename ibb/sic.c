/* sic: see sic.h. */
#include <stdlib.h>

#include "ibb/sic.h"
#include "xml/elem.h"
#include "xml/iq.h"
#include "xml/number.h"
#include "xml/stanza.h"
#include "xml/write.h"

struct sic {
	struct iq_table	*iqs;
	sic_fn		*fn;
	void		*arg;
};

void
sic_cancel(struct sic *s)
{
	if (s == NULL)
		return;
	iq_forget(s->iqs, s);
	free(s);
}

static void
sic_answered(void *arg, const struct elem *answer)
{
	struct sic		*s = arg;
	const struct elem	*address = NULL;
	const char		*ip;
	uint16_t		 port;

	if (answer != NULL && stanza_error(answer) == SE_NONE)
		address = elem_child(answer, NS_SIC, "address");
	ip = elem_text(elem_child(address, NS_SIC, "ip"));
	if (number_port(elem_text(elem_child(address, NS_SIC, "port")),
	    &port) == -1)
		port = 0;
	s->fn(s->arg, *ip != '\0' ? ip : NULL, *ip != '\0' ? port : 0);
	free(s);
}

struct sic *
sic_ask(struct iq_table *t, int64_t deadline, sic_fn *fn, void *arg)
{
	struct sic	*s;

	if ((s = calloc(1, sizeof(*s))) == NULL)
		return NULL;
	s->iqs = t;
	s->fn = fn;
	s->arg = arg;
	xw_elem(iq_request(t, "get", NULL), "address", NS_SIC, NULL);
	if (iq_ask(t, sic_answered, s, deadline) == -1) {
		free(s);
		return NULL;
	}
	return s;
}
