#!/bin/sh
#
# The first steps of a new user: help, the version, what make says without the
# packages, and two listeners of one account.

. "${0%/*}/../lib/lib.sh"
. "$LIB/server.sh"
. "$LIB/copy.sh"

LIMIT=60

# --- help --------------------------------------------------------------------

# Every letter that getopt(3) knows has a line.
help()
{
	run "$XCAT" --help
	is "$status $(wc -c <"$T/run.err")" '0 0' '--help: to stdout'
	cp "$T/run.out" "$T/help"
	like "$(cat "$T/help")" '^usage: xcat' '--help: the usage'
	sed -n 's/.*"+:\([^"]*\)".*/\1/p' "$TOP/xcat.c" | tr -d : |
	    sed 's/./&\n/g' | grep . | LC_ALL=C sort -f >"$T/letters"
	sed -n 's/^-\(.\)[ ,].*/\1/p' "$T/help" | LC_ALL=C sort -f \
	    >"$T/helped"
	check_same "$T/letters" "$T/helped" '--help: all options, one a line'
	run "$XCAT" -h
	check_same "$T/help" "$T/run.out" '-h: no other'
	for _option in -V --version; do
		run "$XCAT" $_option
		is "$status" 0 "$_option"
		like "$(cat "$T/run.out")" '^xcat [0-9.]+, OpenSSL .*expat' \
		    "$_option: in one line"
	done
	fails 1 'standard output' '--help that cannot be written' \
	    sh -c '"$0" --help >/dev/full' "$XCAT"
	help_anyhow
	fails 2 '^xcat: --hepl: no such option; xcat -h lists' \
	    'a word that is none' "$XCAT" --hepl
}

# A user may look for help because of the configuration.
help_anyhow()
{
	echo nonsense >"$T/nonsense"
	printf 'password secret\n' >"$T/open"
	chmod 644 "$T/open"
	mkdir "$T/folder"
	for _config in nonsense open folder missing; do
		fails 2 "^xcat: (XCAT_CONFIG: )?$T/$_config" "a bad configuration, $_config" \
		    env XCAT_CONFIG="$T/$_config" "$XCAT" -K
		for _option in -h --help -V --version; do
			run env XCAT_CONFIG="$T/$_config" "$XCAT" $_option
			is "$status $(wc -c <"$T/run.err")" '0 0' \
			    "$_option is not kept by it, $_config"
			like "$(cat "$T/run.out")" '^(usage: xcat|xcat [0-9])' \
			    "$_option: and says what it should, $_config"
		done
	done
}

# --- two listeners -----------------------------------------------------------

listeners()
{
	start_server prosody
	listen_as bob one -k -a "alice@$DOMAIN" 'who=!echo one'
	stop one
	# A listener that inetd(8) begins comes while the last one ends.
	start lock flock "$(echo "$T/home/bob"/listener-*)" \
	    sh -c "touch '$T/held' && sleep 1"
	wait_for 20 test -e "$T/held"
	listen_as bob one -k -a "alice@$DOMAIN" 'who=!echo one'
	ended lock 'a lock of one that ends is waited for'
	fails 2 'process [0-9]+. listens as that; give this one.*xcat -l -j ' \
	    'a second one is refused' "$T/bob" -l
	like "$(cat "$T/run.err")" "process $(pid_of one)" 'by the process'
	_jid=$(sed -n 's/.*xcat -l -j //p' "$T/run.err")
	listen_as bob two -k -j "$_jid" -a "alice@$DOMAIN" 'who=!echo two'
	is "$(xcat_as alice -d -q "bob@$DOMAIN")" one 'the first goes on'
	is "$(xcat_as alice -d -q "$_jid")" two 'the command works'
	signal KILL one
	finish one
	listen_as bob one -k -a "alice@$DOMAIN" 'who=!echo three'
	is "$(xcat_as alice -d -q "bob@$DOMAIN")" three \
	    'a lock that is left over is none'
	# elsewhere: another runtime folder
	mkdir "$T/elsewhere"
	start three env XDG_RUNTIME_DIR="$T/elsewhere" "$T/bob" -l -k \
	    -a "alice@$DOMAIN" 'who=!echo four'
	wait_for 20 listening three
	ended one 'the displaced one' 4
	like "$(cat "$T/one.err")" \
	    "another client has logged in as bob@$DOMAIN/xcat .*-j" \
	    'it says by what'
	is "$(xcat_as alice -d -q "bob@$DOMAIN")" four 'and does not fight'
	fails 2 'listens as that' 'the lock in the runtime folder' \
	    env XDG_RUNTIME_DIR="$T/elsewhere" "$T/bob" -l
	stop two
	stop three
	stop_server
}

# --- make --------------------------------------------------------------------

# A pkg-config that knows none of them.
packages()
{
	[ -e "$TOP/.git" ] || return
	copy_sources
	mkdir "$T/none"
	printf '#!/bin/sh\nexit 1\n' >"$T/none/pkg-config"
	chmod +x "$T/none/pkg-config"
	for _make in make bmake; do
		run env -C "$COPY" PATH="$T/none:$PATH" $_make
		ok "$_make without the packages fails" [ "$status" != 0 ]
		like "$(cat "$T/run.err")" \
		    'xcat needs .*libexpat1-dev.*t/deps build' \
		    "$_make says what to install"
		is "$(grep -c 'cc -' "$T/run.out")" 0 \
		    "$_make: and compiles nothing"
	done
}

help
listeners
packages
done_testing
