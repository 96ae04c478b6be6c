/*
 * Fuzzing of Jingle (ibb/jingle): stanzas of a peer that we have offered a
 * file, and that offers us files.  The input is a letter, s for a socket, n if
 * we take no files, and the insides of iqs, a line each, where SID stands for
 * the sid of our session.  Other lines are for what else happens:
 *
 *	!<...		the iq comes from a stranger
 *	R		we wish for another transport; S: we say which candidate
 *			we use
 *	E, T		we end our session; the peer's, having received the file
 *	D		offers that come from now on are declined
 *	Q		all sessions end
 *	+, -...		what we have asked last is answered with a result; with
 *			an error with this in it
 *
 * Whatever they are, each iq is answered once, what is made of them is in its
 * limits, and two ends that have said what they use agree.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ibb/jingle_choice.h"
#include "ibb/jingle_session.h"
#include "t/fuzz/fuzz.h"
#include "t/lib/must.h"
#include "t/lib/stanza.h"
#include "xml/elem.h"
#include "xml/iq.h"
#include "xml/ns.h"

#define INPUT	8192
#define PEER	"p@q/r"

static struct iq_table	*iqs;
static struct jingles	*all;
static struct jingle_session *ours, *theirs;
static struct jingle_choice choice;
static int	 answers;
static int	 declines, takes;
static char	 id[16];		/* of the present request */
static char	 asked[IQ_ID];		/* of ours, the last */

static int
send_out(void *arg, const void *data, size_t len)
{
	char	 text[64 * 1024], want[32];

	(void)arg;
	must(len < sizeof(text));
	memcpy(text, data, len);
	text[len] = '\0';
	snprintf(want, sizeof(want), " id='%s'", id);
	if ((strncmp(text, "<iq type='result'", 17) == 0 ||
	    strncmp(text, "<iq type='error'", 16) == 0) &&
	    strstr(text, want) != NULL)
		answers++;
	else if (strncmp(text, "<iq type='set'", 14) == 0)
		snprintf(asked, sizeof(asked), "%.*s",
		    (int)strcspn(strstr(text, " id='") + 5, "'"),
		    strstr(text, " id='") + 5);
	return 0;
}

static void
check_file(const struct si_file *f)
{
	must(f->size <= INT64_MAX && f->name != NULL);
	must(*f->hash == '\0' || strlen(f->hash) == 2 * hash_size(f->algo));
}

static void
on_accepted(void *arg, const struct jingle_content *c)
{
	(void)arg;
	check_file(&c->file);
	must(c->offset <= INT64_MAX);
	must(ours->state == JINGLE_ACTIVE && c->transport.kind == ours->kind);
	must(ours->kind != JINGLE_IBB || (ours->block > 0 &&
	    ours->block <= 4096));
}

static void
on_refused(void *arg, enum stanza_error err, const char *text)
{
	(void)arg;
	(void)err;
	must(text != NULL && ours->state == JINGLE_ENDED);
}

/* The peer chooses the candidate that we do, from the votes of both. */
static void
agree(const struct jingle_choice *c)
{
	struct jingle_choice	 peer = {
		.initiator = !c->initiator,
		.nours = c->ntheirs,
		.ntheirs = c->nours,
		.we = c->they,
		.they = c->we,
		.we_use = c->they_use,
		.they_use = c->we_use,
	};
	enum jingle_outcome	 here, there;
	size_t			 i, k;

	memcpy(peer.ours, c->theirs, sizeof(peer.ours));
	memcpy(peer.theirs, c->ours, sizeof(peer.theirs));
	here = jingle_choice_outcome(c, &i);
	there = jingle_choice_outcome(&peer, &k);
	must(i == k && i < S5B_HOSTS && here != JINGLE_UNDECIDED);
	must(here == JINGLE_USE_OURS ? there == JINGLE_USE_THEIRS :
	    here == JINGLE_USE_THEIRS ? there == JINGLE_USE_OURS :
	    there == here);
}

