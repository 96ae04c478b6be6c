#!/usr/bin/python3
"""What is in a log of -o log=json.

    events.py FILE [EVENT [MEMBER ...]]

Each line of FILE is to be an object with "time", "event" and "level", whatever
may be cut off at the end of the file apart.  Without EVENT prints the names of
the events, and else the MEMBERs of each EVENT, separated by tabs, in the
notation of JSON.  The status is 1 if a line is no such object.
"""
import json
import re
import sys

TIME = re.compile(r'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z')
LEVELS = 'error', 'info', 'detail', 'trace'


def unique(pairs):
    names = [name for name, _ in pairs]
    if len(set(names)) != len(names):
        raise ValueError('a member twice')
    return dict(pairs)


def events(path):
    with open(path, 'rb') as f:
        text = f.read()
    for line in text.split(b'\n')[:-1]:
        if re.search(b'[\\x00-\\x1f\\x7f]', line):
            raise ValueError('a control character')
        event = json.loads(line.decode('utf-8'), object_pairs_hook=unique)
        if not TIME.fullmatch(event['time']) or event['level'] not in LEVELS:
            raise ValueError('no time or level')
        yield event


def main():
    path, *wanted = sys.argv[1:]
    try:
        for event in events(path):
            if not wanted:
                print(event['event'])
            elif event['event'] == wanted[0]:
                print('\t'.join(json.dumps(event.get(member)) for member in wanted[1:]))
    except (KeyError, TypeError, ValueError) as e:
        sys.exit('%s: no log: %s' % (path, e))


main()
