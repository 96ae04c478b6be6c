/*
 * Fuzzing of Jingle (ibb/jingle): stanzas of a peer to whom we have offered a
 * file, and who offers some.  The input is a letter, s for a socket, and the
 * insides of iqs, a line each; SID stands for the sid of our session, and a
 * line that begins with R for our transport-replace.  Whatever they are, each
 * is answered once, what is made of them is in its limits, and two ends that
 * have said what they use agree.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ibb/jingle_choice.h"
#include "ibb/jingle_session.h"
#include "t/fuzz/fuzz.h"
#include "t/lib/stanza.h"
#include "xml/elem.h"
#include "xml/iq.h"
#include "xml/ns.h"

#define must(x)	do { if (!(x)) abort(); } while (0)
#define INPUT	8192
#define PEER	"p@q/r"

static struct iq_table	*iqs;
static struct jingles	*all;
static struct jingle_session *ours, *theirs;
static struct jingle_choice choice;
static int	 answers;
static char	 id[16];		/* of the present request */

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

static int
on_said(void *arg, const struct jingle_transport *t)
{
	size_t	 which;

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
	must(jingle_choice_outcome(&choice, &which) != JINGLE_UNDECIDED);
	must(which < S5B_HOSTS);
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
	return strcmp(peer, PEER) == 0;
}

static void
on_offered(void *arg, const struct jingle *j)
{
	struct jingle_offer	 o = { .block = 512 };

	(void)arg;
	check_file(&j->content.file);
	must(j->content.sized && j->content.transport.sid != NULL);
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
try(const char *data, size_t len)
{
	const char	*xml = filled(data, len);
	struct elem	*iq = stanza_iq("set", PEER, xml, strlen(xml));
	const struct elem *e = elem_child(iq, NS_JINGLE, "jingle");

	if (e != NULL) {
		snprintf(id, sizeof(id), "%.15s", elem_attr(iq, "id"));
		answers = 0;
		must(jingles_input(all, iq, e) == (answers == 1));
		must(answers <= 1);
	}
	elem_free(iq);
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
				     .offered = on_offered };
	const char		*p, *zero, *end;

	if (size == 0 || size > INPUT)
		return 0;
	must((iqs = iq_new(send_out, NULL)) != NULL);
	must(iq_setjid(iqs, "us@here/x") == 0);
	must((all = jingles_new(iqs, &host)) != NULL);
	theirs = NULL;
	offer(data[0] == 's');
	p = (const char *)data + 1;
	end = (const char *)data + size;
	for (; p < end; p = zero + 1) {
		if ((zero = memchr(p, '\n', (size_t)(end - p))) == NULL)
			zero = end;
		if (*p == 'R')		/* our wish of another transport */
			(void)(ours->state == JINGLE_ACTIVE &&
			    jingle_session_replace(ours, 4096) == 0);
		else
			try(p, (size_t)(zero - p));
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
