"""Cases against xcat: what t/hostile/hostile-*.t share.

A case is a script for the fake server, registered with what is to come of it: case() and add().  Every run is checked
for its exit status; the bytes on standard output; one line on stderr if it fails and none if it does not, printable
and saying what to do; no secret on stderr; bounded memory; and an end within bounds.

    /usr/bin/python3 -B t/hostile/hostile-xml.t [regex]     runs the cases whose names match

Names begin with a number of this list of hostile inputs; "ok" is the well-behaved twin, without which a failure would
prove nothing; "g" is a general rule.

    1 no <starttls/>                        13 DOCTYPE, entities            24 seq skipped, repeated, 65536
    2 bytes after <proceed/>                14 instruction, comment         25 bad base64
    3 certificate of another domain         15 invalid UTF-8                26 block or block-size too large
    4 expired, self-signed certificate      16 &#0;, surrogates             27 second open, same sid
    5 connection cut, no close_notify       17 too large, too deep          28 close while output pends
    6 no mechanisms                         18 byte by byte (fine)          29 data after close
    7 only PLAIN                            19 answer from a third          30 peer vanishes, server stalls
    8 SCRAM: v= missing or wrong            20 answer twice                 31 XEP-0198: too much acknowledged
    9 nonce altered                         21 foreign roster push, carbon  33 stream error
    10 iteration count                      22 unknown request              40 standard output lost
    11 unknown attribute (fine)             23 data from a third, live sid
    12 success before challenge
"""

import contextlib
import os
import re
import resource
import select
import shlex
import signal
import subprocess
import sys
import tempfile
import threading
import time

from fake import ACCOUNT, CLIENT, DOMAIN, IBB, PASSWORD, PEER, PING, Fake, Fault, Gone, again, b64, beside, certificates, check, diag, ns

XCAT = os.path.abspath(os.environ.get('XCAT') or os.path.join(os.path.dirname(__file__), '..', '..', 'xcat'))
# Bounds, which only a case that fails reaches: a machine may be busy, and xcat be built with sanitizers.
SECONDS = int(os.environ.get("SECONDS", 90))                        # for one case, unless it says otherwise
LINGER = 30                         # thereof, without a connection
MEMORY = 64 << 10                   # KiB, for xcat
CASES = []

# The time in front of each line of a listener that goes on.
STAMP = re.compile(r'(?m)^\d{4}-[-\dT:.]*Z (?=xcat: )')
# The line on stderr says what, and what to do.  Those that do not are gathered: they are one test at the end.
ADVICE = re.compile(r'\b(try|check|run|start|name|ask|tell|use|give|set|allow|see|wait|choose|report|may be)\b', re.I)
LOST = 'it did not take the session that was offered: not encrypted end to end, '
HELPLESS = set()

# Exit statuses, by the classes of failure.
LOCAL, NETWORK, TRUST, AUTH, REFUSED, BROKEN, TIMEOUT = 1, 3, 3, 4, 5, 6, 7


def add(name, script, status=0, roles='call', **how):
    for role in roles.split():
        CASES.append((name + (' (%s)' % role if ' ' in roles else ''), script, status, role == 'listen', how))


def case(*args, of='', **how):
    """Register a script; of is what tells it from others of its name.

    roles: who opens the stream, xcat (call), its peer (listen), or both in turn."""
    def register(script):
        add('_'.join((script.__name__[1:], str(of))).strip('_'), script, *args, **how)
        return script
    return register


BOTH = 'call listen'
MESSAGE = CLIENT + 'message'


def ping(s, frm=DOMAIN):
    """A round trip: whatever was sent before has been dealt with."""
    said = s.ask('<ping%s/>' % ns(PING), frm, 'get')
    check(said == 'result', 'does not answer a ping: %s' % said)


def quiet(s, what, since=0):
    """Nothing like that has come."""
    ping(s)
    check(not any(what(e) for e in s.seen[since:]), 'reacts to what it should ignore')


def prefixed(iq):
    """The same stanza, its name space bound to a prefix."""
    return iq.replace('<iq ', '<c:iq xmlns:c="jabber:client" ').replace('</iq>', '</c:iq>')


def carries(name):
    return lambda e: len(e) and e[0].tag == IBB + name


