#!/usr/bin/python3 -B
"""TLS sessions that are resumed, as a server sees it, and servers that do not bear it."""

import contextlib
import fcntl
import os
import re
import signal
import socket
import ssl
import struct
import sys
import time

sys.path.insert(0, sys.path[0] + '/../lib')
from fake import *
from fakerun import *

STAYS = -signal.SIGTERM                 # a listener that goes on until it is told to end
LISTENER = dict(roles='listen', args='-k -v', notes=None)
VERSIONS = {'12': ssl.TLSVersion.TLSv1_2, '13': ssl.TLSVersion.TLSv1_3}
SESSION_TICKET, PRE_SHARED_KEY, EARLY_DATA = 35, 41, 42
BINDING_TYPE = ("<sasl-channel-binding xmlns='urn:xmpp:sasl-cb:0'><channel-binding type='tls-server-end-point'/>"
                "</sasl-channel-binding>")
PLUS = MECHANISMS + ('SCRAM-SHA-256-PLUS',)


def each_version(status=STAYS, **how):
    def register(script):
        for name, version in VERSIONS.items():
            case(status, of=name, **LISTENER, **how)(named(script, version))
        return script
    return register


def named(script, version):
    def run(s):
        script(s, version)
    run.__name__ = script.__name__
    return run


# --- what is offered ---------------------------------------------------------

def extensions(s):
    """Those of the ClientHello that has come, by number, without taking it."""
    s.sock.settimeout(s.left())
    hello = b''
    while len(hello) < 5 or len(hello) < 5 + int.from_bytes(hello[3:5], 'big'):
        before, hello = hello, s.sock.recv(65536, socket.MSG_PEEK)
        if not hello:
            raise Gone
        if hello == before:
            time.sleep(0.002)
    check(hello[0] == 22 and hello[5] == 1, 'does not begin TLS')
    at = 5 + 4 + 2 + 32                                                 # two headers, version, random
    at += 1 + hello[at]                                                 # session
    at += 2 + int.from_bytes(hello[at:at + 2], 'big')                   # ciphers
    at += 1 + hello[at] + 2                                             # compression
    found = {}
    while at + 4 <= len(hello):
        kind, size = struct.unpack('!HH', hello[at:at + 4])
        found[kind] = hello[at + 4:at + 4 + size]
        at += 4 + size
    check(EARLY_DATA not in found, 'sends early data')
    return found


def offered(s):
    """The session that the ClientHello offers; nothing if it offers none."""
    found = extensions(s)
    return found.get(PRE_SHARED_KEY) or found.get(SESSION_TICKET)


def arrive(s, meanwhile=lambda: None):
    """A connection up to its ClientHello: what it offers."""
    s.accept()
    s.hello(STARTTLS)
    meanwhile()
    s.proceed()
    return offered(s)


def log_in(s, version, cert='good'):
    """From the ClientHello on.  The channel is bound to a certificate that may have been shown long ago."""
    s.tls(cert, version)
    s.hello(s.mechanisms(PLUS, BINDING_TYPE))
    s.sasl(mechs=PLUS)
    check(s.gs2 == 'p=tls-server-end-point', 'does not bind the channel: ' + s.gs2)
    s.hello(BINDING)
    s.bind()
    s.available = False
    s.until_available()


def begin(s, version, cert='good'):
    """A first login, which brings sessions, and a connection that breaks."""
    s.contexts = {}
    check(not arrive(s), 'offers a session that it cannot have')
    log_in(s, version, cert)
    check(not s.sock.session_reused, 'resumes a session that it cannot have')
    s.drop('rst')


def end(s, resumed):
    s.signal(signal.SIGTERM)
    s.end()
    with open(s.err_name) as f:
        lines = f.read()
    check(lines.count('xcat: TLS session resumed\n') == resumed, 'does not say how often it has resumed')
    return lines


# --- resumed -----------------------------------------------------------------

@each_version()
def _ok_resumed(s, version):
    begin(s, version)
    used = set()
    for n in range(4):
        session = arrive(s)
        check(session, 'offers no session')
        check(version == VERSIONS['12'] or session not in used, 'offers a session twice')
        used.add(session)
        log_in(s, version)
        check(s.sock.session_reused, 'does not resume the session')
        s.drop('rst' if n % 2 else 'fin')
    check(arrive(s), 'offers no session')
    log_in(s, version)
    end(s, 5)


def flights(s):
    """How many answers of the server the client waits for before it says more than TLS does."""
    turns, reading = 0, True

    def message(_, direction, *__):
        nonlocal turns, reading
        turns += reading and direction == 'write'
        reading = direction == 'read'
    context = s.context('good', VERSIONS['12'])
    context._msg_callback = message             # for debugging, they say
    log_in_turns = []
    hello = s.hello

    def counted(features):
        if not log_in_turns:
            s.named(STREAM + 'stream')
            s.waiting.append(s.seen[-1])
            log_in_turns.append(turns)
        hello(features)
    s.hello = counted
    log_in(s, VERSIONS['12'])
    s.hello = hello
    context._msg_callback = None
    return log_in_turns[0]


