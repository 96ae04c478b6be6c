#!/usr/bin/python3 -B
"""Peers, streamhosts and proxies that break SOCKS5 bytestreams (XEP-0065)."""

import contextlib
import hashlib
import socket
import struct
import sys
import time

sys.path.insert(0, sys.path[0] + '/../lib')
from fake import *
from fakerun import *

S5B = '{http://jabber.org/protocol/bytestreams}'
INFO, ITEMS = ('{http://jabber.org/protocol/disco#%s}' % x for x in ('info', 'items'))
PROXY = 'proxy.example.test'
WAIT = 30                           # s for whatever is to happen: only what fails takes as long


def sha(sid, requester, target):
    return hashlib.sha1((sid + requester + target).encode()).hexdigest().encode()


def port():
    s = socket.socket()
    s.bind(('127.0.0.1', 0))
    s.listen(8)
    s.settimeout(WAIT)
    return s


def number(s):
    return s.getsockname()[1]


def host(n, name='127.0.0.1', jid=None):
    return "<streamhost jid='%s' host='%s' port='%s'/>" % (jid or OWN, name, n)


def query(hosts, sid='s1', more=''):
    return "<query%s sid='%s'%s>%s</query>" % (ns(S5B), sid, more, hosts)


def exactly(c, n):
    data = b''
    while len(data) < n:
        more = c.recv(n - len(data))
        check(more, 'ends the connection')
        data += more
    return data


def put(c, data, split):
    """Send it in one piece, or in two, or byte by byte."""
    c.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for part in ([data] if not split else [data[i:i + 1] for i in range(len(data))] if split < 0 else
                 [data[:split], data[split:]]):
        c.sendall(part)
        if split:
            time.sleep(0.01)


def socks_server(c, digest, reply=None, glued=b'', split=0, method=b'\5\0'):
    """Be a streamhost that has been connected to."""
    c.settimeout(WAIT)
    check(exactly(c, 3) == b'\5\1\0', 'greets otherwise')
    put(c, method, split)
    if method != b'\5\0':
        return
    want = b'\5\1\0\3' + bytes([40]) + digest + b'\0\0'
    got = exactly(c, len(want))
    check(got == want, 'asks for %r' % got)
    put(c, (reply or b'\5\0' + want[2:]) + glued, split)


def socks_client(address, digest):
    """Ask a streamhost for a stream: the connection, and its answer."""
    c = socket.create_connection(address, WAIT)
    c.sendall(b'\5\1\0')
    check(exactly(c, 2) == b'\5\0', 'refuses to be asked')
    c.sendall(b'\5\1\0\3' + bytes([len(digest)]) + digest + b'\0\0')
    reply = exactly(c, 5)
    check(exactly(c, reply[4] + 2) == digest + b'\0\0', 'is bound to something else')
    return c, reply[1]


def offer(s, hosts, **kw):
    """Offer a stream to a listener; the id of that."""
    id = s.id()
    s.send(s.iq('set', query(hosts, **kw), None, id))
    return id


def tells(s, id, expected):
    said = condition(s.reply(id))
    check(said in expected.split(), 'answers %s' % said)


def ends(c, said=b''):
    """xcat has to close this, and to have said nothing else."""
    c.settimeout(WAIT)
    got = b''
    with contextlib.suppress(ConnectionError):
        while data := c.recv(100):
            got += data
    check(got == said, 'says %r' % got)


def converse(c):
    """A stream that works: five bytes to xcat, and its end."""
    c.sendall(b'hello')
    c.close()


def connected(s, id, p, **how):
    """xcat connects to this port, as it was offered, and says so: the connection."""
    c = p.accept()[0]
    socks_server(c, sha('s1', OWN, s.me), **how)
    tells(s, id, 'result')
    return c


def unconnected(p, what):
    """xcat does not connect to this port."""
    p.settimeout(0.2)
    with contextlib.suppress(TimeoutError):
        p.accept()
        check(False, 'connects to ' + what)


# --- xcat listens: what is offered to it -------------------------------------

def served(name, **how):
    """The SOCKS5 of a proper streamhost, whatever way it is put."""
    def script(s):
        s.login()
        p = port()
        c = connected(s, offer(s, host(number(p))), p, **how)
        if not how.get('glued'):
            c.sendall(b'hello')
        c.close()
    add(name, script, 0, 'listen', out=b'hello')


