"""A server in the middle: two xcats log in to it, and it does with their stanzas whatever the case says.

Left alone it relays.  A case is a hook, which sees every stanza from one xcat to the other before it is passed on:

    def hook(m, src, e, kind):
        if src is m.caller and kind == 'data':
            flip(e)                     change it, or
            return True                 see to it: it is not passed on

kind is open, data, close, sync, closed or unknown for requests, and the same with -answer for what answers them.

The part of the server that has a key of its own, Session and Interloper, is written from xcat-protocol(7) and shares
nothing with xcat but OpenSSL: where it is let in unnoticed, at a first contact, the manual has been understood.
"""

import base64
import contextlib
import hashlib
import hmac
import os
import re
import select
import shlex
import signal
import ssl
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET

from fake import ACCOUNT, CLIENT, DOMAIN, IBB, PASSWORD, Fake, Gone, check, diag, ns

XCAT = os.path.abspath(os.environ.get('XCAT') or os.path.join(os.path.dirname(__file__), '..', '..', 'xcat'))
SESSION = '{urn:xcat:0}session'
RECEIPT = '{urn:xcat:0}receipt'
KINDS = {IBB + 'open': 'open', IBB + 'data': 'data', IBB + 'close': 'close',
         '{urn:xcat:0}sync': 'sync', '{urn:xcat:0}closed': 'closed'}
HOST = '{http://prosody.im/protocol/tcpproxy}host'
PORT = '{http://prosody.im/protocol/tcpproxy}port'
LAST = 'last'                           # the id of our own question to a listener that would stay
CLOSE_NOTIFY = 24                       # bytes of its record: header, two bytes, their type, a tag


def raw(e):
    """The bytes in an element."""
    return base64.b64decode(e.text or '')


def put(e, data):
    e.text = base64.b64encode(data).decode()


def flip(e, at=None):
    """Change one bit, in the middle of the bytes if not told where."""
    data = bytearray(raw(e))
    data[len(data) // 2 if at is None else at] ^= 1
    put(e, data)


def lengthen(e, n):
    """Change the length that the record of TLS in e claims to have."""
    data = bytearray(raw(e))
    data[3:5] = (int.from_bytes(data[3:5], 'big') + n).to_bytes(2, 'big')
    put(e, data)


def session_of(e):
    """The <session/> of an <open/> or of its result, whichever the stanza is."""
    return e.find(SESSION) if e.get('type') == 'result' else e[0].find(SESSION)


def parent_of(e):
    return e if e.get('type') == 'result' else e[0]


# --- xcat-protocol(7) ----------------------------------------------------------

class Identity:
    """A key and its certificate; made anew, or, without the key's use, that of an xcat."""

    def __init__(self, path):
        self.path = path
        if not os.path.exists(path):
            subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes',
                            '-subj', '/CN=middle', '-days', '2', '-keyout', path, '-out', path + '.crt'],
                           check=True, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            with open(path, 'a') as f, open(path + '.crt') as crt:
                f.write(crt.read())
        public = subprocess.run(['openssl', 'x509', '-in', path, '-noout', '-pubkey'],
                                check=True, stdout=subprocess.PIPE).stdout
        der = base64.b64decode(b''.join(public.splitlines()[1:-1]))
        self.fingerprint = 'SHA256:' + base64.b64encode(hashlib.sha256(der).digest()).decode().rstrip('=')


