#!/usr/bin/python3
"""jingle.py: files by Jingle (XEP-0234, 0260, 0261) as another program sends and
takes them, or lies about them, to try xcat against; by raw stanzas.

    jingle.py [options] send JID FILE
    jingle.py [options] receive DIR

A receiver takes one file, or with -k any number, as DIR/NAME; both print a line
for each thing that happens.  -M is the transport that a sender offers: s5b,
ibb; -H names the hosts that it offers: direct, proxy, none, or HOST:PORT.
The rest is for peers that do it otherwise.  --end-at has moments, one for each
session in turn, at which the peer ends it: offered, accepted, voted, nominated,
replaced, opened, moving, whole, or never.  --hold has the name of a file that is
waited for before anything is sent.
"""
import asyncio
import base64
import hashlib
import os
import socket
import sys
from xml.sax.saxutils import quoteattr, escape

import slixpeer
from slixmpp.exceptions import IqError
from slixmpp.xmlstream import ET
from slixmpp.xmlstream.handler import Callback
from slixmpp.xmlstream.matcher import MatchXPath

J = 'urn:xmpp:jingle:1'
FT = 'urn:xmpp:jingle:apps:file-transfer:5'
S5B = 'urn:xmpp:jingle:transports:s5b:1'
JIBB = 'urn:xmpp:jingle:transports:ibb:1'
IBB = 'http://jabber.org/protocol/ibb'
BYTES = 'http://jabber.org/protocol/bytestreams'
HASHES = 'urn:xmpp:hashes:2'
INFO = 'http://jabber.org/protocol/disco#info'
CLIENT = '{jabber:client}'


def say(*words):
    print(*words, flush=True)


def local(tag):
    return tag.rpartition('}')[2]


async def read_exactly(reader, n):
    return await reader.readexactly(n)


class Hosts:
    """A port that is a streamhost for the streams with these names."""
    def __init__(self, names):
        self.names = names
        self.came = asyncio.get_event_loop().create_future()

    async def open(self):
        self.server = await asyncio.start_server(self.serve, '127.0.0.1', 0)
        self.port = self.server.sockets[0].getsockname()[1]

    async def serve(self, reader, writer):
        try:
            _, n = await reader.readexactly(2)
            await reader.readexactly(n)
            writer.write(b'\5\0')
            head = await reader.readexactly(5)
            name = await reader.readexactly(head[4])
            await reader.readexactly(2)
            if name.decode() not in self.names:
                say('wrong name')
                writer.write(b'\5\2\0\1' + bytes(6))
                writer.close()
                return
            writer.write(b'\5\0\0\3' + bytes([len(name)]) + name + b'\0\0')
            if not self.came.done():
                self.came.set_result((reader, writer))
        except (OSError, asyncio.IncompleteReadError):
            writer.close()


async def socks(host, port, name):
    reader, writer = await asyncio.open_connection(host, port)
    writer.write(b'\5\1\0')
    await reader.readexactly(2)
    writer.write(b'\5\1\0\3' + bytes([len(name)]) + name.encode() + b'\0\0')
    reply = await reader.readexactly(5)
    if reply[1] != 0:
        raise OSError('refused')
    await reader.readexactly({1: 3, 3: reply[4], 4: 15}[reply[3]] + 2)
    return reader, writer


