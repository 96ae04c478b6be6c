#!/usr/bin/python3
"""tcpproxy.py PORT DOMAIN SECRET: what Prosody's mod_tcpproxy does.

A component (XEP-0114) that joins in-band bytestreams to TCP connections, as the
module was read to do:

The <open/> names host and port by attributes.  It is answered once the
connection stands; if it cannot be made there is a <close/> and no answer.  Data
goes both ways in message stanzas, in pieces as they are read: block-size is
heeded by nobody, and seq never starts over.  When the connection ends so says a
<close/> in a message.  A <close/> from the peer is answered and does not close
the connection: what still comes of it is sent, to nobody.
"""

import base64
import hashlib
import selectors
import socket
import sys
import xml.etree.ElementTree as ET
from xml.sax.saxutils import escape, quoteattr

IBB = '{http://jabber.org/protocol/ibb}'
PROXY = '{http://prosody.im/protocol/tcpproxy}'
ACCEPT = '{jabber:component:accept}'
STANZAS = 'urn:ietf:params:xml:ns:xmpp-stanzas'


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
        name = iq.tag[len(ACCEPT):]
        self.send('<%s type=%s from=%s to=%s id=%s>%s</%s>' % (
            name, quoteattr(kind), quoteattr(self.domain), quoteattr(iq.get('from')), quoteattr(iq.get('id', '')),
            inside, name))

    def message(self, key, inside):
        self.send('<message from=%s to=%s>%s</message>' % (quoteattr(self.domain), quoteattr(key[0]), inside))

    def refuse(self, stanza, kind, condition, text=''):
        if text:
            text = "<text xmlns='%s'>%s</text>" % (STANZAS, escape(text))
        self.reply(stanza, 'error', "<error type='%s'><%s xmlns='%s'/>%s</error>" % (kind, condition, STANZAS, text))

    def open(self, iq, e):
        host, port, block = e.get(PROXY + 'host'), e.get(PROXY + 'port'), e.get('block-size')
        for good, text in ((host and port, 'No host or port'), (e.get('sid'), 'No sid'),
                           (block and block.isdigit(), 'No block-size'),
                           (e.get('stanza') == 'message', 'Only message stanzas')):
            if not good:
                self.refuse(iq, 'modify', 'bad-request', text)
                return
        conn = socket.socket()
        conn.setblocking(False)
        try:
            conn.connect((host, int(port)))
        except BlockingIOError:
            pass
        except OSError as e:
            self.refuse(iq, 'wait', 'remote-server-not-found', str(e))
            return
        key = iq.get('from'), e.get('sid')
        self.streams[key] = conn
        self.sel.register(conn, selectors.EVENT_WRITE, [key, iq, 0])

    def connected(self, conn, state):
        key, iq, _ = state
        if conn.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            self.over(conn, key)        # nobody answers the request
            return
        self.sel.modify(conn, selectors.EVENT_READ, state)
        self.reply(iq, 'result')

    def over(self, conn, key):
        self.sel.unregister(conn)
        conn.close()
        self.streams.pop(key, None)
        self.message(key, "<close xmlns='%s' sid=%s/>" % (IBB[1:-1], quoteattr(key[1])))

    def write(self, key, data):
        conn = self.streams[key]
        conn.setblocking(True)
        conn.sendall(base64.b64decode(data, validate=True))
        conn.setblocking(False)

    def ibb(self, e, child):
        key = e.get('from'), child.get('sid')
        if child.tag == IBB + 'open':
            self.open(e, child)
        elif child.tag == IBB + 'data' and key in self.streams:
            self.write(key, child.text)
        elif child.tag == IBB + 'close' and self.streams.pop(key, None):
            self.reply(e, 'result')     # the connection is left to its other end
        elif child.tag != IBB + 'data':
            self.refuse(e, 'cancel', 'item-not-found')

    def stanza(self, e):
        kind, child = e.tag[len(ACCEPT):], next(iter(e), None)
        if (kind == 'message' or e.get('type') == 'set') and child is not None and child.tag.startswith(IBB):
            self.ibb(e, child)
        elif e.get('type') != 'error':  # answers and presence, too
            self.refuse(e, 'cancel', 'service-unavailable')

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
        key, _, seq = state
        try:
            data = conn.recv(200000)    # all there is, whatever the block-size
        except OSError:
            data = b''
        if not data:
            self.over(conn, key)
            return
        self.message(key, "<data xmlns='%s' sid=%s seq='%d'>%s</data>" % (
            IBB[1:-1], quoteattr(key[1]), seq, base64.b64encode(data).decode()))
        state[2] += 1

    def run(self):
        while True:
            for ready, events in self.sel.select():
                if ready.fileobj is self.sock:
                    self.input()
                elif ready.fileobj.fileno() != -1:
                    (self.connected if events & selectors.EVENT_WRITE else self.output)(ready.fileobj, ready.data)


Component(int(sys.argv[1]), sys.argv[2], sys.argv[3]).run()
