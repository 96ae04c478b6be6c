#!/usr/bin/python3 -B
"""xcat without memory: each allocation of its runs fails, once or from there on.

    allocsweep.py [-sv] [-n count] [-j jobs] [-1 N | -a N] [scenario ...]

A scenario is one use of xcat, against a server that t/server.sh has started and other xcats that have all the memory
they want.  It is run once to see how often it allocates, and then for some numbers N (all of them without -n; with -s only the first and the last of each
place in xcat that allocates), with
the Nth allocation failing and with all failing from the Nth on.  Whatever fails, xcat is to end by itself, not by a
signal; with status 0 only if every byte is where it belongs; and otherwise with a line that says why.  A listener, or
-L, that lacks memory once lives on, and serves the next caller.

The test gives the environment: T, XCAT, ALLOC_SO, SERVER, DOMAIN, CAFILE.
"""

import argparse
import array
import collections
import concurrent.futures
import contextlib
import http.server
import mmap
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import threading
import time

T, XCAT, SO = (os.environ[name] for name in ('T', 'XCAT', 'ALLOC_SO'))
SERVER, DOMAIN, CAFILE = (os.environ[name] for name in ('SERVER', 'DOMAIN', 'CAFILE'))
SECONDS = int(os.environ.get('SECONDS', 180))           # for one run: more is a hang, on a busy machine, too
HASTE = 3                           # s without progress, of a caller whose peer may have lost it for want of memory
STATE = struct.Struct('<IIQQQ16Q')
COUNT, ONE, ALL = range(3)                              # what fails; see alloc.c
SCENARIOS = {}
DATA = os.urandom(150000)


class Wrong(Exception):
    """What no lack of memory excuses."""


def scenario(f):
    SCENARIOS[f.__name__] = f
    return f


def eventually(what, condition, seconds=SECONDS):
    """Wait for an event, whose name is for the complaint."""
    until = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > until:
            raise Wrong('waits for ever for ' + what)
        time.sleep(0.005)


def functions(addresses):
    if not addresses:
        return ''
    lines = subprocess.run(['addr2line', '-spfie', XCAT, *addresses], capture_output=True, text=True).stdout
    return ' < '.join(re.sub(r' \(inlined by\) | at ', lambda m: '/' if 'inl' in m[0] else ' ', x)
                      for x in lines.splitlines()[:12])


def stack(said):
    """The functions that a crash named by address."""
    addresses = re.findall(r'/xcat\(\+(0x[0-9a-f]+)\)', said)
    return functions(addresses) + said[:1000] * (not addresses or 'runtime error' in said)


def emptied(path):
    os.makedirs(path, exist_ok=True)
    for name in os.listdir(path):
        os.unlink('%s/%s' % (path, name))


def contents(path):
    try:
        with open(path, 'rb') as f:
            return f.read()
    except FileNotFoundError:
        return b''


class Memory:
    """What the preloaded alloc.so obeys and tells."""

    def __init__(self, where):
        self.path, self.sites = where + '/alloc', where + '/sites'
        with open(self.path, 'wb') as f:
            f.write(bytes(STATE.size))
        with open(self.path, 'r+b') as f:
            self.map = mmap.mmap(f.fileno(), STATE.size)

    def set(self, mode, n, armed):
        STATE.pack_into(self.map, 0, armed, mode, n, *[0] * 18)

    def arm(self):
        self.map[0] = 1

    def disarm(self):
        self.map[0] = 0

    count = property(lambda self: STATE.unpack_from(self.map)[3])
    failed = property(lambda self: STATE.unpack_from(self.map)[4])

    def where(self):
        """The functions of xcat that the first failure was under."""
        return functions(['%#x' % (x - 1) for x in STATE.unpack_from(self.map)[5:] if x])

    def env(self, record):
        env = {'LD_PRELOAD': SO, 'ALLOC_STATE': self.path, 'MALLOC_PERTURB_': '165'}
        if record:
            with open(self.sites, 'wb') as f:
                f.truncate(8 << 20)
            env['ALLOC_SITES'] = self.sites
        return env

    def first_of_each(self):
        """For each chain of calls, the numbers of its first and of its last allocation."""
        sites = array.array('Q', contents(self.sites)[:8 * self.count])
        seen = {}
        for n, site in enumerate(sites, 1):
            seen.setdefault(site, [n, n])[1] = n
        return sorted({n for both in seen.values() for n in both})


