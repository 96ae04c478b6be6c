#!/usr/bin/env python3
"""Folders for the tests of folders: tree.py make FOLDER FILES, tree.py list FOLDER [sent], tree.py change FOLDER.

make fills the folder with so many files, of names and depths that people and programs come up with; the same number gives
the same files.  list prints a line for each file and folder, with its mode, date and a hash of its content; with "sent",
as it is to arrive: without links and special files, and with the names that xcat-protocol(7) has for odd ones.
"""

import hashlib
import os
import random
import stat
import sys

ODD = [b'with spaces ', b' leading', b'-rf', b'--', b'.hidden', b'...', b'..a', b'a..', b'new\nline', b'tab\tand\x01\x7f',
       b'esc\x1b[2J', b'latin \xe4\xf6', b'cut \xe2\x82', '\u00e4\u00f6\u00fc \u4f60\u597d'.encode(), 'rtl \u202egpj'.encode(),
       b'%41', b'%01', b'%0', b'%', b'%25', b'100%', b'%E2%80%AE', b'%e4', b'\\back\\slash', b'quo"te\'s', b'<a&b>]]>', b'*?[x]',
       b'co:lon', b'$HOME', b'`id`', b'nul', b'CON', b'x' * 255, b'\xc3\xa4' * 127, b'.xcat', b'README', b'readme', b'Readme',
       b'\xc2\x85', b'\xed\xa0\x80', b'\xff' * 85, b'a;b|c&d', b'#', b'~', b'!', b'{}']


def harmful(c):
    """As xcat-protocol(7) has it."""
    n = ord(c)
    return (n < 0x20 or 0x7f <= n <= 0x9f or n == 0x61c or n in (0x200e, 0x200f) or 0x2028 <= n <= 0x202e
            or 0x2066 <= n <= 0x206f or 0xfff9 <= n <= 0xfffb or n in (0xfffe, 0xffff) or 0xe0000 <= n <= 0xe007f)


def as_sent(name):
    """A name as it goes; None if that is too long."""
    out, i = b'', 0
    while i < len(name):
        for n in (4, 3, 2, 1):
            try:
                c = name[i:i + n].decode()
            except UnicodeDecodeError:
                continue
            if len(c) == 1:
                break
        else:
            c, n = None, 1
        if c is None or harmful(c):
            out += b'%%%02X' % name[i]
            i += 1
            continue
        if c == '%':
            try:
                value = int(name[i + 1:i + 3].decode('ascii'), 16) if name[i + 1:i + 3].isalnum() and len(name[i + 1:i + 3]) == 2 else None
            except (UnicodeDecodeError, ValueError):
                value = None
            if value is not None and (value < 0x20 or value > 0x7e or value == 0x25):
                out += b'%25'
                i += 1
                continue
        out += name[i:i + n]
        i += n
    return out if len(out) <= 255 else None


def put(path, rng, large):
    size = rng.choice((0, 1, 100, 1000, 5000, 20000) + ((300000, 2000000) if large else ()))
    with open(path, 'wb') as f:
        f.write(rng.randbytes(size))
    os.chmod(path, rng.choice((0o644, 0o600, 0o755, 0o444)))
    os.utime(path, (0, rng.randrange(1, 1700000000)))


def make(top, count):
    rng = random.Random(count)
    top = os.fsencode(top)
    folders = [top, os.path.join(top, b'empty'), os.path.join(top, b'a'), os.path.join(top, b'a', b'empty, too'),
               os.path.join(top, b'A')]
    for name in ODD[::4]:
        folders.append(os.path.join(top, b'odd', name))
    deep = top
    for _ in range(60):
        deep = os.path.join(deep, b'deep')
        folders.append(deep)
    for d in folders:
        os.makedirs(d, exist_ok=True)
    full = [d for d in folders if b'empty' not in d]
    made = 0
    for name in ODD:
        put(os.path.join(top, b'odd', b'_' + name if len(name) < 200 and os.path.isdir(os.path.join(top, b'odd', name)) else name)
            if not os.path.isdir(os.path.join(top, b'odd', name)) else os.path.join(top, b'odd', name, b'file'), rng, False)
        made += 1
    while made < count:
        d = full[made % len(full)] if made % 3 else os.path.join(top, b'many')
        os.makedirs(d, exist_ok=True)
        put(os.path.join(d, b'file %d' % made), rng, made % 1000 == 0 or made == count - 1)
        made += 1
    os.symlink('/etc/passwd', os.path.join(top, b'link out'))
    os.symlink('a', os.path.join(top, b'link to a folder'))
    os.symlink('nothing', os.path.join(top, b'a', b'link to nothing'))
    os.mkfifo(os.path.join(top, b'a', b'pipe'))
    os.chmod(os.path.join(top, b'a'), 0o555)
    os.chmod(os.path.join(top, b'A'), 0o700)
    for n, d in enumerate(sorted(folders, key=len, reverse=True)):
        os.utime(d, (0, 1000000000 + n))


def entries(top, sent):
    for where, folders, files in os.walk(top):
        rel = [] if where == top else os.path.relpath(where, top).split(b'/')
        for name in files + folders + ([b'.'] if where == top else []):
            path = os.path.join(where, name)
            st = os.lstat(path)
            parts = rel + [name]
            if sent:
                if not (stat.S_ISREG(st.st_mode) or stat.S_ISDIR(st.st_mode)):
                    continue
                parts = [as_sent(p) for p in parts]
                if None in parts:
                    continue
            what = '-'
            if stat.S_ISREG(st.st_mode):
                with open(path, 'rb') as f:
                    what = hashlib.sha256(f.read()).hexdigest()[:20]
            kind = stat.S_IFMT(st.st_mode) >> 12
            yield '%o %04o %d %s %r' % (kind, st.st_mode & 0o7777, st.st_mtime, what, b'/'.join(parts))


def main():
    what, top = sys.argv[1], sys.argv[2]
    if what == 'make':
        make(top, int(sys.argv[3]))
    elif what == 'list':
        print('\n'.join(sorted(entries(os.fsencode(top), sys.argv[3:] == ['sent']))))


main()