class Session:
    """One end of the TLS session."""

    def __init__(self, calling, identity, about, trust):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT if calling else ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.check_hostname = False
        if calling:
            context.verify_mode = ssl.CERT_NONE
        else:                           # Python has no way to take any certificate: name the one that will come
            context.num_tickets = 0
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(trust)
        context.load_cert_chain(identity.path)
        digest = hashlib.sha256(b''.join(x.encode() + b'\0' for x in about)).digest()
        self.protocol = 'xcat:0:' + base64.b64encode(digest).decode().rstrip('=')
        context.set_alpn_protocols([self.protocol])
        with tempfile.NamedTemporaryFile(dir=os.path.dirname(identity.path), delete=False) as f:
            self.secrets = f.name
        context.keylog_filename = self.secrets
        self.into, self.out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.into, self.out, server_side=not calling)
        self.established = self.ended = False
        self.received = 0

    def take(self, data):
        """What the peer has sent; returns the plaintext in it."""
        self.into.write(data)
        plain = b''
        with contextlib.suppress(ssl.SSLWantReadError):
            if not self.established:
                self.tls.do_handshake()
                check(self.tls.selected_alpn_protocol() == self.protocol, 'agrees to another protocol')
                self.established = True
            try:
                while piece := self.tls.read(65536):
                    plain += piece
                self.ended = True
            except ssl.SSLZeroReturnError:
                self.ended = True
        self.received += len(plain)
        return plain

    def finish(self):
        with contextlib.suppress(ssl.SSLWantReadError):
            self.tls.unwrap()

    def export(self):
        """RFC 8446 section 7.5; Python's ssl has only the secret, and that only in a file."""
        with open(self.secrets) as f:
            secret = bytes.fromhex(re.search(r'^EXPORTER_SECRET \w+ (\w+)', f.read(), re.M)[1])
        os.unlink(self.secrets)
        hash = 'sha384' if len(secret) == 48 else 'sha256'

        def expand(key, label, context, n):
            label = b'tls13 ' + label
            info = n.to_bytes(2, 'big') + bytes([len(label)]) + label + bytes([len(context)]) + context
            return hmac.new(key, info + b'\1', hash).digest()[:n]
        nothing = hashlib.new(hash).digest()
        return expand(expand(secret, b'EXPORTER-xcat-receipt', nothing, len(secret)), b'exporter', nothing, 32)

    def receipt(self, who, count):
        self.key = getattr(self, 'key', None) or self.export()
        return base64.b64encode(hmac.new(self.key, b'%s %d' % (who, count), 'sha256').digest()).decode()


class Half:
    """What the interloper is to one of the two: its session, its blocks."""

    def __init__(self, m, side, sid, block, session):
        self.m, self.side, self.sid, self.block, self.session = m, side, sid, block, session
        self.seq = self.sent = 0
        self.waiting, self.last = b'', False    # until there is a session

    def flush(self):
        while data := self.session.out.read(self.block):
            self.m.forge(self.side, "<data%s sid='%s' seq='%d'>%s</data>" % (
                ns(IBB), self.sid, self.seq, base64.b64encode(data).decode()))
            self.seq += 1

    def send(self, data=b'', last=False):
        self.waiting += data
        self.last = self.last or last
        if self.session.established:
            data, self.waiting = self.waiting, b''
            if data:
                self.session.tls.write(data)
                self.sent += len(data)
            if self.last:
                self.last = False
                self.session.finish()
        self.flush()


class Interloper:
    """A hook that has sessions of its own with both, under its own key, and reads what passes.  The methods take_...
    are for the kinds that it has to do with; what else there is, it passes on."""

    def __init__(self, identity, trust):
        self.identity, self.trust, self.stolen, self.closing = identity, trust, b'', None

    def other(self, half):
        return self.down if half is self.up else self.up

    def __call__(self, m, src, e, kind):
        try:
            getattr(self, 'take_' + kind.replace('-', '_'), lambda m, src, e: m.relay(src, e))(m, src, e)
        except ssl.SSLError:            # told by an alert that it is not wanted
            self.half(m, src).flush()
        return True

    def half(self, m, src):
        return self.up if src is m.caller else self.down

    def take_open(self, m, src, e):
        sid, block = e[0].get('sid'), int(e[0].get('block-size'))
        about = sid, m.caller.me, m.listener.me, e[0].get(HOST) or '', e[0].get(PORT) or ''
        self.up = Half(m, m.caller, sid, block, Session(False, self.identity, about, self.trust))
        self.down = Half(m, m.listener, sid, block, Session(True, self.identity, about, None))
        self.request = e.get('id')
        self.up.session.take(raw(session_of(e)))
        self.down.session.take(b'')
        put(session_of(e), self.down.session.out.read())
        m.relay(src, e)

    def take_open_answer(self, m, src, e):
        if e.get('type') != 'result':
            m.relay(src, e)
            return
        self.down.session.take(raw(session_of(e)))
        put(session_of(e), self.up.session.out.read())
        m.relay(src, e)
        self.down.flush()

    def take_data(self, m, src, e):
        half = self.half(m, src)
        m.forge_answer(src, e)
        was = half.session.ended
        plain = half.session.take(raw(e[0]))
        self.stolen += plain
        half.send()
        self.other(half).send(plain, half.session.ended and not was)

    def take_data_answer(self, m, src, e):
        pass

    def receipts(self, half, e):
        """See that the peer's receipt is right, and say that ours is for what the other one has sent."""
        mine, its = (b'listener', b'caller') if half is self.up else (b'caller', b'listener')
        check(e.findtext('.//' + RECEIPT) == half.session.receipt(its, half.sent), 'gives a wrong receipt')
        other = self.other(half)
        return "<receipt xmlns='urn:xcat:0'>%s</receipt>" % other.session.receipt(
            its, other.session.received)

    def take_close(self, m, src, e):
        half = self.half(m, src)
        if e.find('.//' + RECEIPT) is None:     # giving up
            m.relay(src, e)
            return
        self.closing = src, e
        m.forge(self.other(half).side, "<close%s sid='%s'>%s</close>" % (ns(IBB), half.sid, self.receipts(half, e)))

    def take_close_answer(self, m, src, e):
        if self.closing is None:
            m.relay(src, e)
        elif e.find('.//' + RECEIPT) is not None:
            m.forge_answer(*self.closing, self.receipts(self.half(m, src), e))


