#!/usr/bin/python3 -B
"""Two xcats, and a server in the middle that changes, drops, repeats or makes up what they send each other.

Whatever it does: what comes out of either is the beginning of what went into the other, all of it if they exit 0, and
both say in one line what happened.

    t/hostile/middle.t [regex]  runs the cases whose names match
"""

import contextlib
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET

sys.path.insert(0, sys.path[0] + '/../lib')
from fake import ACCOUNT, Fake, Fault, again, certificates, check, ns
from middle import *

REFUSED, BROKEN, TIMEOUT = 5, 6, 7
STAYS = -signal.SIGTERM          # no stream has begun, and it listens until told to end
SECONDS = 300                       # a bound that only a case that fails reaches
UP, DOWN = os.urandom(60000), os.urandom(40000)         # what the caller, the listener has to say
CASES = []
BOTH = ('caller', 'listener')
LISTENER, CALLER = ACCOUNT + '/xcat', ACCOUNT + '/caller'


def add(name, make, caller=BROKEN, listener=BROKEN, **how):
    """Register a case.  make() gives the hook; caller and listener are their exit statuses.

    says: what the line must have with which they fail, for both or {name: regex}; met: the caller knows the
    listener's key; pin: it is given it with the address; tie: the listener wants that of the caller; args, listen: options; to: the resource called; up,
    down: other input; empty, tainted: who may come out of it with nothing, or with anything."""
    CASES.append((name, make, {'caller': caller, 'listener': listener}, how))


def case(*args, **how):
    """Register a hook that keeps nothing."""
    def register(hook):
        add(hook.__name__, lambda: hook, *args, **how)
        return hook
    return register


# --- one block ---------------------------------------------------------------

class Block:
    """A hook for one block of one side; those behind it get their seq shifted."""

    def __init__(self, who, which, act, shift=0):
        self.who, self.which, self.act, self.shift = who, which, act, shift
        self.number, self.delta = -1, 0

    def __call__(self, m, src, e, kind):
        if src.name != self.who or kind != 'data':
            return False
        self.number += 1
        if self.which == self.number or self.which == 'end' and len(raw(e[0])) == CLOSE_NOTIFY:
            self.which = None
            self.delta = self.shift
            return self.act(m, src, e)
        e[0].set('seq', str(int(e[0].get('seq')) + self.delta))
        return False


def drop(m, src, e):
    m.forge_answer(src, e)
    return True


def repeat(m, src, e):
    """Once more, so that nobody hears of it but who gets it."""
    m.relay(src, e)
    m.forge(m.other(src), ET.tostring(e[0], encoding='unicode'))
    return True


def twice(m, src, e):
    """As a server would that resends too much: the sender hears of it, too."""
    m.relay(src, e)


def lose(m, src, e):
    """Neither it nor an answer arrives anywhere."""
    return True


def repeat_renumbered(m, src, e):
    m.relay(src, e)
    e[0].set('seq', str(int(e[0].get('seq')) + 1))
    m.forge(m.other(src), ET.tostring(e[0], encoding='unicode'))
    return True


def answer_error(m, src, e):
    m.forge_answer(src, e, Fake.error('item-not-found'), 'error')
    return True


# What is said of a stream that is not what it was.
CHANGED = 'what came is not what was sent .*: somebody on the way changes the stream'
TOLD = 'what it got is not what was sent .*: somebody on the way changes the stream|could not read a block|has gone'
MISSED = 'a block from the peer was lost or repeated|the peer missed a block'
CUT = 'closed before|hung up before|before the session stood|no longer knows the stream'
UNPROVEN = "without (the peer's|a) receipt for everything"
STALLED = 'nothing moved for 2 s|it has been away for [12] s'
ALL = '|'.join((CHANGED, TOLD, MISSED, CUT, UNPROVEN, STALLED))
EARLY = {STAYS, BROKEN}              # for the listener the stream had not begun, or just so
LATE = {TIMEOUT, BROKEN}             # nothing tells it from a peer that is slow; who gives up first tells the other
WAIT = dict(args='-w 2', listen='-w 2')


