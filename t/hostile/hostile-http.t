#!/usr/bin/python3 -B
"""Hostile connection managers: HTTP that is not, and BOSH that breaks its rules."""

import sys
import time

sys.path.insert(0, sys.path[0] + '/../lib')
from fake import *
from fakerun import *
from fakeweb import *

BOSH = 'https:%s//127.0.0.1:%d/bosh'        # see fakerun.py: the first is empty


# --- the twins: all is well ---------------------------------------------------

@case(roles=BOTH, transport=BOSH, stdin=b'ping', out=b'hello world')
def _ok_both_ways(s):
    bosh(s)
    s.stream()
    s.data(b'hello ')
    s.take(4)
    s.data(b'world')
    s.close()
    s.end()
    check(s.ended, 'leaves without terminate')
    check(s.sni == DOMAIN, 'names another server in TLS: %s' % s.sni)


@case(transport=BOSH, out=b'hello')
def _ok_chunks(s):
    b = bosh(s)
    s.stream()
    text = body(s.iq('set', s.block_of(b'hello'), id='b')).replace('<iq ', "<iq xmlns='jabber:client' ")
    b.answer('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n' +
             ''.join('1;x=y\r\n%s\r\n' % c for c in text) + '0\r\nX: y\r\n\r\n')
    s.reply('b')
    s.close()


@case(transport=BOSH, out=b'hello')
def _ok_without_keep_alive(s):
    b = bosh(s)
    s.stream()
    text = body(s.iq('set', s.block_of(b'hello'), id='b')).replace('<iq ', "<iq xmlns='jabber:client' ")
    b.answer(response(text, 'Connection: close\r\n'))
    s.drop('tls')
    b.socks.pop(s.sock)
    s.reply('b')
    s.close()


@case(transport=BOSH, out=b'hello world')
def _ok_cut_and_repeated(s):
    """The first block came, the rest of the response did not: the request comes again, and its answer."""
    b = bosh(s)
    s.stream()
    text = body(''.join(s.iq('set', s.block_of(p), id=p.decode().strip()) for p in (b'hello ', b'world')))
    data = response(text.replace('<iq ', "<iq xmlns='jabber:client' "))
    while not b.held:
        b.pump()
    rid = b.held[0][1]
    b.answer(data[:-80])
    s.drop()
    b.socks.pop(s.sock)
    while not any(h[1] == rid for h in b.held):
        b.pump()
    b.answer(data, [h[1] for h in b.held].index(rid))
    s.reply('hello')
    s.reply('world')
    s.close()


@case(transport=BOSH, out=b'hello')
def _ok_recoverable_error(s):
    b = bosh(s)
    s.stream()
    b.answer(response(body('', "type='error'")))
    s.data(b'hello')
    s.close()


@case(roles=BOTH, transport=BOSH.replace('https', 'http'), stdin=b'ping', out=b'hello')
def _ok_keys(s):
    """Without TLS, requests prove by keys where they come from; and there is more than one sequence of these."""
    b = bosh(s, tls=False)
    s.stream()
    s.take(4)
    while b.keys.count(True) < 2:
        ping(s)
    s.data(b'hello')
    s.close()
    check(b.keys.index(True, 1) > 100, 'has too few keys')


def comes(b, rid):
    """This request is there: which one of those that are held?"""
    while not any(h[1] == rid for h in b.held):
        b.pump()
    return [h[1] for h in b.held].index(rid)


@case(transport=BOSH, out=b'hello')
def _ok_gateway(s):
    """A proxy cannot reach the server, or does not wait for it: the same is asked again."""
    b = bosh(s)
    s.stream()
    b.patience = 5                          # xcat waits a little between
    while not b.held:
        b.pump()
    rid = b.held[0][1]
    for status in '502 Bad Gateway', '503 Service Unavailable', '504 Gateway Time-out':
        b.answer(response('<html><hr></html>', status=status), comes(b, rid))
    text = body(s.iq('set', s.block_of(b'hello'), id='b')).replace('<iq ', "<iq xmlns='jabber:client' ")
    b.answer(response(text), comes(b, rid))
    s.reply('b')
    s.close()


@case(transport=BOSH, stdin=b'ping', out=b'hello')
def _ok_gateway_before_its_turn(s):
    """The second of two requests does not get through: that is heard of while the first is held."""
    b = bosh(s)
    s.stream()
    while not b.held:
        b.pump()
    while len(b.held) < 2:
        b.pump()
    (_, first), (_, rid) = b.held
    b.answer(response('<html>', status='502 Bad Gateway'), 1)
    comes(b, rid)
    check(b.held[0][1] == first, 'asks for the first again')
    s.take(4)
    s.data(b'hello')
    s.close()