served('34_reply_in_one_piece')
served('34_reply_glued_to_data', glued=b'hello')
served('34_reply_byte_by_byte', split=-1)
served('34_reply_byte_by_byte_and_data', split=-1, glued=b'hello')
served('34_reply_with_an_IPv4_address', reply=b'\5\0\0\1' + bytes(6), glued=b'hello')
served('34_reply_with_an_IPv6_address', reply=b'\5\0\0\4' + bytes(18), glued=b'hello')
served('34_reply_with_no_name', reply=b'\5\0\0\3\0\0\0', glued=b'hello')
served('34_reply_with_a_long_name', reply=b'\5\0\0\3\xff' + b'x' * 255 + b'\0\0', glued=b'hello')
for at in range(1, 47):
    served('34_reply_split_at_%d' % at, split=at, glued=b'hello')


def unserved(name, **how):
    """A streamhost that is none: the next one is taken."""
    def script(s):
        s.login()
        bad, good = port(), port()
        id = offer(s, host(number(bad)) + host(number(good)))
        c = bad.accept()[0]
        if not how.get('silent'):
            socks_server(c, sha('s1', OWN, s.me), **how)
            ends(c)
        converse(connected(s, id, good))
        if how.get('silent'):
            ends(c, b'\5\1\0')
    add(name, script, 0, 'listen', out=b'hello')


unserved('35_streamhost_says_nothing', silent=True)
unserved('35_streamhost_wants_a_password', method=b'\5\2')
unserved('35_streamhost_takes_no_method', method=b'\5\xff')
unserved('35_streamhost_speaks_SOCKS4', method=b'\4\0')
unserved('35_streamhost_refuses', reply=b'\5\2\0\1' + bytes(6))
unserved('35_streamhost_replies_nonsense', reply=b'\5\0\0\x09' + bytes(6))
unserved('35_streamhost_replies_in_another_version', reply=b'\1\0\0\1' + bytes(6))


def rejected(name, expected, request, **how):
    def script(s):
        s.login()
        tells(s, offer(s, **request), expected)
        for body in (s.block_of(b'evil', 0), s.closing('s1')):
            check(s.ask(body) == 'item-not-found', 'knows the stream all the same')
        s.xcat.terminate()
    add(name, script, -15, 'listen', **how)


rejected('mode_udp', 'not-acceptable', dict(hosts=host(1080), more=" mode='udp'"))
rejected('mode_nonsense', 'bad-request', dict(hosts=host(1080), more=" mode='carrier-pigeon'"))
rejected('sid_empty', 'bad-request', dict(hosts=host(1080), sid=''))
rejected('sid_of_129_bytes', 'bad-request', dict(hosts=host(1080), sid='x' * 129))
rejected('no_hosts', 'bad-request', dict(hosts=''))
rejected('upgrade_of_no_stream', 'item-not-found', dict(hosts="<socket xmlns='urn:xcat:0' number='1'/>" + host(1080)))
rejected('hosts_that_make_no_sense', 'item-not-found', dict(
    hosts="<streamhost/><streamhost jid='a@b'/><streamhost jid='a@b' host='127.0.0.1' port='65536'/>" +
    host(0) + host(-1) + host('1080x') + host(' 1080') + host(4000, '') + host(4000, 'x' * 300)), notes=None)
rejected('privileged_ports_of_this_machine', 'item-not-found', dict(hosts=''.join(map(host, (1, 22, 25, 80, 443, 1023)))),
         notes=None)
rejected('addresses_of_nobody', 'item-not-found', dict(hosts=''.join(
    host(4000, a) for a in ('0.0.0.0', '255.255.255.255', '224.0.0.1', '169.254.169.254', '::', 'fe80::1', 'ff02::1',
                            '::ffff:169.254.169.254'))), notes=None)


@case(-15, roles='listen')
def _sid_missing(s):
    s.login()
    check(s.ask("<query%s>%s</query>" % (ns(S5B), host(1080))) == 'bad-request', 'takes no sid')
    s.xcat.terminate()


def off_limits(name, args, *addresses):
    """Services of this machine are not connected to."""
    def script(s):
        s.login()
        p = port()
        tells(s, offer(s, ''.join(host(number(p), a) for a in addresses)), 'item-not-found')
        unconnected(p, 'what it must not')
        s.xcat.terminate()
    add(name, script, -15, 'listen', args=args, notes=None)


off_limits('loopback_without_policy', '-o streamhost-policy=public', '127.0.0.1', 'localhost', '::1',
           '::ffff:127.0.0.1', '127.1.2.3')


