#!/usr/bin/python3 -B
"""SASL2, Bind 2 and FAST (XEP-0388, 0386, 0484), with servers that do it well and servers that do not."""

import os
import re
import sys

sys.path.insert(0, sys.path[0] + '/../lib')
from fake import *
from fakerun import *

SASL2 = '{urn:xmpp:sasl:2}'
BIND2 = '{urn:xmpp:bind:0}'
FAST = '{urn:xmpp:fast:0}'
MECH = 'SCRAM-SHA-256'
HT = 'HT-SHA-256-ENDP'                  # the binding that Python can do as well
EXPIRY = '2999-12-31T23:59:59Z'
TOKEN = 'secret-token:one'
UUID = '01234567-89ab-4cde-8123-456789abcdef'
KEPT = '%s\n%s %s %%d 7 %s\n' % (UUID, ACCOUNT, HT, TOKEN)
FRESH = KEPT % 32503679999
GIVEN = ACCOUNT + '/given'
INLINE = (MANAGEMENT, "<bind%s><inline><feature var='urn:xmpp:sm:3'/></inline></bind>" % ns(BIND2),
          "<fast%s><mechanism>HT-SHA-256-NONE</mechanism><mechanism>%s</mechanism></fast>" % (ns(FAST), HT))
KNOWN = '%s yes SCRAM-SHA-256 SCRAM-SHA-1 2:%s 2-resume 2-bind 2-bind-sm fast:HT-SHA-256-NONE fast:%s / sm\n' % (
    ACCOUNT, MECH, HT)
ENABLED = "<enabled%s id='some-long-id' resume='true' max='600'/>" % ns(SM)


def offer(mechs=(MECH,), inline=INLINE):
    return '<authentication%s>%s<inline>%s</inline></authentication>' % (
        ns(SASL2), ''.join('<mechanism>%s</mechanism>' % m for m in mechs), ''.join(inline))


def begin(s, features=None):
    """Up to <authenticate/>."""
    s.secure()
    s.hello(s.mechanisms(MECHANISMS) + (features or offer()))
    e = s.named(SASL2 + 'authenticate')
    check(s.encrypted, 'authenticates without TLS')
    s.mechanism = e.get('mechanism')
    return e


def initial(e):
    return base64.b64decode(e.findtext(SASL2 + 'initial-response'), validate=True)


def scram(s, e):
    """The exchange, up to what proves that the server knows the password."""
    check(s.mechanism == MECH, 'uses a mechanism that is not offered: %s' % s.mechanism)
    m = re.fullmatch(rb'([yn],,)(n=alice,r=(.+))', initial(e))
    check(m, 'sends a wrong first message')
    challenge = b'r=%sServersPart,s=%s,i=4096' % (m[3], base64.b64encode(b'sixteen salt byt'))
    s.send('<challenge%s>%s</challenge>' % (ns(SASL2), b64(challenge)))
    response = s.named(SASL2 + 'response')
    s.secrets.append(response.text)
    bare = base64.b64decode(response.text, validate=True).rpartition(b',p=')[0]

    def mac(key, text):
        return hmac.new(key, text, 'sha256').digest()
    salted = hashlib.pbkdf2_hmac('sha256', PASSWORD.encode(), b'sixteen salt byt', 4096)
    return b'v=' + base64.b64encode(mac(mac(salted, b'Server Key'), m[2] + b',' + challenge + b',' + bare))


def proof(s, who, token=TOKEN):
    return hmac.new(token.encode(), who + s.endpoint, 'sha256').digest()


def hashed(s, e, count='8'):
    """A token in use, bound to the channel; what proves that the server knows it."""
    check(s.mechanism == HT, 'does not use its token')
    check(initial(e) == b'alice\0' + proof(s, b'Initiator'), 'proves it wrongly')
    fast = e.find(FAST + 'fast')
    check(fast is not None and fast.get('count') == count, 'does not count the uses of its token')
    check(e.find(SASL2 + 'user-agent').get('id') == UUID, 'is another client')
    check(e.find(FAST + 'request-token') is None, 'asks for another token')
    s.secrets += [TOKEN, e.findtext(SASL2 + 'initial-response')]
    return proof(s, b'Responder')


