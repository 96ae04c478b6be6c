/*
 * engine: engines of ibb/ for unit tests, each with a server that it thinks it
 * talks to: two engines joined by queues, or an engine whose peer is scripted,
 * stanza by stanza.
 */
#ifndef T_LIB_ENGINE_H
#define T_LIB_ENGINE_H

#include <sys/queue.h>

#include <stddef.h>
#include <stdint.h>

#include "ibb/inband.h"
#include "t/lib/stanza.h"
#include "xml/buf.h"

struct dispatch;
struct elem;
struct iq_table;
struct parse;

#define N(a)	(sizeof(a) / sizeof((a)[0]))
#define IBB	" xmlns='http://jabber.org/protocol/ibb'"
#define STANZAS	" xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'"
#define RESULT	"<iq type='result' id='%s'/>"
#define PING	"<iq type='get' to='" PEER "' id='ID'>" \
		"<ping xmlns='urn:xmpp:ping'/></iq>"
#define CLOSE	"<iq type='set' to='" PEER "' id='ID'>" \
		"<close" IBB " sid='SID'/></iq>"

#define US	"us@here.example/a"
#define PEER	"peer@there.example/b"
#define EVIL	"evil@elsewhere.example/x"

#define OPEN_BY	1000		/* deadlines */
#define CLOSE_BY 2000

/* A stanza on its way. */
struct letter {
	char *xml;
	STAILQ_ENTRY(letter) next;
};

/* An engine, and the server that it thinks it talks to. */
struct side {
	const char *jid;
	struct iq_table *iqs;
	struct dispatch *dispatch;
	struct ibb *ibb;
	struct parse *in;
	STAILQ_HEAD(, letter) out;
	SLIST_HEAD(, end) ends;
	struct end *end;	/* the stream opened or offered last */
	int nends;
	int accept;		/* offered streams at once */
	int eager;		/* answer blocks and closes at once */
	int counting;		/* blocks are numbers: see count_block() */
	int broken;		/* nothing can be sent */
	size_t room;		/* bytes that streams may still keep */
	int asks_later;		/* calls of ask_later() */
	int answers_later;	/* calls of answer_later() */
	char id[33];		/* of the request seen last by said() */
	char sid[33];		/* and the sid */
};

/* One stream and what happened to it. */
struct end {
	struct side *side;
	struct inband *s;
	int eager, counting;
	int abort_on_answer;
	int closing;		/* when all we sent is answered */
	const char *receipt;	/* for our close or answer */
	struct buf log;
	struct buf got;
	uint32_t sent, came, wrong;
	size_t answered;
	int closed, failed;
	SLIST_ENTRY(end) next;
};

/* A formatted string that lives until some more have been made. */
char	*format(const char *fmt, ...)
	    __attribute__((__format__(__printf__, 1, 2)));
/* The base64 of len bytes. */
const char *b64(const void *data, size_t len);
/* The base64 of len times a letter. */
const char *b64fill(size_t len);
/* A string of len times c. */
const char *run_of(char c, size_t len);

/* The names of enum inband_fault. */
extern const char *const faults[];
/* The callbacks of a stream, whose arg is its struct end. */
extern const struct inband_user user;
/* Events of a stream, as text; the log is emptied. */
const char *events(struct end *e);

/* The clock of the sides made from now on; NULL, as at first: none. */
extern int64_t (*engine_clock)(void);
/* Bytes of a stanza that servers say they take from now on; 0: nothing said. */
extern size_t engine_most;
/* May answers of the sides made from now on wait? */
extern int engine_waits;
/* An engine with this JID, which has to outlive it. */
void	 side_init(struct side *a, const char *jid);
/* Its streams have this host from now on, a copy of which is kept. */
void	 side_host(struct side *a, const struct ibb_host *host);
/* Free its streams and what is not delivered. */
void	 side_free(struct side *a);
/* A struct end for a stream, which may be NULL yet. */
struct end *add_end(struct side *a, struct inband *s);
/* Free a stream and its struct end. */
void	 drop_end(struct side *a, struct end *e);
/* May from open streams?  All JIDs but EVIL may. */
int	 on_allowed(void *arg, const char *from);

/* For struct stream_conf: nothing is done; OPEN_BY; all keys are good. */
void	 on_ignored(void *arg);
int64_t	 on_deadline(void *arg);
const char *on_judged(void *arg, const char *fingerprint);

/* The oldest stanza that a has sent, or NULL; the caller's to free. */
char	*next_letter(struct side *a);
/* Lose all stanzas that a has sent. */
void	 drop_letters(struct side *a);
/* A stanza comes to a; the server has written its sender into it.  1 if the
 * engine or the iq table dealt with it. */
int	 hear(struct side *a, const char *from, const char *xml);
/* As hear(), of a text that may be no stanza: then nothing comes. */
int	 hear_text(struct side *a, const char *from, const char *xml);
/* The oldest stanza that from has sent comes to the other side. */
void	 deliver(struct side *from, struct side *to);
/* Deliver the stanzas of both sides until there are no more. */
void	 pump(struct side *a, struct side *b);

/* The next stanza that a has sent, "" if none.  Its random parts, 16 and 32
 * hexadecimal digits, are remembered and shown as ID and SID.  The id of an
 * open is its sid. */
const char *said(struct side *a);
/* Send a request and tell how it was answered: "result", an error as
 * "bad-request/cancel", or "" if it was not.  Nothing else may be sent
 * before. */
const char *ask(struct side *a, const char *from, const char *type,
	    const char *body);
/* The peer answers the request seen last with a result; as hear(). */
int	 result(struct side *a);
/* The peer answers the request seen last with an error; as hear(). */
int	 refuse(struct side *a, const char *condition, const char *type);

/*
 * Stanzas and elements
 */

const char *error_xml(const char *id, const char *condition, const char *type,
	    const char *echo);
const char *open_xml(const char *sid, const char *block, const char *rest);
const char *data_xml(const char *sid, const char *seq, const char *text);
const char *close_xml(const char *sid);

/* a opens a stream, and its peer accepts. */
struct end *called(struct side *a, size_t block, int message);
/* a opens a stream, and its peer has not answered yet. */
struct end *calling(struct side *a, size_t block, int message);
/* The peer opens a stream "sid" to a; rest is the rest of its <open>. */
struct end *listening(struct side *a, const char *block, const char *rest);
/* Make two engines and a stream of the first to the second. */
void	 join(struct side *a, struct side *b, size_t block, int message);
/* Free what join() made. */
void	 part(struct side *a, struct side *b);

#endif