@case(roles='listen', out=b'hello')
def _a_thousand_hosts(s):
    s.login()
    p = port()
    refusing = socket.socket()
    refusing.bind(('127.0.0.1', 0))
    began = time.monotonic()
    id = offer(s, host(number(refusing)) * 15 + host(number(p)) + host(number(refusing)) * 984)
    c = connected(s, id, p)
    check(time.monotonic() - began < WAIT, 'takes too long')
    converse(c)


@case(-15, roles='listen', notes=None)
def _a_thousand_silent_hosts(s):
    s.login()
    silent = [port() for _ in range(8)]
    began = time.monotonic()
    tells(s, offer(s, ''.join(host(number(silent[i % 8])) for i in range(1000))), 'item-not-found')
    check(time.monotonic() - began < WAIT, 'takes too long')
    s.xcat.terminate()


@case(-15, roles='listen', notes=None)
def _a_stranger_offers(s):
    s.login()
    p = port()
    for body in query(host(number(p))), query('', sid=''), "<socket xmlns='urn:xcat:0' sid='s1'/>":
        check(s.ask(body, EVIL) == 'service-unavailable', 'tells a stranger something')
    unconnected(p, 'what a stranger offers')
    s.xcat.terminate()


@case(-15, roles='listen', args='-i')
def _in_band_only(s):
    s.login()
    check(s.ask(query(host(4000))) == 'service-unavailable', 'knows XEP-0065 all the same')
    s.xcat.terminate()


@case(BROKEN, roles='listen', out=b'hel', says='broke')
def _a_plain_stream_is_reset(s):
    s.login()
    p = port()
    c = connected(s, offer(s, host(number(p))), p)
    c.sendall(b'hel')
    s.written(3)            # before the reset, which would take it back
    c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
    c.close()


# --- xcat calls: what it offers ----------------------------------------------

def offered(s):
    """Wait for xcat's offer: the request, the hosts as (jid, host, port), and the hash."""
    s.login()
    while True:
        e = s.next(lambda e: e.tag == CLIENT + 'iq' and e.get('type') in ('get', 'set') and len(e) and e[0].tag in
                   (S5B + 'query', ITEMS + 'query', INFO + 'query'))
        if e[0].tag == S5B + 'query' and e.get('type') == 'set':
            break
        if e[0].tag == ITEMS + 'query' and s.proxy:
            s.answer(e, more="<query%s><item jid='%s'/></query>" % (ns(ITEMS), PROXY))
        elif e[0].tag == INFO + 'query':
            s.answer(e, more="<query%s><identity category='proxy' type='bytestreams'/></query>" % ns(INFO))
        elif e[0].tag == S5B + 'query' and s.proxy:
            s.answer(e, more="<query%s>%s</query>" % (ns(S5B), host(number(s.proxy), jid=PROXY)))
        else:
            s.answer(e, 'item-not-found')
    check(e.get('to') == PEER, 'offers to %s' % e.get('to'))
    s.sid = e[0].get('sid')
    s.hash = sha(s.sid, s.me, PEER)
    return e, [(h.get('jid'), h.get('host'), int(h.get('port'))) for h in e[0].iter(S5B + 'streamhost')]


Fake.proxy = None
CALL = dict(args='-o carrier=s5b', stdin=b'ping', notes=None)


def own(s, hosts):
    """The address by which a direct connection goes."""
    jid, name, n = hosts[0]
    check(jid == s.me, 'offers somebody else first')
    return name, n


def used(s, e, jid):
    s.answer(e, more="<query%s sid='%s'><streamhost-used jid='%s'/></query>" % (ns(S5B), s.sid, jid))


def talk(c):
    c.settimeout(WAIT)
    check(exactly(c, 4) == b'ping', 'says something else')
    c.sendall(b'pong')
    c.close()


def asked(s, hosts):
    """A connection that asks for its stream by the right hash, and gets it."""
    c, said = socks_client(own(s, hosts), s.hash)
    check(said == 0, 'refuses its own hash')
    return c


def taken(s, hosts, hash):
    """Is a connection taken that asks by this hash?"""
    with contextlib.suppress(Fault, ConnectionError):
        return socks_client(own(s, hosts), hash)[1] == 0
    return False


def must_not(happens, what):
    if happens:
        raise SystemExit(what)


@case(out=b'pong', **CALL)
def _direct(s):
    e, hosts = offered(s)
    c = asked(s, hosts)
    used(s, e, s.me)
    talk(c)


@case(out=b'pong', **CALL)
def _37_wrong_hashes(s):
    e, hosts = offered(s)
    for wrong in (b'0' * 40, s.hash.upper(), s.hash[:-1], s.hash + b'0', b'x', b'\0' + s.hash[1:]):
        must_not(taken(s, hosts, wrong), 'takes a wrong hash')
    c = asked(s, hosts)
    used(s, e, s.me)
    talk(c)