class Process:
    """An xcat of this run."""

    def __init__(self, place, name, user, args, env=None, stdin=subprocess.DEVNULL, server=SERVER):
        self.name = name
        self.out, self.err = ('%s/%s.%s' % (place, name, end) for end in ('out', 'err'))
        home = '%s/%s' % (place, user)
        os.makedirs(home, exist_ok=True)
        config = home + '/config'
        if not os.path.exists(config):
            with open(os.open(config, os.O_CREAT | os.O_WRONLY, 0o600), 'w'):
                pass
        environment = {'PATH': os.environ['PATH'], 'HOME': home, 'XCAT_CONFIG': config, 'LC_ALL': 'C.UTF-8',
                       'XCAT_PASSWORD': 'pencil-' + user.split('-')[0], **(env or {})}
        for name in 'ASAN_OPTIONS', 'LSAN_OPTIONS', 'UBSAN_OPTIONS':
            if name in os.environ:
                environment[name] = os.environ[name]
        argv = [XCAT, '-c', server, '-C', CAFILE]
        if '-j' not in args:
            argv += ['-j', '%s@%s' % (user.split('-')[0], DOMAIN)]
        with open(self.out, 'wb') as out, open(self.err, 'wb') as err:
            self.p = subprocess.Popen(argv + args, env=environment, stdin=stdin, stdout=out, stderr=err,
                                      start_new_session=True)

    def wait(self, seconds=SECONDS):
        try:
            return self.p.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise Wrong('%s does not end: %s' % (self.name, self.said())) from None

    def running(self):
        return self.p.poll() is None

    def kill(self):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.p.pid, signal.SIGKILL)
        self.p.wait()

    def said(self):
        return contents(self.err).decode(errors='replace')

    def listens(self):
        """Wait for that; false if it has ended instead."""
        return eventually('listening', lambda: not self.running() or 'reach it with' in self.said()) and \
            'reach it with' in self.said()


class Run:
    """One run of a scenario: the victim, which lacks memory, and the others."""

    def __init__(self, worker, mode, n, record=False):
        self.place, self.worker = worker.place, worker
        self.memory, self.mode, self.n, self.record = worker.memory, mode, n, record
        self.processes, self.closing = [], []
        self.victim = None
        self.data = DATA
        self.short = mode != COUNT      # memory may be lacking

    def start(self, *args, **how):
        p = Process(self.place, *args, **how)
        self.processes.append(p)
        return p

    def patience(self):
        """Seconds for what has all the memory it wants, or else will not come."""
        return HASTE if self.short else SECONDS // 3

    def suffer(self, user, args, armed=True, **how):
        """The victim."""
        self.memory.set(self.mode, self.n, armed)
        self.victim = self.start('victim', user, ['-w', '15' if self.short else str(self.patience()), *args], env=self.memory.env(self.record), **how)
        return self.victim

    def input(self, data=None):
        path = self.place + '/in'
        with open(path, 'wb') as f:
            f.write(self.data if data is None else data)
        return open(path, 'rb')

    def folder(self, name):
        path = '%s/%s' % (self.place, name)
        shutil.rmtree(path, ignore_errors=True)
        os.mkdir(path)
        return path

    # What must be true in the end.

    def ended(self, status=None, out=None, lines=True):
        """The victim ends.  True if it ends well; then it has written just that."""
        status = self.victim.wait() if status is None else status
        said = self.victim.said()
        if status < 0 or 'Sanitizer' in said or 'runtime error' in said:
            raise Wrong('victim dies of signal %d at %s' % (-status, stack(said)))
        if out is not None:
            got = contents(self.victim.out)
            if status == 0 and got != out:
                raise Wrong('status 0, but %d bytes that are not the %d' % (len(got), len(out)))
            if not out.startswith(got):
                raise Wrong('writes bytes that nobody sent')
        if lines and status != 0:
            said = [x for x in said.splitlines() if 'reach it with' not in x]
            if not said:
                raise Wrong('status %d without a word' % status)
            if not all(re.match(r'(\d{4}-[-\dT:.]*Z )?xcat: ', x) for x in said):
                raise Wrong('says something odd: %s' % said)
            if status != 1 and re.search('memory|malloc', said[-1]):
                raise Wrong('status %d: %s' % (status, said[-1]))
        self.status = status
        return status == 0

    def lives(self):
        """The victim still runs after one allocation has failed."""
        if self.mode == ONE and not self.victim.running():
            raise Wrong('ends with status %s: %s' % (self.victim.p.returncode, self.victim.said()))
        return self.victim.running()

    def terminate(self):
        """The victim is asked to end."""
        if self.victim.running():
            self.victim.p.terminate()
        status = self.victim.wait()
        self.ended(0 if status == -signal.SIGTERM else status, lines=False)

    def clean_up(self):
        for p in self.processes:
            p.kill()
        for f in self.closing:
            f()