def block_cases(who, name, which):
    """who: the sender.  name and which: the block."""
    sender, receiver = who, BOTH[who == 'caller']
    silent = who == 'listener' and which == 'end'       # it looks as if there were more to come
    harmed = EARLY if who == 'caller' and which == 0 else BROKEN

    def block(what, act, shift=0, caller=BROKEN, listener=harmed, **how):
        how.setdefault('says', {receiver: CHANGED, sender: TOLD})
        add('%s_%s_block_of_%s' % (what, name, who), lambda: Block(who, which, act, shift), caller, listener, **how)

    def longer(m, src, e):
        """Its receiver has to answer it before the record ends, which is that of the next one for all it knows."""
        m.deceived.add(src.name)
        lengthen(e[0], 1)

    for where, at in ('type', 0), ('body', None), ('tag', -1):
        block('flip_%s_of' % where, lambda m, src, e, at=at: flip(e[0], at))
    block('shorten', lambda m, src, e: lengthen(e[0], -1))
    if name == 'a':
        block('lengthen', longer)
    if silent:
        for shift in 0, -1:
            block('drop' + '_renumbered' * -shift, drop, shift, LATE, LATE, says=ALL, **WAIT)
    else:
        # It is sent again if the lie comes before the answers to the blocks before it.
        luck = BROKEN if which == 0 else {0, BROKEN}
        block('drop', drop, 0, luck, harmed if which == 0 else luck, says=ALL)
        block('drop_renumbered', drop, -1, says=ALL)
    # What comes behind the end harms only who gets it, if the other one has had its proof before.
    block('repeat_renumbered', repeat_renumbered, 1, says=ALL, listener={0, BROKEN} if silent else harmed)
    block('error_for', answer_error, says=ALL)
    # What is only lost or repeated, and not lied about, is mended.
    block('repeat', repeat, 0, 0, 0, says='')
    block('twice', twice, 0, 0, 0, says='')
    if which != 'end':
        block('lose', lose, 0, 0, 0, says='')


for who in BOTH:
    # The caller's first block is the rest of the handshake; the last one of each, close_notify.
    for name, which in ('first', 0), ('a', 5), ('last', 'end'):
        block_cases(who, name, which)


class Swap:
    """The fifth and the sixth block change places, and take each other's seq if told so."""

    def __init__(self, who, renumber):
        self.who, self.renumber, self.number, self.kept = who, renumber, -1, None

    def __call__(self, m, src, e, kind):
        if src.name != self.who or kind != 'data':
            return False
        self.number += 1
        if self.number == 5:
            self.kept = e
            return True
        if self.kept is not None:
            kept, self.kept = self.kept, None
            if self.renumber:
                a, b = e[0].get('seq'), kept[0].get('seq')
                e[0].set('seq', b), kept[0].set('seq', a)
            m.relay(src, e)
            m.relay(src, kept)
            return True
        return False


def reflect(m, src, e):
    """A sender gets its own block, instead of the peer."""
    m.forge(src, ET.tostring(e[0], encoding='unicode'))
    m.forge_answer(src, e)
    return True


class Reflect:
    """Likewise, but of the right number: that of the next block from the peer, which is dropped."""

    def __init__(self, who):
        self.who, self.kept, self.held, self.count, self.done = who, None, [], 0, False

    def __call__(self, m, src, e, kind):
        if kind != 'data' or self.done:
            return False
        if src.name != self.who:
            self.count += 1
            if self.count > 2:
                self.held.append(e)
        else:
            self.kept = e
        if self.kept is not None and self.held:
            self.done = True
            put(self.held[0][0], raw(self.kept[0]))
            for block in self.held:
                m.relay(getattr(m, BOTH[self.who == 'caller']), block)
            return src.name != self.who
        return self.held != []


for who in BOTH:
    for renumber in False, True:
        status, says = (BROKEN, ALL) if renumber else (0, '')
        add('swap_%sblocks_of_%s' % ('renumbered_' * renumber, who),
            lambda who=who, renumber=renumber: Swap(who, renumber), status, status, says=says,
            args='-b 1024')           # so that the sixth comes while the fifth is kept
    add('reflect_block_of_' + who, lambda who=who: Block(who, 5, reflect), says=ALL)
    add('reflect_renumbered_block_of_' + who, lambda who=who: Reflect(who), says=ALL)


@case(says=ALL, listener=EARLY)
def plaintext_before_the_session(m, src, e, kind):
    """Bytes from nobody, where the first block is to come."""
    if kind == 'open-answer':
        m.relay(src, e)
        m.forge(m.listener, "<data%s sid='%s' seq='0'>bmV2ZXIgc2FpZA==</data>" % (ns(IBB), m.sid))
        return True
    if kind == 'open':
        m.sid = e[0].get('sid')
    return False