static int
on_said(void *arg, const struct jingle_transport *t)
{
	(void)arg;
	if (t->says == JINGLE_CANDIDATES)
		choice.ntheirs = jingle_candidates(t, choice.theirs);
	must(choice.ntheirs <= S5B_HOSTS);
	must(jingle_choice_worth(&choice) <= choice.ntheirs);
	if (t->says != JINGLE_CANDIDATE_USED &&
	    t->says != JINGLE_CANDIDATE_ERROR)
		return 0;
	if (jingle_choice_hear(&choice, t->says, t->cid) == -1)
		return -1;
	if (choice.ntheirs > 0)
		jingle_choice_use(&choice, choice.ntheirs - 1);
	else
		jingle_choice_fail(&choice);
	agree(&choice);
	return 0;
}

static void
on_replaced(void *arg, int by_us)
{
	const struct jingle_session	*s = *(struct jingle_session **)arg;

	(void)by_us;
	must(s->kind == JINGLE_IBB && s->block > 0 && s->block <= 65535 &&
	    *s->stream != '\0');
}

static void
on_kept(void *arg)
{
	(void)arg;
}

static void
on_checksum(void *arg, const struct si_file *f)
{
	(void)arg;
	must(*f->hash == '\0' || strlen(f->hash) == 2 * hash_size(f->algo));
}

static void
on_ended(void *arg, enum jingle_reason reason, const char *text)
{
	const struct jingle_session	*s = *(struct jingle_session **)arg;

	must(s->state == JINGLE_ENDED && text != NULL &&
	    jingle_reason_name(reason) != NULL);
}

static const struct jingle_user	 user = {
	on_accepted, on_refused, on_said, on_replaced, on_kept, on_checksum,
	on_kept, on_ended
};

static int
on_opens(void *arg, const char *peer)
{
	(void)arg;
	return takes && strcmp(peer, PEER) == 0;
}

static void
on_trace(void *arg, const struct jingle_session *s, const char *before,
    const char *after)
{
	(void)arg;
	must(s->owner == all && strcmp(before, after) != 0);
}

/* Ours, of which none is also the peer's. */
static void
answer_candidates(const struct jingle_transport *t)
{
	static const struct streamhost	 hosts[] = {
		{ "us@here/x", "192.0.2.1", 1080 },
		{ "proxy.here", "192.0.2.7", 9 },
	};
	struct jingle_choice		 c = { 0 };
	size_t				 i, k;

	c.ntheirs = jingle_candidates(t, c.theirs);
	jingle_choice_offer(&c, hosts[0].jid, hosts, 2);
	must(c.nours <= 2);
	for (i = 0; i < c.nours; i++)
		for (k = 0; k < c.ntheirs; k++)
			must(strcmp(c.ours[i].host.host,
			    c.theirs[k].host.host) != 0 ||
			    c.ours[i].host.port != c.theirs[k].host.port);
}

static void
on_offered(void *arg, const struct jingle *j)
{
	struct jingle_offer	 o = { .block = 512 };

	(void)arg;
	check_file(&j->content.file);
	must(j->content.sized && j->content.transport.sid != NULL);
	if (declines) {
		jingles_decline(all, j, JINGLE_DECLINE, "not today");
		return;
	}
	answer_candidates(&j->content.transport);
	jingle_session_free(theirs);
	theirs = jingle_session_take(all, j, &user, &theirs);
	must(theirs != NULL);
	if (j->content.file.size % 2 == 0)
		must(jingle_session_accept(theirs, &j->content.file, 0, &o) ==
		    0);
}

/* The text with the sids in it. */
static char *
filled(const char *from, size_t len)
{
	static char	 out[2 * INPUT];
	size_t		 n = 0, i;
	const char	*put;

	for (i = 0; i < len && n < INPUT; i++) {
		put = len - i >= 3 && memcmp(from + i, "SID", 3) == 0 ?
		    ours->sid : NULL;
		if (put == NULL) {
			out[n++] = from[i];
			continue;
		}
		memcpy(out + n, put, strlen(put));
		n += strlen(put);
		i += 2;
	}
	out[n] = '\0';
	return out;
}

