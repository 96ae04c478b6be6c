#!/usr/bin/python3 -B
"""Registering (XEP-0077) at servers that want a web page, a form, or nonsense."""

import os
import subprocess
import sys
import tempfile
import threading

sys.path.insert(0, sys.path[0] + '/../lib')
from fake import *

XCAT = os.path.abspath(os.environ.get('XCAT') or os.path.join(os.path.dirname(__file__), '..', '..', 'xcat'))
QUERY = "<query xmlns='jabber:iq:register'>%s</query>"
PLAIN = '<instructions>Choose</instructions><username/><password/>'
FIELD = "<field var='%s' type='text-single'>%s</field>"
FORM = "<x xmlns='jabber:x:data' type='form'>" + FIELD % ('FORM_TYPE', '<value>jabber:iq:register</value>') + '%s</x>'
NEEDED = '<required/>'
BOTH = FIELD % ('username', NEEDED) + FIELD % ('password', NEEDED)
PAGE = "<x xmlns='jabber:x:oob'><url>https://example.test/join</url></x>"
REGISTER = '{jabber:iq:register}'
DATA = '{jabber:x:data}'

count = failed = 0


def request(s):
    e = s.next(lambda e: e.tag == CLIENT + 'iq')
    check(e[0].tag == REGISTER + 'query', 'asks for ' + e[0].tag)
    return e


def result(s, e, body='', kind='result'):
    s.send("<iq type='%s' id='%s' from='%s'>%s</iq>" % (kind, e.get('id'), DOMAIN, body))


def serve(s, query, last):
    s.secure()
    s.hello(s.mechanisms(MECHANISMS))
    e = request(s)
    check(e.get('type') == 'get', 'begins with ' + e.get('type'))
    result(s, e, QUERY % query)
    if last:
        last(s, request(s))


def plain(s, e):
    q = e[0]
    check(q.findtext(REGISTER + 'username') == 'dora', 'another name')
    check(q.findtext(REGISTER + 'password') == PASSWORD, 'another password')
    result(s, e)


def form(s, e):
    x = e[0].find(DATA + 'x')
    fields = {f.get('var'): f.findtext(DATA + 'value') for f in x}
    check(fields == {'FORM_TYPE': 'jabber:iq:register', 'username': 'dora', 'password': PASSWORD}, str(fields))
    result(s, e)


def refuse(name, kind='cancel'):
    def last(s, e):
        result(s, e, "<error type='%s'><%s%s/></error>" % (kind, name, ns(STANZAS)), 'error')
    return last


CASES = [
    ('name and password', PLAIN, plain, 0, 'dora@example.test is registered'),
    ('a form of just these', FORM % BOTH, form, 0, 'is registered'),
    ('a form that is optional', PLAIN + FORM % (BOTH + FIELD % ('nick', '')), plain, 0, 'is registered'),
    ('a page beside', PLAIN + PAGE, plain, 0, 'is registered'),
    ('a web page', '<instructions>See there</instructions>' + PAGE, None, 4, 'on a web page: https://example.test/join'),
    ('a captcha', PLAIN + FORM % (BOTH + FIELD % ('ocr', NEEDED)), None, 4, r'form to be filled in \(ocr\)'),
    ('a captcha on a page', PLAIN + PAGE + FORM % (BOTH + FIELD % ('ocr', NEEDED)), None, 4, 'on a web page'),
    ('an e-mail address', PLAIN + '<email/>', None, 4, r'form to be filled in \(email\)'),
    ('nothing', '', None, 4, 'does not say how'),
    ('too soon', PLAIN, refuse('resource-constraint', 'wait'), 4, 'try again later'),
    ('a bad password', PLAIN, refuse('not-acceptable', 'modify'), 4, 'name or password'),
    ('no more', PLAIN, refuse('not-allowed'), 4, 'does not let programs'),
]


def run(certs, name, query, last, status, words):
    global count, failed
    s = Fake(certs)
    wrong = []

    def served():
        try:
            serve(s, query, last)
        except (Fault, Gone, OSError) as e:
            wrong.append(repr(e))

    thread = threading.Thread(target=served)
    thread.start()
    p = subprocess.run([XCAT, '-vv', '-c', '127.0.0.1:%d' % s.port, '-C', os.path.join(certs, 'ca.pem'), '-j',
                        'dora@' + DOMAIN, '--register'], capture_output=True, timeout=30,
                       env=dict(os.environ, XCAT_CONFIG='/dev/null', HOME=certs, XCAT_PASSWORD=PASSWORD))
    thread.join()
    said = p.stderr.decode()
    if p.returncode != status:
        wrong.append('status %d' % p.returncode)
    if not re.search(words, said.splitlines()[-1]):
        wrong.append('says ' + said.splitlines()[-1])
    if PASSWORD in said:
        wrong.append('shows the password')
    count += 1
    failed += bool(wrong)
    print('%sok %d - %s' % ('not ' if wrong else '', count, name))
    diag(*wrong)


with tempfile.TemporaryDirectory() as where:
    certificates(where)
    for case in CASES:
        run(where, *case)
print('1..%d' % count)
sys.exit(failed > 0)