# --- the handshake -----------------------------------------------------------

def flip_flight(kind, at):
    def hook(m, src, e, what):
        if what == kind:
            flip(session_of(e), at)
    return hook


# 11: in the random number; -1: in the last extension; None: wherever the middle is.
for at in 0, 11, None, -1:
    add('flip_ClientHello_at_%s' % at, lambda at=at: flip_flight('open', at), {REFUSED, BROKEN}, EARLY,
        says={'caller': 'is not what was sent'})
    add('flip_ServerHello_at_%s' % at, lambda at=at: flip_flight('open-answer', at), listener=EARLY,
        says={'caller': CHANGED})


def strip(kind, name=SESSION):
    def hook(m, src, e, what):
        if what == kind:
            where = e if e.find(name) is not None else e[0]
            if where.find(name) is not None:
                where.remove(where.find(name))
    return hook


def garbage(text):
    def hook(m, src, e, what):
        if what == 'open-answer':
            e.find(SESSION).text = text
    return hook


for name, text in ('no_base64', '=not base64='), ('no_TLS', 'bm8gVExT'), ('TLS_1.2', 'FgMDAAQOAAAA'):
    add('session_of_' + name, lambda text=text: garbage(text), says={'caller': '<session/>|' + CHANGED},
        listener=EARLY)

# The server can only take the session away from those who have not met, and who do not insist on it.
for kind in 'open', 'open-answer':
    word = kind.replace('-', '_')
    gone = {'caller': 'does not encrypt end to end, which must be'}
    later = {'listener': 0 if kind == 'open' else EARLY}
    add('strip_session_from_%s_where_met' % word, lambda kind=kind: strip(kind), REFUSED, **later, met=True, says=gone,
        down=b'', empty='listener')
    add('strip_session_from_%s_where_required' % word, lambda kind=kind: strip(kind), REFUSED, **later,
        args='-o e2e=require', says=gone, down=b'', empty='listener')
add('strip_session_from_open_where_listener_requires', lambda: strip('open'), REFUSED, STAYS, listen='-o e2e=require',
    says={'caller': 'end-to-end encryption is required'})
add('strip_session_from_open_where_key_is_tied', lambda: strip('open'), REFUSED, STAYS, tie=True,
    says={'caller': 'nobody listens there, or not for you', 'listener': 'shows no key'})
LOST = 'did not take the session that was offered: not encrypted end to end, servers on the way can read'
add('strip_session_from_open_where_neither', lambda: strip('open'), 0, 0, args='-N', down=b'', lost=LOST)
add('strip_session_from_open_answer_where_neither', lambda: strip('open-answer'), listener=EARLY,
    says={'listener': CHANGED}, tainted='caller', lost=LOST)


# --- the end -----------------------------------------------------------------

def cut(sides, at, answers):
    """Closes that nobody asked for, after some blocks; their answers, and all others from then on, made up or not."""
    class Cut:
        count, done = 0, False

        def __call__(self, m, src, e, kind):
            self.count += kind == 'data'
            if self.count > at and not self.done:
                self.done = True
                for side in sides:
                    m.forge_close(getattr(m, side), e[0].get('sid'))
            if self.done and answers:
                if kind in ('data', 'close'):
                    m.forge_answer(src, e)
                return True
            return False
    return Cut


for at in 0, 9:
    for answers in False, True:
        for sides in BOTH, ('caller',), ('listener',):
            alone = len(sides) == 1
            both = dict.fromkeys(BOTH, {BROKEN, REFUSED})
            if alone:                   # the other one may be left in silence
                both[BOTH[sides[0] == 'caller']] = LATE
            if at == 0:
                both['listener'] = both['listener'] | EARLY
            add('close_made_up_to_%s_after_%d%s' % ('_and_'.join(sides), at, '_and_answers' * answers),
                cut(sides, at, answers), **both, **WAIT if alone else {},
                says=ALL)


@case(BROKEN, STAYS, args='-s', listen='-w 2', says={'caller': UNPROVEN, 'listener': STALLED})
def swallow_everything(m, src, e, kind):
    """Whoever only sends must not believe the server's answers."""
    if kind in ('data', 'close') and src is m.caller:
        m.forge_answer(src, e)
        return True
    return False


@case(BROKEN, STAYS, args='-s', up=b'', listen='-w 2', says={'caller': UNPROVEN, 'listener': STALLED})
def swallow_nothing(m, src, e, kind):
    """Even if there was nothing to send."""
    return swallow_everything(m, src, e, kind)


