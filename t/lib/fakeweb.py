"""The fake server of fake.py behind a web server: WebSocket (RFC 7395) and BOSH (XEP-0124).

A case with transport='wss' or transport='https' calls websocket(s) or bosh(s) first; then all verbs of fake.py work as over TCP.
What a verb sends is one message, or the answer to the oldest request."""

import base64
import hashlib
import re
import select
import struct
import xml.etree.ElementTree as ET

from fake import DOMAIN, Gone, check

FRAMING = 'urn:ietf:params:xml:ns:xmpp-framing'
HTTPBIND = '{http://jabber.org/protocol/httpbind}'
OPENED = "<open xmlns='%s' version='1.0' id='x' from='%s'/>" % (FRAMING, DOMAIN)
FEATURES = "<stream:features xmlns:stream='http://etherx.jabber.org/streams'>%s</stream:features>"


def head(s):
    """Read an HTTP head, and leave what is behind it in s.buf."""
    while b'\r\n\r\n' not in s.buf:
        s.buf += s.receive()
    text, s.buf = s.buf.split(b'\r\n\r\n', 1)
    return text.decode()


# --- WebSocket ---------------------------------------------------------------

def frame(data, opcode=1, fin=True, rsv=0, mask=False):
    data = data.encode() if isinstance(data, str) else data
    n = len(data)
    size = bytes([n]) if n < 126 else struct.pack('!BH', 126, n) if n < 65536 else struct.pack('!BQ', 127, n)
    if mask:
        size = bytes([size[0] | 0x80]) + size[1:] + b'\0\0\0\0'
    return bytes([fin << 7 | rsv << 4 | opcode]) + size + data


def fragments(data, size=1):
    data = data.encode()
    parts = [data[i:i + size] for i in range(0, len(data), size)]
    return b''.join(frame(p, 0 if i else 1, i == len(parts) - 1) for i, p in enumerate(parts))


def handshake(s, answer=None):
    """Up to the answer to the upgrade, which answer(accept) may give."""
    s.accept()
    s.tls()
    text = head(s)
    check(text.startswith('GET /ws HTTP/1.1\r\n'), 'does not ask for the WebSocket: %.100s' % text)
    fields = dict(re.findall(r'\r\n([^:]+): ([^\r]*)', text.lower()))
    for name, value in (('upgrade', 'websocket'), ('sec-websocket-version', '13'), ('sec-websocket-protocol', 'xmpp')):
        check(fields.get(name) == value, 'sends %s: %s' % (name, fields.get(name)))
    key = re.search(r'(?i)sec-websocket-key: (\S+)', text)[1]
    accept = base64.b64encode(hashlib.sha1(key.encode() + b'258EAFA5-E914-47DA-95CA-C5AB0DC85B11').digest()).decode()
    s.raw = type(s).send.__get__(s)
    s.raw(answer(accept) if answer else switching(accept))


def switching(accept, more=''):
    return ('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n'
            'Sec-WebSocket-Accept: %s\r\nSec-WebSocket-Protocol: xmpp\r\n%s\r\n' % (accept, more))


def take_frame(s):
    def need(n):
        while len(s.buf) < n:
            s.buf += s.receive()
    need(2)
    check(s.buf[0] & 0x70 == 0 and s.buf[1] & 0x80, 'sends a frame that is not masked or has reserved bits')
    opcode, n, at = s.buf[0] & 15, s.buf[1] & 127, 2
    if n > 125:
        size = 2 if n == 126 else 8
        need(2 + size)
        n, at = int.from_bytes(s.buf[2:2 + size], 'big'), 2 + size
    need(at + 4 + n)
    key = s.buf[at:at + 4]
    data = bytes(c ^ key[i % 4] for i, c in enumerate(s.buf[at + 4:at + 4 + n]))
    s.buf = s.buf[at + 4 + n:]
    return opcode, data


def read_message(s):
    while True:
        opcode, data = take_frame(s)
        if opcode == 8:
            s.closed_with = int.from_bytes(data[:2], 'big')
            raise Gone
        if opcode == 10:
            s.pongs.append(data)
        if opcode == 1:
            e = ET.fromstring(data)
            if e.tag == '{%s}close' % FRAMING:
                s.ended = True
                s.send("<close xmlns='%s'/>" % FRAMING)
                continue
            check(e.tag[0] == '{', 'sends an element in no namespace')
            s.seen.append(e)
            return e


def websocket(s):
    s.pongs, s.closed_with = [], None

    def hello(features):
        s.named('{%s}open' % FRAMING)
        s.send(OPENED)
        s.send(FEATURES % features)
    s.secure = lambda *_: handshake(s)
    s.hello = hello
    s.read = lambda: read_message(s)
    s.send = lambda data: s.raw(frame(data))
    return s


# --- BOSH --------------------------------------------------------------------

def body(inside='', attrs=''):
    return ("<body xmlns='http://jabber.org/protocol/httpbind' xmlns:stream='http://etherx.jabber.org/streams'%s>%s"
            "</body>" % (attrs and ' ' + attrs, inside))


def response(text, more='', status='200 OK'):
    data = text.encode() if isinstance(text, str) else text
    return ('HTTP/1.1 %s\r\n%sContent-Length: %d\r\n\r\n' % (status, more, len(data))).encode() + data


