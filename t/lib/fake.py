"""A scripted XMPP server for hostile tests: every byte it sends is the script's choice.

It is server and peer in one, on one connection at a time, in one thread.  A script is a Python function that calls
the verbs below, each of which sends something or waits for something.  Left alone the verbs are a correct server with
a correct peer, so a script only spells out what it does wrong:

    s.login()                       a whole login: accept, TLS, SCRAM, bind
    s.stream()                      the same, and a bytestream: opened by xcat, or to it when it listens
    s.data(b'hello')                the peer sends a block and has its answer
    s.take(5)                       the peer receives five bytes, and answers each block
    s.close(); s.end()              the peer closes; the session ends

It does not rely on the order of what a client may send in any order: a stanza that no verb waits for is answered as a
server would, or kept until a verb asks for it.  Only Python's standard library and openssl(1) are used.
"""

import base64
import collections
import concurrent.futures
import contextlib
import fcntl
import hashlib
import hmac
import html
import os
import re
import shutil
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time
import xml.etree.ElementTree as ET

DOMAIN = 'example.test'
ACCOUNT = 'alice@example.test'
PASSWORD = 's3cr3t, "p\u00e4ss"'        # commas and quotes, and one letter that is not ASCII
PEER = 'peer@example.test/xcat'
OWN = ACCOUNT + '/other'                # the caller of a listener: its own account is admitted
EVIL = 'mallory@evil.test/xcat'

# Namespaces, as ElementTree writes them.
CLIENT = '{jabber:client}'
STREAM = '{http://etherx.jabber.org/streams}'
TLS = '{urn:ietf:params:xml:ns:xmpp-tls}'
SASL = '{urn:ietf:params:xml:ns:xmpp-sasl}'
BIND = '{urn:ietf:params:xml:ns:xmpp-bind}'
STANZAS = '{urn:ietf:params:xml:ns:xmpp-stanzas}'
PING = '{urn:xmpp:ping}'
IBB = '{http://jabber.org/protocol/ibb}'
ROSTER = '{jabber:iq:roster}'
SM = '{urn:xmpp:sm:3}'

PROLOG = "<?xml version='1.0'?>"
HEADER = ("<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0' "
          "id='s%d' from='" + DOMAIN + "'>")
STARTTLS = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls>"
BINDING = "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>"
MANAGEMENT = "<sm xmlns='urn:xmpp:sm:3'/>"
STANZA_TAGS = tuple(CLIENT + name for name in ('iq', 'message', 'presence'))
MECHANISMS = ('SCRAM-SHA-256', 'SCRAM-SHA-1')


class Gone(Exception):
    """The client has closed the connection."""


class Fault(Exception):
    """The client did what it should not, or nothing at all."""


def check(condition, what):
    if not condition:
        raise Fault(what)


def b64(data):
    return base64.b64encode(data).decode()


def ns(tag):
    """The xmlns attribute of a constant above."""
    return " xmlns='%s'" % tag.strip('{}')


def condition(reply):
    """An error answer's condition, or the answer's type: 'result'."""
    error = reply.find(CLIENT + 'error')
    if error is None:
        return reply.get('type')
    return next((e.tag[len(STANZAS):] for e in error if e.tag.startswith(STANZAS)), None)


# --- certificates ------------------------------------------------------------

# name: (subject alternative names, further openssl x509 arguments, signer)
CERTIFICATES = {
    'good': ('DNS:example.test', '', 'ca'),
    'rsa': ('DNS:example.test', '', 'ca'),
    'wrong': ('DNS:other.test', '', 'ca'),
    'address': ('IP:127.0.0.1,DNS:localhost', '', 'ca'),         # where -c connects to
    'subdomain': ('DNS:xmpp.example.test,DNS:*.example.test', '', 'ca'),
    'longer': ('DNS:example.test.evil.test', '', 'ca'),
    'commonname': ('DNS:other.test', '', 'ca'),                  # CN says example.test, which no longer counts
    'expired': ('DNS:example.test', '-days -1', 'ca'),
    'selfsigned': ('DNS:example.test', '', None),
    'otherca': ('DNS:example.test', '', 'other'),
}


