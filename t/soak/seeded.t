#!/bin/sh
#
# Faults that are put into a copy of the sources on purpose, each in another
# module: the tests that make check runs notice each of them.

. "${0%/*}/../lib/lib.sh"
. "$LIB/copy.sh"

LIMIT=3000

[ "$TIER" = soak ] || skip_all 'it builds much; this is for make soak'
[ -e "$TOP/.git" ] || skip_all 'not the repository but a copy of it'

# Build what a test of the copy needs, and run it.
try()		# test
{
	case $1 in
	t/unit/*)	run make -C "$COPY" -s "$1" ;;
	*)		run make -C "$COPY" -s xcat ;;
	esac
	[ "$status" = 0 ] || { diag_file "$T/run.err"; return 2; }
	run env -C "$COPY" TIER=check timeout 300 prove "$1"
	return "$status"
}

# The fault is a substitution of perl's in one file.
seed()		# what file substitution test
{
	cp -p "$COPY/$2" "$T/kept"
	perl -0pi -e "$3" "$COPY/$2"
	if cmp -s "$COPY/$2" "$T/kept"; then
		fail "$1: $2 has another text now"
		return
	fi
	try "$4"
	is "$?" 1 "$1: $4 notices"
	cp "$T/kept" "$COPY/$2"
}

copy_sources
ln -s "$TOP/t/lib/js/node_modules" "$COPY/t/lib/js/node_modules"

seed 'base64 takes six bits from another place' xml/base64.c \
    's/v >> 12 & 63/v >> 10 & 63/' t/unit/xml.t
seed 'an answer counts whoever sends it' xml/iq.c \
    's/ \|\|\s*!iq_answers\([^;]*?\)\)\)/)/' t/unit/ibb.t
seed 'any seq is the right one' ibb/data.c \
    's/return seq == \(uint16_t\)s->got/return 1 || seq == 0/' t/unit/ibb.t
seed 'a peer learns of streams of others' ibb/tombstone.c \
    's/strcmp\(g->peer, peer\) == 0/1/' t/unit/recover.t
seed 'the name in a certificate does not matter' net/io/tls.c \
    's/X509_VERIFY_PARAM_set1_host\(param, name, 0\)/1/' t/program/errors.t
seed 'a key is waived by the roster' net/conf/allow.c \
    's/return keyed .* ALLOW_KEY : result/return result/' t/stream/keys.t
seed 'a server need not know the password' net/login/scram.c \
    's/CRYPTO_memcmp\(sig, s->server, n\) != 0/0/' t/unit/sasl.t
seed 'a token proves nothing' net/login/hashed_token.c \
    's/ && CRYPTO_memcmp\(in, h->theirs, len\) == 0//' t/unit/sasl2.t
seed 'a file may be hidden' net/file/filename.c \
    "s/\*p == '\.' \|\| //" t/unit/si.t
seed 'a key of BOSH is used twice' net/transport/bosh_keys.c \
    's/nth\(k, k->left, key\)/nth(k, k->left + 1, key)/' t/unit/transport.t
seed 'strangers are answered' net/channel/admit.c \
    's/return 1;\n\}\s*\z/return 0;\n}\n/' t/hostile/strangers.t
seed 'a short write is taken for a whole one' net/io/pump.c \
    's/consume\(e->peer.arg, \(size_t\)n\)/consume(e->peer.arg, len)/' \
    t/unit/pump.t
done_testing
