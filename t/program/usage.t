#!/bin/sh
#
# What is wrong with the words of the user is said before the network is asked:
# in one line, with status 2.

. "${0%/*}/../lib/lib.sh"

LIMIT=20
mkdir "$T/home"
export HOME="$T/home" XCAT_PASSWORD=secret
server=127.0.0.1:$(free_port)		# nobody is there
peer=bob@example.test


bad()		# extended-regex argument ...
{
	_re=$1; shift
	fails 2 "$_re" "usage: $*" env XCAT_CONFIG="$T/config" "$XCAT" \
	    -j alice@example.test -c "$server" "$@"
}

# Nothing is wrong but that the server is not there.
good()		# argument ...
{
	fails 3 refused "fine: $*" env XCAT_CONFIG="$T/config" "$XCAT" \
	    -j alice@example.test -c "$server" "$@"
}

# --- ports -------------------------------------------------------------------

ports()
{
	for n in 99999 65536 70000 -1 '[+]80' ' 80' 80x 0x50 http; do
		bad "^xcat: -L $n: give" -L "$(echo "$n" | tr -d '[]')" "$peer"
	done
	bad '^xcat: -L localhost:70000: give' -L localhost:70000 "$peer"
	bad '^xcat: -L .::1.:65536: give' -L '[::1]:65536' "$peer"
	bad '^xcat: -D 99999: give' -D 99999 "$peer"
	bad '^xcat: -D :1080: give' -D :1080 "$peer"
	for n in 0 65536 99999 x; do
		bad "1 to 65535" -c "127.0.0.1:$n" "$peer"
		bad "1 to 65535" -c "xmpp://127.0.0.1:$n" "$peer"
		bad "1 to 65535" -c "https://127.0.0.1:$n/bosh" "$peer"
		bad "1 to 65535" -x "socks5://127.0.0.1:$n" "$peer"
		bad "1 to 65535" -x "http://127.0.0.1:$n" "$peer"
		bad "1 to 65535" "$peer" "host:$n"
		bad "1 to 65535" -z "$peer" "host:$n"
		bad "1 to 65535" -o "streamhost=127.0.0.1:$n" "$peer"
		bad "$n: .*(1 to 65535|port)" -l "name=host:$n"
		bad "1 to 65535" -l "host:$n=22"
	done
	for n in 0 65536 99999; do
		bad "$n: .*1 to 65535" "$peer" "$n"
		bad "$n: .*1 to 65535" -l "$n"
		bad "$n: .*" -l "name=$n"
	done
	good "$peer" 65535
	good "$peer" name:1
	good -l 'any=host:65535' '*:443=' '*='
}

# A second service of a name could not be reached.
services()
{
	bad '^xcat: service a is listed twice' -l a=1 b=2 a=3
	bad '^xcat: service 22 is listed twice' -l 22 22=80
	bad '^xcat: service .*:443 is listed twice' -l '*:443=' '*:443='
	bad '^xcat: service a is listed twice' -l a=udp:1 a=udp:2
	good -l a=1 a=udp:1 a:1=2 53 udp:53
	config 'service a=1\nservice b=2\n'
	good -lk a=3 c=4
	config 'service a=1\nservice a=2\n'
	bad '^xcat: service a is listed twice' -lk
	good "$peer"
	: >"$T/config"
	bad '^xcat: service bob@localhost: .*; to admit a peer: -a bob@local' \
	    -l bob@localhost
}

# Nothing can be reached by digits of the other family.
families()
{
	bad '^xcat: 127.0.0.1 is no IPv6 address: leave out -6$' -6 "$peer"
	bad '^xcat: ::1 is no IPv4 address: leave out -4$' \
	    -4 -c '[::1]:5222' "$peer"
	bad '^xcat: ::1 is no IPv4 address' -4 -x 'socks5://[::1]' "$peer"
	good -4 "$peer"
}

# --- options at the wrong place ----------------------------------------------

