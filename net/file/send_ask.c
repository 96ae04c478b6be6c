/* send_ask: what the peer can take (XEP-0030); see send_int.h. */
#include <sys/types.h>

#include <string.h>

#include "ibb/inband.h"
#include "ibb/s5b.h"
#include "ibb/si.h"
#include "ibb/stream.h"
#include "ibb/stream_strerror.h"
#include "net/channel/channel.h"
#include "net/channel/app.h"
#include "net/file/send_int.h"
#include "net/login/session.h"
#include "xml/elem.h"
#include "xml/iq.h"
#include "xml/write.h"

#define NS_INFO		"http://jabber.org/protocol/disco#info"

static void
take_features(const struct elem *query)
{
	static const struct {
		const char	*var;
		unsigned	 flag;
	} known[] = {
		{ NS_XCAT_FILE, KNOWS_XCAT },
		{ NS_XCAT, IS_XCAT },
		{ NS_SI_FILE, KNOWS_SI },
		{ NS_BYTESTREAMS, KNOWS_S5B },
	};
	const struct elem	*e;
	const char		*var;
	size_t			 i;

	out.knows = 0;
	for (e = elem_child(query, NS_INFO, "feature"); e != NULL;
	    e = elem_next(e, NS_INFO, "feature"))
		for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
			if ((var = elem_attr(e, "var")) != NULL &&
			    strcmp(var, known[i].var) == 0)
				out.knows |= known[i].flag;
}

static int
require(void)
{
	struct stream_conf	 sc = channel_stream_conf(&run);

	return sc.require;
}

static void
asked(void *arg, const struct elem *answer)
{
	enum stanza_error	 err;
	char			 why[512];

	(void)arg;
	outgoing_set_phase(IDLE);
	if (answer == NULL) {
		app_fail(&run, FAULT_TIME, "%s: no answer in time; is it the right "
		    "address?", run.peer);
		return;
	}
	err = stanza_error(answer);
	if (err == SE_FEATURE_NOT_IMPLEMENTED)	/* just try */
		out.knows = KNOWS_SI | KNOWS_S5B;
	else if (err != SE_NONE) {
		app_fail(&run, FAULT_PEER, "%s: %s", run.peer,
		    stream_strerror_inband(
		    stream_strerror_far(run.jid, run.peer),
		    INBAND_REFUSED, err, stanza_errortext(answer), why,
		    sizeof(why)));
		return;
	} else
		take_features(elem_child(answer, NS_INFO, "query"));
	if (run.conf.message)
		out.knows &= ~(unsigned)KNOWS_XCAT;
	if ((out.knows & (IS_XCAT | KNOWS_XCAT | KNOWS_SI)) == IS_XCAT)
		app_fail(&run, FAULT_PEER, "%s: it takes no files: run it with -r there",
		    run.peer);
	else if ((out.knows & KNOWS_XCAT) == 0 && require())
		app_fail(&run, FAULT_PEER, "%s: it does not encrypt end to end, which "
		    "must be (-o e2e=require, or its key is known)", run.peer);
	else if ((out.knows & (KNOWS_XCAT | KNOWS_SI)) == 0)
		app_fail(&run, FAULT_PEER, "%s: it takes no files (XEP-0096), or not "
		    "from you: run xcat -l there, and name this account with "
		    "-a", run.peer);
	else
		outgoing_next();
}

void
send_ask(void)
{
	outgoing_set_phase(ASKING);
	xw_elem(iq_request(session_iqs(run.session), "get", run.peer),
	    "query", NS_INFO, NULL);
	if (iq_ask(session_iqs(run.session), asked, &out,
	    answer_deadline(&run)) == -1)
		app_fail(&run, FAULT_LOCAL, "out of memory");
}