def success(s, data, jid=GIVEN, more='', features=BINDING + MANAGEMENT):
    """The end of it, and features as they are then."""
    s.send('<success%s>%s%s%s</success>' % (
        ns(SASL2), '' if data is None else '<additional-data>%s</additional-data>' % b64(data),
        '' if jid is None else '<authorization-identifier>%s</authorization-identifier>' % jid, more))
    s.send('<stream:features>%s</stream:features>' % features)


def bound(more=''):
    return '<bound%s>%s</bound>' % (ns(BIND2), more)


def token(text=TOKEN, expiry=EXPIRY):
    return "<token%s token='%s' expiry='%s'/>" % (ns(FAST), text, expiry)


def kept(s):
    with open(os.path.join(os.path.dirname(s.err_name), 'tokens.0')) as f:
        return f.read()


def inline(s):
    """It has a resource now."""
    s.me, s.bound = GIVEN, True


def manage(s):
    """Stream management has begun with that."""
    s.managed, s.sent = len(s.seen), 0


def ends(s):
    s.begin()
    s.data(b'hello')
    s.close()


def hello(s, **how):
    """A login by the password, and a stream."""
    e = begin(s)
    success(s, scram(s, e), **how)
    inline(s)
    ends(s)


@case(out=b'hello')
def _ok_asks_for_token(s):
    e = begin(s)
    check(e.find(SASL2 + 'user-agent').findtext(SASL2 + 'software') == 'xcat', 'does not say who it is')
    id = e.find(SASL2 + 'user-agent').get('id')
    check(re.fullmatch('[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}', id), 'has no UUID')
    check(e.find(FAST + 'request-token').get('mechanism') == HT, 'asks for another token than the best')
    check(e.find(BIND2 + 'bind') is not None, 'does not ask for a resource')
    check(e.find(BIND2 + 'bind').find(SM + 'enable').get('resume') == 'true', 'does not want to resume')
    success(s, scram(s, e), more=bound() + token())
    s.secrets.append(TOKEN)
    inline(s)
    ends(s)
    check(kept(s) == '%s\n%s %s 32503679999 0 %s\n' % (id, ACCOUNT, HT, TOKEN), 'does not keep its token')


@case(out=b'hello', tokens=FRESH)
def _ok_uses_token(s):
    e = begin(s)
    success(s, hashed(s, e), more=bound())
    inline(s)
    ends(s)
    check(kept(s) == FRESH.replace(' 7 ', ' 8 '), 'does not count')


@case(out=b'hello', tokens=FRESH, args='-j %s/mine' % ACCOUNT)
@case(out=b'hello', tokens=FRESH, roles='listen', of='listen')
def _ok_named_resource(s):
    """What is named is bound as ever, whatever the server makes of it."""
    e = begin(s)
    check(e.find(BIND2 + 'bind') is None, 'lets the server name its resource')
    success(s, hashed(s, e), jid=ACCOUNT, more=bound())
    s.bind()
    check(s.me == ACCOUNT + ('/xcat' if s.listen else '/mine'), 'forgets the resource it was told')
    if s.listen:
        s.until_available()
    ends(s)


@case(out=b'hello', tokens=FRESH)
def _ok_rotates(s):
    e = begin(s)
    success(s, hashed(s, e), more=bound() + token('secret-token:two'))
    s.secrets.append('secret-token:two')
    inline(s)
    ends(s)
    check(kept(s) == FRESH.replace(' 7 ', ' 0 ').replace('one', 'two'), 'does not keep the new token')


def resuming(s):
    """A stream, cut when there are stanzas under way.  Returns <authenticate/> of the next login."""
    e = begin(s)
    success(s, hashed(s, e), more=bound(ENABLED))
    inline(s)
    manage(s)
    s.begin()
    s.data(b'hel')
    s.drop()
    s.waiting.clear()
    s.encrypted = False
    return begin(s)