class Bosh:
    def __init__(self, s, tls=True, attrs=''):
        self.s, self.socks, self.held, self.queue = s, {}, [], []
        self.tls, self.attrs = tls, attrs       # attrs: more for the answer to the creation
        self.key, self.keys, self.pauses, self.answered = None, [], [], None
        self.rid = self.creation = None
        self.restarted = self.terminated = False
        self.history, self.patience = [], 0.05
        self.limit, self.refused = 0, 0         # bytes that are taken; requests that were not
        self.large = '413 Large'                # what is said of these: proxies do, ejabberd has 403

    def use(self, sock):
        self.s.sock = sock

    def connection(self):
        s, old = self.s, self.s.sock
        s.sock = None
        s.accept()
        if self.tls:
            s.tls()
        s.encrypted = True              # on loopback this will do
        self.socks[s.sock] = b''
        s.sock = old or s.sock

    def pump(self):
        """Take one request more."""
        s = self.s
        while True:
            for sock, data in self.socks.items():
                if self.request(sock, data):
                    return
            if not self.socks and not select.select([s.listener], [], [], self.patience)[0]:
                raise Gone
            ready = select.select([s.listener, *self.socks], [], [], s.left())[0]
            check(ready, 'sends nothing and stays')
            for sock in ready:
                if sock is s.listener:
                    self.connection()
                    continue
                s.sock = sock
                try:
                    self.socks[sock] += s.receive()
                except Gone:
                    del self.socks[sock]
                    self.held = [h for h in self.held if h[0] is not sock]
                    break

    def request(self, sock, data):
        text, found, rest = data.partition(b'\r\n\r\n')
        size = re.search(rb'(?i)content-length: (\d+)', text)
        if not found or len(rest) < int(size[1]):
            return False
        check(text.startswith(b'POST /bosh HTTP/1.1\r\n'), 'sends another request')
        if 0 < self.limit < int(size[1]):
            self.socks[sock] = b''
            self.refused += 1
            sock.sendall(response('<html>', 'Connection: close\r\n', self.large))
            return False
        e = ET.fromstring(rest[:int(size[1])])
        check(e.tag == HTTPBIND + 'body', 'sends no <body/>')
        rid = int(e.get('rid'))
        again = any(h[1] == rid for h in self.history)
        if not again and self.rid is not None and rid != self.rid + 1:
            check(rid == self.rid + 2, 'skips a rid')
            return False                # the one before comes on the other connection
        self.socks[sock] = rest[int(size[1]):]
        check(0 < rid < 2 ** 53, 'sends rid %d' % rid)
        self.history.append((sock, rid))
        self.rid = rid if not again else self.rid
        self.creation = self.creation if e.get('sid') else e
        self.restarted = self.restarted or e.get('{urn:xmpp:xbosh}restart') == 'true'
        self.terminated = self.terminated or e.get('type') == 'terminate'
        self.held.append((sock, rid))
        if not again:
            self.keyed(e)
            self.acknowledged(e, rid)
            self.queue += list(e)
        if e.get('pause'):
            self.pauses.append(e.get('pause'))
            check(not list(e), 'sends more than a pause')
        check(len(self.held) <= 2 + bool(e.get('pause')), 'sends more requests than are allowed')
        return True

    def keyed(self, e):
        """Section 15: where there is no TLS, each key is the hash of the next."""
        key, new = e.get('key'), e.get('newkey')
        if self.tls:
            check(key is None and new is None, 'sends keys for nothing')
            return
        if self.key is None:
            check(new and not key, 'sends no first key')
        else:
            check(key and hashlib.sha1(key.encode()).hexdigest() == self.key, 'sends a wrong key')
        self.keys.append(bool(new))
        self.key = new or key

    def acknowledged(self, e, rid):
        """Section 9.2: the last response that has come, unless all have."""
        if self.answered is None:
            check(e.get('ack') == '1', 'will not acknowledge')
            self.answered = rid - 1
            return
        ack = int(e.get('ack') or rid - 1)
        check(self.answered - 2 <= ack <= self.answered or ack == rid - 1 and e.get('ack') is None and
              ack <= self.answered, 'acknowledges %d of %d' % (ack, self.answered))

    def answer(self, data, which=0):
        """Answer the oldest request, or another, with these bytes."""
        while len(self.held) <= which:
            self.pump()
        sock, rid = self.held.pop(which)
        self.answered = max(self.answered, rid)
        self.s.sock = sock
        type(self.s).send(self.s, data)

    def read(self):
        s = self.s
        while not self.queue:
            if self.terminated:
                s.ended = True
                self.answer(response(body('', "type='terminate'")))
                raise Gone
            if len(self.held) > 1:
                self.answer(response(body()))
            self.pump()
        e = self.queue.pop(0)
        check(e.tag[0] == '{' and not e.tag.startswith(HTTPBIND), 'sends an element without its namespace')
        s.seen.append(e)
        return e

    def hello(self, features):
        if self.creation is None:
            self.pump()
            check(self.creation.get('to') == DOMAIN and self.creation.get('hold') == '1', 'creates no session')
            attrs = "sid='s' wait='60' requests='2' inactivity='30' hold='1' ver='1.6' authid='x' " + self.attrs
        else:
            while not self.restarted:
                self.pump()
            self.restarted, attrs = False, ''
        self.answer(response(body(FEATURES % features, attrs)))


def bosh(s, *args, **more):
    b = s.bosh = Bosh(s, *args, **more)

    def secure(*_):
        s.sock = None
        b.connection()
    s.secure = secure
    s.hello = b.hello
    s.read = b.read
    s.send = lambda data: b.answer(response(body(data.replace('<iq ', "<iq xmlns='jabber:client' "))))
    return b
