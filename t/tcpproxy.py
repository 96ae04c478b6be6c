#!/usr/bin/python3
"""tcpproxy.py PORT DOMAIN SECRET: what Prosody's mod_tcpproxy does.

A component (XEP-0114) that joins in-band bytestreams to TCP connections: the
<open/> names host and port by attributes, data comes and goes in message
stanzas, and when the connection ends so says a <close/> in a message.
"""

import base64
import hashlib
import selectors
import socket
import sys
import xml.etree.ElementTree as ET
from xml.sax.saxutils import quoteattr

IBB = '{http://jabber.org/protocol/ibb}'
PROXY = '{http://prosody.im/protocol/tcpproxy}'
ACCEPT = '{jabber:component:accept}'


class Component:
    def __init__(self, port, domain, secret):
        self.domain, self.secret = domain, secret
        self.sock = socket.create_connection(('127.0.0.1', port))
        self.parser = ET.XMLPullParser(('start', 'end'))
        self.depth = 0
        self.streams = {}       # (peer, sid) -> connection
        self.sel = selectors.DefaultSelector()
        self.sel.register(self.sock, selectors.EVENT_READ)
        self.send("<stream:stream xmlns='jabber:component:accept' "
                  "xmlns:stream='http://etherx.jabber.org/streams' to=%s>" % quoteattr(domain))

    def send(self, text):
        self.sock.sendall(text.encode())

    def reply(self, iq, kind, inside=''):
        self.send('<iq type=%s from=%s to=%s id=%s>%s</iq>' % (
            quoteattr(kind), quoteattr(self.domain), quoteattr(iq.get('from')), quoteattr(iq.get('id')), inside))

    def message(self, key, inside):
        self.send('<message from=%s to=%s>%s</message>' % (quoteattr(self.domain), quoteattr(key[0]), inside))

    def open(self, iq, e):
        try:
            conn = socket.create_connection((e.get(PROXY + 'host'), int(e.get(PROXY + 'port'))), 5)
        except (OSError, TypeError, ValueError):
            self.reply(iq, 'error', "<error type='wait'><remote-server-not-found "
                       "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>")
            return
        key = iq.get('from'), e.get('sid')
        self.streams[key] = conn
        self.sel.register(conn, selectors.EVENT_READ, [key, 0, int(e.get('block-size'))])
        self.reply(iq, 'result')

    def forget(self, key):
        conn = self.streams.pop(key, None)
        if conn:
            self.sel.unregister(conn)
            conn.close()

    def stanza(self, e):
        for child in e:
            key = e.get('from'), child.get('sid')
            if child.tag == IBB + 'open':
                self.open(e, child)
            elif child.tag == IBB + 'data' and key in self.streams:
                self.streams[key].sendall(base64.b64decode(child.text, validate=True))
            elif child.tag == IBB + 'close':
                self.forget(key)
                if e.tag == ACCEPT + 'iq':
                    self.reply(e, 'result')
            elif e.tag == ACCEPT + 'iq' and e.get('type') in ('get', 'set'):
                self.reply(e, 'error', "<error type='cancel'><service-unavailable "
                           "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>")

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

    def output(self, conn, state):
        key, seq, block = state
        try:
            data = conn.recv(block)
        except OSError:
            data = b''
        if data:
            self.message(key, "<data xmlns='%s' sid=%s seq='%d'>%s</data>" % (
                IBB[1:-1], quoteattr(key[1]), seq, base64.b64encode(data).decode()))
            state[1] = (seq + 1) % 65536
        else:
            self.forget(key)
            self.message(key, "<close xmlns='%s' sid=%s/>" % (IBB[1:-1], quoteattr(key[1])))

    def run(self):
        while True:
            for ready, _ in self.sel.select():
                if ready.fileobj is self.sock:
                    self.input()
                elif ready.fileobj.fileno() != -1:
                    self.output(ready.fileobj, ready.data)


Component(int(sys.argv[1]), sys.argv[2], sys.argv[3]).run()