class Session:
    """One session: what has come for it, and what is said in it."""
    def __init__(self, peer, jid, sid, initiator):
        self.peer, self.jid, self.sid = peer, jid, sid
        self.opt = peer.opt
        self.initiator = initiator
        self.queue = asyncio.Queue()
        self.name = 'a file'
        self.block = peer.opt.block
        self.received = self.over = False
        self.checksum = None
        self.hosts = self.socket = None
        self.end_at = peer.moments.pop(0) if peer.moments else 'never'
        self.stream = asyncio.Queue()   # in-band

    def jingle(self, action, inside=''):
        us = quoteattr(self.peer.boundjid.full)
        who = f'initiator={us} ' if action == 'session-initiate' else \
            f'responder={us} ' if action == 'session-accept' else ''
        return (f"<jingle xmlns='{J}' action='{action}' {who}"
                f"sid={quoteattr(self.sid)}>{inside}</jingle>")

    def content(self, inside):
        return (f"<content creator='initiator' name={quoteattr(self.name)} "
                f"senders='initiator'>{inside}</content>")

    async def say(self, action, inside=''):
        return await self.peer.ask(self.jid, self.jingle(action, inside))

    async def try_to_say(self, action, inside=''):
        """As say(), but the peer may have ended the session."""
        try:
            await self.say(action, inside)
        except IqError as e:
            say(action, 'refused:', self.peer.words(e.iq))

    async def info(self, what):
        await self.say('transport-info', self.content(
            f"<transport xmlns='{S5B}' sid={quoteattr(self.tsid)}>{what}"
            '</transport>'))

    async def end(self, reason):
        self.over = True
        say('ends:', reason)
        await self.try_to_say('session-terminate',
                              f'<reason><{reason}/></reason>')

    async def at(self, moment):
        """It has come to this: is it the end?"""
        say('at', moment)
        while self.opt.hold and moment == 'opened' and \
                not os.path.exists(self.opt.hold):
            await asyncio.sleep(0.05)
            if not self.queue.empty():
                await self.next()
        if self.end_at == moment:
            await self.end(self.opt.end_with)
            raise EOFError

    async def next(self, *actions):
        """The next stanza with one of these actions."""
        while True:
            j = await self.queue.get()
            action = j.get('action')
            if action == 'session-terminate':
                reason = j.find('{%s}reason' % J)
                words = [local(c.tag) for c in reason
                         if local(c.tag) != 'text']
                say('ended:', *words, reason.findtext('{%s}text' % J) or '')
                self.over = True
            elif action == 'session-info':
                self.on_info(j)
            if action in actions:
                return j
            if self.over:
                raise EOFError

    def on_info(self, j):
        if j.find('{%s}received' % FT) is not None:
            say('received')
            self.received = True
        e = j.find('.//{%s}hash' % HASHES)
        if e is not None:
            self.checksum = e.text

    # candidates

    def names(self):
        us, them = self.peer.boundjid.full, self.jid
        def sha(*a):
            return hashlib.sha1(''.join(a).encode()).hexdigest()
        return sha(self.tsid, us, them), sha(self.tsid, them, us)

    async def candidates(self):
        """Those of ours, as XML."""
        ours, _ = self.names()
        out = []
        self.mine = {}
        for i, kind in enumerate(self.opt.hosts.split(',')):
            jid, name = self.peer.boundjid.full, 'direct'
            cid = f'c{i}'
            if kind == 'none':
                continue
            if kind == 'direct':
                self.hosts = Hosts([ours])
                await self.hosts.open()
                host, port = '127.0.0.1', self.hosts.port
            elif kind == 'stalled':
                # Whoever connects to it hears nothing.
                self.stalled = await asyncio.start_server(
                    lambda reader, writer: None, '127.0.0.1', 0)
                host = '127.0.0.1'
                port = self.stalled.sockets[0].getsockname()[1]
            elif kind == 'proxy':
                jid, host, port = await self.peer.proxy()
                name = 'proxy'
            else:
                host, _, port = kind.rpartition(':')
            priority = {'direct': 126, 'proxy': 10}[name] * 65536 + 100 - i
            if kind == 'stalled':
                priority = 1000
            if self.opt.priority:
                priority = self.opt.priority
            self.mine[cid] = (name, jid, host, int(port), priority)
            out.append(f"<candidate cid='{cid}' host='{host}' jid={quoteattr(jid)}"
                       f" port='{port}' priority='{priority}' type='{name}'/>")
        return ''.join(out)

    def s5b(self, candidates):
        return (f"<transport xmlns='{S5B}' sid={quoteattr(self.tsid)} mode='tcp'"
                f" dstaddr='{self.names()[0]}'>{candidates}</transport>")

    async def connect(self, transport):
        """To the peer's candidates, the best first: (cid, priority, type) or
        None."""
        _, theirs = self.names()
        name = transport.get('dstaddr') or theirs
        self.theirs = {}
        cs = transport.findall('{%s}candidate' % S5B)
        cs.sort(key=lambda c: -int(c.get('priority')))
        for c in cs:
            self.theirs[c.get('cid')] = c
            if any(c.get('host') == m[2] and int(c.get('port')) == m[3]
                   for m in self.mine.values()):
                say('offered again:', c.get('host'), c.get('port'))
        if self.opt.no_connect:
            cs = []
        for c in cs:
            if self.opt.only and c.get('type') != self.opt.only:
                continue
            try:
                self.socket = await asyncio.wait_for(
                    socks(c.get('host'), int(c.get('port')), name), 3)
                return c
            except (OSError, asyncio.TimeoutError, asyncio.IncompleteReadError):
                pass
        return None

    async def settle(self, transport):
        """Agree on one connection; True if there is one."""
        used = await self.connect(transport)
        if self.opt.use:
            await self.try_cid(self.opt.use)
        if self.opt.claim:
            used = [c for c in self.theirs.values()
                    if c.get('type') == self.opt.claim][0]
        if used is not None:
            await self.info(f"<candidate-used cid={quoteattr(used.get('cid'))}/>")
        elif self.opt.vote:
            await self.info('<candidate-error/>')
        await self.at('voted')
        while True:
            j = await self.next('transport-info', 'transport-replace')
            if j.get('action') == 'transport-replace':
                self.replace = j
                return False
            e = [c for c in j.find('.//{%s}transport' % S5B)][0]
            if local(e.tag).startswith('candidate'):
                break
        say('peer:', local(e.tag))
        theirs = self.mine.get(e.get('cid'))
        await self.at('nominated')
        if theirs is None and used is None:
            return False
        if theirs is not None and (used is None or (
                theirs[4], not self.initiator) >= (
                int(used.get('priority')), self.initiator)):
            return await self.use_mine(e.get('cid'), theirs)
        say('uses theirs:', used.get('type'))
        if used.get('type') == 'proxy':
            j = await self.next('transport-info')
            e = [c for c in j.find('.//{%s}transport' % S5B)][0]
            say('peer:', local(e.tag))
            return local(e.tag) == 'activated'
        return True

    async def tie(self):
        """An offer of ours at the same time, of the higher sid."""
        mine = Session(self.peer, self.jid, '~', True)
        mine.name, mine.tsid = 'mine', 'tie'
        await mine.try_to_say('session-initiate', mine.content(
            f"<description xmlns='{FT}'><file><name>x</name><size>1</size>"
            f"</file></description><transport xmlns='{JIBB}' sid='tie' "
            "block-size='4096'/>"))

    async def try_cid(self, cid):
        await self.try_info('candidate-used',
                            f"<candidate-used cid={quoteattr(cid)}/>")

    async def try_info(self, name, what):
        try:
            await self.info(what)
        except IqError as e:
            say(name, 'refused:', self.peer.words(e.iq))

    async def use_mine(self, cid, mine):
        name, jid, host, port, _ = mine
        say('uses ours:', name)
        if name != 'proxy':
            self.socket = await asyncio.wait_for(self.hosts.came, 5)
            return True
        if self.opt.proxy_error:
            await self.info('<proxy-error/>')
            return False
        self.socket = await socks(host, port, self.names()[0])
        await self.peer.ask(jid, f"<query xmlns='{BYTES}' sid="
                            f"{quoteattr(self.tsid)}><activate>"
                            f'{escape(self.jid)}</activate></query>')
        if self.opt.wrong_activated:
            await self.try_info('activated', "<activated cid='none'/>")
        if not self.opt.no_activated:
            await self.info(f"<activated cid='{cid}'/>")
        elif not self.initiator:
            # Its end does not stand: a sender is not to write there.
            return False
        return True