for name, large in (('a_proxy', '413 Large'), ('the_server', '403 Request Too Large')):
    @case(transport=BOSH, of=name, stdin=b'x' * 60000)
    def _ok_too_large_for(s, large=large):
        """It takes less than a batch of blocks: batches become smaller, whatever is in them comes once and in order."""
        b = bosh(s)
        s.stream()
        b.limit, b.large = 16000, large
        s.take(60000)
        check(0 < b.refused < 8, '%d requests were too large' % b.refused)
        s.close()


for name, large in (('endless_stanza', '<message>' + 'x' * 3000000 + '</message>'),
                    ('deep', '<a>' * 10000 + '</a>' * 10000)):
    @case(transport=BOSH, of=name, out=b'hello')
    def _ok_skipped(s, large=large):
        """What is too large to be kept is passed over, and the session goes on."""
        b = bosh(s)
        s.stream()
        b.answer(response(body(large)))
        s.data(b'hello')
        s.close()


FLOOD = 6 << 20


def pour(s):
    """Some more messages, as the answer to a request."""
    s.send(''.join("<message xmlns='jabber:client' from='%s' to='%s'>%s</message>" % (
        s.peer, s.me, s.block_of(b'x' * 4096)) for _ in range(16)))
    return 16 * 4096


@case(roles='listen', transport=BOSH, stdout='pipe', out=b'x' * FLOOD)
def _ok_pause(s):
    """Nothing is read from standard output, and messages know no flow control: the session is paused, and goes on."""
    b = bosh(s, attrs="maxpause='120'")
    s.login()
    check(s.ask(s.open(more=" stanza='message'")) == 'result', 'refuses messages')
    sent = 0
    while not b.pauses:
        if b.held and sent < FLOOD:
            sent += pour(s)
        else:
            b.pump()
    check(sent < FLOOD, 'reads on and on')
    check(b.pauses == ['120'], 'pauses for %s' % b.pauses)
    spent = s.processor()
    time.sleep(1)
    check(s.processor() - spent < 0.3, 'is busy with nothing')
    while b.held:
        b.answer(response(body()))
    s.drain()
    while sent < FLOOD:
        sent += pour(s)
    s.close()


@case(transport=BOSH, stdin=b'x' * 10, out=b'hello')
def _ok_second_request_answered_first(s):
    b = bosh(s)
    s.stream()
    e = s.arrive()
    while len(b.held) < 2:
        b.pump()
    # What is in the second response comes after what is in the first.
    two = body(s.iq('set', s.block_of(b'llo', 1), id='second')).replace('<iq ', "<iq xmlns='jabber:client' ")
    one = body(s.iq('set', s.block_of(b'he', 0), id='first')).replace('<iq ', "<iq xmlns='jabber:client' ")
    b.answer(response(two), 1)
    b.answer(response(one), 0)
    s.reply('first')
    s.reply('second')
    s.out = 2
    s.answer(e)
    s.close()


# --- HTTP ---------------------------------------------------------------------

def bad(name, data, says='bad (HTTP|BOSH)', status=BROKEN, drop=False):
    def script(s):
        b = bosh(s)
        s.stream()
        with s.refused():
            b.answer(data)
            if drop:
                s.drop()
                raise Gone
            while True:
                s.read()
    add('http_' + name, script, status, transport=BOSH, says=says)


OK = 'HTTP/1.1 200 OK\r\n'
EMPTY = body()
bad('no_http', 'SSH-2.0-x\r\n')
bad('length_too_short', OK + 'Content-Length: 10\r\n\r\n' + EMPTY)
bad('length_twice', OK + 'Content-Length: 10\r\nContent-Length: 11\r\n\r\n' + EMPTY)
bad('length_negative', OK + 'Content-Length: -1\r\n\r\n' + EMPTY)
bad('length_huge', OK + 'Content-Length: 18446744073709551617\r\n\r\n' + EMPTY)
bad('length_and_chunks', OK + 'Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n' + EMPTY)
bad('compressed', OK + 'Transfer-Encoding: gzip\r\n\r\n' + EMPTY)
bad('chunk_without_size', OK + 'Transfer-Encoding: chunked\r\n\r\n\r\n')
bad('chunk_of_nonsense', OK + 'Transfer-Encoding: chunked\r\n\r\nzz\r\n')
bad('chunk_too_long', OK + 'Transfer-Encoding: chunked\r\n\r\n1\r\n' + EMPTY)
bad('chunk_of_2_64', OK + 'Transfer-Encoding: chunked\r\n\r\n10000000000000000\r\n' + EMPTY)
bad('trailers_without_end', OK + 'Transfer-Encoding: chunked\r\n\r\n0\r\n' + 'X: y\r\n' * 1700000)
bad('head_of_10_MB', OK + 'X: y\r\n' * 1700000)
bad('line_of_10_MB', OK + 'X: ' + 'y' * 10000000)
bad('interim_without_end', 'HTTP/1.1 100 Continue\r\n\r\n' * 1000)
bad('two_spaces', 'HTTP/1.1  200 OK\r\n')
bad('line_feeds', OK.replace('\r', '') + 'Content-Length: 0\n\n')
bad('folded', OK + ' X: y\r\nContent-Length: 0\r\n\r\n')
bad('status_500', response(EMPTY, status='500 Oops'), 'status 500')
bad('redirection', response('', 'Location: http://evil.test/\r\n', '302 Found'), 'status 302')
bad('status_404', response('', status='404 Gone'), 'no longer knows')

