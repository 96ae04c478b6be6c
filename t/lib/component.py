"""component.py: an XMPP component (XEP-0114) for tests, to be derived from.

It says "ready" once the server has let it in.  Whoever derives from it has stanza(e) for what comes, and may register
further sockets in sel, whose data is to be a function of (socket, events).
"""

import hashlib
import selectors
import socket
import sys
import xml.etree.ElementTree as ET
from xml.sax.saxutils import escape, quoteattr

ACCEPT = '{jabber:component:accept}'
STANZAS = 'urn:ietf:params:xml:ns:xmpp-stanzas'


class Component:
    def __init__(self, port, domain, secret):
        self.domain, self.secret = domain, secret
        self.sock = socket.create_connection(('127.0.0.1', port))
        self.parser = ET.XMLPullParser(('start', 'end'))
        self.depth = 0
        self.sel = selectors.DefaultSelector()
        self.sel.register(self.sock, selectors.EVENT_READ, lambda *_: self.input())
        self.send("<stream:stream xmlns='jabber:component:accept' "
                  "xmlns:stream='http://etherx.jabber.org/streams' to=%s>" % quoteattr(domain))

    def send(self, text):
        self.sock.sendall(text.encode())

    def reply(self, iq, kind, inside=''):
        name = iq.tag[len(ACCEPT):]
        self.send('<%s type=%s from=%s to=%s id=%s>%s</%s>' % (
            name, quoteattr(kind), quoteattr(self.domain), quoteattr(iq.get('from')), quoteattr(iq.get('id', '')),
            inside, name))

    def refuse(self, stanza, kind, condition, text=''):
        if text:
            text = "<text xmlns='%s'>%s</text>" % (STANZAS, escape(text))
        self.reply(stanza, 'error', "<error type='%s'><%s xmlns='%s'/>%s</error>" % (kind, condition, STANZAS, text))

    def input(self):
        data = self.sock.recv(65536)
        if not data:
            sys.exit(0)
        self.parser.feed(data)
        for what, e in self.parser.read_events():
            if what == 'start':
                self.depth += 1
                if self.depth == 1:
                    proof = hashlib.sha1((e.get('id') + self.secret).encode()).hexdigest()
                    self.send('<handshake>%s</handshake>' % proof)
                continue
            self.depth -= 1
            if self.depth == 1 and e.tag == ACCEPT + 'handshake':
                print('ready', flush=True)
            elif self.depth == 1:
                self.stanza(e)

    def run(self):
        while True:
            for ready, events in self.sel.select():
                if ready.fileobj.fileno() != -1:
                    ready.data(ready.fileobj, events)