class Peer(slixpeer.Peer):
    def __init__(self, opt):
        super().__init__(opt, ['xep_0030', 'xep_0199'])
        self.sessions = {}
        self.count = 0
        self.moments = (opt.end_at or '').split(',')
        self.offers = asyncio.Queue()
        self.opened = {}
        for xml, fn in ((f'{{{J}}}jingle', self.on_jingle),
                        (f'{{{IBB}}}open', self.on_open),
                        (f'{{{IBB}}}data', self.on_data),
                        (f'{{{IBB}}}close', self.on_close)):
            self.register_handler(Callback(
                xml, MatchXPath(f'{CLIENT}iq/{xml}'), fn))
        disco = self['xep_0030']
        for f in opt.features.split(','):
            disco.add_feature({'jingle': J, 'file': FT, 's5b': S5B, 'ibb': JIBB,
                               'si': 'http://jabber.org/protocol/si/profile/'
                               'file-transfer'}[f])

    # stanzas

    def make(self, to, kind, inside):
        iq = self.make_iq()
        # slixmpp would call them all 0.
        iq['to'], iq['type'], iq['id'] = to, kind, self.new_id()
        iq.append(ET.fromstring(inside))
        return iq

    async def ask(self, to, inside):
        return await self.make(to, 'set', inside).send(timeout=20)

    async def proxy(self):
        jid = 'proxy.' + self.boundjid.domain
        answer = await self.make(jid, 'get', f"<query xmlns='{BYTES}'/>").send()
        h = answer.xml.find('.//{%s}streamhost' % BYTES)
        return h.get('jid'), h.get('host'), int(h.get('port'))

    def words(self, iq):
        e = iq.xml.find(CLIENT + 'error')
        return ' '.join(local(c.tag) for c in e if local(c.tag) != 'text')

    def refuse(self, iq, condition):
        r = iq.reply()
        r['type'] = 'error'
        r['error']['condition'] = condition
        r.send()

    def on_jingle(self, iq):
        j = iq.xml.find('{%s}jingle' % J)
        if iq['type'] != 'set':
            return
        if self.opt.refuse:
            self.refuse(iq, self.opt.refuse)
            return
        iq.reply().send()
        key = (iq['from'].full, j.get('sid'))
        if j.get('action') == 'session-initiate':
            s = self.sessions[key] = Session(self, key[0], key[1], False)
            self.offers.put_nowait((s, j))
        elif key in self.sessions:
            self.sessions[key].queue.put_nowait(j)

    def stream(self, sid):
        return self.opened.setdefault(sid, asyncio.Queue())

    def on_open(self, iq):
        e = iq.xml.find('{%s}open' % IBB)
        if iq['type'] != 'set':
            return
        say('open', e.get('block-size'))
        self.stream(e.get('sid')).put_nowait('open')
        iq.reply().send()

    def on_data(self, iq):
        e = iq.xml.find('{%s}data' % IBB)
        if iq['type'] != 'set':
            return
        self.stream(e.get('sid')).put_nowait(base64.b64decode(e.text or ''))
        iq.reply().send()

    def on_close(self, iq):
        if iq['type'] != 'set':
            return
        sid = iq.xml.find('{%s}close' % IBB).get('sid')
        if not self.opt.no_close_answer:
            iq.reply().send()
        self.stream(sid).put_nowait(None)

    # receiving

    async def chunks(self, s):
        """What comes in the stream, as it comes."""
        if s.socket is not None:
            while True:
                data = await s.socket[0].read(65536)
                yield data
                if not data:
                    return
        queue = self.stream(s.tsid)
        while True:
            data = await queue.get()
            if data == 'open':
                continue
            yield data
            if not data:
                return

    async def receive(self, s, j):
        opt = self.opt
        content = j.find('{%s}content' % J)
        f = content.find('.//{%s}file' % FT)
        t = content[1] if local(content[1].tag) == 'transport' else content[0]
        s.name, s.tsid = content.get('name'), t.get('sid')
        size = int(f.findtext('{%s}size' % FT))
        name = f.findtext('{%s}name' % FT)
        e = f.find('{%s}hash' % HASHES)
        say('offer:', name, size, e.get('algo'),
            local(t.tag), t.tag[1:].rpartition(':')[0].rpartition(':')[2])
        if opt.decline:
            await s.end(opt.decline)
            return
        if opt.tie:
            await s.tie()
        await s.at('offered')
        if not await self.accept(s, t, f):
            return
        await s.at('opened')
        with open(os.path.join(opt.dir, os.path.basename(name) or 'x'),
                  'wb') as out:
            left = size - opt.offset
            if opt.length is not None:
                left = opt.length
            while left > 0:
                data = await self.read(s)
                if not data:
                    say('stream ended')
                    break
                out.write(data)
                left -= len(data)
                await s.at('moving')
                if opt.late_replace and left > 0:
                    opt.late_replace = False
                    await self.late_replace(s)
                if opt.cut and out.tell() >= opt.cut:
                    await self.cut(s)
                    return
        with open(out.name, 'rb') as got:
            sha = base64.b64encode(hashlib.sha256(got.read()).digest())
        if opt.offset == 0 and opt.length is None:
            say('hash', 'agrees' if sha.decode() == e.text else 'differs')
        if left < 0:
            say('excess')
        await s.at('whole')
        if opt.quiet_end:
            await s.next('session-terminate')
            return
        if opt.received:
            await s.say('session-info',
                        f"<received xmlns='{FT}' creator='initiator' "
                        f"name={quoteattr(s.name)}/>")
        await s.end(opt.reason)

    async def read(self, s):
        if not hasattr(s, 'reading'):
            s.reading = self.chunks(s)
        try:
            return await s.reading.__anext__()
        except (StopAsyncIteration, OSError):
            return b''

    async def cut(self, s):
        say('cut')
        if s.socket is not None:
            s.socket[1].transport.abort()
        else:
            await self.ask(s.jid, f"<close xmlns='{IBB}' sid='{s.tsid}'/>")
        if self.opt.reason != 'success':
            await s.end(self.opt.reason)
        else:
            await s.next('session-terminate')

    async def accept(self, s, t, f):
        opt = self.opt
        d = "<description xmlns='%s'><file>" % FT
        if opt.offset or opt.length is not None:
            d += f"<range offset='{opt.offset}'"
            d += f" length='{opt.length}'" if opt.length is not None else ''
            d += '/>'
        d += '</file></description>'
        kind = JIBB if t.tag.startswith('{' + JIBB) else S5B
        s.mine = {}
        if opt.other_transport:
            kind = S5B if kind == JIBB else JIBB
        if kind == S5B:
            own = s.s5b(await s.candidates())
        else:
            sid = '' if opt.no_sid else f'sid={quoteattr(s.tsid)} '
            own = f"<transport xmlns='{JIBB}' {sid}block-size='{opt.block}'/>"
        if opt.early:
            await s.info('<candidate-error/>')
        if opt.ping:
            await s.say('session-info')
            say('pong')
        await s.try_to_say('session-accept', s.content(d + own))
        await s.at('accepted')
        if opt.twice:
            await s.try_to_say('session-accept', s.content(d + own))
            await s.try_to_say('transport-accept', s.content(own))
        if kind == JIBB or opt.other_transport:
            if opt.other_transport:
                await s.next('session-terminate')
                return False
            return True
        s.replace = None
        if await s.settle(t):
            return True
        return await self.take_replace(s)

    async def take_replace(self, s):
        opt = self.opt
        j = s.replace
        if j is None:
            j = await s.next('transport-replace')
        say('transport-replace')
        await s.at('replaced')
        s.socket = None
        t = j.find('.//{%s}transport' % JIBB)
        s.tsid = t.get('sid')
        own = (f"<transport xmlns='{JIBB}' sid={quoteattr(s.tsid)} "
               f"block-size='{opt.block}'/>")
        await s.say(opt.replace_answer, s.content(own))
        if opt.replace_answer == 'transport-reject':
            await s.next('session-terminate')
            return False
        return True

    async def late_replace(self, s):
        """Ask for another transport while the stream is open."""
        await s.say('transport-replace', s.content(
            f"<transport xmlns='{JIBB}' sid='{s.tsid}z' "
            f"block-size='{self.opt.block}'/>"))
        j = await s.next('transport-accept', 'transport-reject')
        say(j.get('action'))

    # sending

    async def send_file(self):
        opt = self.opt
        with open(opt.file, 'rb') as f:
            data = f.read()
        self.count += 1
        own = f'{os.getpid()}-{self.count}'
        s = Session(self, opt.peer, opt.sid or 'j' + own, True)
        self.sessions[(opt.peer, s.sid)] = s
        s.tsid = opt.tsid or 't' + own
        s.mine = {}
        transport = s.s5b(await s.candidates()) if opt.methods == 's5b' else \
            f"<transport xmlns='{JIBB}' sid='{s.tsid}' block-size='{opt.block}'/>"
        await s.say('session-initiate', s.content(
            self.describe(data) + transport))
        if opt.twice:
            await s.try_to_say('session-initiate', s.content(
                self.describe(data) + transport))
        await s.at('offered')
        j = await s.next('session-accept')
        await s.at('accepted')
        r = j.find('.//{%s}range' % FT)
        offset = int(r.get('offset') or 0) if r is not None else 0
        if offset:
            say('range', offset)
        t = j.find('.//{%s}content' % J)
        t = [e for e in t if local(e.tag) == 'transport'][0]
        say('accepted', t.tag[1:].rpartition(':')[0].rpartition(':')[2])
        if opt.methods == 's5b' and not await s.settle(t):
            if opt.no_replace:
                await s.next()
            t = await self.put_replace(s)
        if opt.checksum == 'early':
            await self.put_checksum(s, data)
        await self.put(s, t, data[offset:opt.cut] + b'x' * opt.excess)
        if opt.checksum == 'late':
            await self.put_checksum(s, data)
        if opt.hurry:
            await s.end(opt.hurry)
            return
        await s.next('session-terminate')
        if opt.after:
            await s.try_to_say('session-info')

    def describe(self, data):
        opt = self.opt
        sha = base64.b64encode(hashlib.sha256(data).digest()).decode()
        name = os.path.basename(opt.file) if opt.name is None else opt.name
        size = len(data) if opt.size is None else opt.size
        h = f"<hash xmlns='{HASHES}' algo='sha-256'>{opt.hash or sha}</hash>"
        if opt.checksum:
            h = f"<hash-used xmlns='{HASHES}' algo='sha-256'/>"
        if opt.no_hash:
            h = ''
        return (f"<description xmlns='{FT}'><file><name>{escape(name)}</name>"
                f"<size>{size}</size><range/>{h}</file></description>")

    async def put_checksum(self, s, data):
        sha = opt_hash = self.opt.hash
        if opt_hash is None:
            sha = base64.b64encode(hashlib.sha256(data).digest()).decode()
        await s.try_to_say('session-info', f"<checksum xmlns='{FT}' creator="
                           f"'initiator' name={quoteattr(s.name)}><file>"
                           f"<hash xmlns='{HASHES}' algo='sha-256'>{sha}</hash>"
                           '</file></checksum>')

    async def put_replace(self, s):
        say('replaces')
        await s.at('replaced')
        s.tsid += 'b'
        s.socket = None
        t = (f"<transport xmlns='{JIBB}' sid='{s.tsid}' "
             f"block-size='{self.opt.block}'/>")
        await s.say('transport-replace', s.content(t))
        j = await s.next('transport-accept')
        return j.find('.//{%s}transport' % JIBB)

    async def put(self, s, t, data):
        opt = self.opt
        if s.socket is not None:
            await s.at('opened')
            s.socket[1].write(data[:len(data) // 2])
            await s.at('moving')
            s.socket[1].write(data[len(data) // 2:])
            await s.socket[1].drain()
            if opt.cut is not None:
                s.socket[1].close()
            elif not opt.no_close:
                # Prosody's proxy may hold the last bytes back until then.
                s.socket[1].write_eof()
            return
        await s.at('opened')
        block = min(opt.block, int(t.get('block-size') or opt.block))
        say('block', block)
        await self.ask(s.jid, f"<open xmlns='{IBB}' sid='{s.tsid}' block-size="
                       f"'{block}' stanza='iq'/>")
        for i in range(0, len(data), block):
            if s.over:
                break
            if i > 0:
                await s.at('moving')
            await asyncio.sleep(opt.pause)
            text = base64.b64encode(data[i:i + block]).decode()
            await self.ask(s.jid, f"<data xmlns='{IBB}' sid='{s.tsid}' seq="
                           f"'{i // block % 65536}'>{text}</data>")
        if opt.no_close:
            return
        try:
            await self.ask(s.jid, f"<close xmlns='{IBB}' sid='{s.tsid}'/>")
        except IqError:
            pass

    # raw

    async def raw(self):
        """Each line of standard input is the inside of an iq of type set, with
        JID for our own; the answer, and what comes meanwhile, is printed."""
        for line in sys.stdin:
            line = line.strip().replace('JID', self.boundjid.full)
            key = (self.opt.peer, 'raw')
            s = self.sessions.setdefault(key, Session(self, *key, True))
            try:
                await self.ask(self.opt.peer, line)
                say('result')
            except IqError as e:
                say('error:', self.words(e.iq), e.iq['error']['type'])
            except EOFError:
                pass
            if self.opt.ends:
                try:
                    await s.next('session-terminate')
                except EOFError:
                    pass
                s.over = False

    async def receive_all(self):
        """One, or each that comes, at the same time."""
        tasks = []
        while self.opt.keep or not tasks:
            tasks.append(asyncio.ensure_future(self.receive_one(
                *await self.offers.get())))
        await tasks[0]

    async def receive_one(self, s, j):
        try:
            await self.receive(s, j)
        except EOFError:
            pass

    async def converse(self):
        await self.log_in()
        try:
            if self.opt.role == 'raw':
                await self.raw()
            elif self.opt.role == 'send':
                for _ in list(self.moments):
                    try:
                        await self.send_file()
                    except EOFError:
                        pass
            else:
                self.say_listening()
                await self.receive_all()
        except EOFError:
            pass
        say('done')


def options():
    p = slixpeer.parser()
    p.add_argument('-b', dest='block', type=int, default=4096)
    p.add_argument('-k', dest='keep', action='store_true')
    p.add_argument('-w', dest='seconds', type=float, default=60)
    p.add_argument('-M', dest='methods', default='s5b')
    p.add_argument('-H', dest='hosts', default='direct')
    p.add_argument('-F', dest='features', default='jingle,file,s5b,ibb')
    p.add_argument('--only', help='candidates of this type are connected to')
    p.add_argument('--priority', type=int)
    p.add_argument('--offset', type=int, default=0)
    p.add_argument('--length', type=int)
    p.add_argument('--reason', default='success')
    p.add_argument('--replace-answer', default='transport-accept')
    p.add_argument('--cut', type=int)
    p.add_argument('--end-with', default='cancel')
    p.add_argument('--pause', type=float, default=0, help='between blocks')
    p.add_argument('--excess', type=int, default=0)
    for word in ('decline', 'refuse', 'use', 'name', 'size', 'hash', 'sid',
                 'checksum', 'hold', 'hurry', 'tsid', 'claim', 'end-at'):
        p.add_argument('--' + word)
    for word in ('no-connect', 'no-activated', 'proxy-error', 'no-sid',
                 'other-transport', 'early', 'ping', 'twice', 'quiet-end',
                 'received', 'no-hash', 'after', 'no-close', 'no-close-answer',
                 'ends', 'wrong-activated', 'tie', 'no-replace',
                 'late-replace'):
        p.add_argument('--' + word, action='store_true')
    p.add_argument('--no-vote', dest='vote', action='store_false')
    p.add_argument('role', choices=('send', 'receive', 'raw'))
    p.add_argument('args', nargs='+')
    opt = p.parse_args()
    opt.peer, opt.file, opt.dir = opt.args[0], opt.args[-1], opt.args[-1]
    return opt


if __name__ == '__main__':
    slixpeer.run(Peer(options()))
