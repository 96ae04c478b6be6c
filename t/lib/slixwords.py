#!/usr/bin/python3
"""slixwords.py: an xcat that lies: files in streams of its kind, without a
session, where words and bytes are not what they should be.

    slixwords.py JID PASSWORD HOST:PORT CA PEER CASE ...

For each CASE it prints a line: CASE, the words that it heard, "closed" if its
stream was closed, and the condition of the first error.
"""
import asyncio
import base64
import hashlib
import re
import struct
import xml.etree.ElementTree as ET

import slixpeer
from slixmpp.exceptions import IqError
from slixmpp.xmlstream.handler import Callback
from slixmpp.xmlstream.matcher import MatchXPath

IBB = 'http://jabber.org/protocol/ibb'
FILE = 'http://jabber.org/protocol/si/profile/file-transfer'
XCAT = 'urn:xcat:0'
DATA = b'what a file has'


def word(xml):
    return struct.pack('>I', len(xml)) + xml.encode()


def file(name, size=len(DATA), md5=hashlib.md5(DATA).hexdigest(), more=0):
    return word(f"<file xmlns='{FILE}' name='{name}' size='{size}' "
                f"hash='{md5}' more='{more}'><range/></file>")


# What is sent; and if that is something else, how much of it before the rest
# waits for an answer.
CASES = {
    'honest': (file('honest'), DATA),
    'eager': (file('eager') + DATA, b''),
    'outside': (file('../../outside'), DATA),
    'excess': (file('excess'), DATA + b'!'),
    'later-excess': (file('later-excess'), DATA, b'!'),
    'short': (file('short'), DATA[:-1]),
    'hash': (file('hash', md5='0' * 32), DATA),
    'endless': (file('endless', size=2 ** 63 - 1), DATA),
    'too-large': (file('too-large', size=2 ** 63), DATA),
    'negative': (file('negative', size=-1), DATA),
    'refused': (file('refused', size=2000000), DATA, DATA),
    'twice': (file('twice'), file('twice')),
    'silent': (b'', b''),
    'long-word': (b'\xff\xff\xff\xff', b'x'),
    'no-xml': (word('<file'), b''),
    'entity': (word('<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'), b''),
    'wrong': (word(f"<wrong xmlns='{XCAT}'>you</wrong>"), b''),
    'range': (word(f"<range xmlns='{FILE}' offset='5'/>"), b''),
}


class Peer(slixpeer.Peer):
    def __init__(self, opt):
        super().__init__(opt)
        self.heard = {}
        self.news = asyncio.Event()
        self.given_up = asyncio.Event()
        for name in ('data', 'close'):
            self.register_handler(Callback(
                name, MatchXPath('{jabber:client}iq/{%s}%s' % (IBB, name)),
                self.on_input))

    def on_input(self, iq):
        if iq['type'] != 'set':
            return
        e = iq.xml[0]
        end = e.tag.endswith('close')
        self.heard.setdefault(e.get('sid'), []).append(
            b' closed' if end else base64.b64decode(e.text))
        iq.reply().send()
        self.news.set()
        if b'<wrong ' in b''.join(self.heard[e.get('sid')]):
            self.given_up.set()

    async def ask(self, peer, name, sid, text=None, child=None, **attrs):
        iq = self.make_iq_set(ito=peer)
        e = ET.SubElement(iq.xml, '{%s}%s' % (IBB, name), sid=sid, **attrs)
        e.text = text
        if child is not None:
            e.append(child)
        await iq.send(timeout=30)

    async def answer(self, sid):
        while sid not in self.heard:
            self.news.clear()
            await self.news.wait()

    async def talk(self, peer, case, sid):
        await self.ask(peer, 'open', sid, **{'block-size': '4096'},
                       child=ET.Element('{%s}plain' % XCAT, {'for': 'file'}))
        for i, piece in enumerate(CASES[case]):
            if piece:
                await self.ask(peer, 'data', sid, seq=str(i),
                               text=base64.b64encode(piece).decode())
            if i == 0 and CASES[case][1]:
                await asyncio.wait_for(self.answer(sid), 30)
        await self.ask(peer, 'close', sid)

    async def one(self, peer, case):
        """Bytes that are wrong are not answered, but an xcat gives up then."""
        sid, error = 'lie-' + case, ''
        self.given_up.clear()
        talk = asyncio.ensure_future(self.talk(peer, case, sid))
        wrong = asyncio.ensure_future(self.given_up.wait())
        await asyncio.wait({talk, wrong}, return_when=asyncio.FIRST_COMPLETED)
        wrong.cancel()
        try:
            if talk.done():
                talk.result()
            else:
                talk.cancel()
        except IqError as e:
            error = e.condition
        words = b''.join(self.heard.get(sid, []))
        print(case, *re.findall(rb'<(\w+) ', words), b'closed' in words,
              error, flush=True)

    async def main(self, peer, *cases):
        await self.log_in()
        for case in cases or CASES:
            await asyncio.wait_for(self.one(peer, case), 100)
        await self.disconnect(wait=1)


def main():
    opt, rest = slixpeer.arguments()
    peer = Peer(opt)
    peer.loop.run_until_complete(peer.main(*rest))


main()
