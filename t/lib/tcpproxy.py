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
import itertools
import selectors
import socket
import sys
from xml.sax.saxutils import quoteattr

from component import ACCEPT, Component

IBB = '{http://jabber.org/protocol/ibb}'
PROXY = '{http://prosody.im/protocol/tcpproxy}'


class TcpProxy(Component):
    def __init__(self, port, domain, secret):
        super().__init__(port, domain, secret)
        self.streams = {}       # (peer, sid) -> connection

    def message(self, key, inside):
        self.send('<message from=%s to=%s>%s</message>' % (quoteattr(self.domain), quoteattr(key[0]), inside))

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
        self.sel.register(conn, selectors.EVENT_WRITE, lambda *_: self.connected(conn, key, iq))

    def connected(self, conn, key, iq):
        if conn.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            self.over(conn, key)        # nobody answers the request
            return
        seq = itertools.count()
        self.sel.modify(conn, selectors.EVENT_READ, lambda *_: self.output(conn, key, seq))
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

    def output(self, conn, key, seq):
        try:
            data = conn.recv(200000)    # all there is, whatever the block-size
        except OSError:
            data = b''
        if not data:
            self.over(conn, key)
            return
        self.message(key, "<data xmlns='%s' sid=%s seq='%d'>%s</data>" % (
            IBB[1:-1], quoteattr(key[1]), next(seq), base64.b64encode(data).decode()))


TcpProxy(int(sys.argv[1]), sys.argv[2], sys.argv[3]).run()
