#!/usr/bin/python3
"""rude.py: a peer that is let in and means no good.

    rude.py [options of slix.py] flood JID SECONDS

It sends JID all that a peer can send, in bursts: opens and closes, blocks without an end or out of order, bad base64,
giant stanzas, offers of files and of sockets, and words of xcat's own about streams that there are none of.  After each
burst it waits for the answer to a ping, for a while, so that the server does not become the one that is flooded.
RUDE in the environment is the seed.  Prints how many bursts of each kind there were.
"""
import asyncio
import base64
import collections
import os
import random
import sys
import time

import slix

XCAT = 'urn:xcat:0'
PATIENCE = 5                            # s for the answer to a ping
MOVES = []


def move(f):
    MOVES.append(f)
    return f


class Rude(slix.Peer):
    def __init__(self, opt, seconds):
        super().__init__(opt)
        self.until = time.monotonic() + seconds
        self.random = random.Random(os.environ.get('RUDE', '1'))
        self.tally = collections.Counter()
        self.number = 0
        self.pong = asyncio.Event()
        self.add_filter('in', self.take)

    def take(self, stanza):
        """Nothing is answered."""
        if stanza['id'] == 'ping%d' % self.number and stanza['from'] == self.opt.peer:
            self.pong.set()
        return None if stanza['from'] == self.opt.peer else stanza

    def sid(self):
        return 'r%s%d' % (self.boundjid.user[0], self.random.randrange(200))

    def iq(self, body, kind='set'):
        self.number += 1
        return "<iq type='%s' to='%s' id='x%d'>%s</iq>" % (kind, self.opt.peer, self.number, body)

    def open(self, sid, host='', kind='iq'):
        return self.iq("<open xmlns='%s' sid='%s' block-size='4096' stanza='%s'%s/>" % (
            slix.IBB, sid, kind, " xmlns:t='%s' t:host='%s'" % (slix.TCPPROXY, host) if host else ''))

    def block(self, sid, seq, data):
        if isinstance(data, bytes):
            data = base64.b64encode(data).decode()
        return self.iq("<data xmlns='%s' sid='%s' seq='%d'>%s</data>" % (slix.IBB, sid, seq, data))

    def close(self, sid):
        return self.iq("<close xmlns='%s' sid='%s'/>" % (slix.IBB, sid))

    @move
    def opens_and_closes(self):
        for i in range(100):
            yield self.open('oc%d' % i)
            yield self.close('oc%d' % i)

    @move
    def opens(self):
        for _ in range(50):
            yield self.open(self.sid(), self.random.choice(['', 'e', 'sleep', 'none', '!']))

    @move
    def without_end(self):
        sid = self.sid()
        yield self.open(sid, 'sleep')
        for i in range(150):
            yield self.block(sid, i, bytes(4096))

    @move
    def out_of_order(self):
        for _ in range(20):
            sid = self.sid()
            yield self.open(sid, 'e')
            for seq in 0, 0, 5, 65535, 70000:
                yield self.block(sid, seq, b'data')
            yield self.close(sid)

    @move
    def bad_base64(self):
        for bad in '====', 'a', 'Zg', 'Z=g=', '&#x2028;', 'Zm9v' * 3000, 'Zm9v\tZm9v!':
            sid = self.sid()
            yield self.open(sid, 'e')
            yield self.block(sid, 0, bad)

    @move
    def giant(self):
        yield self.iq("<query xmlns='%s'>%s</query>" % ('x' * 1000, 'y' * 200000))
        yield self.iq('<a xmlns="urn:a">%s</a>' % ('<b c="d"/>' * 15000))
        yield "<message to='%s'><body>%s</body></message>" % (self.opt.peer, 'z' * 200000)

    @move
    def files(self):
        for i in range(20):
            yield self.iq(
                "<si xmlns='http://jabber.org/protocol/si' id='f%d' profile='http://jabber.org/protocol/si/profile/"
                "file-transfer'><file xmlns='http://jabber.org/protocol/si/profile/file-transfer' name='%s' size='%s'/>"
                "<feature xmlns='http://jabber.org/protocol/feature-neg'><x xmlns='jabber:x:data' type='form'>"
                "<field var='stream-method' type='list-single'><option><value>%s</value></option></field></x></feature>"
                "</si>" % (self.random.randrange(1000), self.random.choice(['../x', 'n', '.', 'a/b', 'f' * 500]),
                           self.random.choice(['0', '10', '-1', '99999999999999999999']), slix.IBB))

    @move
    def sockets(self):
        for _ in range(20):
            yield self.iq(
                "<query xmlns='http://jabber.org/protocol/bytestreams' sid='%s' mode='tcp'>%s</query>" % (
                    self.sid(), "<streamhost jid='%s' host='127.0.0.1' port='%d'/>" % (
                        self.opt.peer, self.random.choice([1, 0, 65535, 70000])) * self.random.choice([0, 1, 40])))

    @move
    def own_words(self):
        for _ in range(60):
            yield self.iq("<%s xmlns='%s' sid='%s' received='%s' answered='%s' number='1' state='open'/>" % (
                self.random.choice(['sync', 'closed', 'socket', 'session', 'plain']), XCAT, self.sid(),
                self.random.choice(['0', '-1', '18446744073709551616']), self.random.choice(['0', '7', 'x'])))

    @move
    def answers(self):
        for kind in 'result', 'error':
            for _ in range(50):
                yield self.iq('', kind)

    async def converse(self):
        await self.log_in()
        while time.monotonic() < self.until and not self.lost:
            make = self.random.choice(MOVES)
            self.tally[make.__name__] += 1
            for stanza in make(self):
                self.send_raw(stanza)
            self.pong.clear()
            self.number += 1
            self.send_raw("<iq type='get' to='%s' id='ping%d'><ping xmlns='urn:xmpp:ping'/></iq>" % (
                self.opt.peer, self.number))
            try:
                await asyncio.wait_for(self.pong.wait(), PATIENCE)
            except asyncio.TimeoutError:
                self.tally['unanswered'] += 1
        for name, times in sorted(self.tally.items()):
            print(times, name)


def main():
    seconds = int(sys.argv.pop())
    opt = slix.options(('flood',))
    opt.seconds = seconds + 60
    rude = Rude(opt, seconds)
    rude.loop.run_until_complete(rude.main())


main()
