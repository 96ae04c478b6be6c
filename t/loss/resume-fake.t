#!/usr/bin/python3 -B
"""Stream management (XEP-0198) and reconnection, where a server does what real ones seldom do.

The peer is a plain one: a stream with it lives as long as its session, and no longer.
"""

import contextlib
import os
import re
import select
import shlex
import signal
import socket
import sys
import time
import xml.etree.ElementTree as ET

sys.path.insert(0, sys.path[0] + '/../lib')
from fake import *
from fakerun import *

STAYS = -signal.SIGTERM                 # a listener that goes on until it is told to end
LISTENER = dict(roles='listen', args='-k', notes=None)
TOO_HIGH = SM + 'handled-count-too-high'


def resume(s, *args, **more):
    """Resume a session that was lost; xcat is to send nothing before it is."""
    e = s.resuming()
    check(e.get('previd') == 'some-long-id', 'resumes %s' % e.get('previd'))
    check(e.get('h') == str(s.sent), 'says that %s of %d have come' % (e.get('h'), s.sent))
    check(not s.buf and not select.select([s.sock], [], [], 0.2)[0], 'sends more right behind <resume/>')
    s.resumed(*args, **more)


def stanzas(s, since):
    return [e for e in s.seen[since:] if e.tag in STANZA_TAGS]


def texts(elements):
    return [ET.tostring(e) for e in elements]


def clean_end(s):
    """xcat leaves after it has said how much has come."""
    check(s.ended, 'leaves without </stream:stream>')
    said = s.got(SM + 'a')
    check(said and said[-1].get('h') == str(s.sent), 'leaves without the last <a/>')


# --- resumed -----------------------------------------------------------------

@case(roles=BOTH, stdin=b'pingpong', args='-b 4', out=b'onetwo')
def _ok_resumed(s):
    """Lost between a block and its answer, which comes on the new connection."""
    s.block = 4
    s.stream(managed=True)
    s.data(b'one')
    s.answer(s.arrive())
    late = s.arrive()
    s.drop('rst')
    resume(s)
    s.answer(late)
    s.data(b'two')
    check(s.received == b'pingpong', 'sends %r' % bytes(s.received))
    s.close()
    s.end()
    clean_end(s)


@case(roles=BOTH, stdin=b'pingpong', args='-b 4', out=b'onetwo')
def _ok_resumed_again_and_again(s):
    """Counters go on over all connections, and nothing but stanzas counts."""
    s.block = 4
    s.stream(managed=True)
    s.data(b'one')
    for n in range(6):
        s.send(' <r%s/> \n' % ns(SM))
        check(s.named(SM + 'a').get('h') == str(s.sent), 'counts what is no stanza')
        ping(s)
        s.drop('rst' if n % 2 else 'fin')
        resume(s)
    s.take(8)
    s.data(b'two')
    s.close()
    s.end()
    clean_end(s)


@case(roles=BOTH, stdin=b'pingpongpang', args='-b 4')
def _ok_lost_stanzas_sent_again(s):
    """The server says that it never got the last ones: they come again, as they were, before anything new."""
    s.block = 4
    s.stream(managed=True)
    s.answer(s.arrive())
    begin = len(s.seen)
    counting, s.managed = s.managed, None       # nothing more is acknowledged
    while s.into < 3:                   # it waits for no answer to send these
        s.arrive()
    s.managed = counting
    lost = stanzas(s, begin)
    check(lost, 'sends nothing')
    handled = s.handled() - len(lost)
    s.drop('rst')
    s.seen = [e for e in s.seen if not any(e is one for one in lost)]
    s.waiting.clear()
    again = len(s.seen)
    resume(s, handled)
    while len(stanzas(s, again)) < len(lost):
        e = s.read()
        if not s.routine(e):
            s.waiting.append(e)
    check(texts(stanzas(s, again)) == texts(lost), 'does not send again what was lost')
    s.received, s.into = s.received[:4], 1
    s.take(12)
    check(s.received == b'pingpongpang', 'sends %r' % bytes(s.received))
    s.close()


