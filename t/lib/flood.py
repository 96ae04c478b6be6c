#!/usr/bin/python3
"""flood.py: streams to which more is sent than their ends take, without waiting for any answer.

    flood.py [options of slix.py] JID SERVICE COUNT BLOCKS SIZE

Opens COUNT streams to a service, as those of Prosody's mod_tcpproxy do, then sends BLOCKS blocks of SIZE bytes to each of
them in turn, as fast as the server takes them.  Prints "sent", then "flooded", how many streams the other side has closed by then, and
how many blocks it has refused; then stays until it is ended.
"""
import asyncio
import base64
import sys

import slix

AT_ONCE = 32


class Flood(slix.Peer):
    def __init__(self, opt, service, count, blocks, size):
        super().__init__(opt)
        self.service, self.count, self.blocks, self.size = service, count, blocks, size
        self.waiting, self.closed, self.refused = {}, set(), 0
        self.add_filter('in', self.look)

    def look(self, stanza):
        """What comes needs no more than this."""
        if stanza.name != 'iq':
            return stanza
        close = stanza.xml.find('{%s}close' % slix.IBB)
        if close is not None:
            self.closed.add(close.get('sid'))
            self.send_raw("<iq type='result' to='%s' id='%s'/>" % (self.opt.peer, stanza['id']))
            return None
        future = self.waiting.pop(stanza['id'], None)
        if future is not None:
            future.set_result(stanza['type'])
            return None
        if stanza['id'].startswith('flood'):
            self.refused += stanza['type'] == 'error'
            return None
        return stanza

    async def ask(self, bodies):
        futures = []
        for id, body in bodies:
            self.waiting[id] = self.loop.create_future()
            futures.append(self.waiting[id])
            self.send_raw("<iq type='set' to='%s' id='%s'>%s</iq>" % (self.opt.peer, id, body))
        return await asyncio.gather(*futures)

    async def converse(self):
        await self.log_in()
        for first in range(0, self.count, AT_ONCE):
            said = await self.ask((
                'open%d' % n, "<open xmlns='%s' sid='s%d' block-size='65535' xmlns:tcp='%s' tcp:host='%s'/>" % (
                    slix.IBB, n, slix.TCPPROXY, self.service)) for n in range(first, min(first + AT_ONCE, self.count)))
            if said.count('result') < len(said):
                sys.exit('refused: %s' % said)
        text = base64.b64encode(b'.' * self.size).decode()
        for seq in range(self.blocks):
            for n in range(self.count):
                if 's%d' % n in self.closed:
                    continue
                self.send_raw("<iq type='set' to='%s' id='flood%d.%d'><data xmlns='%s' sid='s%d' seq='%d'>%s</data></iq>" % (
                    self.opt.peer, n, seq, slix.IBB, n, seq, text))
                while self.transport.get_write_buffer_size() > 1 << 20:
                    await asyncio.sleep(0.01)
                await asyncio.sleep(0)
        while self.transport.get_write_buffer_size() > 0:
            await asyncio.sleep(0.01)
        print('sent', flush=True)
        # A question that comes behind all that.
        await self.ask([('last', "<close xmlns='%s' sid='none'/>" % slix.IBB)])
        print('flooded', len(self.closed), self.refused, flush=True)
        await self.loop.create_future()


def main():
    numbers = [int(sys.argv.pop()) for _ in range(3)][::-1]
    service = sys.argv.pop()
    peer = sys.argv.pop()
    sys.argv += ['call', peer]
    flood = Flood(slix.options(('call',)), service, *numbers)
    flood.loop.run_until_complete(flood.main())


main()
