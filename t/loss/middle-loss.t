#!/usr/bin/python3 -B
"""Two xcats, and a server in the middle that loses one of them, or both, at exact moments, and has no stream
management: they log in again under the same resource, and the stream goes on from the last answered block.

A moment is a stanza, of whom and the how manieth of its kind; and whether it was still passed on.  What goes to who is
not there is answered as servers do.

    t/loss/middle-loss.t [regex]    runs the cases whose names match
"""

import contextlib
import os
import re
import select
import sys
import tempfile
import time

sys.path.insert(0, sys.path[0] + '/../lib')
from fake import Fault, again, beside, certificates, check
from middle import *

SECONDS = 300                       # a bound that only a case that fails reaches
UP, DOWN = os.urandom(60000), os.urandom(40000)         # what the caller, the listener has to say
CASES = []
WHO = ('caller', 'listener')


class Lossy(Middle):
    """A server that can lose a client, who is expected to come back."""

    losses = 0

    def lose(self, *sides):
        for side in sides:
            if not side.gone:
                side.drop('rst')
                side.gone = True
                self.losses += 1

    def back(self):
        """Whoever was lost logs in again; the other one's stanzas wait meanwhile, or are bounced."""
        for side in self.sides:
            if side.gone and side.process.poll() is None and select.select([side.listener], [], [], 0)[0]:
                was = side.me
                side.waiting.clear()
                side.available = False
                side.login()
                check(side.me == was, '%s binds %s instead of %s' % (side.name, side.me, was))
                side.gone = False
                for e in side.waiting:
                    self.take(side, e)

    def pump(self):
        while any(s.process.poll() is None for s in self.sides):
            check(time.monotonic() < self.until, 'they do not end')
            if self.process_gone():
                return
            self.back()
            open_ = [s for s in self.sides if not s.gone]
            if not open_:
                time.sleep(0.01)
                continue
            ready = select.select([s.sock for s in open_], [], [], 0.02)[0]
            for s in open_:
                if s.gone or s.sock not in ready and not s.sock.pending():
                    continue
                for e in s.arrived():
                    if e is None:
                        s.gone = True
                        s.sock.close()
                        break
                    self.take(s, e)
                    if s.gone:          # lost with what was behind it
                        break

    def process_gone(self):
        return all(s.process.poll() is not None for s in self.sides)


class Once:
    """A hook for one stanza, or for that and the next ones."""

    def __init__(self, who, kind, which, passed, lost, times=1):
        self.who, self.kind, self.which, self.passed, self.lost = who, kind, which, passed, lost
        self.number, self.times, self.hit = -1, times, False

    def __call__(self, m, src, e, kind):
        if src.name != self.who or kind != self.kind:
            return False
        self.number += 1
        if self.number < self.which or not self.times:
            return False
        if all(getattr(m, name).gone for name in self.lost):
            return False                # that would be no loss
        self.times -= 1
        self.hit = True
        if self.passed:
            m.relay(src, e)
        m.lose(*(getattr(m, name) for name in self.lost))
        if not self.passed and e.get('type') == 'set' and not src.gone:
            m.relay(src, e)             # that is, bounce it
        return True


class Twice:
    """Every stanza of a kind is passed on twice."""

    hit = False

    def __init__(self, who, kind):
        self.who, self.kind = who, kind

    def __call__(self, m, src, e, kind):
        if src.name == self.who and kind == self.kind:
            m.relay(src, e)
            self.hit = True
        return False


def add(name, make, **how):
    CASES.append((name, make, how))


for who in WHO:
    for kind, which in ('open', 0), ('open-answer', 0), ('data', 0), ('data', 1), ('data', 5), ('data-answer', 0), \
            ('data-answer', 5), ('close', 0), ('close-answer', 0):
        if kind.startswith('open') and (kind == 'open') != (who == 'caller'):
            continue
        if kind.startswith('close') and (kind == 'close') != (who == 'caller'):
            continue
        for lost in ('caller',), ('listener',), WHO:
            for passed in False, True:
                if kind == 'open' and not passed and 'listener' in lost:
                    continue            # nobody there: refused, as ever
                name = '%s_%d_of_%s_%s_then_%s_lost' % (kind.replace('-', '_'), which, who,
                                                        ('kept', 'passed')[passed], '_and_'.join(lost))
                add(name, lambda a=(who, kind, which, passed, lost): Once(*a))
    for lost in ('caller',), ('listener',):
        add('every_block_of_%s_lost_and_%s_too' % (who, lost[0]),
            lambda a=(who, 'data', 1, True, lost, 4): Once(*a))
    add('every_answer_of_%s_twice' % who, lambda who=who: Twice(who, 'data-answer'))


def wrong(ends, last):
    """What is wrong; whoever lacks only the last answer of all cannot be sure."""
    for name, source in ('listener', UP), ('caller', DOWN):
        code, out, err = ends[name]
        if code is None:
            return '%s does not end' % name
        if out != source[:len(out)]:
            return '%s puts out what was not put in' % name
        if code != 0 and not (last and code in (6, 7) and out == source):
            return '%s ends with %d' % (name, code)
        if out != source:
            return '%s takes %d of %d bytes for all' % (name, len(out), len(source))
    return None


def run(where, make):
    with contextlib.suppress(FileNotFoundError):
        os.unlink(os.path.join(where, 'caller', 'known_peers'))
    hook = make()
    last = getattr(hook, 'kind', '').startswith('close')
    args = '-v -i' + (' -w 8' if last else '')
    m = Lossy(where, hook, args, args, UP, DOWN, SECONDS)
    ends = {}
    try:
        ends = m.play()
        check(hook.hit, 'the moment never came')
        problem = wrong(ends, last)
        check(not problem, problem)
        said = sum(err.count('xcat: back: logged in again') for _, _, err in ends.values())
        check(said >= m.losses > 0 or isinstance(hook, Twice) or last, 'does not say that it is back')
    except Fault as e:
        return str(e), ends
    return None, ends


def main():
    cases = [c for c in CASES if re.search(sys.argv[1] if sys.argv[1:] else '', c[0])]

    def play(where, number):
        began = time.monotonic()
        return *run(where, cases[number][1]), time.monotonic() - began

    print('1..%d' % len(cases))
    failed = []
    with tempfile.TemporaryDirectory(prefix='xcat-loss.') as where:
        certificates(where)
        for number, (problem, ends, took) in enumerate(beside(8, where, play, len(cases)), 1):
            if tell(number, cases[number - 1][0], problem, ends, took):
                failed.append(cases[number - 1][0])
    again(failed)
    return bool(failed)


if __name__ == '__main__':
    sys.exit(main())
