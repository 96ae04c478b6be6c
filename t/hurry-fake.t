#!/usr/bin/python3 -B
"""Logins that tell a server early what it is known to want (XEP-0305), and servers that have changed, or bear it not."""

import os
import select
import sys

from fake import *
from fakerun import *

KNOWN = 'alice@example.test yes %s / %s\n'
USUAL = KNOWN % (' '.join(MECHANISMS), 'granted')


def early(s, mechs=MECHANISMS):
    """The beginning of a login, of which nothing has been answered yet where it counts."""
    s.accept()
    if not s.direct:
        header = s.header()
        s.named(TLS + 'starttls')               # before the features
        check(not s.buf, 'sends more in the clear after <starttls/>')
        s.send(header + '<stream:features>' + STARTTLS + '</stream:features><proceed%s/>' % ns(TLS))
    s.tls()
    header = s.header()
    auth = s.named(SASL + 'auth')
    s.waiting.append(auth)
    s.send(header + '<stream:features>' + s.mechanisms(mechs) + '</stream:features>')


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


def again(s):
    """The second login waits for everything, and brings the stream."""
    s.drop()
    s.waiting.clear()
    s.encrypted = False
    s.secure()
    header = s.header()
    check(not s.waiting and not any(e.tag == SASL + 'auth' for e in s.waiting), 'is still in a hurry')
    s.send(header + '<stream:features>' + s.mechanisms(MECHANISMS) + '</stream:features>')
    s.sasl()
    s.hello(BINDING)
    s.bind()
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


@case(known='alice@example.test yes\nalice@example.test yes no slash\n\0\xff alice@example.test', out=b'hello')
def _ok_nonsense(s):
    s.stream()
    ends(s)
    check(remembered(s).endswith(USUAL), 'does not remember the server')


def early_open(s):
    """Up to a stream that is opened before the resource is granted."""
    early(s)
    rest(s)
    s.waiting.append(s.next(lambda e: e.tag == CLIENT + 'iq' and e[0].tag == IBB + 'open'))


@case(AUTH, known=USUAL, says='try again')
def _another_resource(s):
    """Whom it called knows it by a wrong name: that is the end, but next time it waits."""
    early_open(s)
    with s.refused():
        s.bind(lambda id, jid: s.bind_result(id, ACCOUNT + '/another'))
        while True:
            s.read()
    check('granted' not in remembered(s), 'relies on it again')


@case(AUTH, known=USUAL, says='try again')
def _no_resource(s):
    early_open(s)
    with s.refused():
        s.bind(lambda id, jid: "<iq type='error' id='%s'>%s</iq>" % (id, s.error('not-allowed')))
        while True:
            s.read()
    check('granted' not in remembered(s), 'relies on it again')


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


sys.exit(main())