@case(out=b'hello', tokens=FRESH)
def _ok_resumes(s):
    e = resuming(s)
    check(not s.got(SM + 'enable'), 'enables what is enabled')
    resume = e.find(SM + 'resume')
    check(resume is not None and resume.get('previd') == 'some-long-id', 'does not resume')
    check(int(resume.get('h')) == s.sent, 'has not counted: %s, not %d' % (resume.get('h'), s.sent))
    check(e.find(BIND2 + 'bind') is None, 'wants another resource')
    success(s, hashed(s, e, '9'), more="<resumed%s previd='some-long-id' h='%d'/>" % (ns(SM), s.handled()))
    s.data(b'lo')
    s.close()


@case(BROKEN, tokens=FRESH, out=b'hel', says='could not be resumed')
def _does_not_resume(s):
    e = resuming(s)
    handled = s.handled()
    s.managed = None
    success(s, hashed(s, e, '9'), jid=ACCOUNT, more="<failed%s h='%d'><item-not-found%s/></failed>" % (
        ns(SM), handled, ns(STANZAS)))
    s.bind()
    check(s.me == GIVEN, 'comes back as another')
    s.manage()


@case(out=b'hello')
def _ok_no_resource(s):
    """Asked for, but not given: as ever."""
    e = begin(s)
    success(s, scram(s, e), jid=ACCOUNT)
    s.bind()
    s.manage()
    ends(s)


@case(out=b'hello')
def _ok_management_later(s):
    """Not enabled with the resource, but offered behind it."""
    e = begin(s)
    success(s, scram(s, e), more=bound())
    inline(s)
    s.manage()
    ends(s)


@case(out=b'hello')
def _ok_plain_only_here(s):
    """SASL2 offers nothing that may be used; SASL does."""
    s.secure()
    s.hello(s.mechanisms(MECHANISMS) + offer(('PLAIN', 'NOBODY-KNOWS')))
    s.sasl()
    s.hello(BINDING)
    s.bind()
    ends(s)


@case(out=b'hello', args='-o fast=no', tokens=FRESH)
def _ok_switched_off(s):
    e = begin(s)
    check(e.find(SASL2 + 'user-agent') is None, 'says who it is')
    check(e.find(FAST + 'request-token') is None and e.find(FAST + 'fast') is None, 'uses tokens')
    check(e.find(BIND2 + 'bind') is None, 'lets the server name its resource')
    success(s, scram(s, e), jid=ACCOUNT)
    s.bind()
    ends(s)
    check(kept(s) == FRESH, 'touches its tokens')


@case(out=b'hello', tokens=KEPT % 1000000000)
def _ok_expired(s):
    hello(s, more=bound() + token('secret-token:two'))
    check('secret-token:two' in kept(s) and TOKEN not in kept(s), 'does not replace it')


@case(out=b'hello', tokens=FRESH)
def _ok_other_mechanisms(s):
    """Those for tokens are others now."""
    e = begin(s, offer(inline=(INLINE[1], '<fast%s><mechanism>HT-SHA-256-NONE</mechanism>'
                               '<mechanism>HT-MD5-NONE</mechanism></fast>' % ns(FAST))))
    check(e.find(FAST + 'request-token').get('mechanism') == 'HT-SHA-256-NONE', 'asks for another token')
    success(s, scram(s, e), more=bound())
    inline(s)
    ends(s)


@case(out=b'hello')
def _ok_none_that_it_knows(s):
    e = begin(s, offer(inline=(INLINE[1], '<fast%s><mechanism>HT-MD5-NONE</mechanism></fast>' % ns(FAST))))
    check(e.find(FAST + 'request-token') is None, 'asks for a token it cannot use')
    success(s, scram(s, e), more=bound() + token())
    inline(s)
    ends(s)
    check(TOKEN not in kept(s), 'keeps a token that it has not asked for')