@case(BROKEN, BROKEN, args='-s', down=b'', says=UNPROVEN + '|' + CUT)
def close_answered_by_error(m, src, e, kind):
    """item-not-found to a close is all right where closes cross: not without a receipt."""
    if kind == 'close-answer':
        m.forge_answer(m.caller, m.close, Fake.error('item-not-found'), 'error')
        return True
    if kind == 'close':
        m.close = e
        strip('close', RECEIPT)(m, src, e, kind)
    return False


def alter_receipt(kind):
    def hook(m, src, e, what):
        if what == kind:
            flip(e.find('.//' + RECEIPT), 20)
    return hook


def reflect_receipt(m, src, e, kind):
    """That of the other side instead of one's own."""
    if kind == 'close':
        m.receipt = e.find('.//' + RECEIPT).text
    if kind == 'close-answer':
        e.find('.//' + RECEIPT).text = m.receipt


# Who has proof is content, and the other one cannot know; who closes without it, is not believed.
add('strip_receipt_of_close', lambda: strip('close', RECEIPT), says=UNPROVEN)
add('strip_receipt_of_close_answer', lambda: strip('close-answer', RECEIPT), BROKEN, 0, says={'caller': UNPROVEN})
add('alter_receipt_of_close', lambda: alter_receipt('close'), 0, 0)        # it asks for another one
add('alter_receipt_of_close_answer', lambda: alter_receipt('close-answer'), BROKEN, 0, says={'caller': UNPROVEN})
add('reflect_receipt', lambda: reflect_receipt, BROKEN, 0, says={'caller': UNPROVEN})
add('reflect_receipt_of_as_many', lambda: reflect_receipt, BROKEN, 0, down=UP, says={'caller': UNPROVEN})


# --- the server's own key ----------------------------------------------------

class Stealing(Interloper):
    """Where it is let in, it gets everything; otherwise nothing."""

    def __init__(self, stolen):
        super().__init__(Identity(os.path.join(WHERE, 'middle.pem')), os.path.join(WHERE, 'caller', 'key.pem'))
        self.wanted = stolen

    def over(self):
        check(self.stolen == b'' if self.wanted is None else sorted(self.wanted) == sorted(self.stolen),
              'gives %d bytes to the server' % len(self.stolen))


add('ok_own_key_at_first_contact', lambda: Stealing(UP + DOWN), 0, 0)
add('ok_own_key_at_first_contact_little', lambda: Stealing(b'x'), 0, 0, up=b'x', down=b'')
add('ok_own_key_at_first_contact_large_blocks', lambda: Stealing(UP + DOWN), 0, 0, args='-b 65535', listen='-b 65535')
add('own_key_where_met', lambda: Stealing(None), REFUSED, EARLY, met=True, down=b'',
    says={'caller': 'its key has changed: it was SHA256:[^ ]{43}, it is now SHA256:[^ ]{43}; .*-K forget'})
add('own_key_where_tied', lambda: Stealing(None), {REFUSED, BROKEN}, STAYS, tie=True, up=b'',
    says={'listener': 'its key SHA256:[^ ]{43} is not one that -a ties it to'})
add('own_key_where_met_and_tied', lambda: Stealing(None), REFUSED, EARLY, met=True, tie=True,
    says={'caller': 'its key has changed'})


add('ok_key_given', lambda: None, 0, 0, pin=True)
add('own_key_where_given', lambda: Stealing(None), REFUSED, EARLY, pin=True, down=b'',
    says={'caller': 'its key is SHA256:[^ ]{43}, not the one that was given, SHA256:[^ ]{43}'})
add('strip_session_from_open_answer_where_given', lambda: strip('open-answer'), REFUSED, EARLY, pin=True, down=b'',
    says={'caller': 'does not encrypt end to end, which must be'}, empty='listener')


# --- a code for one call -----------------------------------------------------

CODE = dict(listen='-I -a %s=SHA256:%s' % (ACCOUNT, 43 * 'A'), code=True)     # which alone admits the caller


class Repeat:
    """The server says once more what the caller has said, and keeps the answer."""

    def __init__(self):
        self.open, self.answers = None, 0

    def __call__(self, m, src, e, kind):
        if kind == 'open':
            self.open = e
            return False
        if kind == 'open-answer':
            self.answers += 1
            if self.answers == 1:
                m.relay(m.caller, self.open)
            return True
        return kind == 'data'

    def over(self):
        check(self.answers >= 1, 'the listener answers no <open/>')


