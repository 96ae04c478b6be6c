#!/usr/bin/python3 -B
"""Two xcats that punch, and a server in the middle that changes the candidates which they tell each other.

In a network namespace of its own this machine has a public address, at which the server is, and a private one.  Traps
are ports that are not the peer's: whoever connects to one is counted.  Whatever is named, the stream goes on, and all of
it arrives.

    t/hostile/candidates.t [regex]      runs the cases whose names match
"""

import os
import re
import shutil
import socket
import sys
import tempfile
import time
import xml.etree.ElementTree as ET

sys.path.insert(0, sys.path[0] + '/../lib')
from fake import Fake, Fault, again, certificates, check, ns
from middle import Middle, Side, tell

PUBLIC, PRIVATE, LOW = '203.0.113.2', '10.9.8.7', 25
TAG = '{urn:xcat:0}'
QUERY = '{http://jabber.org/protocol/bytestreams}query'
UP = os.urandom(60000)
CLOCK = 10                              # times as fast
PUNCHING = 8                            # seconds of that, for all attempts
SECONDS = 120
CASES = []


def in_namespace():
    """Run this again where the network is ours."""
    if os.geteuid() != 0 or os.system('unshare -n true 2>/dev/null') != 0:
        print('1..0 # SKIP only root makes network namespaces')
        sys.exit(0)
    os.execvp('unshare', ['unshare', '-n', 'sh', '-c', """
        ip link set lo up
        ip addr add %s/32 dev lo
        ip addr add %s/32 dev lo
        IN_NAMESPACE=1 exec "$0" "$@" """ % (PUBLIC, PRIVATE), *sys.argv])


class Trap:
    """A port that nobody has to connect to."""

    def __init__(self, host, port=0):
        self.socket = socket.create_server((host, port), family=socket.AF_INET6 if ':' in host else socket.AF_INET)
        self.socket.setblocking(False)
        self.host, self.port = host, self.socket.getsockname()[1]
        self.open, self.heard = [], []

    def caught(self):
        """How many have connected."""
        try:
            while True:
                self.open.append(self.socket.accept()[0])
        except BlockingIOError:
            pass
        for s in self.open:
            s.setblocking(False)
            try:
                self.heard.append(s.recv(100000))
            except OSError:
                pass
        return len(self.open)

    def close(self):
        for s in self.open + [self.socket]:
            s.close()


class Changing:
    """A hook: no socket by XEP-0065; bytes wait until punching has been tried with what change() makes of <punch/>."""

    def __init__(self, change):
        self.change, self.held, self.blocks, self.punches, self.told = change, [], 0, 0, 0

    def __call__(self, m, src, e, kind):
        child = e[0] if len(e) else None
        self.told += len(list(e.iter(TAG + 'candidate'))) + len(list(e.iter(QUERY[:-5] + 'streamhost')))
        if child is not None and child.tag == QUERY and e.get('type') == 'set':
            m.forge_answer(src, e, Fake.error('item-not-found'), 'error')
            return True
        if kind == 'data':
            self.blocks += 1
            if self.held is not None and self.blocks > 1:       # the session stands with the first
                self.held.append((src, e))
                return True
        if child is not None and child.tag == TAG + 'punch':
            self.punches += 1
            self.change(src, child)
            m.relay(src, e)
            if e.get('type') == 'result':
                self.go_on(m)
            return True
        if kind == 'unknown-answer' and e.get('type') == 'error' and self.punches:
            m.relay(src, e)
            self.go_on(m)
            return True
        return False

    def go_on(self, m):
        time.sleep(PUNCHING / CLOCK)
        held, self.held = self.held or [], None
        for src, e in held:
            m.relay(src, e)


class Watching(Changing):
    """A hook for peers that are to tell nothing: it waits with the second block.

    With the first the session stands, for which a listener has little patience."""

    def __init__(self):
        super().__init__(lambda src, punch: None)

    def __call__(self, m, src, e, kind):
        if kind == 'data' and self.held is not None and self.blocks > 0:
            self.held = None
            time.sleep(PUNCHING / CLOCK)
        return super().__call__(m, src, e, kind)


def candidate(ip, port, priority=1694498815, **more):
    return dict({'foundation': '1', 'ip': ip, 'port': str(port),
                 'priority': str(priority), 'protocol': 'tcp', 'tcptype': 'so', 'type': 'srflx'}, **more)


def instead(*candidates):
    """Each of these, for both components, in place of what there was."""
    def change(src, punch):
        for e in list(punch):
            punch.remove(e)
        for c in candidates:
            for component in '1', '2':
                ET.SubElement(punch, TAG + 'candidate', dict(c, component=component))
    return change


def case(name, most, args='', least=0):
    """make() gives the traps and what is said of them; from least to most connections come."""
    def register(make):
        CASES.append((name, make, most, args, least))
        return make
    return register


@case('a port of another is connected to', 40, least=1)
def control():
    t = Trap(PUBLIC)
    return [t], instead(candidate(PUBLIC, t.port))


@case('own loopback', 0)
def loopback():
    four, six = Trap('127.0.0.1'), Trap('::1')
    return [four, six], instead(*(candidate(ip, four.port) for ip in (
        '127.0.0.1', '127.1.2.3', '0.0.0.0', '::ffff:127.0.0.1')), *(candidate(ip, six.port) for ip in ('::1', '::')))


@case('private ranges when only public ones are wanted', 0, '-o streamhost-policy=public')
def private():
    t, u = Trap(PRIVATE), Trap('127.0.0.1')
    return [t, u], instead(candidate(PRIVATE, t.port), candidate('127.0.0.1', u.port))


