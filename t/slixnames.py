#!/usr/bin/python3
"""slixnames.py: offer a file under each of many names, one to a line as JSON.

    slixnames.py JID PASSWORD HOST:PORT CA PEER NAMES
"""
import asyncio
import hashlib
import json
import sys

import slixmpp


IBB = 'http://jabber.org/protocol/ibb'
FILE = 'http://jabber.org/protocol/si/profile/file-transfer'


class Peer(slixmpp.ClientXMPP):
    def __init__(self, jid, password, ca):
        super().__init__(jid, password)
        self.ca_certs = ca
        for plugin in ('xep_0030', 'xep_0020', 'xep_0047', 'xep_0065',
                       'xep_0095', 'xep_0096'):
            self.register_plugin(plugin)
        self.ready = self.loop.create_future()
        self.add_event_handler('session_start', self.on_start)

    def on_start(self, _):
        self.send_presence(ppriority=-1)
        self.ready.set_result(None)

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

    async def main(self, server, peer, names):
        host, _, port = server.rpartition(':')
        self.connect((host, int(port)))
        await self.ready
        for i, name in enumerate(names):
            await asyncio.wait_for(self.send_one(slixmpp.JID(peer), i, name), 60)
        await self.disconnect(wait=1)


def main():
    jid, password, server, ca, to, path = sys.argv[1:]
    with open(path) as f:
        names = [json.loads(line) for line in f]
    peer = Peer(jid, password, ca)
    peer.loop.run_until_complete(peer.main(server, to, names))


main()
