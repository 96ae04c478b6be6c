#!/usr/bin/python3
"""slixfile.py: files by XEP-0096 with slixmpp, to try xcat against.

    slixfile.py [options] send JID FILE
    slixfile.py [options] receive DIR

A receiver takes one file, or with -k any number, writes it to DIR and prints a
line of what it was told: name, size, hash, date.  A sender takes part in range
requests.  -M names the kinds of stream that it offers or takes, in that order:
ibb, s5b.  With --late it goes on after an offer only when SIGUSR1 has come.
With --no-answer it does not answer a <close/>, as libpurple; with --wait-end it
does not end a socket before the receiver has, for so long.
The rest is for senders that lie.
"""
import asyncio
import hashlib
import os
import signal
from datetime import datetime, timezone

import slixpeer
import slixmpp
from slixmpp.xmlstream.handler import Callback, CoroutineCallback
from slixmpp.xmlstream.matcher import StanzaPath

NS = {'ibb': 'http://jabber.org/protocol/ibb',
      's5b': 'http://jabber.org/protocol/bytestreams'}
FILE = 'http://jabber.org/protocol/si/profile/file-transfer'


class Peer(slixpeer.Peer):
    def __init__(self, opt):
        super().__init__(opt, ['xep_0030', 'xep_0020', 'xep_0047', 'xep_0065',
                               'xep_0095', 'xep_0096'])
        self['xep_0047'].block_size = opt.block
        self['xep_0047'].max_block_size = 65535
        self['xep_0047'].auto_accept = True
        self['xep_0065'].auto_accept = True
        self.mend()
        self.choose()
        self.lost = self.loop.create_future()
        self.done = asyncio.Event()
        self.told = asyncio.Event()
        self.loop.add_signal_handler(signal.SIGUSR1, self.told.set)
        self.streams = []
        self.files = {}
        self.socket = None
        self.add_event_handler('si_request', self.on_offer)
        self.add_event_handler('ibb_stream_start', self.on_ibb)
        self.add_event_handler('ibb_stream_data', self.on_ibb_data)
        self.add_event_handler('ibb_stream_end',
                               lambda s: self.ended(s.sid))
        self.add_event_handler('socks5_stream', self.on_s5b)
        self.add_event_handler('socks5_data', self.on_s5b_data)
        self.add_event_handler('socks5_closed', self.on_s5b_closed)
        self.add_event_handler('disconnected', self.on_lost)
        if opt.no_answer:
            self.remove_handler('IBB Close')
            self.register_handler(Callback(
                'IBB Close', StanzaPath('iq@type=set/ibb_close'),
                lambda iq: self.ended(iq['ibb_close']['sid'])))

    def mend(self):
        """slixmpp 1.8.3 forgets to wait for what handles an offer."""
        self.remove_handler('SI Request')
        self.register_handler(CoroutineCallback(
            'SI Request', StanzaPath('iq@type=set/si'),
            self['xep_0095']._handle_request))

    def choose(self):
        """It likes the lowest number best."""
        si = self['xep_0095']
        for method in ('ibb', 's5b'):
            si.unregister_method(NS[method])
        for i, method in enumerate(self.opt.methods.split(',')):
            si.register_method(NS[method], 'xep_0047' if method == 'ibb'
                               else 'xep_0065', i)

    def on_lost(self, why):
        if not self.lost.done():
            self.lost.set_result(why)

    async def wait(self):
        if self.opt.late:
            await self.told.wait()

    # receiving

    async def on_offer(self, iq):
        si, sender = iq['si'], iq['from']
        f = si['file']
        date = f._get_attr('date')
        print(f['name'], f['size'], f['hash'], date, si['mime_type'] or '-',
              flush=True)
        if self.opt.decline:
            await self['xep_0095'].decline(sender, si['id'])
            return
        path = os.path.join(self.opt.file, os.path.basename(f['name']))
        answer, offset = None, 0
        if self.opt.offset:
            offset = self.opt.offset
            answer = self['xep_0096'].stanza.File()
            answer['range']['offset'] = offset
            if self.opt.length:
                answer['range']['length'] = self.opt.length
        self.files[si['id']] = open(path, 'wb')
        await self.wait()
        if self.opt.choose:
            pending = self['xep_0095']._pending
            for p in pending.values():
                p['method'] = self.opt.choose
            self['xep_0095']._methods[self.opt.choose] = ('xep_0047', 0)
        for _ in range(2 if self.opt.twice else 1):
            reply = self['xep_0095'].accept(sender, si['id'], payload=answer)
            if self.opt.twice:
                pending = dict(self['xep_0095']._pending)
            asyncio.ensure_future(reply)
            await asyncio.sleep(0)
            if self.opt.twice:
                self['xep_0095']._pending.update(pending)

    def on_ibb(self, stream):
        self.streams.append(stream)     # or it may be collected

    def on_ibb_data(self, stream):
        while not stream.recv_queue.empty():
            self.files[stream.sid].write(stream.recv_queue.get_nowait())

    def on_s5b(self, stream):
        self.socket = stream

    def on_s5b_data(self, data):
        next(iter(self.files.values())).write(data)

    def on_s5b_closed(self, _):
        # It tries all hosts at once, and those that it does not use end, too.
        if self.opt.role == 'receive' and self.files and self.socket and \
                self.socket.transport.is_closing():
            self.socket = None
            self.ended(next(iter(self.files)))

    def ended(self, sid):
        if sid in self.files:
            self.files.pop(sid).close()
            print('done', flush=True)
            if not self.opt.keep:
                self.done.set()
        elif self.opt.role == 'send':
            self.done.set()

    # sending

    async def offer(self, data):
        opt = self.opt
        date = datetime.fromtimestamp(os.stat(opt.file).st_mtime, timezone.utc)
        methods = [NS[m] for m in opt.methods.split(',')] \
            if opt.strange is None else opt.strange.split()
        payload = self['xep_0096'].stanza.File()
        payload['name'] = opt.name if opt.name is not None else \
            os.path.basename(opt.file)
        payload['size'] = opt.size if opt.size is not None else len(data)
        payload['date'] = date.strftime('%Y-%m-%dT%H:%M:%SZ')
        if not opt.no_hash:
            payload['hash'] = opt.hash or hashlib.md5(data).hexdigest()
        if not opt.no_range:
            payload.enable('range')
        return await self['xep_0095'].offer(
            slixmpp.JID(opt.peer), sid='slix-%d' % os.getpid(),
            profile=opt.profile or FILE, payload=payload,
            methods=[{'value': m} for m in methods],
            mime_type='application/octet-stream', timeout=opt.seconds)

    async def send_file(self):
        opt = self.opt
        with open(opt.file, 'rb') as f:
            data = f.read()
        result = await self.offer(data)
        method = result['si']['feature_neg']['form'].get_values()['stream-method']
        offset = result.xml.find('.//{%s}range' % FILE)
        if offset is not None:
            data = data[int(offset.get('offset', 0)):]
            print('range', offset.get('offset'), flush=True)
        print('method', method.rpartition('/')[2], flush=True)
        data = data[:opt.cut] + b'x' * opt.excess
        sid, peer = 'slix-%d' % os.getpid(), slixmpp.JID(opt.peer)
        await self.wait()
        if method == NS['ibb']:
            stream = await self['xep_0047'].open_stream(
                peer, sid=sid, block_size=opt.block)
            for i in range(0, len(data), opt.block):
                await stream.send(data[i:i + opt.block])
                if opt.pause:
                    await asyncio.sleep(opt.pause)
            await stream.close()
        else:
            stream = await self['xep_0065'].handshake(peer, sid=sid)
            for i in range(0, len(data), 65536):
                await stream.write(data[i:i + 65536])
            while stream.transport.get_write_buffer_size():
                await asyncio.sleep(.05)
            if opt.wait_end is None:
                stream.transport.close()
            for _ in range(20 * (opt.wait_end or 0)):
                if stream.transport.is_closing():
                    print('ended', flush=True)
                    break
                await asyncio.sleep(.05)
        print('sent', len(data), flush=True)

    async def converse(self):
        await self.log_in()
        if self.opt.role == 'send':
            await self.send_file()
        else:
            self.say_listening()
            await self.done.wait()

    def refused(self, error):
        e = error.iq.xml.find('{jabber:client}error')
        own = [c.tag.rpartition('}')[2] for c in e
               if 'xmpp-stanzas' not in c.tag]
        return (f'refused: {error.condition} {error.iq["error"]["type"]} '
                f'{" ".join(own)}: {error.text}')