class Run(Fake):
    """A case in progress: the fake server, and xcat."""

    def __init__(self, where, script, status, listen, how):
        super().__init__(where, how.get('direct'), listen, how.get('seconds', SECONDS))
        self.status, self.how, self.script = status, how, script
        self.skip = self.confirmed = self.pipe = self.drained = None
        self.piped, self.hwm, self.stderr = b'', 0, ''
        self.out_name, self.err_name = os.path.join(where, 'out'), os.path.join(where, 'err')
        self.start(where)

    def start(self, where):
        how = self.how
        args = [XCAT, '-j', ACCOUNT, '-c', how.get('transport', '%s127.0.0.1:%d') % ('xmpps://' if self.direct else '',
                                                                                self.port)]
        if how.get('ca', 'ca.pem'):
            args += ['-C', os.path.join(self.certs, 'ca.pem')]
        args += shlex.split(how.get('args', ''))
        args += ['-l', *shlex.split(how.get('services', ''))] if self.listen else [how.get('peer', PEER)]
        env = {k: v for k, v in os.environ.items() if not k.startswith(('XCAT', 'XDG'))}
        env.update(HOME=where, XCAT_CONFIG=os.path.join(where, 'config'), XCAT_PASSWORD=PASSWORD, LC_ALL='C.UTF-8')
        if 'config' in how:             # a function of the directory; the password is in there
            del env['XCAT_PASSWORD']
            env['XCAT_CONFIG'] = os.path.join(where, 'config.own')
            with open(os.open(env['XCAT_CONFIG'], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), 'w') as f:
                f.write(how['config'](where))
        known = os.path.join(where, 'known_servers')        # of the case before
        with contextlib.suppress(FileNotFoundError):
            os.unlink(known)
        if 'known' in how:
            with open(known, 'w') as f:
                f.write(how['known'])
        tokens = os.path.join(where, 'tokens.0')
        with contextlib.suppress(FileNotFoundError):
            os.unlink(tokens)
        if 'tokens' in how:
            with open(os.open(tokens, os.O_WRONLY | os.O_CREAT, 0o600), 'w') as f:
                f.write(how['tokens'])
        stdout = how.get('stdout')
        if stdout == 'pipe':
            self.pipe, out = os.pipe()
        else:
            out = os.open(stdout if stdout and '/' in stdout else self.out_name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        with open(self.err_name, 'wb') as err:
            self.xcat = subprocess.Popen(args, env=env, stdin=subprocess.PIPE, stdout=out, stderr=err, bufsize=0,
                                         preexec_fn=(lambda: os.close(1)) if stdout == 'closed' else None)
        os.close(out)
        self.feeder = threading.Thread(target=self.feed, daemon=True)
        self.feeder.start()

    def feed(self):
        with contextlib.suppress(OSError):
            self.xcat.stdin.write(self.how.get('stdin', b''))
            if self.how.get('eof'):
                self.xcat.stdin.close()

    def running(self):
        return not os.waitid(os.P_PID, self.xcat.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)

    def signal(self, number):
        """Popen's way would also take the status, and the kernel's account, from wait()."""
        os.kill(self.xcat.pid, number)

    def starts(self):
        """Whether xcat connects, rather than exit."""
        while self.running() and time.monotonic() < self.until:
            if select.select([self.listener], [], [], 0.02)[0]:
                return True
        return False

    def accept(self):
        check(self.starts(), 'does not connect')
        super().accept()

    def drain(self):
        """Begin to read xcat's output."""
        def read():
            while data := os.read(self.pipe, 65536):
                self.piped += data
            os.close(self.pipe)
        self.drained = threading.Thread(target=read, daemon=True)
        self.drained.start()

    def written(self, n):
        """Wait until xcat has written so many bytes to the file that is its output."""
        while os.path.getsize(self.out_name) < n:
            check(time.monotonic() < self.until, 'writes less than %d bytes' % n)
            time.sleep(0.005)

    def peak(self):
        """Note the memory used so far."""
        with contextlib.suppress(OSError), open('/proc/%d/status' % self.xcat.pid) as f:
            self.hwm = max(self.hwm, int(re.search(r'VmHWM:\s+(\d+)', f.read())[1]))

    def processor(self):
        """Seconds of processor time so far."""
        with open('/proc/%d/stat' % self.xcat.pid) as f:
            fields = f.read().rpartition(')')[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')

    def play(self):
        """Run the script, see xcat end, and return what is wrong."""
        problem = None
        try:
            self.script(self)
            if self.sock:
                self.end()
        except Gone:
            problem = 'hangs up too early'
        except Fault as e:
            problem = str(e)
        except BaseException:               # a script that is wrong, or a signal
            self.signal(signal.SIGKILL)
            raise
        if self.sock:
            self.sock.close()
        status, usage = self.wait()
        self.listener.close()
        if self.drained:
            self.drained.join(1)
        if self.skip:
            return None
        with open(self.err_name, 'rb') as f:
            self.stderr = STAMP.sub('', f.read().decode(errors='replace'))
        return problem or self.judge(status, usage)

    def wait(self):
        until = min(self.until, time.monotonic() + LINGER)
        while time.monotonic() < until:
            pid, status, usage = os.wait4(self.xcat.pid, os.WNOHANG)
            if pid:
                break
            time.sleep(0.002)
        else:
            self.signal(signal.SIGKILL)
            _, status, usage = os.wait4(self.xcat.pid, 0)
            status = None
        self.xcat.returncode = -9           # or Popen would wait for it again
        return status if status is None else os.waitstatus_to_exitcode(status), usage

    def judge(self, status, usage):
        how = self.how
        wanted = self.status if isinstance(self.status, set) else {self.status}
        if status is None:
            return 'does not end'
        if status not in wanted:
            return 'ends with status %s, not %s' % (status, ' or '.join(map(str, wanted)))
        out = how.get('out', b'')
        if out is not None and how.get('stdout') in (None, 'pipe') and (self.drained or not self.pipe):
            if self.pipe:
                got = self.piped
            else:
                with open(self.out_name, 'rb') as f:
                    got = f.read()
            if got != out:
                return 'writes %d bytes %.60r, not %d bytes %.60r' % (len(got), got, len(out), out)
        for secret in self.secrets + [PASSWORD, b64(PASSWORD.encode())]:
            if secret in self.stderr:
                return 'shows a secret'
        if how.get('loud') and '<success' not in self.stderr:
            return 'shows no stanzas'
        lines = self.stderr.splitlines(keepends=True)
        if self.listen and not how.get('loud'):
            me = how.get('listening', ACCOUNT + '/xcat')      # None: it never does
            line = re.compile("xcat: listening; reach it with: xcat '?%s(=SHA256:[^ ]{43})?'?\n" % re.escape(str(me)))
            if self.bound and any(map(line.fullmatch, lines)) == (me is None):
                return 'does not say how to reach it'
            lines = [x for x in lines if not line.fullmatch(x)]
        # A caller offers a session, and the peers here take none.
        lost = [x for x in lines if LOST in x]
        if len(lost) > (not self.listen):
            return 'says %d times that there is no session' % len(lost)
        lines = [x for x in lines if LOST not in x]
        if re.search('[^ -~\n]', ''.join(lines)) and not how.get('loud'):
            return 'shows what a terminal might obey'
        if not how.get('loud') and how.get('notes', 0) is not None and (status >= 0):
            if len(lines) != (status != 0) + how.get('notes', 0):
                return 'prints %d lines' % len(lines)
        if status > 0 and not how.get('loud'):
            last = lines[-1] if lines else ''
            if not re.fullmatch(r'xcat: .{5,}: .{5,}\n', last):
                return 'does not say what is wrong'
            if status != LOCAL and not ADVICE.search(last):
                HELPLESS.add(re.sub('^xcat: [^ ]*|; [0-9]+ bytes? confirmed', '', last))
            if not re.search(how.get('says', ''), last, re.I):
                return 'does not say %s' % how['says']
            if self.confirmed is not None and not re.search(r'\b(%s) bytes? confirmed' % self.confirmed, last):
                return 'does not say that %s bytes were confirmed' % self.confirmed
        # What wait4() reports includes this process's own size before exec(2).
        used = max(self.hwm, usage.ru_maxrss)
        if used > max(MEMORY, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss) and not SANITIZED:
            return 'uses %d kB of memory' % used
        return None


def main(many=1):
    """Run the cases, so many at a time."""
    global SANITIZED

    def play(where, number):
        began = time.monotonic()
        run = Run(where, *cases[number][1:])
        return run, run.play(), time.monotonic() - began

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))       # so that no child is left behind
    signal.signal(signal.SIGINT, signal.default_int_handler)    # a job's child would inherit that it is ignored
    cases = [c for c in CASES if re.search(sys.argv[1] if sys.argv[1:] else '', c[0])]
    with open(XCAT, 'rb') as f:
        SANITIZED = b'__asan_init' in f.read()
    print('1..%d' % (len(cases) + 1))
    failed = []
    with tempfile.TemporaryDirectory(prefix='xcat-hostile.') as where:
        certificates(where)
        os.close(os.open(os.path.join(where, 'config'), os.O_CREAT, 0o600))
        for number, (run, problem, took) in enumerate(beside(many, where, play, len(cases)), 1):
            print('%s %d - %s%s' % (('ok', 'not ok')[bool(problem)], number, cases[number - 1][0],
                                    ' # SKIP ' + run.skip if run.skip else ''))
            if problem:
                failed.append(cases[number - 1][0])
                diag('%s: xcat %s, after %.2f s' % (failed[-1], problem, took))
                diag(*('    %s: %.400r' % (who, data) for who, data in run.log))
            for line in run.stderr.splitlines()[-5:]:
                print('#   %.400s' % ascii(line)[1:-1])
            sys.stdout.flush()
    print('%s %d - every failure says what to do' % ('not ok' if HELPLESS else 'ok', len(cases) + 1))
    diag(*(line.strip() for line in sorted(HELPLESS)))
    again(failed)
    return bool(failed or HELPLESS)
