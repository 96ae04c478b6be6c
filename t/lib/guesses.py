#!/usr/bin/python3
"""guesses.py: calls with wrong codes, as xcat-protocol(7) has them (Codes).

    guesses.py [options of slixpeer.py] JID COUNT

Each <open/> has a ClientHello of TLS 1.3 with an external PSK whose binder is
drawn at random: no more can be done without the code.  Prints how often which
answer came, such as "10000 service-unavailable", one a line, and how many
different ones there were but for their ids.
"""
import asyncio
import base64
import collections
import os
import re
import struct
import sys
import xml.etree.ElementTree as ET

import slixpeer

AT_ONCE = 40
IBB = 'http://jabber.org/protocol/ibb'
IDENTITY = b'xcat:code'


def vector(data, size):
    """Bytes behind their length, in size bytes."""
    return len(data).to_bytes(size, 'big') + data


def extension(number, data):
    return struct.pack('>H', number) + vector(data, 2)


def client_hello():
    """RFC 8446 section 4.1.2, in a record."""
    shares = vector(struct.pack('>H', 29) + vector(os.urandom(32), 2), 2)
    extensions = b''.join((
        extension(43, vector(b'\3\4', 1)),                      # supported_versions
        extension(10, vector(struct.pack('>H', 29), 2)),        # supported_groups: x25519
        extension(13, vector(b'\x08\x07\x04\x03', 2)),          # signature_algorithms
        extension(51, shares),
        extension(45, vector(b'\1', 1)),                        # psk_dhe_ke
        extension(41, vector(vector(IDENTITY, 2) + b'\0\0\0\0', 2) + vector(vector(os.urandom(32), 1), 2))))
    hello = b'\3\3' + os.urandom(32) + vector(os.urandom(32), 1) + vector(b'\x13\x01', 2) + b'\1\0' + \
        vector(extensions, 2)
    return b'\x16\3\1' + vector(b'\1' + vector(hello, 3), 2)


class Guesser(slixpeer.Peer):
    def __init__(self, opt, count):
        super().__init__(opt)
        self.count = count
        self.waiting = {}           # id -> future
        self.tally = collections.Counter()
        self.shapes = set()
        self.add_filter('in', self.answer)

    def answer(self, stanza):
        future = self.waiting.pop(stanza['id'], None)
        if future is None or stanza['type'] not in ('result', 'error'):
            return stanza
        e = ET.tostring(stanza.xml.find('{jabber:client}error'), encoding='unicode') if stanza['type'] == 'error' else ''
        self.shapes.add(re.sub('ns[0-9]+', 'ns', e))
        future.set_result(stanza['error']['condition'] if stanza['type'] == 'error' else 'result')
        return None

    async def guess(self, numbers):
        futures = [self.loop.create_future() for _ in numbers]
        self.waiting.update((f'g{n}', f) for n, f in zip(numbers, futures))
        self.send_raw(''.join(
            f"<iq type='set' to='{self.opt.peer}' id='g{n}'><open xmlns='{IBB}' sid='s{n}' block-size='4096'>"
            f"<session xmlns='urn:xcat:0'>{base64.b64encode(client_hello()).decode()}</session></open></iq>"
            for n in numbers))
        self.tally.update(await asyncio.gather(*futures))

    async def converse(self):
        await self.log_in()
        for n in range(0, self.count, AT_ONCE):
            await self.guess(range(n, min(n + AT_ONCE, self.count)))
        for what, n in sorted(self.tally.items()):
            print(n, what)
        print(len(self.shapes), 'kinds')


def main():
    p = slixpeer.parser()
    p.add_argument('-w', dest='seconds', type=float, default=600)
    p.add_argument('peer')
    p.add_argument('count', type=int)
    opt = p.parse_args()
    slixpeer.run(Guesser(opt, opt.count))


main()
