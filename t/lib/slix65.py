#!/usr/bin/python3
"""slix65.py: a plain XEP-0065 peer made of slixmpp, to try xcat against.

    slix65.py [options] call JID  <in >out
    slix65.py [options] listen    <in >out

Standard input goes to the stream and the stream to standard output.  With -N the
connection is closed after the end of input, without it the peer has to close.
"""
import asyncio
import sys

import slixpeer
import slixmpp


class Peer(slixpeer.Peer):
    def __init__(self, opt):
        super().__init__(opt, ['xep_0030'])
        self.register_plugin('xep_0065', {'auto_accept': True})
        self.stream = self.loop.create_future()
        self.closed = asyncio.Event()
        self.add_event_handler('socks5_stream', self.on_stream)
        self.add_event_handler('socks5_data', sys.stdout.buffer.write)
        self.add_event_handler('socks5_closed', self.on_closed)

    def on_stream(self, stream):
        if not self.stream.done():
            self.stream.set_result(stream)

    def on_closed(self, _):
        # It tries all hosts at once, and those that it does not use end, too.
        if self.stream.done() and self.stream.result().transport.is_closing():
            self.closed.set()

    async def converse(self):
        await self.log_in()
        if self.opt.role == 'call':
            stream = await self['xep_0065'].handshake(slixmpp.JID(self.opt.peer))
            self.stream.set_result(stream)
        else:
            self.say_listening()
        stream = await self.stream
        await self.copy_in(stream)
        if self.opt.close:
            stream.transport.close()
        await self.closed.wait()
        sys.stdout.buffer.flush()

    async def copy_in(self, stream):
        while True:
            data = await self.loop.run_in_executor(None, sys.stdin.buffer.read, 65536)
            if not data:
                return
            await stream.write(data)


def main():
    p = slixpeer.parser()
    p.add_argument('-N', dest='close', action='store_true')
    p.add_argument('role', choices=('call', 'listen'))
    p.add_argument('peer', nargs='?')
    p.set_defaults(seconds=60)
    slixpeer.run(Peer(p.parse_args()))


if __name__ == '__main__':
    main()