@case(STAYS, **LISTENER)
def _ok_fewer_round_trips(s):
    """Before TLS 1.3 there is one less."""
    s.contexts = {}
    arrive(s)
    full = flights(s)
    s.drop('rst')
    arrive(s)
    resumed = flights(s)
    check(s.sock.session_reused, 'does not resume the session')
    check((full, resumed) == (2, 1), 'needs %d round trips, then %d' % (full, resumed))
    end(s, 1)


# --- not resumed -------------------------------------------------------------

@each_version()
def _ok_not_resumed(s, version):
    """The server has forgotten its keys: all is as if there had been no session."""
    begin(s, version)
    s.contexts = {}
    check(arrive(s), 'offers no session')
    log_in(s, version)
    check(not s.sock.session_reused, 'resumes what is not there')
    s.drop('rst')
    check(arrive(s), 'offers no session')
    log_in(s, version)
    check(s.sock.session_reused, 'does not resume the new session')
    end(s, 1)


@each_version(TRUST, says='not signed by a CA')
def _impostor(s, version):
    """A session is offered, but that helps nobody who has no certificate."""
    begin(s, version)
    check(arrive(s), 'offers no session')
    with contextlib.suppress(Gone):
        s.tls('otherca', version)
        s.stall()
        raise Gone
    check(not s.starts(), 'tries again')
    s.sock.close()
    s.sock = None


def forget(context):
    """No tickets are given."""
    context.options |= ssl.OP_NO_TICKET
    with contextlib.suppress(AttributeError):
        context.num_tickets = 0
    return context


@each_version()
def _ok_no_tickets(s, version):
    s.contexts = {('good', version): forget(s.make_context('good', version))}
    for _ in range(2):
        check(not arrive(s), 'offers a session that it cannot have')
        log_in(s, version)
        s.drop('rst')
    arrive(s)
    log_in(s, version)
    end(s, 0)


# --- a server that breaks on it ----------------------------------------------

ALERT = b'\x15\x03\x03\x00\x02\x02\x50'        # fatal, internal_error: "session id context uninitialized"
BREAKS = {'alert': (ALERT, 'fin'), 'fin': (b'', 'fin'), 'rst': (b'', 'rst'),
          'nonsense': (b'HTTP/1.0 400\r\n\r\n', 'fin')}


def shut(s, what):
    """End the connection instead of a handshake, with nothing left unread that would make it a reset."""
    data, how = BREAKS[what]
    s.sock.recv(65536)
    s.sock.sendall(data)
    s.drop(how)


def at_once(lines):
    check(len(re.findall('; once more with a new TLS session\nxcat: connected to ', lines)) == 1,
          'does not try again at once, and without a session')


for what in BREAKS:
    for name, version in VERSIONS.items():
        @case(STAYS, of='%s_%s' % (what, name), **LISTENER)
        def _ok_broken(s, what=what, version=version):
            """The same place, at once, without a session, and there is no other one."""
            begin(s, version)
            check(arrive(s), 'offers no session')
            shut(s, what)
            check(not arrive(s), 'offers a session again')
            log_in(s, version)
            s.drop('rst')
            check(arrive(s), 'offers no new session')
            log_in(s, version)
            lines = end(s, 1)
            at_once(lines)
            check(len(re.findall('; trying again$', lines, re.M)) == 2, 'calls it a failure')
            check(lines.count('xcat: back: ') == 2, 'calls it a failure')


@each_version()
def _ok_broken_later(s, version):
    """It resumes the session, and then there is no XMPP on it."""
    begin(s, version)
    check(arrive(s), 'offers no session')
    s.tls('good', version)
    check(s.sock.session_reused, 'does not resume the session')
    s.named(STREAM + 'stream')
    s.drop('tls')
    check(not arrive(s), 'offers a session again')
    log_in(s, version)
    at_once(end(s, 1))


@case(STAYS, **LISTENER)
def _ok_broken_not_forgotten(s):
    """It is tried without a session, though the file has others, which could not be thrown away."""
    begin(s, VERSIONS['13'])
    check(arrive(s), 'offers no session')
    with open(os.path.join(os.path.dirname(s.err_name), 'tls_sessions')) as f:
        check(f.read().startswith(ACCOUNT), 'keeps no other session')
        fcntl.flock(f, fcntl.LOCK_EX)
        shut(s, 'alert')
        check(not arrive(s, lambda: fcntl.flock(f, fcntl.LOCK_UN)), 'offers a session again')
    log_in(s, VERSIONS['13'])
    at_once(end(s, 0))


@case(STAYS, roles='listen', args='-k -v -w 10', notes=None)
def _ok_broken_silently(s):
    """It says nothing at all: that is given up, and not tried again."""
    s.until += 30
    begin(s, VERSIONS['13'])
    check(arrive(s), 'offers no session')
    silent, s.sock = s.sock, None
    check(not arrive(s), 'offers a session again')
    silent.close()
    log_in(s, VERSIONS['13'])
    end(s, 0)


@each_version()
def _ok_broken_anyway(s, version):
    """It is broken without a session, too: no more than one attempt without one at once."""
    begin(s, version)
    check(arrive(s), 'offers no session')
    shut(s, 'alert')
    check(not arrive(s), 'offers a session again')
    shut(s, 'alert')
    check(not arrive(s), 'offers a session again')
    log_in(s, version)
    lines = end(s, 0)
    at_once(lines)
    check('xcat: TLS failed: ' in lines, 'does not say what failed')


sys.exit(main(8))