@case(out=b'pong', **CALL)
def _37_a_second_connector(s):
    e, hosts = offered(s)
    c = asked(s, hosts)
    must_not(taken(s, hosts, s.hash), 'a second connector is taken')
    used(s, e, s.me)
    with contextlib.suppress(ConnectionError):
        socket.create_connection(own(s, hosts), 1)
        raise SystemExit('the port is still open')
    talk(c)


@case(out=b'pong', **CALL)
def _connectors_that_say_nothing(s):
    e, hosts = offered(s)
    idle = [socket.create_connection(own(s, hosts), WAIT) for _ in range(40)]
    c = asked(s, hosts)
    used(s, e, s.me)
    for i in idle:
        ends(i)
    talk(c)


@case(out=b'pong', **CALL)
def _connectors_that_talk_nonsense(s):
    e, hosts = offered(s)
    for what in b'GET / HTTP/1.0\r\n\r\n', b'\4\1\0\0', b'\5\0', b'\5\1\2', b'\5\1\0\5\2\0\3' + bytes(20), \
            b'\5\1\0\5\1\0\1' + bytes(6), b'\5\1\0\5\1\0\3\0\0\0':
        i = socket.create_connection(own(s, hosts), WAIT)
        i.sendall(what)
        i.settimeout(WAIT)
        with contextlib.suppress(ConnectionError):
            while i.recv(100):
                pass
    c = asked(s, hosts)
    used(s, e, s.me)
    talk(c)


@case(out=b'pong', **CALL)
def _asked_byte_by_byte(s):
    e, hosts = offered(s)
    c = socket.create_connection(own(s, hosts), WAIT)
    put(c, b'\5\2\1\0', -1)
    check(exactly(c, 2) == b'\5\0', 'takes no method')
    put(c, b'\5\1\0\3\x28' + s.hash + b'\0\0', -1)
    check(exactly(c, 47) == b'\5\0\0\3\x28' + s.hash + b'\0\0', 'replies otherwise')
    used(s, e, s.me)
    talk(c)


def refused(name, answer, **how):
    def script(s):
        e, _ = offered(s)
        answer(s, e)
    add(name, script, REFUSED, **dict(CALL, **how))


refused('36_used_was_never_offered', lambda s, e: used(s, e, 'evil.test'))
refused('36_used_is_empty', lambda s, e: used(s, e, ''))
refused('36_used_is_missing', lambda s, e: s.answer(e, more="<query%s/>" % ns(S5B)))
refused('36_used_is_us_but_nobody_came', lambda s, e: used(s, e, s.me))
for error in 'item-not-found', 'not-acceptable', 'service-unavailable', 'bad-request', 'internal-server-error':
    refused('refused_' + error, lambda s, e, error=error: s.answer(e, error))


def proxied(name, status=0, split=0, reply=None, activate='result', silent=False, out=b''):
    """A proxy that relays, or does not."""
    def script(s):
        s.proxy = port()
        e, hosts = offered(s)
        check((PROXY, '127.0.0.1', number(s.proxy)) == hosts[-1], 'does not offer the proxy, or not last')
        used(s, e, PROXY)
        c = s.proxy.accept()[0]
        if silent:
            ends(c, b'\5\1\0')
            return
        socks_server(c, s.hash, reply=reply, split=split)
        if status and reply:
            ends(c)
            return
        e = s.next(lambda e: len(e) and e[0].tag == S5B + 'query' and e[0].find(S5B + 'activate') is not None)
        check(e.get('to') == PROXY and e[0].get('sid') == s.sid and e[0][0].text == PEER, 'activates something else')
        c.settimeout(0.2)
        with contextlib.suppress(TimeoutError):
            c.recv(1)
            raise SystemExit('sends before the activation')
        if activate == 'result':
            s.answer(e)
            talk(c)
        elif activate:
            s.answer(e, activate)
            ends(c)
        else:
            ends(c)
    add(name, script, status, **dict(CALL, out=out))


proxied('proxy', out=b'pong')
proxied('proxy_byte_by_byte', split=-1, out=b'pong')
proxied('proxy_refuses', REFUSED, reply=b'\5\2\0\1' + bytes(6))
proxied('proxy_never_answers', REFUSED, silent=True)
for error in 'item-not-found', 'not-allowed', 'not-authorized', 'internal-server-error':
    proxied('activate_' + error, REFUSED, activate=error)
proxied('activate_is_not_answered', REFUSED, activate=None)


sys.exit(main())