# --- the scenarios -----------------------------------------------------------

def caller(run, options, size, cold):
    run.data = DATA[:size] if size <= len(DATA) else DATA * (size // len(DATA))
    if cold:
        shutil.rmtree(run.place + '/alice', ignore_errors=True)
    run.suffer('alice', options + [run.worker.companion('echo'), 'e'], stdin=run.input())
    return run.ended(out=run.data)


@scenario
def call_inband(run):
    """A new user calls; the stream stays in-band."""
    return caller(run, ['-i'], 40000, True)


@scenario
def call_again(run):
    """A user calls a server and a peer that are known; the stream moves to a socket."""
    return caller(run, ['-o', 'upgrade-after=50000'], 600000, False)


@scenario
def call_plain(run):
    """A stream as all other programs have it: no session, no socket."""
    run.data = DATA[:20000]
    to = run.worker.companion('sink')
    run.suffer('alice', ['-N', '-i', '-o', 'e2e=off', to, 'e'], stdin=run.input())
    good = run.ended()
    if good:                            # the command has it, and may still be writing
        eventually('the bytes', lambda: contents(run.place + '/sink.out') == run.data)
    return good


def listen(run, options, call):
    """A listener for one stream."""
    run.suffer('bob', ['-l', '-j', run.worker.jid('bob', 'l'), '-a', '*'] + options)
    if not run.victim.listens():
        return run.ended(out=b'')
    c = run.start('caller', 'alice-2', ['-w', str(run.patience())] + call + [run.worker.jid('bob', 'l')], stdin=run.input())
    heard = c.wait() == 0
    if heard and contents(run.victim.out) != run.data:
        raise Wrong('the caller hears that all has come: %s' % run.victim.said())
    if run.victim.running() and not heard:
        # It may wait for another caller, or for one whose end it missed.
        with contextlib.suppress(subprocess.TimeoutExpired):
            run.victim.p.wait(0.2)
        if run.victim.running():
            run.terminate()
            return False
    return run.ended(out=run.data)


@scenario
def listen_inband(run):
    run.data = DATA[:40000]
    return listen(run, ['-i'], ['-s', '-i'])


@scenario
def listen_socket(run):
    run.data = DATA * 4
    return listen(run, [], ['-s', '-o', 'upgrade-after=50000'])


def served(run, victim, use):
    """A victim that serves many fails one of them at most."""
    if not victim.listens():
        raise Wrong('does not listen: ' + victim.said())
    use()                               # what happens once only is not what is tested
    run.memory.arm()
    use()
    run.memory.disarm()
    count = run.memory.count
    good = True
    if run.lives():
        if run.mode != ALL:
            run.short = False
            eventually('the next one to be served', use)
    else:
        good = False
    run.terminate()
    return good and count


def call_victim(run, service, options=()):
    c = run.start('caller', 'alice-2', ['-w', str(run.patience()), *options, run.worker.jid('bob', 's'), service], stdin=run.input())
    status = c.wait()
    if status == 0 and contents(c.out) != run.data:
        raise Wrong('the caller has status 0 and %d bytes' % len(contents(c.out)))
    return status == 0


@scenario
def serve_command(run):
    """A listener with a command."""
    run.data = DATA[:20000]
    victim = run.suffer('bob', ['-l', '-k', '-j', run.worker.jid('bob', 's'), '-a', '*', 'e=!exec cat'], armed=False)
    return served(run, victim, lambda: call_victim(run, 'e', ['-i']))


@scenario
def serve_tcp(run):
    """A listener with a port, in a socket."""
    run.data = DATA * 4
    victim = run.suffer('bob', ['-l', '-k', '-j', run.worker.jid('bob', 's'), '-a', '*',
                                'e=127.0.0.1:%d' % ECHO.port], armed=False)
    return served(run, victim, lambda: call_victim(run, 'e', ['-o', 'upgrade-after=50000']))


def client(run, port):
    """A TCP client of -L: all comes back, or the connection breaks."""
    got = b''
    try:
        with socket.create_connection(('127.0.0.1', port), 3 * run.patience()) as s:
            s.sendall(run.data)
            s.shutdown(socket.SHUT_WR)
            while data := s.recv(65536):
                got += data
    except OSError:
        return False
    if not run.data.startswith(got):
        raise Wrong('the client has bytes that nobody sent')
    return got == run.data


@scenario
def forward(run):
    run.data = DATA[:20000]
    with socket.create_server(('127.0.0.1', 0)) as s:
        port = s.getsockname()[1]
    victim = run.suffer('alice', ['-v', '-L', str(port), run.worker.companion('echo'), 'e'], armed=False)
    eventually('a port', lambda: re.search('logged in', victim.said()) or not victim.running())
    victim.listens = lambda: True
    eventually('the first', lambda: client(run, port))
    return served(run, victim, lambda: client(run, port))


def sent(run, options, to, where, name='file'):
    path = '%s/%s' % (run.folder('files'), name)
    with open(path, 'wb') as f:
        f.write(run.data)
    emptied(where)
    return ['-s', *options, to, path]


def arrived(where, data):
    """Whether it is there, whole; nothing else may bear a final name."""
    for name in os.listdir(where):
        if not name.startswith('.') and not name.endswith('.part') and contents('%s/%s' % (where, name)) != data:
            raise Wrong('%s is not what was sent: %d bytes of %d' %
                        (name, len(contents('%s/%s' % (where, name))), len(data)))
    return any(contents('%s/%s' % (where, name)) == data for name in os.listdir(where))


def send(run, options, companion):
    where = run.place + '/received'
    to = run.worker.companion(companion)
    run.suffer('alice', sent(run, options, to, where))
    good = run.ended()
    there = arrived(where, run.data)
    if good and not there:
        raise Wrong('status 0, and no file')
    return good


@scenario
def send_file(run):
    run.data = DATA[:60000]
    return send(run, ['-i'], 'files')


@scenario
def send_si(run):
    run.data = DATA[:60000]
    return send(run, ['-i', '-o', 'e2e=off'], 'si')


@scenario
def send_url(run):
    """A file that is served over HTTP here."""
    return send(run, ['-o', 'oob=serve:127.0.0.1:0'], 'fetcher')


def receive(run, options, command):
    where = run.place + '/received'
    victim = run.suffer('bob', ['-l', '-k', '-j', run.worker.jid('bob', 's'), '-a', '*', '-r', where, *options],
                        armed=False)

    def use():
        p = run.start('caller', 'alice-2', ['-w', str(run.patience()), *command(where)])
        status = p.wait()
        there = arrived(where, run.data)
        if status == 0 and not there:
            raise Wrong('the sender has status 0, and there is no file')
        return status == 0
    os.makedirs(where, exist_ok=True)
    return served(run, victim, use)


@scenario
def receive_file(run):
    run.data = DATA[:60000]
    return receive(run, [], lambda where: sent(run, ['-i'], run.worker.jid('bob', 's'), where))


@scenario
def receive_si(run):
    run.data = DATA[:60000]
    return receive(run, ['-o', 'e2e=off'],
                   lambda where: sent(run, ['-i', '-o', 'e2e=off'], run.worker.jid('bob', 's'), where))


@scenario
def fetch_url(run):
    run.data = DATA * 4

    def command(where):
        emptied(where)
        return ['-s', '-o', 'oob=http://127.0.0.1:%d/file' % WEB.server_port, run.worker.jid('bob', 's')]
    return receive(run, ['-o', 'oob=fetch:any'], command)


def reconnect(run, options=()):
    """The server goes away in the middle of a stream and is there again: the memory fails from then on."""
    relay = Relay(SERVER)
    run.closing.append(relay.close)
    run.data = DATA[:40000]
    read, write = os.pipe()
    victim = run.suffer('alice', ['-v', '-i', *options, run.worker.companion('echo'), 'e'], armed=False, stdin=read,
                        server='127.0.0.1:%d' % relay.port)
    os.close(read)
    with open(write, 'wb', buffering=0) as feed:
        feed.write(run.data[:20000])
        eventually('the echo', lambda: os.path.getsize(victim.out) == 20000)
        run.memory.arm()
        relay.cut()
        eventually('the loss', lambda: 'trying again' in victim.said() or not victim.running())
        with contextlib.suppress(BrokenPipeError):
            feed.write(run.data[20000:])
    return run.ended(out=run.data)


@scenario
def resume(run):
    """Stream management resumes the session."""
    return reconnect(run)


@scenario
def relogin(run):
    """There is no stream management: a new session mends the stream."""
    return reconnect(run)


# --- what they need ----------------------------------------------------------

class Relay:
    """Between the victim and its server."""

    def __init__(self, server):
        host, port = server.rsplit(':', 1)
        self.to = host, int(port)
        self.listener = socket.create_server(('127.0.0.1', 0))
        self.port = self.listener.getsockname()[1]
        self.sockets = set()
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                a = self.listener.accept()[0]
                b = socket.create_connection(self.to)
                self.sockets |= {a, b}
                for x, y in (a, b), (b, a):
                    threading.Thread(target=self.pump, args=(x, y), daemon=True).start()

    @staticmethod
    def pump(x, y):
        with contextlib.suppress(OSError):
            while data := x.recv(65536):
                y.sendall(data)
        for s in x, y:
            with contextlib.suppress(OSError):
                s.shutdown(socket.SHUT_RDWR)

    def cut(self):
        for s in list(self.sockets):
            with contextlib.suppress(OSError):
                s.shutdown(socket.SHUT_RDWR)

    def close(self):
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.cut()


class Echo:
    """A TCP server."""

    def __init__(self):
        self.listener = socket.create_server(('127.0.0.1', 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            threading.Thread(target=self.serve, args=self.listener.accept()[:1], daemon=True).start()

    @staticmethod
    def serve(s):
        with contextlib.suppress(OSError), s:
            while data := s.recv(65536):
                s.sendall(data)


class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = DATA * 4
        self.send_response(200)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        with contextlib.suppress(OSError):
            self.wfile.write(body)

    do_HEAD = do_GET

    def log_message(self, *args):
        pass


ECHO = Echo()
WEB = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Page)
threading.Thread(target=WEB.serve_forever, daemon=True).start()


class Worker:
    """A place for runs, one after the other, with companions that outlive them."""

    COMPANIONS = {
        'echo': ['-k', '-o', 'max-streams-per-peer=200', 'e=!exec cat'],
        'sink': ['-k', '-o', 'e2e=off', 'e=!cat >$HOME/../sink.out; :'],
        'files': ['-k', '-r', 'received'],
        'si': ['-k', '-r', 'received', '-o', 'e2e=off'],
        'fetcher': ['-k', '-r', 'received', '-o', 'oob=fetch:any'],
    }

    def __init__(self, number):
        self.number = number
        self.place = '%s/worker%d' % (T, number)
        os.makedirs(self.place)
        self.memory = Memory(self.place)
        self.companions = {}

    def jid(self, user, resource):
        return '%s@%s/%s%d' % (user, DOMAIN, resource, self.number)

    def companion(self, name):
        """The address of one, started if need be."""
        jid = self.jid('bob', name)
        p = self.companions.get(name)
        if p is not None and not p.running():
            raise Wrong('the other end, %s, ended with status %d: %s' % (name, p.p.returncode, p.said()))
        if p is None:
            args = [self.place + '/received' if x == 'received' else x for x in self.COMPANIONS[name]]
            os.makedirs(self.place + '/received', exist_ok=True)
            p = Process(self.place, name, 'bob-' + name, ['-l', '-j', jid, '-a', '*', *args])
            self.companions[name] = p
            if not p.listens():
                raise Wrong('no %s: %s' % (name, p.said()))
        return jid

    def run(self, name, mode, n, record=False):
        """(what is wrong or None, Run)"""
        run = Run(self, mode, n, record)
        try:
            good = SCENARIOS[name](run)
            if not good and (mode == COUNT or run.memory.failed == 0):
                raise Wrong('fails with all the memory it wants: %s' % run.victim.said())
            problem = None
        except Wrong as e:
            problem = '%s\n[%s]' % (e, run.victim.said()[-1500:] if run.victim else '')
        finally:
            run.clean_up()
        # Where no allocation has failed, haste is what did, on a busy machine: with patience all is as it should be.
        if problem and mode != COUNT and run.memory.failed == 0:
            return self.run(name, COUNT, 0)
        return problem, run

    def close(self):
        for p in self.companions.values():
            p.kill()


def spread(numbers, count):
    """So many of them, evenly."""
    if count is None or len(numbers) <= count:
        return numbers
    return sorted({numbers[i * len(numbers) // count + len(numbers) // count // 2] for i in range(count)})


def sweep(name, workers, pool, options, test):
    problem = None
    for _ in range(2):                  # the first makes its accounts' files
        problem, run = workers[0].run(name, COUNT, 0, True)
    if problem:
        test(False, '%s: as it should be' % name, [problem])
        return
    count, sites = run.memory.count, run.memory.first_of_each()
    numbers = sites if options.sites else list(range(1, count + 1))
    tasks = [(mode, n) for mode in (ONE, ALL) for n in spread(numbers, options.n)]
    if options.one:
        tasks = [(ONE, options.one)]
    if options.all:
        tasks = [(ALL, options.all)]
    free = collections.deque(workers)
    wrong, statuses = [], collections.Counter()

    def work(task):
        worker = free.popleft()
        try:
            problem, run = worker.run(name, *task)
        finally:
            where = worker.memory.where()
            free.append(worker)
        statuses[getattr(run, 'status', None)] += 1
        if problem:
            return '%s %d: %s\nfails in %s' % (('', 'only', 'from')[task[0]], task[1], problem, where)
        if options.verbose:
            print('# %s: %s %d: %s: %s [%s]' % (name, ('', 'only', 'from')[task[0]], task[1], getattr(
                run, 'status', None), run.victim.said()[-200:].strip(), where))
        return None

    began = time.monotonic()
    wrong = [x for x in pool.map(work, tasks) if x]
    print('# %s: %d runs in %.1f s; %d allocations from %d places; statuses %s' % (
        name, len(tasks), time.monotonic() - began, count, len(sites), dict(statuses)))
    test(not wrong, '%s: %d runs without memory' % (name, len(tasks)), wrong)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('-n', type=int, help='numbers to try in each scenario')
    parser.add_argument('-j', type=int, default=6, help='runs at a time')
    parser.add_argument('-s', dest='sites', action='store_true', help='the first and last of each place only')
    parser.add_argument('-1', dest='one', type=int, help='only this one, failing alone')
    parser.add_argument('-a', dest='all', type=int, help='only this one, and all behind it')
    parser.add_argument('-v', dest='verbose', action='store_true')
    parser.add_argument('scenarios', nargs='*')
    options = parser.parse_args()
    names = options.scenarios or list(SCENARIOS)
    number = failed = 0

    def test(good, what, why):
        nonlocal number, failed
        number += 1
        failed += not good
        print('%s %d - %s' % ('ok' if good else 'not ok', number, what))
        for line in why[:40 if not options.verbose else None]:
            print('#   ' + line.replace('\n', '\n#     '))
        sys.stdout.flush()

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    workers = [Worker(i) for i in range(options.j)]
    try:
        with concurrent.futures.ThreadPoolExecutor(options.j) as pool:
            for name in names:
                sweep(name, workers, pool, options, test)
    finally:
        for worker in workers:
            worker.close()
    print('1..%d' % number)
    return failed > 0


if __name__ == '__main__':
    sys.exit(main())
