#!/usr/bin/python3
"""slixlink.py: links to files in messages, with slixmpp, as a client of today
does it.

    slixlink.py JID PASSWORD HOST:PORT CA receive FOLDER COUNT
        takes COUNT messages, prints a line of what is in each, fetches what
        they link to into FOLDER, and gives receipts
    slixlink.py JID PASSWORD HOST:PORT CA silent
        takes messages, and gives no receipts
    slixlink.py JID PASSWORD HOST:PORT CA send PEER COUNT
        sends each line of its input, which is a type and the inside of a
        message, and prints the receipts that come, of which it awaits COUNT
    slixlink.py JID PASSWORD HOST:PORT CA upload PEER FILE
        uploads FILE with XEP-0363 and sends its link"""
import asyncio
import hashlib
import os
import ssl
import sys
import urllib.request
import base64

import slixpeer
import slixmpp
from slixmpp.xmlstream import ET
from slixmpp.xmlstream.handler import Callback
from slixmpp.xmlstream.matcher import StanzaPath

OOB = '{jabber:x:oob}'
SFS = '{urn:xmpp:sfs:0}'
META = '{urn:xmpp:file:metadata:0}'
HASH = '{urn:xmpp:hashes:2}hash'
DATA = '{http://jabber.org/protocol/url-data}url-data'
RECEIPTS = '{urn:xmpp:receipts}'
UPLOAD = 'urn:xmpp:http:upload:0'


class Peer(slixpeer.Peer):
    def __init__(self, opt):
        super().__init__(opt, ['xep_0030'])
        self.register_handler(Callback(
            'Came', StanzaPath('message'), self.on_any))
        self.came = asyncio.Queue()
        self.context = ssl.create_default_context(cafile=opt.ca)

    def on_start(self, _):
        self.send_presence(ppriority=5)
        self.ready.set_result(None)

    def on_any(self, message):
        self.came.put_nowait(message)

    def fetch(self, url):
        with urllib.request.urlopen(url, context=self.context,
                                    timeout=30) as answer:
            return answer.read()

    def look(self, message, data):
        """What the message says of the file, as it is there."""
        xml = message.xml
        file = xml.find(SFS + 'file-sharing/' + META + 'file')
        digest = base64.b64encode(hashlib.sha256(data).digest()).decode()
        target = xml.find(SFS + 'file-sharing/' + SFS + 'sources/' + DATA)
        url = message['body']
        seen = {
            'type': message['type'] == 'chat',
            'oob': xml.find(OOB + 'x/' + OOB + 'url').text == url,
            'source': target.get('target') == url,
            'size': file.find(META + 'size').text == str(len(data)),
            'hash': file.find(HASH).text == digest,
            'receipt': xml.find(RECEIPTS + 'request') is not None,
        }
        return ' '.join([file.find(META + 'name').text,
                         file.find(META + 'media-type').text] +
                        [k for k, v in seen.items() if v])

    async def do_receive(self, folder, count):
        print('listening', file=sys.stderr, flush=True)
        for n in range(int(count)):
            message = await self.came.get()
            data = await self.loop.run_in_executor(
                None, self.fetch, message['body'])
            with open(os.path.join(folder, str(n)), 'wb') as f:
                f.write(data)
            print(self.look(message, data), flush=True)
            receipt = self.make_message(message['from'])
            receipt.xml.append(ET.Element(RECEIPTS + 'received',
                                          {'id': message['id']}))
            receipt.send()
        await self.disconnect(wait=2)

    async def do_silent(self):
        print('listening', file=sys.stderr, flush=True)
        while True:
            print((await self.came.get())['body'], flush=True)

    def message(self, peer, inside, **attrs):
        message = self.make_message(peer)
        del message['body']
        message['type'] = attrs.get('type', 'chat')
        message['id'] = self.new_id()
        for e in ET.fromstring("<m xmlns='jabber:client'>%s</m>" % inside):
            message.xml.append(e)
        message.send()
        return message['id']

    async def do_send(self, peer, count):
        ids = {}
        for line in sys.stdin:
            kind, _, inside = line.strip().partition(' ')
            ids[self.message(peer, inside, type=kind)] = len(ids) + 1
        await self.get_roster()         # all was taken
        for _ in range(int(count)):
            e = None
            while e is None:
                e = (await self.came.get()).xml.find(RECEIPTS + 'received')
            print('receipt', ids.get(e.get('id')), flush=True)
        await self.disconnect(wait=2)

    async def do_upload(self, peer, path):
        """As a phone does it: XEP-0363, and a message."""
        with open(path, 'rb') as f:
            data = f.read()
        iq = self.make_iq_get(ito='upload.' + self.boundjid.domain)
        iq.xml.append(ET.Element('{%s}request' % UPLOAD, {
            'filename': os.path.basename(path), 'size': str(len(data)),
            'content-type': 'image/jpeg'}))
        slot = (await iq.send()).xml.find('{%s}slot' % UPLOAD)
        put = slot.find('{%s}put' % UPLOAD)
        request = urllib.request.Request(put.get('url'), data, {
            e.get('name'): e.text for e in put}, method='PUT')
        request.add_header('Content-Type', 'image/jpeg')
        await self.loop.run_in_executor(None, lambda: urllib.request.urlopen(
            request, context=self.context, timeout=30))
        url = slot.find('{%s}get' % UPLOAD).get('url')
        self.message(peer, '<body>%s</body><x xmlns="jabber:x:oob"><url>%s'
                     '</url></x>' % (url, url))
        await self.get_roster()
        await self.disconnect(wait=2)

    async def main(self, what, *rest):
        await self.log_in()
        await getattr(self, 'do_' + what)(*rest)


def main():
    opt, rest = slixpeer.arguments()
    peer = Peer(opt)
    peer.loop.run_until_complete(asyncio.wait_for(peer.main(*rest), 120))


main()