@case(out=b'hello')
def _ok_clear(s):
    """Offered before TLS: not taken there."""
    s.accept()
    s.hello(STARTTLS + offer())
    s.proceed()
    s.tls()
    s.hello(s.mechanisms(MECHANISMS) + offer())
    e = s.named(SASL2 + 'authenticate')
    s.mechanism = e.get('mechanism')
    success(s, scram(s, e), more=bound())
    inline(s)
    ends(s)


# Tokens that are refused: the password, on a connection of its own.

for condition_ in 'not-authorized', 'credentials-expired', 'temporary-auth-failure':
    @case(out=b'hello', tokens=FRESH, of=condition_)
    def _ok_refused(s, condition_=condition_):
        e = begin(s)
        hashed(s, e)
        with s.refused():
            s.send('<failure%s><%s%s/><text>\x1b[2J\u202e</text></failure>'.replace('\x1b', '?') % (
                ns(SASL2), condition_, ns(SASL)))
            while True:
                s.read()
        s.encrypted = False
        e = begin(s)
        check(e.find(FAST + 'fast') is None, 'uses the token again')
        success(s, scram(s, e), more=bound())
        inline(s)
        ends(s)
        check((TOKEN in kept(s)) == condition_.startswith('temporary'), 'keeps what is of no use, or not')


@case(out=b'hello', tokens=FRESH, known=KNOWN)
def _ok_refused_early(s):
    """A server that bears to be told early refuses a token: next time it is told early again."""
    e = s.early(s.mechanisms(MECHANISMS) + offer(), SASL2 + 'authenticate')
    s.mechanism = e.get('mechanism')
    hashed(s, e)
    with s.refused():
        s.send('<failure%s><not-authorized%s/></failure>' % (ns(SASL2), ns(SASL)))
        while True:
            s.read()
    s.encrypted = False
    e = begin(s)
    success(s, scram(s, e), more=bound())
    inline(s)
    ends(s)
    with open(os.path.join(os.path.dirname(s.err_name), 'known_servers')) as f:
        check(' yes ' in f.read(), 'blames its being told early')


@case(out=b'hello', tokens=FRESH)
def _ok_hangs_up(s):
    """One that hangs up is asked without."""
    e = begin(s)
    hashed(s, e)
    s.send('<failure%s><not-authorized%s/></failure></stream:stream>' % (ns(SASL2), ns(SASL)))
    s.drop()
    s.encrypted = False
    hello(s, more=bound())


# Servers that prove nothing.

def fails(s, data, **how):
    with s.refused():
        success(s, data, **how)
        while True:
            s.read()
    check(not s.got(CLIENT + 'iq') and not s.got(CLIENT + 'presence'), 'goes on')


for what, change in (('wrong', lambda v: b'v=' + base64.b64encode(bytes(32))), ('missing', lambda v: None),
                     ('empty', lambda v: b''), ('error', lambda v: b'e=other-error')):
    @case(AUTH, says='impostor|no sense', of=what)
    def _8_signature(s, change=change):
        e = begin(s)
        fails(s, change(scram(s, e)), more=bound() + token())
        check(TOKEN not in kept(s), 'keeps its token')


for what, change in (('wrong', lambda p: bytes(32)), ('missing', lambda p: None), ('short', lambda p: p[:16]),
                     ('long', lambda p: p + b'x'), ('ours', 'Initiator')):
    @case(AUTH, says='impostor', tokens=FRESH, of=what)
    def _8_responder(s, change=change):
        e = begin(s)
        p = hashed(s, e)
        fails(s, proof(s, change.encode()) if isinstance(change, str) else change(p), more=bound() + token('other'))
        check('other' not in kept(s), 'keeps its token')


@case(AUTH, says='no sense|impostor')
def _12_at_once(s):
    begin(s)
    fails(s, None, more=bound() + token())
    check(TOKEN not in kept(s), 'keeps its token')