add('ok_code', lambda: None, 0, 0, **CODE)
add('own_key_with_code', lambda: Stealing(None), REFUSED, STAYS, down=b'', **CODE,
    says={'caller': 'it does not know this code|nobody listens there', 'listener': ''})
add('code_repeated', Repeat, {TIMEOUT, BROKEN, REFUSED}, EARLY | LATE, down=b'', args='-w 3', **CODE)
add('code_damaged_introduction', lambda: Block('caller', 0, lambda m, src, e: flip(e[0])), {REFUSED, BROKEN, TIMEOUT},
    EARLY | LATE, down=b'', args='-w 5', **CODE)
add('code_damaged_introduction_of_listener', lambda: Block('listener', 0, lambda m, src, e: flip(e[0])),
    {REFUSED, BROKEN, TIMEOUT}, EARLY | LATE, args='-w 5', **CODE)


# --- another stream than the one that was meant ------------------------------

class Rename:
    """Each side knows the stream by another sid, or each other by another name."""

    def __init__(self, sid=None, caller=None, called=None):
        self.sid, self.theirs, self.caller, self.called = sid, None, caller, called

    def __call__(self, m, src, e, kind):
        if src is m.caller:
            if self.caller:
                e.set('from', self.caller)
            if self.called:
                e.set('to', m.listener.me)
        elif self.called:
            e.set('from', self.called)
        if self.sid and len(e) and e[0].get('sid'):
            self.theirs = self.theirs or e[0].get('sid')
            e[0].set('sid', self.sid if src is m.caller else self.theirs)


def service(m, src, e, kind):
    """Ask for what the caller did not ask for."""
    if kind == 'open':
        e[0].set(HOST, 'localhost')
        e[0].set(PORT, '22')


ELSE = dict(caller=REFUSED, listener=STAYS, says={'caller': 'bad-request: .*no application protocol'})
add('another_sid', lambda: Rename(sid='another'), **ELSE)
add('another_caller', lambda: Rename(caller=ACCOUNT + '/another'), **ELSE)
add('another_listener', lambda: Rename(called=ACCOUNT + '/another'), to='another', **ELSE)
# Of a listener with services, so that it has one of that name.
add('another_service', lambda: service, listen='-v "localhost:22=!cat"', **ELSE)


# --- the twins, and what it costs --------------------------------------------

add('ok_relayed', lambda: None, 0, 0)
add('ok_met', lambda: None, 0, 0, met=True)
add('ok_tied', lambda: None, 0, 0, tie=True)
add('ok_nothing_to_say', lambda: None, 0, 0, up=b'', down=b'')


class Patience:
    """Of the listener's stanzas only the answer to <open/> gets through, until the caller has sent all it has: the
    session must not make it wait."""

    def __init__(self):
        self.kept, self.sent = [], 0

    def __call__(self, m, src, e, kind):
        if src is m.caller:
            self.sent += kind == 'data'
            if kind == 'data' and len(raw(e[0])) == CLOSE_NOTIFY:
                kept, self.kept = self.kept, None
                for e in kept:
                    m.relay(m.listener, e)
            return False
        if kind == 'open-answer' or self.kept is None:
            return False
        self.kept.append(e)
        return True

    def over(self):
        check(self.sent == 3, 'sends %d blocks' % self.sent)    # handshake, payload, close_notify


add('no_round_trip', Patience, 0, 0, up=b'question', down=b'answer', args='-w 5', listen='-w 5')


class Count:
    """What goes to and fro, once with a session and once without."""
    counts = []

    def __call__(self, m, src, e, kind):
        self.m = m

    def over(self):
        self.counts.append(self.m.counts)
        if len(self.counts) == 2:
            plain, session = self.counts
            less = {k: n - plain.get(k, 0) for k, n in session.items() if n != plain.get(k, 0)}
            # Two blocks, the rest of the handshake and the end, with their answers; nothing at the opening.
            check(less == {('caller', 'data'): 2, ('listener', 'data-answer'): 2,
                           ('listener', 'data'): 1, ('caller', 'data-answer'): 1}, 'costs %s' % less)


add('count_without', Count, 0, 0, up=UP[:8000], down=b'', args='-o e2e=off -N', listen='-d')
add('count_with', Count, 0, 0, up=UP[:8000], down=b'')


# --- running -----------------------------------------------------------------