def certificates(where):
    """Make a throwaway authority, ca.pem, and the certificates above.  Those of the first test serve a whole check."""
    shared = os.environ.get('XCAT_TEST_CERTS')
    if not shared:
        make_certificates(where)
        return
    with open(os.path.join(shared, 'fake.lock'), 'w') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        made = os.path.join(shared, 'fake')
        if not os.path.exists(made):
            half = tempfile.mkdtemp(dir=shared)
            make_certificates(half)
            os.rename(half, made)
    shutil.copytree(made, where, dirs_exist_ok=True)


def make_certificates(where):
    def openssl(*args):
        subprocess.run(('openssl',) + args, cwd=where, check=True, stdin=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    new = ('req', '-new', '-nodes', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256')
    for ca in 'ca', 'other':
        openssl(*new, '-x509', '-subj', '/CN=throwaway', '-keyout', ca + '.key', '-out', ca + '.pem')
    for name, (names, more, signer) in CERTIFICATES.items():
        with open(os.path.join(where, name + '.ext'), 'w') as f:
            f.write('subjectAltName=%s\nextendedKeyUsage=serverAuth\n' % names)
        subject = '/CN=' + (DOMAIN if name == 'commonname' else 'throwaway')
        kind = ('req', '-new', '-nodes', '-newkey', 'rsa:2048') if name == 'rsa' else new
        openssl(*kind, '-subj', subject, '-keyout', name + '.key', '-out', name + '.csr')
        sign = ('-CA', signer + '.pem', '-CAkey', signer + '.key', '-CAcreateserial') if signer else \
            ('-key', name + '.key')
        openssl('x509', '-req', '-in', name + '.csr', '-extfile', name + '.ext', '-out', name + '.pem', *sign,
                *more.split())


def beside(many, where, work, count):
    """What work(directory, number) returns for each number below count, in this order.

    So many are at work at a time, each in a directory of its own, which has the certificates."""
    local = threading.local()

    def begin():
        local.dir = tempfile.mkdtemp(dir=where)
        for name in names:
            shutil.copy(os.path.join(where, name), local.dir)

    names = os.listdir(where)
    with concurrent.futures.ThreadPoolExecutor(many, initializer=begin) as pool:
        try:
            yield from pool.map(lambda number: work(local.dir, number), range(count))
        finally:
            pool.shutdown(cancel_futures=True)


def diag(*lines):
    """Comments that prove(1) shows."""
    sys.stdout.flush()
    for line in lines:
        print('# ' + line, file=sys.stderr)


def again(names):
    """How to run these cases once more."""
    if names:
        name = os.path.relpath(sys.argv[0], os.path.join(os.path.dirname(__file__), '..', '..'))
        diag("to run it again: prove -v %s :: '^(%s)$'" % (name, '|'.join(map(re.escape, names))))


# --- the server --------------------------------------------------------------

class Fake:
    # One tag, with whatever its attributes' quotes hold.  A client sends no comments, PIs or CDATA sections.
    TAG = re.compile(rb'''<(?:[^<>"']|"[^"]*"|'[^']*')*>''')

    HOST = '127.0.0.1'

    STANZA = re.compile(rb'''<(?:iq|message|presence)[ />]''')

    # An empty result, as xcat writes it.
    RESULT = re.compile(rb"""<iq type='result'(?: to='([^'<>]*)')? id='([^'<>]*)'/>""")

    def __init__(self, certs, direct=False, listen=False, seconds=10):
        self.certs = certs              # directory made by certificates()
        self.direct = direct            # TLS from the first byte, without STARTTLS
        self.listen = listen            # xcat listens: the peer calls
        self.bytewise = False           # send each byte as a segment, or a TLS record, of its own
        self.gap = 0                    # and pause that long after each write
        self.until = time.monotonic() + seconds
        self.listener = socket.create_server((self.HOST, 0))
        self.port = self.listener.getsockname()[1]
        self.sock = None
        self.log = collections.deque(maxlen=12)         # (who, bytes), the beginning of each
        self.seen = []                  # every element received
        self.waiting = []               # those of them that no verb has taken
        self.secrets = []               # what must not be shown: SASL's proofs
        self.largest = 0                # bytes of one
        self.streams = 0
        self.ids = 0
        self.encrypted = self.bound = self.available = self.ended = self.notified = False
        self.managed = None             # XEP-0198: where in seen the stanzas begin that count, and
        self.sent = 0                   # how many were sent
        self.roster = None              # items of one, as text
        self.me = self.sni = self.alpn = self.gs2 = self.mechanism = None
        self.peer = OWN if listen else PEER
        self.sid, self.block = 's1', 4096
        self.out = self.into = 0        # the next seq to send, to receive
        self.received = bytearray()     # payload

    # Raw bytes.

    def left(self):
        return max(0.01, self.until - time.monotonic())

    def accept(self):
        if self.sock:
            self.sock.close()
        self.listener.settimeout(self.left())
        try:
            self.sock = self.listener.accept()[0]
        except TimeoutError:
            raise Fault('does not connect') from None
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buf, self.scan, self.depth = b'', 0, 0

    def send(self, data):
        if isinstance(data, str):
            data = data.encode()
        if self.managed is not None:
            self.sent += len(self.STANZA.findall(data))
        self.log.append(('server', data[:500]))
        try:
            self.sock.settimeout(self.left())
            if self.bytewise:
                for i in range(len(data)):
                    self.sock.sendall(data[i:i + 1])
                    if self.gap:
                        time.sleep(self.gap)
            else:
                self.sock.sendall(data)
        except TimeoutError:
            raise Fault('does not read what is sent') from None
        except OSError:
            raise Gone from None

    def drop(self, how='fin'):
        """End the connection: with close_notify ('tls'), without it ('fin'), or by a reset ('rst')."""
        with contextlib.suppress(OSError):
            if how == 'tls':
                self.sock.settimeout(0.5)
                self.sock.unwrap()
            if how == 'rst':
                self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
            else:
                self.sock.shutdown(socket.SHUT_RDWR)
        self.sock.close()

    def stall(self):
        """Read, and do nothing about it, until the client has gone."""
        self.sock.settimeout(self.left())
        try:
            while self.sock.recv(65536):
                pass
        except TimeoutError:
            raise Fault('waits for ever') from None
        except OSError:
            pass

    def receive(self):
        """The next bytes, however many."""
        try:
            self.sock.settimeout(self.left())
            data = self.sock.recv(65536)
        except TimeoutError:
            raise Fault('sends nothing and stays') from None
        except OSError:
            raise Gone from None
        if not data:
            raise Gone
        self.log.append(('xcat', data[:500]))
        return data

    # XML.  Tags are counted here, so that no parser's buffering can delay a stanza, and a stanza is parsed whole.

    def frame(self):
        """Cut the next stream header, stanza or stream end from the buffer."""
        for m in self.TAG.finditer(self.buf, self.scan):
            tag, self.scan = m[0], m.end()
            header = re.match(rb'<(\w+:)?stream[\s>]', tag)
            if header:
                self.head, self.depth = tag, 0
            elif tag.startswith(b'</'):
                self.depth -= 1
            elif not tag.startswith(b'<?') and not tag.endswith(b'/>'):
                self.depth += 1
            if self.depth <= 0 and not tag.startswith(b'<?'):
                whole, self.buf, self.scan = self.buf[:self.scan].strip(), self.buf[self.scan:], 0
                self.largest = max(self.largest, len(whole))
                if header:
                    return ET.fromstring(whole + b'</' + re.match(rb'<([\w:]+)', tag)[1] + b'>')
                if self.depth < 0:
                    return None
                return ET.fromstring(self.head + whole + b'</stream:stream>')[0]
        return False

    def read(self):
        """The next element received."""
        while True:
            try:
                e = self.frame()
            except ET.ParseError as error:
                raise Fault('sends XML that is not: %s' % error) from None
            if e is not False:
                break
            self.buf += self.receive()
        if e is None:
            self.ended = True
            self.send('</stream:stream>')
            with contextlib.suppress(OSError, AttributeError):  # before TLS there is no unwrap()
                self.sock.unwrap()
                self.notified = True
            raise Gone
        self.seen.append(e)
        return e

    def next(self, want):
        """The next element that want() accepts, be it one that came earlier."""
        for e in self.waiting:
            if want(e):
                self.waiting.remove(e)
                return e
        while True:
            e = self.read()
            if want(e):
                return e
            if not self.routine(e):
                self.waiting.append(e)

    def named(self, tag):
        return self.next(lambda e: e.tag == tag)

    def got(self, tag):
        """Everything received under that name."""
        return [e for e in self.seen if e.tag == tag]

    def routine(self, e):
        """What any server does with a stanza that is not part of the story."""
        if e.tag == CLIENT + 'presence':
            self.available = self.available or e.get('type') is None
            return True
        if e.tag == SM + 'r' and self.managed is not None:
            self.send("<a%s h='%d'/>" % (ns(SM), self.handled()))
            return True
        if e.tag != CLIENT + 'iq' or e.get('type') not in ('get', 'set'):
            return False
        check(len(e) == 1, 'sends an iq without a child')
        if e[0].tag.startswith((IBB, BIND)):
            return False
        to, tag = e.get('to'), e[0].tag
        kind, body = 'error', self.error('service-unavailable')
        if to in (None, DOMAIN, ACCOUNT) and ('session' in tag or tag.startswith(PING)):
            kind, body = 'result', ''
        if to in (None, ACCOUNT) and tag == ROSTER + 'query' and self.roster is not None:
            kind, body = 'result', '<query%s>%s</query>' % (ns(ROSTER), self.roster)
        self.send("<iq type='%s' id='%s'%s>%s</iq>" % (kind, e.get('id'), " from='%s'" % to if to else '', body))
        return True

    # Login.

    def header(self):
        self.named(STREAM + 'stream')
        self.streams += 1
        return PROLOG + HEADER % self.streams

    def hello(self, features):
        """Wait for a stream header, answer it, with these features."""
        self.send(self.header() + '<stream:features>' + features + '</stream:features>')

    def proceed(self, glued=b''):
        self.named(TLS + 'starttls')
        check(not self.buf, 'sends more in the clear after <starttls/>')
        self.send(('<proceed%s/>' % ns(TLS)).encode() + glued)

    def context(self, cert, version):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*(os.path.join(self.certs, cert + end) for end in ('.pem', '.key')))
        if version:
            context.set_ciphers('DEFAULT:@SECLEVEL=0')
            context.minimum_version = context.maximum_version = version
        context.set_alpn_protocols(['xmpp-client'])
        return context

    def tls(self, cert='good', version=None):
        context = self.context(cert, version)

        def sni(_, name, __):
            self.sni = name
        context.sni_callback = sni
        self.sock.settimeout(self.left())
        try:
            # Without its close_notify, the end of the client's data is to be an error as any other: see drop().
            self.sock = context.wrap_socket(self.sock, server_side=True, suppress_ragged_eofs=False)
        except TimeoutError:
            raise Fault('stalls in the TLS handshake') from None
        except OSError:                 # ssl.SSLError too
            raise Gone from None
        self.encrypted = True
        self.alpn = self.sock.selected_alpn_protocol()
        with open(os.path.join(self.certs, cert + '.pem')) as f:
            self.endpoint = hashlib.sha256(ssl.PEM_cert_to_DER_cert(f.read())).digest()

    @staticmethod
    def mechanisms(mechs, more=''):
        return '<mechanisms%s>%s</mechanisms>%s' % (
            ns(SASL), ''.join('<mechanism>%s</mechanism>' % m for m in mechs), more)

    def sasl(self, first=None, final=None, mechs=MECHANISMS, challenge=False):
        """Authenticate the client by the book.

        first(message) and final(message) may change the server's two messages; final returns None for a <success/>
        that is empty.  The rest then goes by what was sent, so that a client that is deceived gets in.  With
        challenge, the last message comes in a <challenge/>, as servers may send it."""
        auth = self.named(SASL + 'auth')
        check(self.encrypted, 'authenticates without TLS')
        self.mechanism = mech = auth.get('mechanism')
        check(mech in mechs, 'uses a mechanism that is not offered: %s' % mech)
        if mech == 'PLAIN':
            self.secrets.append(auth.text)
            check(base64.b64decode(auth.text) == b'\0' + b'\0'.join(
                x.encode() for x in (ACCOUNT.split('@')[0], PASSWORD)), 'sends wrong PLAIN')
            self.send('<success%s/>' % ns(SASL))
            return
        hash = mech.replace('-PLUS', '').replace('SCRAM-', '').replace('-', '').lower()
        bare = re.fullmatch(rb'((y|n|p=([^,]+)),,)(n=([^,]+),r=([^,]+).*)', base64.b64decode(auth.text))
        check(bare, 'sends a wrong first message: %s' % base64.b64decode(auth.text))
        self.gs2 = bare[2].decode()
        check(bare[5] == ACCOUNT.split('@')[0].encode(), 'sends a wrong user name')
        check(mech.endswith('-PLUS') == (bare[3] is not None), 'sends a wrong gs2 flag: ' + self.gs2)
        check(bare[3] in (None, b'tls-server-end-point'), 'binds to what is not offered: ' + self.gs2)
        bound = self.endpoint if bare[3] else b''

        m1 = b'r=%s,s=%s,i=4096' % (bare[6] + b'ServersPart', base64.b64encode(b'sixteen salt byt'))
        m1 = first(m1) if first else m1
        self.send('<challenge%s>%s</challenge>' % (ns(SASL), b64(m1)))
        response = self.named(SASL + 'response')
        self.secrets.append(response.text)
        m2 = base64.b64decode(response.text or '')
        m = re.fullmatch(rb'(c=([^,]+),r=([^,]+)),p=([^,]+)', m2)
        check(m, 'sends a wrong final message: %s' % m2)
        attrs = dict(a.split(b'=', 1) for a in m1.split(b',') if b'=' in a)
        i, salt = attrs.get(b'i', b''), attrs.get(b's', b'')
        rounds = int(i) if i.isdigit() and 0 < int(i) <= 100000 else 4096
        salt = base64.b64decode(salt + b'=' * (-len(salt) % 4))
        check(base64.b64decode(m[2]) == bare[1] + bound, 'binds the channel wrongly')
        check(m[3] == attrs.get(b'r'), 'sends a wrong nonce')

        def mac(key, text):
            return hmac.new(key, text, hash).digest()
        salted = hashlib.pbkdf2_hmac(hash, PASSWORD.encode(), salt, rounds)
        signed = bare[4] + b',' + m1 + b',' + m[1]
        key = mac(salted, b'Client Key')
        proof = bytes(a ^ b for a, b in zip(key, mac(hashlib.new(hash, key).digest(), signed)))
        check(base64.b64decode(m[4]) == proof, 'sends a wrong proof')
        self.secrets.append(m[4].decode())
        v = b'v=' + base64.b64encode(mac(mac(salted, b'Server Key'), signed))
        v = final(v) if final else v
        if challenge:
            self.send('<challenge%s>%s</challenge>' % (ns(SASL), b64(v)))
            check(not self.named(SASL + 'response').text, 'answers the last challenge with more than nothing')
            v = None
        self.send('<success%s/>' % ns(SASL) if v is None else '<success%s>%s</success>' % (ns(SASL), b64(v)))

    def bind(self, answer=None):
        """answer(id, full JID) may give other stanzas than the result."""
        iq = self.next(lambda e: e.tag == CLIENT + 'iq' and e[0].tag == BIND + 'bind')
        self.me = ACCOUNT + '/' + (iq[0].findtext(BIND + 'resource') or 'given')
        self.send((answer or self.bind_result)(iq.get('id'), self.me))
        self.bound = True

    @staticmethod
    def bind_result(id, jid, frm=None):
        return "<iq type='result' id='%s'%s><bind%s><jid>%s</jid></bind></iq>" % (
            id, " from='%s'" % frm if frm else '', ns(BIND), jid)

    def secure(self, cert='good', version=None):
        """Up to where TLS stands."""
        self.accept()
        if not self.direct:
            self.hello(STARTTLS)
            self.proceed()
        self.tls(cert, version)

    def login(self, cert='good', version=None, features='', mechs=MECHANISMS, bind=None, managed=None, limits='', **sasl):
        self.secure(cert, version)
        self.hello(self.mechanisms(mechs, features))
        self.sasl(mechs=mechs, **sasl)
        self.hello(BINDING + (MANAGEMENT if managed else '') + limits)
        self.bind(bind)
        if managed:
            self.manage(*[managed] if isinstance(managed, str) else [])
        if self.listen:                 # a server delivers to who is available
            self.until_available()

    def early(self, features, auth):
        """Up to this element of a login that does not wait for features, which come behind it."""
        self.accept()
        if not self.direct:
            header = self.header()
            self.named(TLS + 'starttls')                # before the features
            check(not self.buf, 'sends more in the clear after <starttls/>')
            self.send(header + '<stream:features>' + STARTTLS + '</stream:features><proceed%s/>' % ns(TLS))
        self.tls()
        header = self.header()
        e = self.named(auth)
        self.send(header + '<stream:features>' + features + '</stream:features>')
        return e

    # Stream management (XEP-0198).

    def manage(self, attributes="id='some-long-id' resume='true' max='600'"):
        """Wait for <enable/> and grant it."""
        enable = self.named(SM + 'enable')
        check(enable.get('resume') in ('true', '1'), 'does not want to resume')
        # By identity: what came before it does not count, what came behind it does.
        self.managed = next(i for i, e in enumerate(self.seen) if e is enable) + 1
        self.send('<enabled%s %s/>' % (ns(SM), attributes))
        self.sent = 0

    def handled(self):
        """How many stanzas have come since."""
        return sum(e.tag in STANZA_TAGS for e in self.seen[self.managed:])

    def resuming(self, cert='good'):
        """A new connection, up to its <resume/>."""
        self.waiting = [e for e in self.waiting if e.tag in STANZA_TAGS]        # they have been handled
        self.secure(cert)
        self.hello(self.mechanisms(MECHANISMS))
        self.sasl()
        self.hello(BINDING + MANAGEMENT)
        return self.named(SM + 'resume')

    def resumed(self, h=None, more=''):
        self.send("<resumed%s previd='some-long-id' h='%d'/>%s" % (ns(SM), self.handled() if h is None else h, more))

    def until_available(self):
        while not self.available:
            e = self.read()
            if not self.routine(e):
                self.waiting.append(e)

    # Stanzas.

    @staticmethod
    def error(name, kind='cancel', more=''):
        return "%s<error type='%s'><%s%s/></error>" % (more, kind, name, ns(STANZAS))

    def id(self):
        self.ids += 1
        return 'f%d' % self.ids

    def iq(self, kind, body, frm=None, id=None, to=None):
        """A stanza to xcat, as text."""
        frm = self.peer if frm is None else frm
        return "<iq type='%s' id='%s' to='%s'%s>%s</iq>" % (
            kind, id or self.id(), to or self.me, " from='%s'" % frm if frm else '', body)

    def reply(self, id, frm=None):
        """Wait for the answer to a request."""
        frm = self.peer if frm is None else frm
        e = self.next(lambda e: e.get('id') == id and e.get('type') in ('result', 'error'))
        check(e.tag == CLIENT + 'iq', 'answers an iq with ' + e.tag)
        check((e.get('to') or '') == html.unescape(frm), 'answers %s instead of %s' % (e.get('to'), frm))
        check(e.get('from') in (None, self.me), 'answers as ' + str(e.get('from')))
        return e

    def results(self, ids):
        """Wait for the results of so many requests: by their bytes, which is ten times as fast as reply() for each."""
        left = set(ids)
        while True:
            at = 0
            while m := self.RESULT.match(self.buf, at):
                at = m.end()
                check((m[1] or b'').decode() == html.unescape(self.peer), 'answers %s' % m[1])
                check(m[2].decode() in left, 'answers %s' % m[2])
                left.remove(m[2].decode())
            self.buf = self.buf[at:]
            if not left:
                return
            e = self.read()                     # what has come in part, or is something else
            if e.tag == CLIENT + 'iq' and e.get('id') in left:
                check(condition(e) == 'result', 'refuses ' + e.get('id'))
                left.remove(e.get('id'))
            elif not self.routine(e):
                self.waiting.append(e)

    def ask(self, body, frm=None, kind='set'):
        """Send a request and wait for the answer; 'result' or the condition of the error."""
        id = self.id()
        self.send(self.iq(kind, body, frm, id))
        return condition(self.reply(id, frm))

    def answer(self, e, error=None, frm=None, kind='cancel', more=''):
        """Answer a request of xcat's."""
        self.send(self.iq('error' if error else 'result', self.error(error, kind, more) if error else more,
                          frm or e.get('to'), e.get('id')))

    # The bytestream.

    def wanted(self, name):
        """Wait for a request of xcat's to open, close or carry data."""
        return self.next(lambda e: e.get('type') == 'set' and e[0].tag == IBB + name)

    def opening(self):
        """Wait for xcat's <open/>."""
        e = self.wanted('open')
        check(e.get('to') == PEER, 'opens to %s' % e.get('to'))
        self.sid, self.block = e[0].get('sid'), int(e[0].get('block-size'))
        check(self.sid and 0 < self.block < 65536, 'opens with %s' % e[0].attrib)
        check(e[0].get('stanza') in (None, 'iq', 'message'), 'opens with %s' % e[0].attrib)
        return e

    @staticmethod
    def open(sid='s1', block=4096, more=''):
        return "<open%s sid='%s' block-size='%s'%s/>" % (ns(IBB), sid, block, more)

    def block_of(self, payload, seq=None, sid=None):
        """The <data/> of payload, or of text that is to stand for its base64."""
        if seq is None:
            seq, self.out = self.out, (self.out + 1) % 65536
        return "<data%s sid='%s' seq='%s'>%s</data>" % (
            ns(IBB), sid or self.sid, seq, b64(payload) if isinstance(payload, bytes) else payload)

    def closing(self, sid=None):
        return "<close%s sid='%s'/>" % (ns(IBB), sid or self.sid)

    def stream(self, **login):
        """Log in and have a bytestream opened, by xcat or by its peer."""
        self.login(**login)
        self.begin()

    def begin(self):
        if self.listen:
            said = self.ask(self.open(self.sid, self.block))
            check(said == 'result', 'refuses a proper stream: %s' % said)
        else:
            self.answer(self.opening())

    def data(self, payload):
        said = self.ask(self.block_of(payload))
        check(said == 'result', 'refuses proper data: %s' % said)

    def arrive(self):
        """Wait for a block from xcat, and see that it is in order."""
        e = self.wanted('data')
        check(e[0].get('sid') == self.sid and e.get('to') == self.peer, 'sends data elsewhere')
        check(e[0].get('seq') == str(self.into), 'sends seq %s for %d' % (e[0].get('seq'), self.into))
        self.into = (self.into + 1) % 65536
        payload = base64.b64decode(e[0].text, validate=True)
        check(0 < len(payload) <= self.block, 'sends a block of %d' % len(payload))
        self.received += payload
        return e

    def take(self, n):
        """Receive n bytes, all in all."""
        while len(self.received) < n:
            self.answer(self.arrive())

    def take_many(self, n):
        """The same, of blocks beyond number: those that have come together are answered together, and forgotten."""
        answers = []
        while len(self.received) < n:
            if answers and b'</iq>' not in self.buf:
                self.send(''.join(answers))
                answers.clear()
            e = self.arrive()
            answers.append(self.iq('result', '', e.get('to'), e.get('id')))
            self.seen.clear()
        self.send(''.join(answers))

    def close(self):
        """The peer closes: xcat is to confirm."""
        said = self.ask(self.closing())
        check(said == 'result', 'answers a close with ' + said)

    def closed(self):
        """xcat closes: the peer confirms."""
        e = self.wanted('close')
        check(e[0].get('sid') == self.sid, 'closes another stream')
        self.answer(e)

    def end(self):
        """Wait until the client has gone.  A stream that it closes is confirmed."""
        with contextlib.suppress(Gone):
            while True:
                e = self.next(lambda e: True)
                if e.get('type') == 'set' and e[0].tag == IBB + 'close':
                    self.answer(e)
                else:
                    self.routine(e)

    @contextlib.contextmanager
    def refused(self):
        """The client is to hang up in here."""
        try:
            yield
        except Gone:
            return
        raise Fault('goes on')