@case(roles=BOTH, stdin=b'ping', out=b'onetwo')
def _ok_half_a_stanza_does_not_count(s):
    """Cut inside a stanza: it comes again whole."""
    s.stream(managed=True)
    s.data(b'one')
    whole = s.iq('set', s.block_of(b'two'), id='cut')
    sent = s.sent
    s.send(whole[:len(whole) // 2])
    s.sent = sent
    s.drop('rst')
    resume(s, more=whole)
    s.sent = sent + 1
    check(condition(s.reply('cut')) == 'result', 'refuses a block that comes again')
    s.take(4)
    s.close()


@case(roles=BOTH, stdin=b'ping', out=b'one')
def _ok_answer_comes_twice(s):
    """What the server believes lost may have arrived: an answer that was read already."""
    s.stream(managed=True)
    e = s.arrive()
    s.answer(e)
    s.data(b'one')
    s.drop('rst')
    resume(s)
    s.answer(e)
    s.sent -= 1                         # whoever's fault
    ping(s)
    s.close()


@case(roles=BOTH, stdin=b'pingpong', args='-b 4', out=b'onetwo')
def _ok_lost_while_resuming(s):
    """Once before <resumed/>, once behind it."""
    s.block = 4
    s.stream(managed=True)
    s.data(b'one')
    s.answer(s.arrive())
    s.drop('rst')
    s.resuming()
    s.drop('rst')
    resume(s)
    s.drop('rst')
    resume(s)
    s.take(8)
    s.data(b'two')
    s.close()


@case(roles=BOTH, stdin=b'ping', out=b'onetwo')
def _ok_lost_while_logging_in(s):
    """Before TLS, in it, in SASL: once logged in, this is no reason to end."""
    s.stream(managed=True)
    s.data(b'one')
    s.drop('rst')
    s.accept()
    s.drop('rst')
    s.accept()
    s.hello(STARTTLS)
    s.proceed()
    s.drop('rst')
    s.secure()
    s.hello(s.mechanisms(MECHANISMS))
    s.named(SASL + 'auth')
    s.drop('rst')
    resume(s)
    s.take(4)
    s.data(b'two')
    s.close()


@case(roles=BOTH, stdin=b'ping', out=b'one')
def _ok_not_granted(s):
    """Without stream management all is as before."""
    s.login()
    s.begin()
    s.take(4)
    s.data(b'one')
    s.close()
    check(not s.got(SM + 'enable'), 'enables what is not offered')


@case(roles=BOTH, stdin=b'ping', out=b'one')
def _ok_failed_to_enable(s):
    s.secure()
    s.hello(s.mechanisms(MECHANISMS))
    s.sasl()
    s.hello(BINDING + MANAGEMENT)
    s.bind()
    s.named(SM + 'enable')
    s.send('<failed%s><internal-server-error%s/></failed>' % (ns(SM), ns(STANZAS)))
    if s.listen:
        s.until_available()
    s.begin()
    s.take(4)
    s.data(b'one')
    s.close()
    check(not s.got(SM + 'a'), 'counts what it may not')


# --- acknowledgement ----------------------------------------------------------

@case(roles=BOTH, stdin=b'x' * 4000, args='-b 4')
def _ok_asks_often_enough(s):
    """A thousand blocks: no queue of hundreds, on either side, and not an <r/> for each."""
    s.block = 4
    s.stream(managed=True)
    s.take(4000)
    longest = run = 0
    for e in s.seen[s.managed:]:
        run = 0 if e.tag == SM + 'r' else run + (e.tag in STANZA_TAGS)
        longest = max(longest, run)
    check(longest <= 100, 'sends %d stanzas without <r/>' % longest)
    check(len(s.got(SM + 'r')) <= 500, 'asks %d times' % len(s.got(SM + 'r')))
    s.close()


@case(roles=BOTH, stdin=b'x' * 400, args='-b 4', out=b'y' * 4 * 600)
def _ok_tells_unasked(s):
    """A server that never asks and keeps what was not acknowledged: hundreds of stanzas are too many."""
    s.block = 4
    s.stream(managed=True)
    longest = 0
    for _ in range(600):
        s.data(b'y' * 4)
        told = s.got(SM + 'a')
        longest = max(longest, s.sent - (int(told[-1].get('h')) if told else 0))
    check(longest <= 250, 'leaves %d stanzas unacknowledged' % longest)
    s.take(400)
    s.close()


@case(roles=BOTH, stdin=b'ping', stdout='pipe', out=None)
def _ok_answers_while_output_is_blocked(s):
    s.stream(managed=True)
    ids = []
    for _ in range(60):                 # more than a pipe and its reader hold
        ids.append(s.id())
        s.send(s.iq('set', s.block_of(b'z' * 4096), id=ids[-1]))
    for _ in range(3):
        s.send('<r%s/>' % ns(SM))
        check(int(s.named(SM + 'a').get('h')) <= s.sent, 'acknowledges more than came')
        ping(s)
    s.drain()
    for id in ids:
        check(condition(s.reply(id)) == 'result', 'refuses a block')
    s.take(4)
    s.close()


# --- counters that are wrong ---------------------------------------------------

def too_high(s):
    """xcat ends the session with an error that says so, and does not resume it."""
    with s.refused():
        while True:
            e = s.read()
            if e.tag == STREAM + 'error':
                break
            s.routine(e)
        check(e.find(TOO_HIGH) is not None, 'does not say why')
        s.end()
        raise Gone
    nobody_resumes(s)


def nobody_resumes(s):
    """It may log in again before it gives up."""
    seen = len(s.seen)
    with contextlib.suppress(Fault, Gone):
        s.waiting.clear()
        s.secure()
        s.hello(s.mechanisms(MECHANISMS))
        s.sasl()
        s.hello(BINDING + MANAGEMENT)
        with contextlib.suppress(Gone):
            if s.next(lambda e: e.tag == SM + 'resume' or len(e) and e[0].tag == BIND + 'bind').tag == CLIENT + 'iq':
                s.waiting += [s.seen[-1]]
                bind_and_end(s)
    check(not any(e.tag == SM + 'resume' for e in s.seen[seen:]), 'resumes a session that it has ended')


def bind_and_end(s):
    s.managed = None
    s.bind()
    s.end()


@case(BROKEN, roles=BOTH, stdin=b'ping')
def _h_too_high_in_answer(s):
    s.stream(managed=True)
    s.arrive()
    s.send("<a%s h='9999'/>" % ns(SM))
    too_high(s)


@case(BROKEN, roles=BOTH, stdin=b'ping')
def _h_too_high_by_one(s):
    s.stream(managed=True)
    s.arrive()
    ping(s)                             # whose answer is the last thing that was sent
    s.send("<a%s h='%d'/>" % (ns(SM), s.handled() + 1))
    too_high(s)


@case(BROKEN, roles=BOTH, stdin=b'ping')
def _h_too_high_in_resumed(s):
    s.stream(managed=True)
    s.arrive()
    s.drop('rst')
    resume(s, s.handled() + 1)
    too_high(s)


@case(BROKEN, roles=BOTH, stdin=b'ping')
def _h_lower_than_before(s):
    """The server takes back what it had acknowledged, and which nobody can send again."""
    s.stream(managed=True)
    s.answer(s.arrive())
    ping(s)
    s.send("<a%s h='%d'/>" % (ns(SM), s.handled()))
    ping(s)
    s.drop('rst')
    resume(s, 0)
    with contextlib.suppress(Gone):
        s.end()
    nobody_resumes(s)


for name, h in ('missing', ''), ('empty', "h=''"), ('word', "h='many'"), ('negative', "h='-1'"), \
        ('large', "h='4294967296'"), ('larger', "h='99999999999999999999999'"):
    @case(BROKEN, roles=BOTH, of=name, stdin=b'ping')
    def _h_is_no_number(s, h=h):
        s.stream(managed=True)
        s.arrive()
        s.send('<a%s %s/>' % (ns(SM), h))
        s.end()
        nobody_resumes(s)


@case(STAYS, **LISTENER)
def _h_too_high_and_listens_again(s):
    """The session is at fault, not the listener: it logs in anew."""
    s.login(managed=True)
    s.send("<a%s h='9999'/>" % ns(SM))
    with s.refused():
        while True:
            s.routine(s.read())
    login_again(s, managed=None)        # it is not to be counted with
    s.signal(signal.SIGTERM)
    s.end()


# --- not resumed ---------------------------------------------------------------

REFUSALS = {'item_not_found': "<failed%s h='%%d'><item-not-found%s/></failed>",
            'without_h': '<failed%s><item-not-found%s/></failed>',
            'unexpected_request': '<failed%s><unexpected-request%s/></failed>',
            'h_too_high': "<failed%s h='99999'><item-not-found%s/></failed>"}


def login_again(s, refusal=None, managed=True):
    """After all, under the same resource."""
    was = s.me
    s.managed = None
    if refusal:
        s.resuming()
        handled = s.handled()
        refusal = refusal % (ns(SM), ns(STANZAS))
        s.send(refusal % handled if '%' in refusal else refusal)
        s.bind()
        s.manage()
    else:
        s.available = False
        s.waiting.clear()
        s.login(managed=managed)
    check(s.me == was, 'binds %s instead of %s' % (s.me, was))


for name, refusal in REFUSALS.items():
    @case(BROKEN, of=name, roles=BOTH, stdin=b'pingping', args='-b 4', out=b'one')
    def _refused(s, refusal=refusal):
        """With a plain peer the stream ends, and how far it got is known."""
        s.block = 4
        s.stream(managed=True)
        s.data(b'one')
        s.answer(s.arrive())
        s.arrive()
        s.drop('rst')
        s.confirmed = 4
        s.resuming()
        refusal = refusal % (ns(SM), ns(STANZAS))
        s.send(refusal % s.handled() if '%' in refusal else refusal)
        with contextlib.suppress(Gone):
            bind_and_end(s)

    @case(STAYS, of=name, out=b'onetwo', **LISTENER)
    def _refused_and_listens_again(s, refusal=refusal):
        s.stream(managed=True)
        s.data(b'one')
        s.drop('rst')
        login_again(s, refusal)
        s.sid, s.out = 's2', 0
        s.begin()
        s.data(b'two')
        s.close()
        s.signal(signal.SIGTERM)
        s.end()


@case(BROKEN, roles=BOTH, stdin=b'ping', out=b'one')
def _not_resumable_by_its_server(s):
    """Managed, but not to be resumed."""
    s.stream(managed="id='x'")
    s.data(b'one')
    s.arrive()
    s.confirmed = 0
    s.drop('rst')
    nobody_resumes(s)


@case(BROKEN, roles=BOTH, stdin=b'ping', out=b'one')
def _not_managed(s):
    s.stream()
    s.data(b'one')
    s.arrive()
    s.confirmed = 0
    s.drop('rst')
    nobody_resumes(s)


@case(STAYS, **LISTENER)
def _ok_listener_without_management(s):
    s.login()
    was = s.me
    for how in 'rst', 'fin', 'tls':
        s.drop(how)
        s.available = False
        s.login()
        check(s.me == was, 'binds %s instead of %s' % (s.me, was))
    s.signal(signal.SIGTERM)
    s.end()


@case(STAYS, stdin=b'', out=b'one', roles='listen', args='-k -a @roster', notes=None)
def _ok_roster_lost_with_its_login(s):
    """The next login asks for it again, and the listener begins with that."""
    def asked():
        return s.next(lambda e: e.tag == CLIENT + 'iq' and len(e) and e[0].tag == ROSTER + 'query')

    s.login()
    asked()
    s.drop('rst')
    s.available = False
    s.login()
    s.send("<iq type='result' id='%s'><query%s><item jid='%s' subscription='both'/></query></iq>" % (
        asked().get('id'), ns(ROSTER), PEER.split('/')[0]))
    s.begin()
    with open(s.err_name) as f:
        check('listening; reach it' in f.read(), 'does not say that it listens')
    s.data(b'one')
    s.close()
    s.signal(signal.SIGTERM)
    s.end()


@case(STAYS, stdin=b'', out=b'one', **LISTENER)
def _ok_resumed_session_that_does_not_hear(s):
    """Prosody 0.12 may be deaf after <resumed/>: no <a/>; then it is a new session that is needed."""
    s.login(managed=True)
    s.drop('rst')
    s.until += 20
    resume(s)
    with contextlib.suppress(Gone):
        while s.sock.recv(4096):        # and nothing else
            pass
    login_again(s)
    s.begin()
    s.data(b'one')
    s.close()
    s.signal(signal.SIGTERM)
    s.end()


@case(STAYS, stdin=b'', out=b'one', **LISTENER)
def _ok_resume_is_not_answered(s):
    """Asked twice whether it resumes the session, and then it is enough."""
    s.login(managed=True)
    for managed in True, None:
        s.drop('rst')
        s.until += 20
        s.resuming()
        with contextlib.suppress(Gone):
            while s.sock.recv(4096):    # and nothing else
                pass
        login_again(s, managed=managed)
    s.drop('rst')
    login_again(s, managed=None)        # though it is offered
    s.begin()
    s.data(b'one')
    s.close()
    s.signal(signal.SIGTERM)
    s.end()


for where_ in 'clear', 'secure':
    @case(roles=BOTH, stdin=b'pingpong', args='-b 4', of=where_)
    def _ok_another_node_is_busy(s, where_=where_):
        """A stream error before the login says nothing about the session that was lost."""
        s.block = 4
        s.stream(managed=True)
        s.answer(s.arrive())
        s.drop('rst')
        if where_ == 'clear':
            s.accept()
            header = s.header()
        else:
            s.secure()
            header = s.header()
        with s.refused():
            s.send(header + '<stream:error><policy-violation%s/></stream:error></stream:stream>' % ns(
                '{urn:ietf:params:xml:ns:xmpp-streams}'))
            while True:
                s.read()
        s.encrypted = False
        resume(s)
        s.take(8)
        check(s.received == b'pingpong', 'sends %r' % bytes(s.received))
        s.close()


@case(BROKEN, stdin=b'x' * 14000000, args='-b 65535')
def _too_much_to_send_again(s):
    """More than a connection's buffer takes: xcat logs in anew, as each attempt to resume would fail like the first."""
    s.block = 65535
    s.stream(managed=True)
    handled, s.managed = s.handled(), None      # nothing more is acknowledged
    s.take(14000000)
    s.drop('rst')
    s.resuming()
    s.resumed(handled)
    with s.refused():
        s.named(SM + 'r')
        s.send("<a%s h='%d'/>" % (ns(SM), handled))
        while True:
            s.read()
    nobody_resumes(s)


# --- elsewhere -------------------------------------------------------------------

def elsewhere(s):
    """Another door of the same server."""
    s.main, s.second = s.listener, socket.create_server(('127.0.0.1', 0))
    return s.second.getsockname()[1]


@case(roles=BOTH, stdin=b'ping', out=b'onetwo')
def _ok_location(s):
    """Where the server wants to be met again."""
    port = elsewhere(s)
    s.stream(managed="id='some-long-id' resume='true' location='127.0.0.1:%d'" % port)
    s.data(b'one')
    s.drop('rst')
    s.listener = s.second
    resume(s)
    s.take(4)
    s.data(b'two')
    s.close()
    s.main.close()


@case(roles=BOTH, stdin=b'ping', out=b'onetwo')
def _ok_location_not_there(s):
    """A location that does not answer is only a wish."""
    port = elsewhere(s)
    s.second.close()
    s.stream(managed="id='some-long-id' resume='true' location='127.0.0.1:%d'" % port)
    s.data(b'one')
    s.drop('rst')
    resume(s)
    s.take(4)
    s.data(b'two')
    s.close()


for name, location in ('empty', ''), ('garbage', ':::/[]'), ('port', '127.0.0.1:99999'), ('long', 'a' * 5000):
    @case(roles=BOTH, of=name, stdin=b'ping', out=b'onetwo')
    def _ok_location_strange(s, location=location):
        s.stream(managed="id='some-long-id' resume='true' location='%s'" % location)
        s.data(b'one')
        s.drop('rst')
        resume(s)
        s.take(4)
        s.data(b'two')
        s.close()


# --- what ends it ------------------------------------------------------------------

def stream_error(name):
    return "<stream:error><%s xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></stream:stream>" % name


def nobody_comes(s):
    s.sock.close()
    s.sock = None
    check(not select.select([s.listener], [], [], 1.5)[0], 'connects again')


for managed in None, True:
    name = 'managed' if managed else 'unmanaged'

    @case(BROKEN, of=name, roles=BOTH, stdin=b'ping', out=b'one', says='resource|/xcat|/[0-9a-f]{32}')
    def _conflict(s, managed=managed):
        s.stream(managed=managed)
        s.data(b'one')
        s.send(stream_error('conflict'))
        s.end()
        nobody_comes(s)

    @case(AUTH, of=name, says='/xcat', **LISTENER)
    def _conflict_of_listener(s, managed=managed):
        s.login(managed=managed)
        s.send(stream_error('conflict'))
        s.end()
        nobody_comes(s)

    @case(STAYS, of=name, **LISTENER)
    def _ok_conflict_with_itself(s, managed=managed):
        """What was asked of a server on a connection that was given up may still be done."""
        s.login(managed=managed)
        s.drop('rst')
        if managed:
            s.resuming()
        else:
            s.secure()
            s.hello(s.mechanisms(MECHANISMS))
            s.sasl()
            s.hello(BINDING)
            s.next(lambda e: e.tag == CLIENT + 'iq' and e[0].tag == BIND + 'bind')
        s.drop('rst')
        login_again(s, REFUSALS['without_h'] if managed else None, managed=managed)
        s.send(stream_error('conflict'))
        s.end()
        login_again(s, managed=managed)
        s.signal(signal.SIGTERM)
        s.end()

    @case(STAYS, of=name, **LISTENER)
    def _ok_shutdown(s, managed=managed):
        """A server that goes says so; the listener waits for it, and does not resume (RFC 6120 section 4.9.3.19)."""
        s.login(managed=managed)
        s.send(stream_error('system-shutdown'))
        s.end()
        login_again(s)
        s.signal(signal.SIGTERM)
        s.end()


for cert in 'otherca', 'wrong', 'expired':
    @case(BROKEN, of=cert, roles=BOTH, stdin=b'ping', says='certificate')
    def _certificate_no_longer_verifies(s, cert=cert):
        s.stream(managed=True)
        s.drop('rst')
        with s.refused():
            s.secure(cert)
            s.read()
        nobody_comes(s)

    @case(NETWORK, of=cert, says='certificate', **LISTENER)
    def _certificate_of_listener(s, cert=cert):
        s.login()
        s.drop('rst')
        with s.refused():
            s.secure(cert)
            s.read()
        nobody_comes(s)


# --- another address --------------------------------------------------------------

def bound_to(s, suffix):
    """The server gives the resource with something behind it."""
    def answer(id, jid):
        s.asked, s.me = jid, jid + suffix
        return s.bind_result(id, s.me)
    return answer


def in_conflict(s):
    """The server gives no resource that is asked for by name; it may be asked again."""
    def answer(id, jid):
        s.asked = jid
        return s.iq('error', s.error('conflict'), '', id) if not jid.endswith('/given') else s.bind_result(id, jid)
    return answer


def refuses_resource(s):
    """Login up to a conflict."""
    s.secure()
    s.hello(s.mechanisms(MECHANISMS))
    s.sasl()
    s.hello(BINDING)
    s.bind(in_conflict(s))


def told(s, jid):
    with open(s.err_name) as f:
        return re.search('reach it with: xcat %s(=|$)' % re.escape(jid), f.read(), re.M)


@case(STAYS, listening=ACCOUNT + '/xcat.A', **LISTENER)
def _ok_server_appends_to_every_resource(s):
    """It goes on as what it is given, looks once whether it can go back, and then no more."""
    s.until += 20
    s.login(bind=bound_to(s, '.A'))
    for suffix in '.B', '.C':
        if suffix == '.B':
            s.drop('rst')
        else:
            with contextlib.suppress(Gone):
                s.next(lambda e: False)
            check(any(e.get('to') == ACCOUNT + '/xcat.A' for e in s.seen), 'does not look before it goes back')
        s.available = False
        s.login(bind=bound_to(s, suffix))
        check(s.asked == ACCOUNT + '/xcat.A', 'asks for ' + s.asked)
        ping(s)
        check(told(s, s.me), 'does not tell its address')
    s.drop('rst')
    s.available = False
    s.login(bind=bound_to(s, '.D'))
    check(s.asked == ACCOUNT + '/xcat', 'asks for ' + s.asked)
    ping(s)
    s.signal(signal.SIGTERM)
    s.end()


@case(roles='listen', out=b'one', notes=None)
def _ok_listener_for_once_is_given_another_resource(s):
    """Nobody has the one that it had, so it is of no use to insist."""
    s.login()
    s.drop('rst')
    s.available = False
    s.login(bind=bound_to(s, '.A'))
    check(any(e.get('to') == ACCOUNT + '/xcat' for e in s.seen), 'does not see whether its resource is free')
    ping(s)
    check(told(s, s.me), 'does not tell its address')
    s.begin()
    s.data(b'one')
    s.close()
    s.end()


@case(AUTH, roles='listen', args='-w 4', says='another client has it')
def _conflict_without_end(s):
    s.login()
    s.drop('rst')
    while select.select([s.listener], [], [], 6)[0]:
        refuses_resource(s)
        with contextlib.suppress(Gone):
            while True:
                s.read()


@case(STAYS, roles='listen', args='-k -w 4', notes=None)
def _ok_conflict_until_it_goes_elsewhere(s):
    s.login()
    s.drop('rst')
    while True:
        s.bound = s.available = False
        refuses_resource(s)
        if s.asked.endswith('/given'):
            break
        with contextlib.suppress(Gone):
            while True:
                s.read()
    s.until_available()
    ping(s)
    check(told(s, s.me), 'does not tell its address')
    s.signal(signal.SIGTERM)
    s.end()


def refuse_login(s):
    s.secure()
    s.hello(s.mechanisms(MECHANISMS))
    s.named(SASL + 'auth')
    s.send('<failure%s><not-authorized/></failure>' % ns(SASL))
    s.end()
    nobody_comes(s)


@case(BROKEN, roles=BOTH, stdin=b'ping', says='password|refuse|author')
def _login_refused(s):
    s.stream(managed=True)
    s.drop('rst')
    refuse_login(s)


@case(AUTH, says='password|refuse|author', **LISTENER)
def _login_refused_to_listener(s):
    s.login(managed=True)
    s.drop('rst')
    refuse_login(s)


@case(BROKEN, roles=BOTH, stdin=b'ping', says='encryption|TLS')
def _tls_no_longer_offered(s):
    """Whoever that is, it is not told anything."""
    s.stream(managed=True)
    s.drop('rst')
    s.accept()
    with s.refused():
        s.hello(s.mechanisms(MECHANISMS))
        while True:         # <starttls/> may come before: it knows us
            s.read()
    check(b'auth' not in s.buf, 'says more in the clear')
    nobody_comes(s)


@case({NETWORK, LOCAL}, roles='listen', args='-k', notes=None)
def _first_login_is_not_tried_again(s):
    s.accept()
    s.drop('rst')
    nobody_comes(s)


def counted(where):
    with contextlib.suppress(FileNotFoundError):
        os.unlink(os.path.join(where, 'asked'))
    return 'password-command echo once >>%s/asked; printf %%s %s\n' % (
        where, shlex.quote(PASSWORD).replace('%', '%%'))


@case(STAYS, config=counted, **LISTENER)
def _ok_password_command_runs_once(s):
    asked = os.path.join(s.certs, 'asked')
    s.login()
    for _ in range(2):
        s.drop('rst')
        s.available = False
        s.login()
    with open(asked) as f:
        check(f.read() == 'once\n', 'asks for the password again')
    s.signal(signal.SIGTERM)
    s.end()


@case(STAYS, **LISTENER)
def _ok_backs_off(s):
    """Sooner at first than later, and never in a hurry."""
    s.until += 10
    s.login()
    s.drop('rst')
    times = [time.monotonic()]
    for _ in range(4):
        s.accept()
        times.append(time.monotonic())
        s.drop('rst')
    gaps = [b - a for a, b in zip(times, times[1:])]
    check(gaps[0] <= 10, 'waits %.1f s before the first attempt' % gaps[0])
    check(sum(gaps[1:]) >= 1.5, 'tries again after %s s' % ' '.join('%.1f' % g for g in gaps))
    check(gaps[-1] > gaps[0], 'does not back off')
    s.available = False
    s.login()
    s.signal(signal.SIGTERM)
    s.end()
    with open(s.err_name) as f:
        lines = f.read()
    check(len(re.findall('; trying again$', lines, re.M)) == 1, 'does not say once that it is lost')
    check(len(re.findall('xcat: back: logged in again', lines, re.M)) == 1, 'does not say once that it is back')


sys.exit(main(8))