dashes()
{
	bad '^xcat: -v: options go before the peer' "$peer" -v
	bad '^xcat: -v: options go before the peer' "$peer" web -v
	bad '^xcat: -w: options go before the peer' -s "$peer" file -w 3
	bad '^xcat: -k: options go before the services' -l 22 -k
	bad '^xcat: -a=b: options go before the services' -l 22 -a=b
	good "$peer" -- -v
	good -- "$peer" -v
	good -l -- '-name=22'
	bad '^xcat: y: one word too many.*-h lists' "$peer" -- x y
}

# --- words that cannot be ------------------------------------------------------

# In one line, which does not scroll away.
words()
{
	bad '^xcat: no peer: xcat .*user@domain; xcat -h lists' -v
	bad '^xcat: no peer' -s
	bad '^xcat: no peer' -L 0
	bad '^xcat: z: one word too many: .* with -s, files' "$peer" web z
	bad '^xcat: web: one word too many: -D and -R ' -D 0 "$peer" web
	bad '^xcat: x: -K takes "forget jid"' -K x
	bad '^xcat: -K forget takes the JID of one peer' -K forget
	bad '^xcat: -K forget takes the JID of one peer' -K forget a@b c@d
	bad '^xcat: x: --register takes the account by -j' --register x
	bad '^xcat: x: -O takes an order alone' -O list x
	bad '^xcat: -Y: no such option; xcat -h lists' -Y "$peer"
	bad '^xcat: --hepl: no such option' --hepl
	bad '^xcat: -b needs an argument; xcat -h lists' -b
	bad '^xcat: -.: no such option' "$(printf '%b' '-\377')"
}

# --- one file for all runs -----------------------------------------------------

# What is in it for runs of another kind says nothing about this one.
roles()
{
	config "receive $T\nkeep-listening yes\ninvite yes\nudp yes\n"
	good "$peer"
	good -z "$peer"
	good -s "$peer"
	good -D 0 "$peer"
	bad '^xcat: -r needs -l' -r "$T" "$peer"
	bad '^xcat: -k needs -l' -o keep-listening=yes "$peer"
	bad '^xcat: -I needs -l' -I "$peer"
	bad '^xcat: -u needs -L' -u -z "$peer"
	config "forward 0\nsocks 0\nreverse 0=22\nbackground yes\n"
	good -z "$peer"
	good -s "$peer"
	good -l
	good -l -k 22
	run env XCAT_CONFIG="$T/config" "$XCAT" -K
	is "$status" 0 'usage: -K beside forward'
	bad 'only one can be' -l -L 0
	bad 'only one can be' -o socks=0 -z "$peer"
	bad '^xcat: -f needs -L, -D or -R' -f -z "$peer"
	bad '^xcat: no peer' -v
	bad '^xcat: -L 99999: give' -L 99999 "$peer"
	config "no-stdin yes\nupload yes\n"
	good -s "$peer"
	bad '^xcat: -s and -d together' -d -s "$peer"
	bad 'name the files' -o upload=yes -s "$peer"
	# as LocalForward of ssh does, without a mode of its own
	config "forward 127.0.0.1:99999\n"
	bad '^xcat: -L 127.0.0.1:99999: give' "$peer"
	good -z "$peer"
	: >"$T/config"
}

# --- a reason in the name of a file --------------------------------------------

blame()
{
	bad 'out of memory: No such file' -C "$T/out of memory" "$peer"
}

# --- what would be ignored -----------------------------------------------------

ignored()
{
	bad '^xcat: -f needs -L, -D or -R$' -l -f
	bad '^xcat: -f needs -L, -D or -R$' -l -k -o background=yes 22
	bad '^xcat: -f needs -L, -D or -R$' -f "$peer"
	bad '^xcat: remote needs -k$' -l -o remote=9000
	bad '^xcat: remote needs -k$' -l -o 'remote=*' 22
	bad '^xcat: service needs -k$' -l -o service=22
	good -l -k -o remote=9000
	good -l -k -o service=22
	config 'background yes\nremote 9000\nservice 22\n'
	good -l		# in the file they are for other runs
	good -l 22
	good "$peer"
	config 'keep-listening yes\n'
	good -l -o remote=9000
	: >"$T/config"
}