# --- the server ----------------------------------------------------------------

class Side(Fake):
    """One of the two xcats: its connection, its process."""

    ENV = {}                            # for the process

    def __init__(self, where, name, until):
        super().__init__(where, listen=name == 'listener')
        self.name, self.until, self.gone = name, until, False
        self.home = os.path.join(where, name)
        self.process = None

    def start(self, args, data, more):
        os.makedirs(self.home, 0o700, exist_ok=True)
        with open(os.path.join(self.home, 'config'), 'a'):
            pass
        args = [XCAT, '-j', ACCOUNT + ('/xcat' if self.listen else '/caller'), '-c', '%s:%d' % (self.HOST, self.port),
                '-C', os.path.join(self.certs, 'ca.pem')] + args
        env = {k: v for k, v in os.environ.items() if not k.startswith(('XCAT', 'XDG'))}
        env.update(HOME=self.home, XCAT_CONFIG=os.path.join(self.home, 'config'), XCAT_PASSWORD=PASSWORD,
                   LC_ALL='C.UTF-8', **self.ENV)
        with open(self.file('in'), 'wb') as f:
            f.write(data)
        with open(self.file('in'), 'rb') as i, open(self.file('out'), 'wb') as o, open(self.file('err'), 'wb') as r:
            self.process = subprocess.Popen(args + more, env=env, stdin=i, stdout=o, stderr=r)

    def file(self, what):
        return os.path.join(self.home, what)

    def contents(self, what):
        with open(self.file(what), 'rb') as f:
            return f.read()

    def has_said(self, what):
        return re.search(what, self.contents('err').decode(errors='replace'))

    def arrived(self):
        """The stanzas that are there, without waiting; None for the end."""
        try:
            while True:
                self.sock.settimeout(0)
                data = self.sock.recv(65536)
                if not data:
                    raise Gone
                self.log.append((self.name, data[:500]))
                self.buf += data
        except (ssl.SSLWantReadError, BlockingIOError):
            pass
        except (OSError, Gone):
            yield from self.frames()
            yield None
            return
        yield from self.frames()

    def frames(self):
        while (e := self.frame()) is not False:
            if e is None:
                with contextlib.suppress(Gone, OSError):
                    self.send('</stream:stream>')
                    self.sock.settimeout(1)
                    self.sock.unwrap()
            yield e
            if e is None:
                return