def options():
    p = slixpeer.parser()
    p.add_argument('-b', dest='block', type=int, default=4096)
    p.add_argument('-k', dest='keep', action='store_true')
    p.add_argument('-M', dest='methods', default='s5b,ibb')
    p.add_argument('-w', dest='seconds', type=float, default=900)
    p.add_argument('--decline', action='store_true')
    p.add_argument('--offset', type=int, default=0)
    p.add_argument('--length', type=int, default=0)
    p.add_argument('--name')
    p.add_argument('--size')
    p.add_argument('--hash')
    p.add_argument('--no-hash', action='store_true')
    p.add_argument('--no-range', action='store_true')
    p.add_argument('--profile')
    p.add_argument('--strange', metavar='METHODS')
    p.add_argument('--cut', type=int)
    p.add_argument('--excess', type=int, default=0)
    p.add_argument('--pause', type=float, default=0)
    p.add_argument('--late', action='store_true')
    p.add_argument('--twice', action='store_true')
    p.add_argument('--no-answer', action='store_true')
    p.add_argument('--wait-end', type=int, metavar='SECONDS')
    p.add_argument('--choose', metavar='METHOD')
    p.add_argument('role', choices=('send', 'receive'))
    p.add_argument('args', nargs='+')
    opt = p.parse_args()
    opt.peer = opt.args[0] if opt.role == 'send' else None
    opt.file = opt.args[-1]
    return opt


def main():
    slixpeer.run(Peer(options()))


if __name__ == '__main__':
    main()
