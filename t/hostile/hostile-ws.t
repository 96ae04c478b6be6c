#!/usr/bin/python3 -B
"""Hostile WebSockets, from the upgrade to frames in the middle of a stream."""

import os
import struct
import sys

sys.path.insert(0, sys.path[0] + '/../lib')
from fake import *
from fakerun import *
from fakeweb import *

WSS = 'wss:%s//127.0.0.1:%d/ws'             # see fakerun.py: the first is empty
PONG = 'pong \u00fc\u20ac\U0001f600'


# --- the twins: all is well ---------------------------------------------------

@case(roles=BOTH, transport=WSS, stdin=b'ping', out=b'hello world')
def _ok_both_ways(s):
    websocket(s)
    s.stream()
    s.data(b'hello ')
    s.take(4)
    s.data(b'world')
    s.close()
    s.end()
    check(s.ended, 'leaves without <close/>')
    check(s.sni == DOMAIN, 'names another server in TLS: %s' % s.sni)


@case(transport=WSS, out=b'hello')
def _ok_fragments(s):
    websocket(s)
    s.stream()
    for size in 1, 2, 3, 7:                 # a character is cut, too
        id = s.id()
        s.raw(fragments(s.iq('get', "<x xmlns='urn:x'>%s</x>" % PONG, DOMAIN, id), size))
        check(condition(s.reply(id, DOMAIN)) == 'service-unavailable', 'does not understand fragments')
    s.data(b'hello')
    s.close()


@case(transport=WSS, out=b'hello')
def _ok_byte_by_byte(s):
    websocket(s)
    s.stream()
    s.bytewise = True
    s.data(b'hello')
    s.close()


@case(transport=WSS, out=b'hello')
def _ok_pings(s):
    websocket(s)
    s.stream()
    block = s.iq('set', s.block_of(b'hello'), id='b').encode()
    s.raw(frame(b'a' * 125, 9) + frame(block[:30], 1, False) + frame(b'', 9) + frame(b'unasked', 10) +
          frame(block[30:], 0))
    s.reply('b')
    check(s.pongs == [b'a' * 125, b''], 'answers pings with %s' % s.pongs)
    s.close()


@case(BROKEN, transport=WSS)
def _ok_close_by_the_server(s):
    websocket(s)
    s.stream()
    s.send("<close xmlns='%s'/>" % FRAMING)
    s.end()


# --- the upgrade --------------------------------------------------------------

def upgrade(name, answer, says='check'):
    def script(s):
        websocket(s)
        with s.refused():
            handshake(s, answer)
            s.stall()
            raise Gone
    add('upgrade_' + name, script, NETWORK, transport=WSS, says=says)