@case(AUTH, says='no sense|impostor', tokens=FRESH)
def _12_challenge_to_a_token(s):
    e = begin(s)
    hashed(s, e)
    with s.refused():
        s.send('<challenge%s>cj14</challenge>' % ns(SASL2))
        while True:
            s.read()


@case(AUTH)
def _12_of_the_other_kind(s):
    """SASL's <success/> is none of SASL2's."""
    e = begin(s)
    v = scram(s, e)
    with s.refused():
        s.send('<success%s>%s</success>' % (ns(SASL), b64(v)))
        while True:
            s.read()


@case(AUTH, says='more than a password')
def _more_is_wanted(s):
    e = begin(s)
    v = scram(s, e)
    with s.refused():
        s.send('<continue%s><additional-data>%s</additional-data><tasks><task>TOTP</task></tasks></continue>' % (
            ns(SASL2), b64(v)))
        while True:
            s.read()


for jid in (None, '', '@', 'mallory@example.test', 'mallory@example.test/given', 'alice@evil.test/given', DOMAIN,
            'x' * 5000):
    @case(AUTH, of=str(jid)[:30])
    def _identifier(s, jid=jid):
        e = begin(s)
        fails(s, scram(s, e), jid=jid, more=bound() + token())
        check(TOKEN not in kept(s), 'keeps its token')


@case(AUTH)
def _bound_to_nothing(s):
    e = begin(s)
    fails(s, scram(s, e), jid=ACCOUNT, more=bound())


@case(BROKEN, tokens=FRESH, out=b'hel', says='not ours')
def _resumed_as_another(s):
    e = resuming(s)
    s.seen.clear()
    fails(s, hashed(s, e, '9'), jid=ACCOUNT + '/other',
          more="<resumed%s previd='some-long-id' h='0'/>" % ns(SM))


@case(AUTH, says='wrong password')
def _failure(s):
    e = begin(s)
    with s.refused():
        s.send('<failure%s><not-authorized%s/><text>no</text></failure>' % (ns(SASL2), ns(SASL)))
        while True:
            s.read()


@case(AUTH, says='made-up')
def _failure_text(s):
    """Its words are shown, but not obeyed."""
    e = begin(s)
    with s.refused():
        s.send('<failure%s><made-up%s/><text>\u009b2J\u202eevil\n\nxcat: fine%s</text></failure>' % (
            ns(SASL2), ns(SASL), 'x' * 2000))
        while True:
            s.read()


# Tokens that cannot be kept: everything else goes on.

for what, text, expiry in (('space', 'a b', EXPIRY), ('line', 'a&#10;b', EXPIRY), ('tab', 'a&#9;b', EXPIRY),
                           ('empty', '', EXPIRY), ('foreign', 'pa\u00df', EXPIRY), ('long', 'x' * 1024, EXPIRY),
                           ('past', 'good', '2001-01-01T00:00:00Z'), ('no_time', 'good', 'tomorrow'),
                           ('no_zone', 'good', '2999-01-01T00:00:00'), ('no_expiry', 'good', '')):
    @case(out=b'hello', of=what)
    def _token(s, text=text, expiry=expiry):
        hello(s, more=bound() + token(text, expiry))
        check(len(kept(s).splitlines()) == 1, 'keeps its token')


@case(out=b'hello')
def _token_without_expiry(s):
    hello(s, more=bound() + "<token%s token='good'/>" % ns(FAST))
    check(len(kept(s).splitlines()) == 1, 'keeps its token')


@case(out=b'hello', tokens='nonsense\n%s %s x y %s\n' % (ACCOUNT, HT, TOKEN), notes=1)
def _ok_file_of_nonsense(s):
    hello(s, more=bound() + token())
    check(re.fullmatch('[0-9a-f-]{36}\n%s %s 32503679999 0 %s\n' % (ACCOUNT, HT, TOKEN), kept(s)), 'does not mend it')


if __name__ == '__main__':
    sys.exit(main())
