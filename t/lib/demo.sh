#!/bin/sh
#
# demo.sh: tar into tar, from one account to another, through a private XMPP
# server on this machine.  What it shows are the commands that it runs.

. "${0%/*}/../lib/lib.sh"
. "$LIB/server.sh"

tell()		# line ...
{
	printf '\n'
	printf '%s\n' "$@"
}

# Bob and alice would have a machine each.  Here it is a folder each.
show()		# who command
{
	printf '  %s$ %s\n' "$1" "$2"
}

indent()
{
	sed 's/^/  /'
}

give_up()	# message
{
	echo "demo: $*" >&2
	for _err in "$T"/*.err; do
		[ ! -s "$_err" ] || diag_file "$_err"
	done
	exit 1
}

make_tree()	# folder: sources, and what trees have besides
{
	mkdir -p "$1/empty" "$1/a name with spaces"
	cp -R "$TOP/xml" "$TOP/net" "$TOP/ibb" "$TOP/xcat.c" "$1"
	head -c 3000000 /dev/urandom >"$1/a name with spaces/random"
	head -c 1000000 /dev/zero >"$1/zeros"
	: >"$1/nothing"
	ln -s ../xcat.c "$1/empty/link"
	ln -s nowhere "$1/dangling"
	ln "$1/zeros" "$1/again"
	chmod 750 "$1/nothing"
}

configure()	# user
{
	mkdir -p "$T/$1's"
	cat >"$T/$1's/config" <<-END
	jid $1@$DOMAIN
	server $SERVER
	ca-file $CAFILE
	password $(password "$1")
	END
	chmod 600 "$T/$1's/config"
	show "$1" 'cat ~/.config/xcat/config'
	indent <"$T/$1's/config"
}

as()		# user command: in the user's folder
{
	env XCAT_CONFIG="$T/$1's/config" PATH="${XCAT%/*}:$PATH" \
	    sh -c "cd \"\$1\" && $2" sh "$T/$1's"
}

start_as()	# user command: the same, in the background
{
	start "$1" env XCAT_CONFIG="$T/$1's/config" PATH="${XCAT%/*}:$PATH" \
	    sh -c "cd \"\$1\" && $2" sh "$T/$1's"
}

# Names, kinds, modes, times, owners, targets of links, contents.
inventory()	# user
{
	as "$1" 'find tree -printf "%p %y %m %n %Ts %u %l\n" | sort &&
	    find tree -type f -exec sha256sum {} + | sort -k 2'
}

size_of_tree()
{
	as alice 'find tree | wc -l; du -sk tree | cut -f 1' | tr '\n' ' '
}

tell 'A private Prosody on loopback, with two accounts:'
start_server prosody
configure bob
echo
configure alice

tell 'Bob waits for what alice has to send, and for nobody else:'
receive="xcat -l -a alice@$DOMAIN | tar xf -"
show bob "$receive"
start_as bob "$receive"
wait_for 20 listening_or_gone bob
listening bob || give_up 'bob is not listening'
indent <"$T/bob.err"

make_tree "$T/alice's/tree"
# shellcheck disable=SC2046
set -- $(size_of_tree)
tell "Alice has a tree of $1 files and folders, $2 kB:"
send="tar cf - tree | xcat -s bob@$DOMAIN"
show alice "$send"
begin=$(date +%s%N)
as alice "$send" || give_up "alice's xcat ends with $?"
end=$(date +%s%N)
finish bob 20
[ "$status" = 0 ] || give_up "bob's tar ends with $status"

tell "After $(((end - begin) / 1000000)) ms, bob has it, too:"
show bob 'ls tree'
as bob 'ls -C -T 0 tree' | indent
compare="diff -r --no-dereference alice/tree bob/tree"
show demo "$compare"
diff -r --no-dereference "$T/alice's/tree" "$T/bob's/tree" ||
    give_up 'the trees differ'
inventory alice >"$T/sent"
inventory bob >"$T/received"
show demo 'diff sent received	# names, kinds, modes, times, links, SHA-256'
diff "$T/sent" "$T/received" || give_up 'the trees differ'
tell 'No difference.'
