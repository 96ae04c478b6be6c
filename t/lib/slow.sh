# slow.sh: a server, or a network before it, of some 10 kB/s.  Sourced after relay.sh.
# shellcheck shell=dash disable=SC2154

# Bytes there and back, and beside them, over the same logins, somebody types.
slow_begin()	# name bytes [option]
{
	listen_as bob "l_$1" -v -k -j "bob@$DOMAIN/$1" -a "alice@$DOMAIN" \
	    ${3+"$3"} 'echo=!cat'
	_port=$(free_port)
	start "f_$1" "$T/alice" -v -L "$_port" ${3+"$3"} "$bob/$1" echo
	wait_for 60 listens "$_port" || bail "$1: no forward"
	start "keys_$1" "$PYTHON" -B "$LIB/keystrokes.py" "$_port" "$2"
}

slow_end()	# name seconds: that it takes at least
{
	finish "keys_$1" "$LIMIT"
	is "$status" 0 "$1: all bytes arrive, and so do the keys"
	read -r _took _keys _slowest <"$T/keys_$1.out" || {
		diag_file "$T/keys_$1.err"
		diag_file "$T/f_$1.err"
		diag_file "$T/l_$1.err"
		return
	}
	diag "$1: $_took s; $_keys keys, the slowest after $_slowest s"
	ok "$1: it was limited indeed: $_took s" [ "$_took" -ge "$2" ]
	ok "$1: typing goes on: $_keys keys in $_took s" \
	    [ "$_keys" -ge $((_took / 20)) ]
	ok "$1: no key waited for long: $_slowest s" [ "$_slowest" -le 15 ]
	for _who in l f; do
		is "$(lines "${_who}_$1" "$TRYING")" 0 "$1: no loss ($_who)"
		ok "$1: waiting takes no CPU time ($_who)" \
		    [ "$(ticks "${_who}_$1")" -le 300 ]
		stop "${_who}_$1"
	done
}