def says_of(name, how):
    """What it is to say, as a regex."""
    says = how.get('says', '')
    return says.get(name, '') if isinstance(says, dict) else says


def judge(m, name, end, arrived, how):
    """What is wrong with the end of one of the two, of whose bytes some have arrived or not."""
    code, out, err = end
    source = m.args[m.other(getattr(m, name))][1]
    if out != source[:len(out)] and how.get('tainted') != name:
        return 'puts out what was not put in'
    if code == 0 and out != source and how.get('empty') != name and '-s' not in m.args[getattr(m, name)][0]:
        return 'takes %d of %d bytes for all' % (len(out), len(source))
    said = [x for x in err.splitlines() if not re.search('listening; reach it|first contact|came with the code', x)]
    says = says_of(name, how)
    if how.get('lost') and name == 'caller':
        if sum(how['lost'] in x for x in said) != 1:
            return 'does not say what is lost'
        said = [x for x in said if how['lost'] not in x]
    if code > 0 and not (len(said) == 1 and re.fullmatch(r'xcat: %s/\w+: .{5,}' % ACCOUNT, said[0])):
        return 'does not say in a line what happened'
    if code != 0 and not re.search(says, '\n'.join(said)):
        return 'does not say /%s/' % says
    confirmed = re.search(r'; (\d+) bytes confirmed$', '\n'.join(said))
    if code == BROKEN and arrived and not how.get('tainted') and not confirmed:
        return 'does not say how far it got'
    # The answers to blocks are what it has to go by: where they are made up, it cannot know.
    if confirmed and name not in m.deceived and int(confirmed[1]) > len(arrived):
        return 'takes %s of %d bytes for confirmed' % (confirmed[1], len(arrived))
    return None


def run(make, status, how):
    """Returns what is wrong, if anything, and how both ended."""
    known = os.path.join(WHERE, 'caller', 'known_peers')
    with contextlib.suppress(FileNotFoundError):
        os.unlink(known)
    if how.get('met'):
        with open(known, 'w') as f:
            f.write('%s %s\n' % (LISTENER, KEYS['listener']))
    listen = how.get('listen', '')
    if how.get('tie'):
        listen += ' -a %s=%s' % (ACCOUNT, KEYS['caller'])
    wanted = {who: s if isinstance(s, set) else {s} for who, s in status.items()}
    hook = make()
    m = Middle(WHERE, hook, how.get('args', ''), listen, how.get('up', UP), how.get('down', DOWN), SECONDS,
               how.get('to', 'xcat'), says_of('listener', how) if STAYS in wanted['listener'] else None)
    m.code = how.get('code')
    m.pin = KEYS['listener'] if how.get('pin') else None
    ends = {}
    try:
        ends = m.play()
        for who in BOTH:
            code = ends[who][0]
            check(code is not None, '%s does not end' % who)
            check(code in wanted[who], '%s ends with %s' % (who, code))
            problem = judge(m, who, ends[who], ends[BOTH[who == 'caller']][1], how)
            check(not problem, '%s %s' % (who, problem))
        if hasattr(hook, 'over'):
            hook.over()
    except Fault as e:
        return str(e), ends
    return None, ends


def own_key(name):
    """Have xcat make it, and show it."""
    home = os.path.join(WHERE, name)
    os.mkdir(home, 0o700)
    config = os.path.join(home, 'config')
    os.close(os.open(config, os.O_CREAT, 0o600))
    shown = subprocess.run([XCAT, '-K'], env=dict(os.environ, XCAT_CONFIG=config), check=True, text=True,
                           stdout=subprocess.PIPE).stdout.strip().rpartition('=')[2]
    check(shown == Identity(os.path.join(home, 'key.pem')).fingerprint, 'xcat -K shows another key')
    return shown


def main():
    global WHERE, KEYS
    cases = [c for c in CASES if re.search(sys.argv[1] if sys.argv[1:] else '', c[0])]
    print('1..%d' % len(cases))
    failed = []
    with tempfile.TemporaryDirectory(prefix='xcat-middle.') as WHERE:
        certificates(WHERE)
        KEYS = {who: own_key(who) for who in BOTH}
        for number, (name, *rest) in enumerate(cases, 1):
            began = time.monotonic()
            problem, ends = run(*rest)
            if tell(number, name, problem, ends, time.monotonic() - began):
                failed.append(name)
    again(failed)
    return bool(failed)


sys.exit(main())
