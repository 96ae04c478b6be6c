/* send_plain: what the ways of offering files to other programs than xcats
 * share; see send_int.h. */
#include <sys/types.h>

#include <stdio.h>

#include "net/channel/admit.h"
#include "net/channel/app.h"
#include "net/channel/channel.h"
#include "net/file/send_int.h"
#include "net/io/clock.h"
#include "xml/stanza.h"
#include "xml/text.h"

#define CLOSE_TIME	5000	/* ms for an answer to the close */

const char *
sender_refusal(enum stanza_error err)
{
	switch (err) {
	case SE_FORBIDDEN:
		return "it declines the file";
	case SE_NOT_ACCEPTABLE:
		return "it does not take this file";
	case SE_BUSY:
	case SE_RESOURCE_CONSTRAINT:
		return "it is busy; try again later";
	case SE_SERVICE_UNAVAILABLE:
	case SE_RECIPIENT_UNAVAILABLE:
	case SE_FEATURE_NOT_IMPLEMENTED:
		return "nobody there takes files, or not from you: "
		    "try xcat -l there";
	case SE_BAD_REQUEST:
		return "it does not understand the offer";
	default:
		return "the file was refused; ask its owner";
	}
}

const char *
sender_refusal_text(const char *words, const char *name, const char *text,
    char *out, size_t size)
{
	char	 cut[128];

	text_cut(text, cut, sizeof(cut));
	snprintf(out, size, "%s (%s%s%s)", words, name,
	    *name != '\0' && *cut != '\0' ? ": " : "", cut);
	return out;
}

void
sender_say_plain(const struct sender *s)
{
	admit_say_plain(s->app, s->app->peer, "files go to it without a "
	    "session");
}

int64_t
sender_close_deadline(void *arg)
{
	const struct channel	*ch = arg;
	int64_t			 most = clock_ms() + CLOSE_TIME;
	int64_t			 other = app_deadline(ch->app);

	return other < most ? other : most;
}
