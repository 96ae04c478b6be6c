#!/usr/bin/python3
"""slix.py: a plain XEP-0047 peer made of slixmpp, to try xcat against.

    slix.py [options] call JID  <in >out
    slix.py [options] listen    <in >out

Standard input goes to the stream and the stream to standard output.  With -N
the stream is closed after the end of input, without it the peer has to close.
With -S HOST:PORT a caller does as those of Prosody's mod_tcpproxy do: it says
where to, in the <open/>, and closes by a message.
Exits 0 when the stream was closed in order, else 1 with a line on stderr.
"""
import asyncio
import logging
import sys
import xml.etree.ElementTree as ET

import slixpeer
import slixmpp

IBB = 'http://jabber.org/protocol/ibb'
TCPPROXY = 'http://prosody.im/protocol/tcpproxy'


class Peer(slixpeer.Peer):
    def __init__(self, opt):
        super().__init__(opt, ['xep_0030'])
        if not opt.ignorant:
            self.register_plugin('xep_0047', {
                'auto_accept': True,
                'block_size': opt.block,
                'max_block_size': opt.block})
            self.api_accept()
        self.stream = self.loop.create_future()
        self.closed = asyncio.Event()
        self.lost = False
        self.messages = set()       # sids whose opener wants message stanzas
        if opt.service:
            self.namespace_map[TCPPROXY] = 'tcp'
            self.add_filter('out', self.name_service)
        self.add_event_handler('ibb_stream_start', self.on_open)
        self.add_event_handler('ibb_stream_data', self.on_data)
        self.add_event_handler('ibb_stream_end', lambda _: self.closed.set())
        for event in ('failed_all_auth', 'connection_failed', 'disconnected',
                      'stream_error', 'ssl_invalid_chain'):
            self.add_event_handler(event, lambda arg, event=event:
                                   self.on_failure(event, arg))

    def api_accept(self):
        """slixmpp forgets which stanza the opener asked for: remember it."""
        def authorized(_jid, sid, _ifrom, iq):
            if iq['ibb_open']['stanza'] == 'message':
                self.messages.add(sid)
            return True
        self['xep_0047'].api.register(authorized, 'authorized', default=True)

    def name_service(self, stanza):
        e = stanza.xml.find('{%s}open' % IBB) if hasattr(stanza, 'xml') else None
        if e is not None:
            host, _, port = self.opt.service.rpartition(':')
            e.set('{%s}host' % TCPPROXY, host)
            e.set('{%s}port' % TCPPROXY, port)
        return stanza

    async def close_stream(self, stream):
        if not self.opt.service:
            await stream.close()
            return
        message = self.make_message(stream.peer_jid)
        message.append(ET.Element('{%s}close' % IBB, {'sid': stream.sid}))
        message.send()
        self.closed.set()

    def on_failure(self, event, arg):
        for future in (self.ready, self.stream):
            if not future.done():
                future.set_exception(ConnectionError(f'{event}: {arg}'))
        if not self.closed.is_set():
            self.closed.set()
            self.lost = True

    def on_open(self, stream):
        stream.use_messages = stream.use_messages or stream.sid in self.messages
        if not self.stream.done():
            self.stream.set_result(stream)

    def on_data(self, stream):
        while not stream.recv_queue.empty():
            sys.stdout.buffer.write(stream.recv_queue.get_nowait())

    async def converse(self):
        await self.log_in()
        if self.opt.role == 'call':
            await self['xep_0047'].open_stream(
                slixmpp.JID(self.opt.peer), block_size=self.opt.block,
                use_messages=self.opt.messages)
        else:
            self.say_listening()
        stream = await self.stream
        await self.copy_in(stream)
        if self.opt.close and not self.closed.is_set():
            await self.close_stream(stream)
        await self.closed.wait()
        sys.stdout.buffer.flush()
        if self.lost:
            raise ConnectionError('the connection broke')

    async def copy_in(self, stream):
        while not stream.stream_out_closed:
            data = await self.loop.run_in_executor(
                None, sys.stdin.buffer.read, self.opt.block)
            if not data:
                break
            await stream.send(data)


def options(roles=('call', 'listen')):
    p = slixpeer.parser()
    p.add_argument('-b', dest='block', type=int, default=4096)
    p.add_argument('-m', dest='messages', action='store_true')
    p.add_argument('-N', dest='close', action='store_true')
    p.add_argument('-n', dest='ignorant', action='store_true',
                   help='be a client that knows no XEP-0047')
    p.add_argument('-S', dest='service', metavar='HOST:PORT')
    p.add_argument('-w', dest='seconds', type=float, default=180)
    p.add_argument('-v', dest='verbose', action='store_true')
    p.add_argument('role', choices=roles)
    p.add_argument('peer', nargs='?')
    return p.parse_args()


def main():
    opt = options()
    logging.basicConfig(level=logging.DEBUG if opt.verbose else logging.CRITICAL)
    slixpeer.run(Peer(opt))


if __name__ == '__main__':
    main()