@case('links and groups', 0)
def others():
    t = Trap(PUBLIC)
    return [t], instead(*(candidate(ip, t.port) for ip in (
        '169.254.1.1', '224.0.0.1', '255.255.255.255', 'fe80::1', 'fe80::1%lo', 'ff02::1')))


@case('ports of services', 0)
def services():
    t = Trap(PUBLIC, LOW)
    return [t], instead(candidate(PUBLIC, LOW), candidate(PUBLIC, '025'), candidate(PUBLIC, 65536 + LOW))


@case('names instead of addresses', 0)
def names():
    t, u = Trap(PUBLIC), Trap('127.0.0.1')
    return [t, u], instead(candidate('localhost', u.port), candidate('localhost.', u.port),
                           candidate('127.1', u.port), candidate('2130706433', u.port),
                           candidate('0x7f000001', u.port), candidate(PUBLIC + '.', t.port),
                           candidate('[%s]' % PUBLIC, t.port), candidate(' ' + PUBLIC, t.port))


@case('a thousand, of which this would be the last', 0)
def thousand():
    t = Trap(PUBLIC)
    return [t], instead(*(candidate(PUBLIC, 20000 + n) for n in range(1000)), candidate(PUBLIC, t.port, 1))


@case('one a thousand times', 40, least=1)
def duplicates():
    t = Trap(PUBLIC)
    return [t], instead(*[candidate(PUBLIC, t.port)] * 1000)


@case('absurd priorities', 0)
def priorities():
    t = Trap(PUBLIC)
    return [t], instead(*(candidate(PUBLIC, t.port, p) for p in (
        0, -1, 2 ** 31, 2 ** 32 + 1, 2 ** 64 + 1, '', 'x', '1.5', '0x10', ' 1')))


@case('words that are none', 0)
def words():
    t = Trap(PUBLIC)
    return [t], instead(candidate(PUBLIC, t.port, protocol='udp'), candidate(PUBLIC, t.port, type='relay'),
                        candidate(PUBLIC, t.port, tcptype='x'), candidate('', t.port),
                        candidate(PUBLIC, ''), candidate(PUBLIC, -t.port), candidate(PUBLIC, '%d ' % t.port))


@case('another sid', 0)
def sid():
    def change(src, punch):
        inside(src, punch)
        if src.name == 'caller':
            punch.set('sid', 'x' + punch.get('sid'))

    t = Trap(PUBLIC)
    inside = instead(candidate(PUBLIC, t.port))
    return [t], change


@case('random characters that are none', 0)
def nonce():
    def change(src, punch):
        inside(src, punch)
        punch.set('nonce', 'short')

    t = Trap(PUBLIC)
    inside = instead(candidate(PUBLIC, t.port))
    return [t], change


def play(hook, where, ends, args, listener=''):
    """Fills ends, for who tells of a fault."""
    m = Middle(where, hook, '-s -v -o upgrade-after=0 -o portmap=no ' + args, '-o portmap=no ' + (listener or args), UP,
               b'', SECONDS)
    ends.update(m.play())
    for who, (code, _, _) in ends.items():
        check(code == 0, '%s ends with %s' % (who, code))
    check(ends['listener'][1] == UP, 'not all has arrived')


def run(where, make, most, args, least):
    traps, change = make()
    hook = Changing(change)
    ends = {}
    try:
        play(hook, where, ends, args)
        count = sum(t.caught() for t in traps)
        check(hook.punches > 0, 'nothing was punched')
        check(count <= most, '%d have connected' % count)
        check(count >= least, 'nobody has connected')
        for t in traps:
            check(all(len(heard) <= 32 for heard in t.heard), 'a stranger hears more than random bytes')
    except Fault as e:
        return str(e), ends
    finally:
        for t in traps:
            t.close()
    return None, ends


def hidden(where, args, listener):
    """Nothing leaves either machine."""
    hook = Watching()
    ends = {}
    try:
        play(hook, where, ends, args, listener)
        check(hook.told == 0, '%d addresses are told' % hook.told)
    except Fault as e:
        return str(e), ends
    return None, ends


def main():
    if not os.environ.get('IN_NAMESPACE'):
        in_namespace()
    Fake.HOST = PUBLIC
    Side.ENV = {'XCAT_TEST_CLOCK': str(CLOCK)}
    runs = [(name, run, rest) for name, *rest in CASES]
    runs += [('no address leaves: ' + name, hidden, (args, listener)) for name, args, listener in (
        ('-i', '-i', ''), ('streamhost none', '-o streamhost=none', ''),
        ('a peer without a session', '', '-o e2e=off'), ('a caller without one', '-o e2e=off', '-o e2e=prefer'))]
    runs = [r for r in runs if re.search(sys.argv[1] if sys.argv[1:] else '', r[0])]
    print('1..%d' % len(runs))
    failed = []
    with tempfile.TemporaryDirectory(prefix='xcat-candidates.') as made:
        certificates(made)
        for number, (name, what, args) in enumerate(runs, 1):
            began = time.monotonic()
            with tempfile.TemporaryDirectory(prefix='xcat-candidates.') as where:
                shutil.copytree(made, where, dirs_exist_ok=True)
                problem, ends = what(where, *args)
            if tell(number, name, problem, ends, time.monotonic() - began):
                failed.append(name)
    again(failed)
    return bool(failed)


sys.exit(main())
