#!/usr/bin/python3 -B
"""Logins that tell a server early what it is known to want (XEP-0305), and servers that have changed, or bear it not."""

import os
import select
import sys
import time

sys.path.insert(0, sys.path[0] + '/../lib')
from fake import *
from fakerun import *

KNOWN = 'alice@example.test yes %s / %s\n'
USUAL = KNOWN % (' '.join(MECHANISMS), 'granted')


def early(s, mechs=MECHANISMS):
    """The beginning of a login, of which nothing has been answered yet where it counts."""
    s.waiting.append(s.early(s.mechanisms(mechs), SASL + 'auth'))


def rest(s, features=BINDING):
    """From the challenge on.  The resource is asked for before the features come."""
    s.sasl()
    header = s.header()
    bind = s.next(lambda e: e.tag == CLIENT + 'iq' and e[0].tag == BIND + 'bind')
    s.waiting.append(bind)
    s.send(header + '<stream:features>' + features + '</stream:features>')


def remembered(s):
    with open(os.path.join(os.path.dirname(s.err_name), 'known_servers')) as f:
        return f.read()


def ends(s):
    s.data(b'hello')
    s.close()


@case(roles='call listen', known=USUAL, out=b'hello')
def _ok_early(s):
    early(s)
    rest(s)
    if not s.listen:
        s.named(CLIENT + 'presence')            # and the stream, before the resource is granted
        s.waiting.append(s.next(lambda e: e.tag == CLIENT + 'iq' and e[0].tag == IBB + 'open'))
    s.bind()
    if s.listen:
        s.until_available()
    s.begin()
    ends(s)
    check(remembered(s) == USUAL, 'has forgotten the server')


@case(known=USUAL, direct=True, out=b'hello')
def _ok_early_direct(s):
    early(s)
    rest(s)
    s.bind()
    s.begin()
    ends(s)


@case(known=USUAL, out=b'hello')
def _ok_early_bytewise(s):
    s.bytewise = True
    early(s)
    rest(s)
    s.bind()
    s.begin()
    ends(s)


@case(known=USUAL, out=b'hello')
def _ok_late_stream_management(s):
    """Stream management is enabled once it is known to be offered, though the server did not offer it of old."""
    early(s)
    rest(s, BINDING + MANAGEMENT)
    s.bind()
    s.manage()
    s.begin()
    ends(s)


@case(known=KNOWN % ('SCRAM-SHA-512 SCRAM-SHA-256', 'sm granted'), out=b'hello')
def _ok_other_mechanisms(s):
    """It refuses what it does not offer any more; then it is asked."""
    early(s)
    check(s.named(SASL + 'auth').get('mechanism') == 'SCRAM-SHA-512', 'does not go by what it knows')
    s.send('<failure%s><invalid-mechanism/></failure>' % ns(SASL))
    again(s)


@case(known=USUAL, out=b'hello')
def _ok_hangs_up(s):
    """A server that does not bear it: it is asked, this time and from now on."""
    s.accept()
    s.header()
    s.named(TLS + 'starttls')
    again(s)
    check(' no ' in remembered(s), 'does not remember that it must wait')


@case(known=USUAL.replace(' yes ', ' no '), out=b'hello')
def _ok_patient(s):
    s.stream()
    ends(s)
    check(' no ' in remembered(s), 'does not remember that it must wait')


@case(known=USUAL, out=b'hello')
def _ok_stream_error(s):
    early(s)
    s.send('<stream:error><invalid-xml%s/></stream:error></stream:stream>' % ns('{urn:ietf:params:xml:ns:xmpp-streams}'))
    again(s)


def slowly(s, features=BINDING):
    """The second login waits for everything, up to its resource."""
    s.drop()
    s.waiting.clear()
    s.encrypted = False
    s.secure()
    header = s.header()
    check(not s.waiting and not s.buf.strip(), 'is still in a hurry')
    s.send(header + '<stream:features>' + s.mechanisms(MECHANISMS) + '</stream:features>')
    s.sasl()
    header = s.header()
    check(not s.waiting and not s.buf.strip(), 'is in a hurry again')
    s.send(header + '<stream:features>' + features + '</stream:features>')


def again(s):
    """It brings the stream."""
    slowly(s)
    s.bind()
    if s.listen:
        s.until_available()
    s.begin()
    ends(s)


