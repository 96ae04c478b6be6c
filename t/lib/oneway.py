#!/usr/bin/python3
"""oneway.py PORT DOMAIN SECRET: a proxy for SOCKS5 bytestreams as Openfire's is.

A component (XEP-0114).  Of two connections with the same hash the first is the target's; once the requester, whose is the
second, has had them activated (XEP-0065), what it sends is passed on to the target, and what the target sends to nobody.
"""

import hashlib
import selectors
import socket
import sys
from xml.sax.saxutils import quoteattr

from component import Component

S5B = '{http://jabber.org/protocol/bytestreams}'
INFO = '{http://jabber.org/protocol/disco#info}'


class Proxy(Component):
    def __init__(self, port, domain, secret):
        super().__init__(port, domain, secret)
        self.waiting = {}       # hash -> connections
        self.listener = socket.create_server(('127.0.0.1', 0))
        self.sel.register(self.listener, selectors.EVENT_READ, lambda *_: self.accept())

    def accept(self):
        conn = self.listener.accept()[0]
        self.sel.register(conn, selectors.EVENT_READ, lambda *_: self.greeting(conn))

    def forget(self, conn):
        self.sel.unregister(conn)
        conn.close()

    # Whoever connects here sends its few bytes at once.
    def greeting(self, conn):
        if conn.recv(3) != b'\5\1\0':
            self.forget(conn)
            return
        conn.sendall(b'\5\0')
        self.sel.modify(conn, selectors.EVENT_READ, lambda *_: self.request(conn))

    def request(self, conn):
        asked = conn.recv(47)
        if len(asked) != 47:
            self.forget(conn)
            return
        conn.sendall(b'\5\0' + asked[2:])
        self.sel.unregister(conn)
        self.waiting.setdefault(asked[5:45].decode(), []).append(conn)

    def relay(self, source, sink):
        try:
            data = source.recv(65536)
            if data and sink:
                sink.sendall(data)
        except OSError:
            data = b''
        if not data:
            self.forget(source)
            if sink:
                sink.close()

    def activate(self, iq, sid, target):
        digest = hashlib.sha1((sid + iq.get('from') + target).encode()).hexdigest()
        ends = self.waiting.pop(digest, [])
        if len(ends) != 2:
            self.refuse(iq, 'cancel', 'item-not-found')
            return
        first, second = ends
        self.sel.register(first, selectors.EVENT_READ, lambda *_: self.relay(first, None))
        self.sel.register(second, selectors.EVENT_READ, lambda *_: self.relay(second, first))
        self.reply(iq, 'result')
        print('activated', flush=True)

    def stanza(self, e):
        query = next(iter(e), None)
        if e.get('type') not in ('get', 'set'):
            return
        if query.tag == INFO + 'query':
            self.reply(e, 'result', "<query xmlns='%s'><identity category='proxy' type='bytestreams'/>"
                       "<feature var='%s'/></query>" % (INFO[1:-1], S5B[1:-1]))
        elif query.tag == S5B + 'query' and e.get('type') == 'get':
            self.reply(e, 'result', "<query xmlns='%s'><streamhost jid=%s host='127.0.0.1' port='%d'/></query>" % (
                S5B[1:-1], quoteattr(self.domain), self.listener.getsockname()[1]))
        elif query.tag == S5B + 'query':
            self.activate(e, query.get('sid'), query.findtext(S5B + 'activate'))
        else:
            self.refuse(e, 'cancel', 'service-unavailable')


Proxy(int(sys.argv[1]), sys.argv[2], sys.argv[3]).run()
