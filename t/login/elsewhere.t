#!/usr/bin/python3 -B
"""Servers that send their clients elsewhere: see-other-host, see-other-uri and the location of XEP-0198.

Followed only behind TLS, only to who proves to be the same, and not for ever.
"""

import contextlib
import signal
import socket
import sys

sys.path.insert(0, sys.path[0] + '/../lib')
from fake import *
from fakerun import *
from fakeweb import *

STAYS = -signal.SIGTERM                 # a listener that goes on until it is told to end
LISTENER = dict(roles='listen', args='-k', notes=None)
WSS, HTTPS = 'wss:%s//127.0.0.1:%d/ws', 'https:%s//127.0.0.1:%d/bosh'      # see fakerun.py: the first is empty
HOPS = 3                                # net/transport/transport.c


def door(s):
    """Another one; where the server listens is s.listener."""
    s.doors = getattr(s, 'doors', [s.listener]) + [socket.create_server(('127.0.0.1', 0))]
    return s.doors[-1].getsockname()[1]


def see_other(where):
    return ("<stream:error><see-other-host xmlns='urn:ietf:params:xml:ns:xmpp-streams'>%s</see-other-host>"
            "</stream:error></stream:stream>" % where)


def send_away(s, where):
    """Instead of features, behind TLS."""
    s.secure()
    s.send(s.header() + see_other(where))


def moves(s, number=-1):
    """The next connection is to come by another door."""
    s.sock.close()
    s.sock = None
    if hasattr(s, 'bosh'):
        s.bosh.socks.clear()
    s.listener = s.doors[number]


def leaves(s, number=-1):
    """The same, and the door it comes from is shut."""
    moves(s, number)
    s.doors[0].close()


def untouched(s, number, what='comes back'):
    """Nobody is at that door."""
    s.doors[number].settimeout(0.2)
    with contextlib.suppress(TimeoutError):
        s.doors[number].accept()
        raise Fault(what)


def talk(s):
    s.stream()
    s.take(4)
    s.data(b'hello')
    s.close()


# --- before the login -----------------------------------------------------------

for form in '127.0.0.1:%d', 'localhost:%d', '127.0.0.1:0%d':
    for direct in False, True:
        @case(roles=BOTH, of=form.split('%')[0] + (' direct' if direct else ''), direct=direct, stdin=b'ping',
              out=b'hello')
        def _ok_see_other_host(s, form=form):
            send_away(s, form % door(s))
            moves(s)
            talk(s)
            untouched(s, 0)


@case(stdin=b'ping', out=b'hello')
def _ok_see_other_host_to_WebSocket(s):
    send_away(s, 'wss://127.0.0.1:%d/ws' % door(s))
    moves(s)
    websocket(s)
    talk(s)


@case(stdin=b'ping', out=b'hello')
def _ok_see_other_host_to_BOSH(s):
    send_away(s, 'https://127.0.0.1:%d/bosh' % door(s))
    moves(s)
    bosh(s)
    talk(s)


@case(stdin=b'ping', out=b'hello')
def _ok_three_hops(s):
    for n in range(HOPS):
        send_away(s, '127.0.0.1:%d' % door(s))
        moves(s)
    talk(s)


@case(NETWORK, says='see-other-host')
def _four_hops(s):
    for n in range(HOPS):
        send_away(s, '127.0.0.1:%d' % door(s))
        moves(s)
    send_away(s, '127.0.0.1:%d' % door(s))
    with contextlib.suppress(Gone):
        s.end()
    untouched(s, -1, 'is sent on and on')


@case(NETWORK, says='see-other-host')
def _in_circles(s):
    for n in range(HOPS + 1):
        if n:
            moves(s, 0)
        else:
            door(s)
        send_away(s, '127.0.0.1:%d' % s.port)
    with contextlib.suppress(Gone):
        s.end()
    untouched(s, 0, 'goes round in circles')


for cert in 'wrong', 'otherca', 'expired', 'selfsigned', 'address':
    @case(TRUST, of=cert, says='certificate')
    def _somebody_else(s, cert=cert):
        """The place has to prove that it is the domain, not that it is the place."""
        send_away(s, '127.0.0.1:%d' % door(s))
        leaves(s)
        with s.refused():
            s.secure(cert)
            s.read()


