#!/usr/bin/python3
"""table.py SAMPLES: what a benchmark has measured, as a table.

Each line of the file has fields with | between them:

    sample|KEY|VALUE                measured; the n-th of one key was measured next to the n-th of another
    row|WHAT|UNIT|KEY|GOAL|TO       a row of the table: the values of KEY, and their ratio to those of TO, if given
    note|TEXT                       a line of its own

GOAL is ">= N" or "<= N", for the ratio if there is one, else for the value in its UNIT; it may be empty.  Of each there is the
median, and the least and the most.  A row without samples says so.
"""

import statistics
import sys

HEAD = ('what', 'measured: median (least to most)', 'ratio', 'goal', 'met')
SCALE = {'MB/s': 1e-6, 'kB/s': 1e-3, 'ms': 1e-3, 'MB': 1 / 1024, '%': 100}


def number(x):
    return '%.*f' % (0 if abs(x) >= 100 else 1 if abs(x) >= 10 else 2, x)


def spread(values, unit=''):
    if len(values) == 1:
        return number(values[0]) + unit
    return '%s (%s to %s)%s' % (number(statistics.median(values)), number(min(values)), number(max(values)), unit)


def met(goal, values):
    if not goal or not values:
        return ''
    how, limit = goal.split()
    got = statistics.median(values)
    return 'yes' if (got >= float(limit) if how == '>=' else got <= float(limit)) else 'NO'


def row(samples, what, unit, key, goal, to):
    values = samples.get(key, [])
    if not values:
        return what, 'not measured', '', goal, ''
    scaled = [v * SCALE.get(unit, 1) for v in values]
    judged = scaled
    ratio = ''
    if to:
        judged = [v / t for v, t in zip(values, samples.get(to, []))]
        ratio = spread(judged) if judged else ''
    return what, spread(scaled, ' ' + unit if unit else ''), ratio, goal, met(goal, judged)


def main():
    samples, rows = {}, []
    with open(sys.argv[1]) as f:
        lines = [line.rstrip('\n').split('|') for line in f]
    for kind, *rest in lines:
        if kind == 'sample':
            samples.setdefault(rest[0], []).append(float(rest[1]))
    for kind, *rest in lines:
        if kind == 'row':
            rows.append(row(samples, *rest))
        elif kind == 'note':
            rows.append((rest[0],))
    full = [r for r in rows if len(r) > 1]
    widths = [max(len(r[i]) for r in [HEAD] + full) for i in range(len(HEAD))]
    for r in [HEAD, tuple('-' * w for w in widths)] + rows:
        print('  '.join(c.ljust(w) for c, w in zip(r, widths)).rstrip() if len(r) > 1 else r[0])


main()
