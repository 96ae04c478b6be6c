#!/usr/bin/python3
"""slixoob.py: XEP-0066 with slixmpp.

    slixoob.py JID PASSWORD HOST:PORT CA PEER URL
        offers URL by an iq, prints the type of the answer, then by a message
    slixoob.py JID PASSWORD HOST:PORT CA
        prints the URL that it is offered, and says after SIGUSR1 that it has it
"""
import asyncio
import signal
import sys

import slixpeer
import slixmpp
from slixmpp.exceptions import IqError
from slixmpp.xmlstream.handler import Callback
from slixmpp.xmlstream.matcher import StanzaPath


class Peer(slixpeer.Peer):
    def __init__(self, opt):
        super().__init__(opt, ['xep_0030', 'xep_0066'])
        self.remove_handler('OOB Transfer')
        self.register_handler(Callback(
            'Offered', StanzaPath('iq@type=set/oob_transfer'), self.on_offer))
        self.told = asyncio.Event()

    def on_offer(self, iq):
        print(iq['oob_transfer']['url'], flush=True)
        self.offered = iq

    async def main(self, peer=None, url=None):
        await self.log_in()
        if peer is None:
            print('listening', file=sys.stderr, flush=True)
            self.loop.add_signal_handler(signal.SIGUSR1, self.told.set)
            await self.told.wait()
            self.offered.reply().send()
            await asyncio.Event().wait()
        try:
            answer = await self['xep_0066'].send_oob(slixmpp.JID(peer), url)
            print(answer['type'])
        except IqError as e:
            print(e.condition)
        message = self.make_message(peer)
        message['oob']['url'] = url
        message.send()
        await self.disconnect(wait=2)


def main():
    opt, rest = slixpeer.arguments()
    peer = Peer(opt)
    peer.loop.run_until_complete(asyncio.wait_for(peer.main(*rest), 120))


main()