for where in ('', '::: ', '127.0.0.1:99999', 'a' * 3000, 'xmpp://127.0.0.1:%d', 'http://127.0.0.1:%d/bosh',
              'ws://127.0.0.1:%d/ws', 'a b', 'evil&#10;xcat: all is well'):
    @case(NETWORK, of=where[:20].replace('%d', ''), says='see-other-host')
    def _strange(s, where=where):
        port = door(s)
        send_away(s, where % port if '%' in where else where)
        s.doors[0].close()
        with contextlib.suppress(Gone):
            s.end()
        untouched(s, 1, 'follows a strange address')


# --- in the middle of a session -------------------------------------------------

for managed in None, True:
    @case(STAYS, of='managed' if managed else 'unmanaged', **LISTENER)
    def _ok_while_listening(s, managed=managed):
        s.login(managed=managed)
        s.send(see_other('127.0.0.1:%d' % door(s)))
        moves(s)
        s.managed, s.available = None, False
        s.login(managed=managed)
        untouched(s, 0)
        s.signal(signal.SIGTERM)
        s.end()


@case(STAYS, **LISTENER)
def _ok_somebody_else_while_listening(s):
    """The hint was wrong: where it was before, it is again."""
    s.login()
    s.send(see_other('127.0.0.1:%d' % door(s)))
    moves(s)
    with contextlib.suppress(Gone):
        s.secure('wrong')
        s.read()
    moves(s, 0)
    s.available = False
    s.login()
    s.signal(signal.SIGTERM)
    s.end()


@case(roles='call', stdin=b'ping', out=b'onetwo')
def _ok_location_of_somebody_else(s):
    """XEP-0198: the session is resumed where it was."""
    s.stream(managed="id='some-long-id' resume='true' location='127.0.0.1:%d'" % door(s))
    s.data(b'one')
    s.drop('rst')
    moves(s)
    with contextlib.suppress(Gone):
        s.secure('wrong')
        s.read()
    moves(s, 0)
    s.resuming()
    s.resumed()
    s.take(4)
    s.data(b'two')
    s.close()


# --- WebSocket and BOSH ---------------------------------------------------------

def ws_away(s, where):
    """RFC 7395 section 3.6.1"""
    websocket(s)
    s.secure()
    s.named('{%s}open' % FRAMING)
    s.send(OPENED)
    s.send("<close xmlns='%s' see-other-uri='%s'/>" % (FRAMING, where))


@case(transport=WSS, stdin=b'ping', out=b'hello')
def _ok_see_other_uri(s):
    ws_away(s, 'wss://127.0.0.1:%d/ws' % door(s))
    moves(s)
    s.buf = b''
    talk(s)
    untouched(s, 0)


for where in 'ws://127.0.0.1:%d/ws', 'http://127.0.0.1:%d/', '127.0.0.1:%d', 'wss:', '':
    @case(NETWORK, of=where.replace('%d', ''), transport=WSS)
    def _strange_uri(s, where=where):
        port = door(s)
        ws_away(s, where % port if '%' in where else where)
        with contextlib.suppress(Gone):
            s.end()
        untouched(s, 1, 'follows a strange address')


for cert in 'wrong', 'address':
    @case(TRUST, of=cert, transport=WSS, says='certificate')
    def _uri_of_somebody_else(s, cert=cert):
        ws_away(s, 'wss://localhost:%d/ws' % door(s))
        leaves(s)
        with s.refused():
            s.accept()
            s.tls(cert)
            receive(s)


def bosh_away(s, where):
    """XEP-0124 section 17.2, see-other-uri"""
    b = bosh(s)
    s.secure()
    b.answer(response(body('<uri>%s</uri>' % where, "type='terminate' condition='see-other-uri'")))


@case(transport=HTTPS, stdin=b'ping', out=b'hello')
def _ok_BOSH_see_other_uri(s):
    bosh_away(s, 'https://127.0.0.1:%d/bosh' % door(s))
    moves(s)
    bosh(s)
    talk(s)
    untouched(s, 0)


for where in 'http://127.0.0.1:%d/bosh', 'ws://127.0.0.1:%d/', 'nonsense', '':
    @case(NETWORK, of=where.replace('%d', ''), transport=HTTPS, says='see-other-uri')
    def _BOSH_strange_uri(s, where=where):
        port = door(s)
        bosh_away(s, where % port if '%' in where else where)
        untouched(s, 1, 'follows a strange address')


@case(TRUST, transport=HTTPS, says='certificate')
def _BOSH_uri_of_somebody_else(s):
    bosh_away(s, 'https://127.0.0.1:%d/bosh' % door(s))
    leaves(s)
    with s.refused():
        s.accept()
        s.tls('wrong')
        receive(s)


sys.exit(main())