@case(AUTH, known=USUAL, says='wrong password')
def _wrong_password(s):
    """It is not tried twice."""
    early(s)
    s.named(SASL + 'auth')
    s.send('<failure%s><not-authorized/></failure>' % ns(SASL))
    with s.refused():
        while True:
            s.read()


@case(known='alice@example.test yes\nalice@example.test yes no slash\n\0\xff alice@example.test', out=b'hello', notes=1)
def _ok_nonsense(s):
    s.stream()
    ends(s)
    check(remembered(s).endswith(USUAL), 'does not remember the server')


def early_open(s):
    """Up to a stream that is opened before the resource is granted."""
    early(s)
    rest(s)
    s.waiting.append(s.next(lambda e: e.tag == CLIENT + 'iq' and e[0].tag == IBB + 'open'))


@case(known=USUAL, out=b'hello')
def _ok_another_resource(s):
    """The peer was called by a name that is not ours: it is called once more, and next time that is waited for."""
    early_open(s)
    with contextlib.suppress(Gone):
        s.bind(lambda id, jid: s.bind_result(id, ACCOUNT + '/another'))
        while True:
            s.read()

    def assign(id, jid):
        s.me = ACCOUNT + '/yet-another'
        return s.bind_result(id, s.me)
    slowly(s)
    s.bind(assign)
    s.begin()
    ends(s)
    check('granted' not in remembered(s), 'relies on it again')


def no_resource(s):
    with s.refused():
        s.bind(lambda id, jid: "<iq type='error' id='%s'>%s</iq>" % (id, s.error('not-allowed')))
        while True:
            s.read()


@case(AUTH, known=USUAL, says='not-allowed')
def _no_resource(s):
    early_open(s)
    no_resource(s)
    slowly(s)
    no_resource(s)
    nobody_comes(s)


@case(known=USUAL, out=b'hello')
def _ok_no_resource_early(s):
    early_open(s)
    no_resource(s)
    again(s)
    check(' yes ' in remembered(s), 'blames its manners')


@case(args='-j %s/mine' % ACCOUNT, known=USUAL, out=b'hello')
def _ok_named_resource(s):
    """Somebody else may have it by now, so the answer is waited for."""
    def bind(id, jid):
        check(not s.buf.strip(), 'does not wait')
        check(not any(e[0].tag == IBB + 'open' for e in s.got(CLIENT + 'iq')), 'does not wait for its resource')
        return s.bind_result(id, jid)
    early(s)
    rest(s)
    s.bind(bind)
    s.begin()
    ends(s)


@case(known=KNOWN % (' '.join(MECHANISMS), ''), out=b'hello')
def _ok_resource_never_granted(s):
    """A server that once gave another resource is waited for."""
    def assign(id, jid):
        check(not any(e[0].tag == IBB + 'open' for e in s.got(CLIENT + 'iq')), 'does not wait for its resource')
        s.me = ACCOUNT + '/assigned'
        return s.bind_result(id, s.me)
    early(s)
    rest(s)
    s.bind(assign)
    s.begin()
    ends(s)
    check('granted' not in remembered(s), 'remembers what was not so')


@case(known=USUAL, out=b'hello')
def _ok_not_before_the_resource(s):
    """RFC 6120 section 7.1: a server may close a stream for that."""
    early_open(s)
    s.waiting.clear()
    s.send('<stream:error><not-authorized%s/></stream:error></stream:stream>' % ns(
        '{urn:ietf:params:xml:ns:xmpp-streams}'))
    again(s)
    check(' no ' in remembered(s), 'does not remember that it must wait')


@case(known=KNOWN % ('PLAIN', 'granted'), args='-o plain=yes', out=b'hello')
def _ok_plain_waits(s):
    """No password is sent to whom may have learnt better since."""
    s.secure()
    header = s.header()
    check(not s.buf.strip(), 'does not wait for what is offered')
    s.send(header + '<stream:features>' + s.mechanisms(MECHANISMS + ('PLAIN',)) + '</stream:features>')
    s.sasl(mechs=MECHANISMS)
    s.hello(BINDING)
    s.bind()
    s.begin()
    ends(s)


@case(AUTH, known=USUAL)
def _impostor(s):
    """A server that does not know the password: not tried twice."""
    early(s)
    with s.refused():
        s.sasl(final=lambda message: None)
        while True:
            s.read()
    nobody_comes(s)