static void
try(const char *from, const char *data, size_t len)
{
	const char	*xml = filled(data, len);
	struct elem	*iq = stanza_iq("set", from, xml, strlen(xml));
	const struct elem *e = elem_child(iq, NS_JINGLE, "jingle");

	if (e != NULL) {
		snprintf(id, sizeof(id), "%.15s", elem_attr(iq, "id"));
		answers = 0;
		must(jingles_input(all, iq, e) == (answers == 1));
		must(answers <= (strcmp(from, PEER) == 0));
	}
	elem_free(iq);
}

static void
answer(const char *type, const char *inside, size_t len)
{
	char		*xml;
	struct elem	*e;

	must(asprintf(&xml, "<iq type='%s' id='%s' from='" PEER "'>%.*s</iq>",
	    type, asked, (int)len, inside) != -1);
	if ((e = stanza_parse(xml)) != NULL)
		iq_answer(iqs, e);
	elem_free(e);
	free(xml);
}

/* What is no iq of the peer's. */
static void
act(const char *line, size_t len)
{
	switch (*line) {
	case 'R':
		(void)(ours->state == JINGLE_ACTIVE &&
		    jingle_session_replace(ours, 4096) == 0);
		break;
	case 'S':
		if (ours->state == JINGLE_ACTIVE && ours->kind == JINGLE_S5B)
			jingle_session_say(ours, JINGLE_CANDIDATE_USED, "a");
		break;
	case 'E':
		jingle_session_end(ours, JINGLE_CANCEL, "enough");
		break;
	case 'T':
		if (theirs != NULL) {
			jingle_session_received(theirs);
			jingle_session_end(theirs, JINGLE_SUCCESS, NULL);
		}
		break;
	case 'D':
		declines = 1;
		break;
	case 'Q':
		jingles_end(all, JINGLE_GONE);
		break;
	case '+':
		answer("result", "", 0);
		break;
	case '-':
		answer("error", line + 1, len - 1);
		break;
	default:
		break;
	}
}

static void
offer(int socket)
{
	struct si_file		 f = { .name = "x", .size = 1000, .ranged = 1,
				     .mode = -1 };
	struct streamhost	 h = { "us@here/x", "192.0.2.1", 1080 };
	struct jingle_offer	 o = { .block = socket ? 0 : 4096 };

	memset(&choice, 0, sizeof(choice));
	choice.initiator = 1;
	jingle_choice_offer(&choice, h.jid, &h, 1);
	strlcpy(choice.ours[0].cid, "k", sizeof(choice.ours[0].cid));
	o.candidates = choice.ours;
	o.n = choice.nours;
	ours = jingle_session_new(all, PEER, &user, &ours);
	must(ours != NULL);
	must(jingle_session_offer(ours, &f, NULL, &o, 1) == 0);
}

int
fuzz_jingle(const uint8_t *data, size_t size)
{
	struct jingles_host	 host = { .opens = on_opens,
				     .offered = on_offered,
				     .trace = on_trace };
	const char		*p, *zero, *end;

	if (size == 0 || size > INPUT)
		return 0;
	must((iqs = iq_new(send_out, NULL)) != NULL);
	must(iq_setjid(iqs, "us@here/x") == 0);
	must((all = jingles_new(iqs, &host)) != NULL);
	theirs = NULL;
	declines = 0;
	takes = data[0] != 'n';
	offer(data[0] == 's');
	p = (const char *)data + 1;
	end = (const char *)data + size;
	for (; p < end; p = zero + 1) {
		if ((zero = memchr(p, '\n', (size_t)(end - p))) == NULL)
			zero = end;
		if (*p == '<')
			try(PEER, p, (size_t)(zero - p));
		else if (*p == '!')
			try("x@y/z", p + 1, (size_t)(zero - p) - 1);
		else if (p < zero)
			act(p, (size_t)(zero - p));
		if (zero == end)
			break;
	}
	iq_expire(iqs, 2);
	jingle_session_free(theirs);
	jingle_session_free(ours);
	jingles_free(all);
	iq_free(iqs);
	return 0;
}