# No part of a code goes to a server.
codes()
{
	bad "^xcat: peer $peer/xcat: its code is damaged: .*no U; .*=SHA256" \
	    "$peer/xcat=7QNM0Z3KV5RT2XG"
	bad 'code is damaged' "$peer/xcat=7QNM-0Z3K-V5RT"
	good "$peer/xcat=SERVER01"
}

# --- habits of nc(1), and files that are not there -----------------------------

files()
{
	bad '^xcat: -p 4444: .*no port.*leave it out' -lvp 4444
	bad '^xcat: -p 4444: .*no port.*leave it out' -p 4444 "$peer"
	bad "^xcat: -C $T/none: No such file" -C "$T/none" "$peer"
	bad "^xcat: -C $T: is a folder" -C "$T" "$peer"
	bad "^xcat: certificate $T/none: No such file" \
	    -o certificate="$T/none" "$peer"
	bad "^xcat: -p $T/none: No such file" -p "$T/none" "$peer"
	echo text >"$T/text"
	bad "^xcat: -C $T/text: no CA certificates" -C "$T/text" "$peer"
	config "ca-file $T/none\n"
	bad "^xcat: ca-file $T/none: No such file" "$peer"
	fails 2 "^xcat: XCAT_CONFIG: $T/none: No such file" 'no configuration' \
	    env XCAT_CONFIG="$T/none" "$XCAT" "$peer"
	config "jid a@example.test\npassword-file $T/none\n"
	told 2 "^xcat: password-file $T/none: No such file" 'no password file'
	: >"$T/config"
}

config()	# text
{
	printf '%b' "$1" >"$T/config"
	chmod 600 "$T/config"
}

# Only what is in the file says who we are.
told()		# status extended-regex description
{
	fails "$1" "$2" "$3" env -u XCAT_PASSWORD XCAT_CONFIG="$T/config" \
	    "$XCAT" "$peer"
}

configuration()
{
	rest="server $server\npassword secret"
	config "jid alice@example.test # me\n$rest\n"
	told 2 "config:1: a comment has a line of its own" 'a comment'
	config "$rest\njid alice@example.test\nmessage yes\t# no iq\n"
	told 2 "config:4: a comment has a line of its own" 'behind a tab'
	config "jid \"alice@example.test\" # me\n$rest\n"
	told 2 "config:1: a comment has a line of its own" 'behind quotes'
	config "jid \"alice@example.test/a # b\"\n$rest\n"
	told 3 refused 'a # in quotes'
	config "jid alice@example.test/a#b\n$rest # of all\n"
	told 3 refused 'a # that is no comment, and one in a password'
	config "\357\273\277jid alice@example.test\r\n$rest\r\n"
	told 3 refused 'a byte order mark'
	config "\357\273\277# me\njid alice@example.test\n$rest\n"
	told 3 refused 'and before a comment'
}

# Where there is no file, there is none to stand beside.
no_configuration()
{
	fails 3 refused '/dev/null for a configuration' \
	    env XCAT_CONFIG=/dev/null "$XCAT" -j alice@example.test \
	    -c "$server" "$peer"
	ok 'the key is where it always is' test -s "$HOME/.config/xcat/key.pem"
	ok 'and not in /dev' test ! -e /dev/key.pem
	run env XCAT_CONFIG=/dev/null XDG_CONFIG_HOME="$T/xdg" "$XCAT" -K
	is "$status" 0 'with XDG_CONFIG_HOME'
	ok 'the key is there' test -s "$T/xdg/xcat/key.pem"
	config 'jid alice@example.test\n'
	run sh -c 'cat "$1" | XCAT_CONFIG=/dev/stdin "$2" -K' sh "$T/config" \
	    "$XCAT"
	is "$status $(cat "$T/run.out")" "0 alice@example.test=$("$XCAT" -K)" \
	    'a pipe for a configuration: the same key'
}

: >"$T/config"
ports
services
families
dashes
ignored
codes
files
no_configuration
configuration
words
roles
blame
done_testing