def nobody_comes(s):
    s.sock.close()
    s.sock = None
    check(not select.select([s.listener], [], [], 1.5)[0], 'connects again')


# Servers that begin well.

@case(known=USUAL, out=b'hello')
def _ok_refuses_starttls_early(s):
    s.accept()
    header = s.header()
    s.named(TLS + 'starttls')
    s.send(header + '<stream:features>' + STARTTLS + '</stream:features><failure%s/></stream:stream>' % ns(TLS))
    again(s)


@case(TRUST, known=USUAL, says='encrypt')
def _refuses_starttls(s):
    """Early, and when it has offered it."""
    for _ in range(2):
        s.accept()
        header = s.header()
        s.send(header + '<stream:features>' + STARTTLS + '</stream:features>')
        s.named(TLS + 'starttls')
        with s.refused():
            s.send('<failure%s/></stream:stream>' % ns(TLS))
            while True:
                s.read()
    check(not s.got(SASL + 'auth'), 'logs in in the clear')
    nobody_comes(s)


def deaf(s):
    """Nothing that was sent early has been heard."""
    with s.refused():
        while True:
            s.read()


@case(known=USUAL, out=b'hello')
def _ok_deaf_to_starttls(s):
    s.accept()
    s.hello(STARTTLS)
    deaf(s)
    again(s)


@case(known=USUAL, direct=True, out=b'hello')
def _ok_merely_slow(s):
    """It is not given up for being told early, but takes its time with everything."""
    s.accept()
    s.tls()
    time.sleep(11)
    header = s.header()
    s.waiting.append(s.named(SASL + 'auth'))
    s.send(header + '<stream:features>' + s.mechanisms(MECHANISMS) + '</stream:features>')
    rest(s)
    s.bind()
    s.begin()
    ends(s)


@case(known=USUAL, out=b'hello')
def _ok_deaf_to_auth(s):
    early(s)
    deaf(s)
    again(s)


@case(TIMEOUT, args='-w 1', known=USUAL)
def _deaf_and_no_time(s):
    """There is none for another attempt, so that is what is said."""
    with s.refused():
        early(s)
        deaf(s)
        raise Gone
    nobody_comes(s)


@case(TIMEOUT, args='-w 2', known=USUAL)
def _silent(s):
    s.accept()
    with s.refused():
        while True:
            s.read()
    nobody_comes(s)


@case(roles=BOTH, known=USUAL, out=b'hello')
def _ok_deaf_to_bind(s):
    early(s)
    rest(s)
    deaf(s)
    again(s)


@case(known=USUAL, roles=BOTH, out=b'hello')
def _ok_old_session(s):
    """One that wants RFC 3921's session by now."""
    early(s)
    with s.refused():
        rest(s, BINDING + "<session xmlns='urn:ietf:params:xml:ns:xmpp-session'/>")
        while True:
            s.read()
    slowly(s, BINDING + "<session xmlns='urn:ietf:params:xml:ns:xmpp-session'/>")
    s.bind()
    if s.listen:
        s.until_available()
    s.begin()
    ends(s)
    check('/ session' in remembered(s), 'does not remember that')


@case(known=USUAL, out=b'hello')
def _ok_no_first_features(s):
    s.accept()
    header = s.header()
    s.named(TLS + 'starttls')
    s.send(header + '<stream:features>' + STARTTLS + '</stream:features><proceed%s/>' % ns(TLS))
    s.tls()
    s.send(s.header())
    rest(s)
    s.bind()
    s.begin()
    ends(s)


@case(known=USUAL, out=b'hello')
def _ok_features_twice(s):
    early(s)
    with s.refused():
        s.send('<stream:features>' + s.mechanisms(('PLAIN',)) + '</stream:features>')
        while True:
            s.read()
    again(s)


@case(known=USUAL, out=b'hello')
def _ok_see_other_host(s):
    """It is somebody else who is told early then."""
    s.accept()
    s.header()
    s.named(TLS + 'starttls')
    s.send(PROLOG + HEADER % 1 + '<stream:features>' + STARTTLS + '</stream:features><proceed%s/>' % ns(TLS))
    s.tls()
    header = s.header()
    s.named(SASL + 'auth')
    with s.refused():
        s.send(header + "<stream:error><see-other-host%s>127.0.0.1:%d</see-other-host></stream:error>" % (
            ns('{urn:ietf:params:xml:ns:xmpp-streams}'), s.port))
        while True:
            s.read()
    s.encrypted = False
    early(s)
    rest(s)
    s.bind()
    s.begin()
    ends(s)