# --- BOSH ---------------------------------------------------------------------

bad('nothing', response(''), 'bad BOSH')
bad('html', response('<html><p>Hello<p></html>'), 'bad BOSH')
bad('other_namespace', response("<body xmlns='urn:x'/>"), 'bad BOSH')
bad('half_a_body', response(EMPTY[:-7]), 'bad BOSH')
bad('more_than_a_body', response(EMPTY + '<x/>'), 'bad BOSH')
bad('doctype', response('<!DOCTYPE body>' + EMPTY), 'bad BOSH')
bad('comment', response(body('<!-- x -->')), 'bad BOSH')
bad('no_utf8', response(body().encode().replace(b'></', b'>\xff</')), 'bad BOSH')

CONDITIONS = ('bad-request', 'host-gone', 'host-unknown', 'improper-addressing', 'internal-server-error',
              'item-not-found', 'other-request', 'policy-violation', 'remote-connection-failed', 'remote-stream-error',
              'see-other-uri', 'system-shutdown', 'undefined-condition')

for c in CONDITIONS:
    bad('terminate_' + c, response(body('', "type='terminate' condition='%s'" % c)), c)
bad('terminate_without_condition', response(body('', "type='terminate'")), 'server')
bad('terminate_with_nonsense', response(body('', "type='terminate' condition='&#9;&#x202e;" + 'x' * 300 + "'")),
    'ended the session')
bad('terminate_with_stream_error', response(body(
    "<stream:error><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>",
    "type='terminate' condition='remote-stream-error'")), 'a resource of its own')
bad('see_other_uri_without_tls', response(body('<uri>http://evil.test/</uri>',
                                               "type='terminate' condition='see-other-uri'")), 'see-other-uri')


@case(BROKEN, transport=BOSH, says='asks for it')
def _recoverable_errors_without_end(s):
    b = bosh(s)
    s.stream()
    with s.refused():
        for _ in range(20):
            b.answer(response(body('', "type='error'")))


@case(BROKEN, transport=BOSH, says='closed|reset|cut|eof')
def _cut_without_end(s):
    b = bosh(s)
    s.stream()
    b.patience = 5                          # xcat's grows, too
    with s.refused():
        for _ in range(20):
            b.answer('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n<body')
            s.drop()
            b.socks.pop(s.sock)


def creation(name, text, says='bad BOSH', status=NETWORK):
    def script(s):
        b = bosh(s)
        s.secure()
        with s.refused():
            b.answer(response(text))
            b.pump()
            b.pump()
    add('creation_' + name, script, status, transport=BOSH, says=says)


creation('without_sid', body(FEATURES % ''))
creation('with_empty_sid', body(FEATURES % '', "sid=''"))
creation('with_long_sid', body(FEATURES % '', "sid='%s'" % ('x' * 1000)))
creation('refused', body('', "type='terminate' condition='host-unknown'"), 'does not serve')
creation('stream_error', body(
    "<stream:error><host-unknown xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>",
    "type='terminate' condition='remote-stream-error'"), 'does not serve')


@case(transport=BOSH, out=b'hello')
def _unasked_for_responses(s):
    """A connection on which nobody has asked is no longer used; the session goes on."""
    b = bosh(s)
    s.stream()
    while not b.held:
        b.pump()
    sock, rid = b.held[0]
    text = body(s.iq('set', s.block_of(b'hello'), id='b')).replace('<iq ', "<iq xmlns='jabber:client' ")
    b.answer(response(text) + response(body("<message xmlns='jabber:client'/>")))
    s.reply('b')
    s.close()


sys.exit(main())