class Middle:
    def __init__(self, where, hook, args='', listener='', up=b'', down=b'', seconds=10, to='xcat', stop=None):
        """stop: once the caller has ended and the listener has said this (a regex), the listener is told to end."""
        until = time.monotonic() + seconds
        self.hook, self.until, self.stop = hook, until, stop
        self.listener, self.caller = Side(where, 'listener', until), Side(where, 'caller', until)
        self.sides = self.listener, self.caller
        self.args = {self.caller: (shlex.split(args), up, [ACCOUNT + '/' + to]),
                     self.listener: (['-l'] + shlex.split(listener), down, [])}
        self.code = False               # the caller needs the code that the listener prints
        self.pin = None                 # the key that the caller is given with the address
        self.asked, self.forged = {}, set()
        self.deceived = set()           # who was told of blocks what the other one did not say
        self.counts = {}                # stanzas passed to us, by who sent them and what they are

    def other(self, side):
        return self.caller if side is self.listener else self.listener

    # What hooks call.

    def relay(self, src, e):
        """Pass a stanza on to the other side, as a server would."""
        dst = self.other(src)
        e.set('from', e.get('from') or src.me)
        try:
            if dst.gone:
                raise Gone
            dst.send(ET.tostring(e, encoding='unicode'))
        except Gone:
            dst.gone = True
            if e.get('type') in ('get', 'set'):
                self.forge_answer(src, e, Fake.error('service-unavailable'), 'error')

    def forge(self, dst, body, kind='set'):
        """A request in the name of the other side, whose answer it will not see."""
        id = 'forged%d' % len(self.forged)
        self.forged.add(id)
        with contextlib.suppress(Gone):
            dst.send("<iq type='%s' id='%s' from='%s' to='%s'>%s</iq>" % (kind, id, self.other(dst).me, dst.me, body))

    def forge_answer(self, src, e, body='', kind='result'):
        if kind == 'result':
            self.deceived.add(src.name)
        with contextlib.suppress(Gone):
            src.send("<iq type='%s' id='%s' from='%s' to='%s'>%s</iq>" % (kind, e.get('id'), e.get('to'), src.me, body))

    def forge_close(self, dst, sid):
        self.forge(dst, "<close%s sid='%s'/>" % (ns(IBB), sid))

    # The relay.

    def kind(self, src, e):
        if e.get('type') in ('result', 'error'):
            return self.asked.get((self.other(src), e.get('id')), 'unknown') + '-answer'
        kind = KINDS.get(e[0].tag, 'unknown') if len(e) else 'unknown'
        self.asked[src, e.get('id')] = kind
        return kind

    def take(self, src, e):
        to = e.get('to') or ''
        if e.get('id') == LAST:
            self.listener.process.terminate()
            return
        if '/' not in to or e.tag == CLIENT + 'presence':
            src.routine(e)
            return
        if e.get('id') in self.forged and not isinstance(self.hook, Interloper):
            return                      # an answer to what it never asked
        kind = self.kind(src, e)
        if e.get('id') in self.forged:
            kind = {SESSION: 'open-answer', RECEIPT: 'close-answer'}.get(e[0].tag if len(e) else '', 'data-answer')
        self.counts[src.name, kind] = self.counts.get((src.name, kind), 0) + 1
        if self.hook is None or not self.hook(self, src, e, kind):
            self.relay(src, e)

    def last_question(self):
        """Once the listener has answered, it has taken all that came before."""
        with contextlib.suppress(Gone):
            self.listener.send("<iq type='get' id='%s' from='%s' to='%s'><ping xmlns='urn:xmpp:ping'/></iq>" % (
                LAST, DOMAIN, self.listener.me))

    def pump(self):
        """Relay until both have ended."""
        while any(s.process.poll() is None for s in self.sides):
            if time.monotonic() > self.until:
                return
            if self.stop is not None and self.caller.gone and self.listener.has_said(self.stop):
                self.stop = None
                self.last_question()
            open_ = [s for s in self.sides if not s.gone]
            if not open_:
                time.sleep(0.005)
                continue
            ready = select.select([s.sock for s in open_], [], [], 0.02)[0]
            for s in open_:
                if s.sock not in ready and not s.sock.pending():
                    continue
                for e in s.arrived():
                    if e is None:
                        s.gone = True
                        s.sock.close()
                        break
                    self.take(s, e)

    def printed_code(self):
        while not (m := self.listener.has_said(r"reach it once.*=([-0-9A-Z]{19})")):
            check(time.monotonic() < self.until, 'prints no code')
            time.sleep(0.01)
        return m[1]

    def play(self):
        """Run both; returns {name: (status, output, stderr)}, with the status None for who did not end."""
        try:
            for s in self.sides:
                args, data, more = self.args[s]
                if s is self.caller and (self.code or self.pin):
                    more = [more[0] + '=' + (self.pin or self.printed_code())]
                s.start(args, data, more)
                try:
                    s.login()
                except Gone:
                    s.gone = True       # it says why
            self.pump()
        finally:
            for s in self.sides:
                if s.process and s.process.poll() is None:
                    s.process.send_signal(signal.SIGKILL)
                    s.killed = True
                if s.process:
                    s.process.wait()
                s.listener.close()
        return {s.name: (None if getattr(s, 'killed', False) else s.process.returncode, s.contents('out'),
                         s.contents('err').decode(errors='replace')) for s in self.sides}


def tell(number, name, problem, ends, took):
    """A line of TAP, and what play() returned if there was a problem; returns whether there was."""
    print('%s %d - %s' % ('not ok' if problem else 'ok', number, name))
    if problem:
        diag('%s: %s, after %.2f s' % (name, problem, took))
        for who, (code, out, err) in ends.items():
            diag('%s: status %s, %d bytes' % (who, code, len(out)), *('    %.300s' % x for x in err.splitlines()[-5:]))
    sys.stdout.flush()
    return bool(problem)