@case(NETWORK, known=USUAL, says='later')
def _temporary_failure(s):
    """It is about the password, not about manners: that is the end, and no word of it is kept."""
    early(s)
    s.named(SASL + 'auth')
    with s.refused():
        s.send('<failure%s><temporary-auth-failure/></failure>' % ns(SASL))
        while True:
            s.read()
    nobody_comes(s)
    check(remembered(s) == USUAL, 'blames its manners')


@case(NETWORK, known=USUAL)
def _never_lets_us_in(s):
    """As if by a server that was never known: it is not tried for ever."""
    early_open(s)
    slowly(s)
    s.next(lambda e: e.tag == CLIENT + 'iq' and e[0].tag == BIND + 'bind')
    s.drop()
    nobody_comes(s)


@case(known=USUAL, roles=BOTH, out=b'hello')
def _ok_ghost(s):
    """What was asked early is done late, and takes our place: we made that conflict ourselves."""
    early(s)
    rest(s)
    if not s.listen:
        s.waiting.append(s.next(lambda e: e.tag == CLIENT + 'iq' and e[0].tag == IBB + 'open'))
    slowly(s)
    s.bind()
    s.available = False
    s.until_available()
    s.send('<stream:error><conflict%s/></stream:error></stream:stream>' % ns('{urn:ietf:params:xml:ns:xmpp-streams}'))
    again(s)


# Servers that lie.

@case(AUTH, known=USUAL, says='prove')
def _success_at_once(s):
    """Everything has been accepted, it says: a server that knows no password."""
    early(s)
    with s.refused():
        s.send('<success%s/>' % ns(SASL) + PROLOG + HEADER % 9 + '<stream:features>' + BINDING + '</stream:features>')
        while True:
            s.read()
    check(not s.got(CLIENT + 'iq') and not s.got(CLIENT + 'presence'), 'believes it')
    nobody_comes(s)


@case(AUTH, known=USUAL, says='prove')
def _wrong_signature(s):
    early(s)
    with s.refused():
        s.sasl(final=lambda message: b'v=' + b64(bytes(32)).encode())
        while True:
            s.read()
    check(not s.got(CLIENT + 'iq') and not s.got(CLIENT + 'presence'), 'believes it')
    nobody_comes(s)


@case(AUTH, known=USUAL)
def _failure_then_success(s):
    early(s)
    with s.refused():
        s.send('<failure%s><not-authorized/></failure><success%s/>' % (ns(SASL), ns(SASL)))
        while True:
            s.read()
    check(not s.got(SASL + 'response') and not s.got(CLIENT + 'iq'), 'goes on')
    nobody_comes(s)


@case({TRUST, AUTH}, known=USUAL)
def _more_behind_success(s):
    """RFC 6120 section 6.4.6: nothing that was sent before the new stream is part of it."""
    def more(message):
        glued = '<success%s>%s</success>' % (ns(SASL), b64(message))
        s.send(glued + PROLOG + HEADER % 9 + '<stream:features>' + BINDING + '</stream:features>')
        return message
    early(s)
    with s.refused():
        s.sasl(final=more)
        while True:
            s.read()
    check(not s.got(CLIENT + 'iq'), 'asks for a resource')
    nobody_comes(s)


@case(AUTH, known=USUAL)
def _only_plain_by_now(s):
    """What it offers now is not good enough: nothing is told, early or late."""
    early(s, ('PLAIN',))
    s.named(SASL + 'auth')
    with s.refused():
        s.send('<failure%s><invalid-mechanism/></failure>' % ns(SASL))
        while True:
            s.read()
    s.encrypted = False
    with s.refused():
        s.secure()
        s.hello(s.mechanisms(('PLAIN',)))
        while True:
            s.read()
    check([e.get('mechanism') for e in s.got(SASL + 'auth')] == ['SCRAM-SHA-256'], 'tells the password')
    nobody_comes(s)


@case({REFUSED, NETWORK, AUTH}, known=USUAL, says='another client')
def _conflict(s):
    early_open(s)
    with s.refused():
        s.send('<stream:error><conflict%s/></stream:error></stream:stream>' % ns(
            '{urn:ietf:params:xml:ns:xmpp-streams}'))
        while True:
            s.read()
    nobody_comes(s)


