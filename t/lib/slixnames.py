#!/usr/bin/python3
"""slixnames.py: offer a file under each of many names, one to a line as JSON.

    slixnames.py JID PASSWORD HOST:PORT CA PEER NAMES
"""
import asyncio
import hashlib
import json

import slixpeer
import slixmpp

IBB = 'http://jabber.org/protocol/ibb'
FILE = 'http://jabber.org/protocol/si/profile/file-transfer'


class Peer(slixpeer.Peer):
    def __init__(self, opt):
        super().__init__(opt, ['xep_0030', 'xep_0020', 'xep_0047', 'xep_0065',
                               'xep_0095', 'xep_0096'])

    async def send_one(self, peer, number, name):
        data, sid = b'file %d' % number, 'n%d' % number
        f = self['xep_0096'].stanza.File()
        f['size'] = len(data)
        f['hash'] = hashlib.md5(data).hexdigest()
        f.xml.set('name', name)         # also if it is empty
        await self['xep_0095'].offer(peer, sid=sid, profile=FILE, payload=f,
                                     methods=[{'value': IBB}])
        stream = await self['xep_0047'].open_stream(peer, sid=sid)
        await stream.send(data)
        await stream.close()

    async def main(self, peer, names):
        await self.log_in()
        for i, name in enumerate(names):
            await asyncio.wait_for(self.send_one(slixmpp.JID(peer), i, name), 60)
        await self.disconnect(wait=1)


def main():
    opt, (to, path) = slixpeer.arguments()
    with open(path) as f:
        names = [json.loads(line) for line in f]
    peer = Peer(opt)
    peer.loop.run_until_complete(peer.main(to, names))


main()