upgrade('refused', lambda _: 'HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n', 'HTTP status 400')
upgrade('is_a_page', lambda _: 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello', 'HTTP status 200')
upgrade('redirected', lambda _: 'HTTP/1.1 302 Found\r\nLocation: http://evil.test/\r\n\r\n', 'HTTP status 302')
upgrade('wrong_accept', lambda a: switching(a[::-1]), 'malformed')
upgrade('no_accept', lambda a: switching(a).replace('Sec-WebSocket-Accept', 'X'), 'malformed')
upgrade('to_something_else', lambda a: switching(a).replace('websocket', 'h2c'), 'malformed')
upgrade('without_connection', lambda a: switching(a).replace(', Upgrade', ''), 'malformed')
upgrade('other_protocol', lambda a: switching(a).replace('xmpp', 'chat'), 'not of XMPP')
upgrade('no_protocol', lambda a: switching(a).replace('Sec-WebSocket-Protocol', 'X'), 'not of XMPP')
upgrade('extension', lambda a: switching(a, 'Sec-WebSocket-Extensions: permessage-deflate\r\n'), 'malformed')
upgrade('no_http', lambda _: 'SSH-2.0-OpenSSH_9.2\r\n', 'bad HTTP')
upgrade('endless_head', lambda a: 'HTTP/1.1 101 S\r\n' + 'X: y\r\n' * 1700000, 'too long')
upgrade('endless_line', lambda a: 'HTTP/1.1 101 S\r\nX: ' + 'y' * 10000000, 'too long')
upgrade('folded', lambda a: switching(a, ' folded: x\r\n'), 'malformed')


# --- frames -------------------------------------------------------------------

FRAMES = {
    'masked': (frame('<a/>', mask=True), 1002),
    'rsv1': (frame('<a/>', rsv=4), 1002),
    'rsv2': (frame('<a/>', rsv=2), 1002),
    'rsv3': (frame('<a/>', rsv=1), 1002),
    'binary': (frame('<a/>', 2), 1003),
    'opcode_3': (frame('<a/>', 3), 1002),
    'opcode_15': (frame('', 15), 1002),
    'continues_nothing': (frame('<a/>', 0), 1002),
    'message_in_message': (frame('<a', fin=False) + frame('<a/>'), 1002),
    'long_ping': (frame(b'x' * 126, 9), 1002),
    'ping_in_fragments': (frame(b'x', 9, False), 1002),
    'huge': (struct.pack('!BBQ', 0x81, 127, 2 ** 62), 1009),
    'negative_length': (struct.pack('!BBQ', 0x81, 127, 2 ** 63 + 1), 1002),
    'length_in_too_many_bytes': (struct.pack('!BBQ', 0x81, 127, 4) + b'<a/>', 1002),
    'half_a_close_code': (frame(b'\x03', 8), 1002),
    'close_code_1005': (frame(b'\x03\xed', 8), 1002),
    'close_reason_no_utf8': (frame(b'\x03\xe8\xff', 8), 1007),
    'no_utf8': (frame(b'<a>\xff</a>'), 1007),
    'overlong_utf8': (frame(b'<a>\xc0\xbc</a>'), 1007),
    'half_a_character': (frame(b'<a>\xc3', fin=False) + frame(b'</a>', 0), 1007),
    'two_elements': (frame('<a xmlns="x"/><a xmlns="x"/>'), 1007),
    'half_an_element': (frame('<a xmlns="x">') + frame('</a>'), 1007),
    'end_of_stream': (frame('</stream:stream>'), 1007),
    'text': (frame('hello'), 1007),
    'nothing': (frame(''), 1007),
    'white_space': (frame(' '), 1007),
    'doctype': (frame("<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"), 1007),
    'comment': (frame('<!-- x -->'), 1007),
    # A few bytes too many, and no more: a connection that is closed with something unread in it is reset, and the code may
    # be lost.
    'endless_tag': (frame('<a b="', fin=False) + frame('x' * 65536, 0, False) * 16, (1007, 1009)),
}


def bad_frame(name, data, code):
    def script(s):
        websocket(s)
        s.stream()
        with s.refused():
            s.raw(data)
            while True:
                s.read()
        code_ = code if isinstance(code, tuple) else (code,)
        check(s.closed_with in code_, 'closes with %s' % s.closed_with)
    add('frame_' + name, script, BROKEN, transport=WSS, says='WebSocket|bad XML')


for name, (data, code) in FRAMES.items():
    bad_frame(name, data, code)


@case(BROKEN, transport=WSS, says='code 1011 .*going down')
def _close_with_a_reason(s):
    websocket(s)
    s.stream()
    s.raw(frame(b'\x03\xf3going down\xe2\x80\xae', 8))
    s.end()


@case(BROKEN, transport=WSS, stdin=b'x' * 20000, args='-b 20000')
def _close_as_too_large(s):
    """The session is not resumed, as the same stanza would be sent again for ever."""
    websocket(s)
    s.stream(managed=True)
    s.arrive()
    with s.refused():
        s.raw(frame(b'\x03\xf1', 8))
        while True:
            s.read()


@case(BROKEN, transport=WSS)
def _cut_in_a_frame(s):
    websocket(s)
    s.stream()
    s.raw(frame('<message/>')[:5])
    s.drop()


@case(NETWORK, transport=WSS, says='1.0')
def _another_version(s):
    websocket(s)
    s.secure()
    s.named('{%s}open' % FRAMING)
    with s.refused():
        s.send(OPENED.replace('1.0', '0.9'))
        s.read()


sys.exit(main())