@case(known=USUAL, out=b'hello')
def _ok_somebody_elses_answer(s):
    """It is for the server to say which resource we have."""
    early_open(s)
    with s.refused():
        s.bind(lambda id, jid: s.bind_result(id, EVIL, EVIL))
        while True:
            s.read()
    again(s)


@case(known=USUAL, out=b'hello')
def _ok_management_before_the_resource(s):
    """Answers to what was not asked."""
    early_open(s)
    s.send("<resumed%s previd='x' h='0'/><enabled%s id='y' resume='true'/><failed%s h='7'/><a%s h='9'/><r%s/>" % (
        (ns(SM),) * 5))
    s.bind()
    s.begin()
    ends(s)


@case(known=USUAL, out=b'hello')
def _ok_many_mechanisms(s):
    """What is remembered is bounded, and none of it can be taken for something else."""
    early(s, MECHANISMS + tuple('X-%d' % i for i in range(5000)) + (
        'a\nb', 'x / y', '/', 'cb:tls-exporter', 'A' * 5000))
    rest(s)
    s.bind()
    s.begin()
    ends(s)
    known = remembered(s)
    check(len(known) < 2500 and known.count('\n') == known.count('/') == 1 and ':' not in known, 'is not careful')


# Coming back.  A server that has borne it is told early then, too.

def lost(s):
    s.drop('rst')
    s.waiting = [e for e in s.waiting if e.tag in ('{jabber:client}iq',) and e[0].tag != BIND + 'bind']
    s.encrypted = False


def managed(s):
    early(s)
    rest(s, BINDING + MANAGEMENT)
    s.bind()
    s.manage()
    s.until_available()
    s.begin()
    s.data(b'hel')


MANAGED = KNOWN % (' '.join(MECHANISMS), 'sm granted')


def resumes(s):
    """<resume/> comes before the features."""
    s.sasl()
    header = s.header()
    s.waiting.append(s.named(SM + 'resume'))
    s.send(header + '<stream:features>' + BINDING + MANAGEMENT + '</stream:features>')
    s.named(SM + 'resume')


def back(s):
    s.resumed()
    s.data(b'lo')
    s.close()


@case(known=MANAGED, roles=BOTH, out=b'hello')
def _ok_resumes_early(s):
    managed(s)
    lost(s)
    early(s)
    resumes(s)
    back(s)


@case(known=MANAGED, roles=BOTH, out=b'hello')
def _ok_resumes_slowly(s):
    """A server that bears it no longer, as it was started anew, has our session all the same."""
    managed(s)
    lost(s)
    early(s)
    s.send('<stream:error><policy-violation%s/></stream:error></stream:stream>' % ns(
        '{urn:ietf:params:xml:ns:xmpp-streams}'))
    lost(s)
    s.resuming()
    back(s)


@case(known=MANAGED, out=b'hello')
def _ok_deaf_to_resume(s):
    managed(s)
    lost(s)
    early(s)
    s.sasl()
    s.hello(BINDING + MANAGEMENT)
    deaf(s)
    s.encrypted = False
    s.resuming()
    back(s)


# Who does not prove to be the server gets nothing for being known, nor a second chance.

@case(TRUST, known=USUAL, says='TLS|encrypt')
def _no_starttls(s):
    s.accept()
    with s.refused():
        s.hello(s.mechanisms(MECHANISMS))
        while True:
            s.read()
    check([e.tag for e in s.seen if e.tag.startswith(SASL)] == [], 'logs in in the clear')
    nobody_comes(s)


@case(TRUST, known=USUAL)
def _after_proceed(s):
    s.accept()
    s.hello(STARTTLS)
    with s.refused():
        s.proceed(b' ')
        s.tls()
        s.named(SASL + 'auth')
    nobody_comes(s)


for direct in False, True:
    for cert in 'wrong', 'expired', 'otherca':
        def script(s, cert=cert):
            with s.refused():
                s.secure(cert)
                while True:
                    s.read()
            check(not s.got(SASL + 'auth'), 'logs in to a server it does not trust')
            nobody_comes(s)
        add('certificate_%s%s' % (cert, '_direct' * direct), script, TRUST, direct=direct, known=USUAL,
            says='certificate')


sys.exit(main(4))
