#!/bin/sh
#
# What a run has given up is refused, in each mode, to a fault in the parser (see
# t/lib/escape.c); what it needs is not.

. "${0%/*}/../lib/lib.sh"
. "$LIB/server.sh"

grep -q __asan_init "$XCAT" && skip_all 'with the sanitizer xcat has no sandbox'
[ -x "$LIB/escape.so" ] || make -s -C "$TOP" t/lib/escape.so || exit 1

# escaping user argument ...: xcat with the fault
cat >"$T/escaping" <<END
#!/bin/sh
_who=\$1; shift
LD_PRELOAD=$LIB/escape.so ESCAPE=$T/home/.ssh/id exec "$T/\$_who" "\$@"
END
chmod +x "$T/escaping"

confined()	# name mode
{
	is "$(grep -c '^escape: read: Permission denied$' "$T/$1.err")" 1 \
	    "$2: no file of others"
	is "$(grep -c '^escape: make: Permission denied$' "$T/$1.err")" 1 \
	    "$2: nothing is made elsewhere"
	like "$(grep '^escape: start: ' "$T/$1.err")" \
	    'Permission denied|Operation not permitted' "$2: no program"
	like "$(grep '^escape: look: ' "$T/$1.err")" \
	    'Permission denied|Operation not permitted' "$2: no other process"
}

free()		# name mode
{
	is "$(grep -c '^escape: \(read\|make\|start\|look\): done$' "$T/$1.err")" 4 \
	    "$2: all of it"
	rm -f "$T/home/.ssh/id.new"
}

listening_escaping()	# argument ...
{
	start l "$T/escaping" bob -l -v "$@"
	wait_for 20 listening_or_gone l
}

stream()
{
	head -c 100000 /dev/urandom >"$T/in"
	listening_escaping -a "alice@$DOMAIN"
	start c "$T/escaping" alice -v "bob@$DOMAIN" <"$T/in"
	ended c call
	ended l listen
	check_same "$T/l.out" "$T/in" 'call: the stream'
	confined c call
	confined l listen
	ok 'it says so' said c '^xcat: sandbox: no programs, and no files but'
}

files()
{
	mkdir "$T/got" "$T/elsewhere"
	cp "$T/in" "$T/elsewhere/one"
	cp "$T/in" "$T/elsewhere/two"
	listening_escaping -k -r "$T/got" -a "alice@$DOMAIN"
	run "$T/escaping" alice -v -s "bob@$DOMAIN" "$T/elsewhere/one" \
	    "$T/elsewhere/two"
	is "$status" 0 'send: files'
	confined run send
	stop l
	check_same "$T/got/one" "$T/in" 'receive: a file'
	check_same "$T/got/two" "$T/in" 'receive: another'
	confined l receive
}

services()
{
	port=$(free_port)
	start tcp socat "TCP-LISTEN:$port,bind=127.0.0.1,fork,reuseaddr" \
	    'EXEC:echo tcp'
	wait_for 20 listens "$port"
	listening_escaping -k -a "alice@$DOMAIN" "$port"
	here=$(free_port)
	start f "$T/escaping" alice -v -L "$T/socket=$port" -L "$here" \
	    -D "$T/socks" "bob@$DOMAIN" "$port"
	wait_for 20 said f "forwarding $here"
	is "$(socat -t 20 - "UNIX-CONNECT:$T/socket" </dev/null)" tcp \
	    'forward: from a Unix socket'
	run "$T/escaping" alice -v -z "bob@$DOMAIN" "$port"
	is "$status" 0 'probe'
	confined run probe
	stop f
	confined f forward
	ok 'forward: the socket is gone' test ! -e "$T/socket"
	ok 'forward: and that of -D' test ! -e "$T/socks"
	stop l
	confined l 'serve, TCP'
}

# What a command needs is not known.
commands()
{
	listening_escaping -k -a "alice@$DOMAIN" 'echo=!echo it runs'
	run "$T/escaping" alice -v -o sandbox=no "bob@$DOMAIN" echo
	is "$(cat "$T/run.out")" 'it runs' 'serve, command'
	free run 'sandbox=no'
	stop l
	free l 'serve, command'
	ok 'it says so' said l 'xcat: sandbox: none, as commands are run'
}

# Known peers are remembered, also where their file is a symbolic link.
memory()
{
	_known=$T/home/alice/known_peers
	ok 'known peers are remembered' test -s "$_known"
	mkdir "$T/linked"
	mv "$_known" "$T/linked/"
	ln -s "$T/linked/known_peers" "$_known"
	: >"$T/linked/known_peers"
	listening_escaping -a "alice@$DOMAIN"
	run "$T/escaping" alice -v "bob@$DOMAIN" </dev/null
	ended l listen
	ok 'and behind a symbolic link' grep -q bob "$T/linked/known_peers"
}

# Certificates are read late, from any of these folders.
certificates()
{
	mkdir "$T/home/no" "$T/home/cas"
	cp "$CAFILE" \
	    "$T/home/cas/$(openssl x509 -hash -noout -in "$CAFILE").0"
	listening_escaping -k -a "alice@$DOMAIN"
	run env SSL_CERT_DIR="$T/home/no:$T/home/cas" \
	    XCAT_PASSWORD="$(password alice)" XCAT_CONFIG="$T/home/alice/config" \
	    "$XCAT" -v -j "alice@$DOMAIN" -c "$SERVER" -z "bob@$DOMAIN"
	is "$status" 0 'certificates in the second of two folders'
	ok 'in the sandbox' said run '^xcat: sandbox: no programs, and no files'
	stop l
}

start_server prosody
mkdir -p "$T/home/.ssh"
echo secret >"$T/home/.ssh/id"
stream
files
services
commands
memory
certificates
stop_server
done_testing
