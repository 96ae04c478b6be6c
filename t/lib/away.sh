# away.sh: the peer is away: for a while, and the stream waits for it; for good,
# and both know how far it got; or another took its place.  t/loss/away-*.t.
# shellcheck shell=dash

. "$LIB/server.sh"
. "$LIB/relay.sh"

LIMIT=120
wind 5
MINE='(conflict|another client)'
bob=bob@$DOMAIN

# A stream on which all was confirmed that was sent, and nothing is under way:
# the listener's word back comes behind its answers.  The caller's input stays
# open, as descriptor 4, and so does the listener's, held by a process.
quiet()		# -w for both
{
	fifo l.in
	fifo c.in
	start hold sh -c 'exec 3<>"$1"; exec sleep 1000' sh "$T/l.in"
	listen_as bob l -v -w "$1" "$(via far)" -a "alice@$DOMAIN" <>"$T/l.in"
	start c "$T/alice" -v -w "$1" "$(via near)" "$bob" <>"$T/c.in"
	exec 4<>"$T/c.in"
	cat "$T/data" >&4
	wait_for 30 has_size "$T/l.out" 1000000 || bail 'nothing arrives'
	echo seen >"$T/l.in"
	wait_for 30 has_size "$T/c.out" 5 || bail 'no word comes back'
}

over()
{
	exec 4>&-
	stop hold
}

# Nobody tells a caller that the peer has gone while the server keeps its
# session; but it does not answer.
gone_for_good()	# how description
{
	quiet 30
	_began=$(now_xcat)
	case $1 in
	kill)	signal KILL l; finish l 5 ;;
	network) relay far blackhole ;;
	esac
	head -c 50000 "$T/data" >&4	# will not arrive
	finish c 60
	is "$status" 6 "$server: $2: exit status"
	_took=$(($(now_xcat) - _began))
	ok "$server: $2: not before its time: $_took s" [ "$_took" -ge 28 ]
	ok "$server: $2: within its time" [ "$_took" -le $((90 * CLOCK)) ]
	ok "$server: $2: what is confirmed is what was written" \
	    said c '; 1000000 bytes confirmed'
	has_size "$T/l.out" 1000000 || fail "$server: $2: more was written"
	if [ "$1" = network ]; then
		finish l 60
		is "$status" 6 "$server: $2: the listener ends, too"
		# At a distance the answer to its word may be under way still.
		_word=5
		[ "$DISTANCE" -eq 0 ] || _word='[05]'
		ok "$server: $2: and says how far it got" \
		    said l "; $_word bytes confirmed"
		relay far pass
	fi
	over
}

# In full flow nobody can know more than what was answered; never more.
killed_in_flow()
{
	listen_as bob l -a "alice@$DOMAIN"
	start c sh -c 'yes | exec "$@"' sh "$T/alice" -w 30 -s "$bob"
	wait_for 30 has_at_least "$T/l.out" "$(by_tier 2000000 5000000)"
	signal KILL l
	finish l 30
	finish c 60
	is "$status" 6 "$server: the peer killed in full flow: exit status"
	_said=$(sed -n 's/.*; \([0-9]*\) bytes confirmed$/\1/p' "$T/c.err")
	_wrote=$(wc -c <"$T/l.out")
	ok "$server: ${_said:=0} bytes confirmed, $_wrote written" \
	    [ "$_said" -le "$_wrote" -a "$_said" -ge $((_wrote - 1000000)) ]
}

# One loses its server for some seconds.  Until then it is too slow for the
# transfer to end.
back_in_time()	# relay who other
{
	relay "$1" 'throttle up 1000000; throttle down 1000000'
	listen_as bob l -v "$(via far)" -w $((120 * CLOCK)) \
	    -a "alice@$DOMAIN" <"$T/large"
	start c "$T/alice" -v "$(via near)" -w $((120 * CLOCK)) "$bob" \
	    <"$T/large"
	wait_for 60 has_at_least "$T/l.out" 300000
	relay "$1" 'refuse; cut'
	ok "$server: $2 lost its server" wait_for 30 says "$2" "$TRYING" 1
	if [ -z "$features" ]; then
		ok "$server: $3 holds: the peer is away" \
		    wait_for 30 said "$3" ': away; waiting'
	fi
	_ticks=$(ticks "$3")
	sleep "$(by_tier 1 3)"		# the time that it is away
	ok "$server: $3: waiting takes no CPU time" \
	    [ $(($(ticks "$3") - _ticks)) -le 30 ]
	relay "$1" pass
	ended_well c "$LIMIT" "$server: $2 was away: caller"
	ended_well l 60 "$server: $2 was away: listener"
	check_same "$T/l.out" "$T/large" "$server: $2 was away: up"
	check_same "$T/c.out" "$T/large" "$server: $2 was away: down"
	# Prosody 0.12 does not hear every session that it resumes
	case $features$server in
	"$server")	_least=1 _most=1 ;;
	*prosody)	_least=0 _most=1 ;;
	*)		_least=0 _most=0 ;;
	esac
	_said=$(lines "$3" ': away; waiting')
	ok "$server: $2 was away: said $_said times" \
	    [ "$_said" -ge $_least -a "$_said" -le $_most ]
}

# Somebody new under the old name does not know the stream.
someone_else()
{
	quiet $((60 * CLOCK))
	signal KILL l
	finish l 30
	listen_as bob l2 -k -a "alice@$DOMAIN" 'echo=!cat'
	_began=$(now)
	echo >&4
	finish c 60
	is "$status" 6 "$server: the peer has forgotten the stream: status"
	ok "$server: known at once" [ $(($(now) - _began)) -le 30 ]
	ok "$server: and how far it got" said c '; 1000000 bytes confirmed'
	stop l2
	over
}

# The last login has the resource, and the one before does not fight for it.  On
# one machine the second listener would not begin, so it is as if on another.
conflict()
{
	listen_as bob l -k -v -j "$bob/same" -a "alice@$DOMAIN" \
	    'echo=!cat'
	mkdir -p "$T/elsewhere"
	export XDG_RUNTIME_DIR="$T/elsewhere"
	listen_as bob l2 -k -v -j "$bob/same" -a "alice@$DOMAIN" \
	    'echo=!cat'
	unset XDG_RUNTIME_DIR
	finish l 30
	is "$status" 4 "$server: conflict: exit status"
	ok "$server: conflict: it says of what" said l "$MINE.*$bob/same|$bob/same.*$MINE"
	is "$(lines l "$TRYING")" 0 "$server: conflict: no fight"

	fifo c.in
	start c "$T/alice" -j "alice@$DOMAIN/one" -v "$bob/same" echo \
	    <>"$T/c.in"
	echo hello >"$T/c.in"
	wait_for 20 has_size "$T/c.out" 6 || bail 'no echo'
	fifo c2.in
	start c2 "$T/alice" -j "alice@$DOMAIN/one" -v "$bob/same" echo \
	    <>"$T/c2.in"
	finish c 30
	is "$status" 6 "$server: conflict in a stream: exit status"
	ok "$server: it says of what" \
	    said c "$MINE.*alice@$DOMAIN/one|alice@$DOMAIN/one.*$MINE"
	is "$(lines c "$TRYING")" 0 "$server: no fight for it either"
	is "$(lines l2 "$TRYING")" 0 "$server: the heir has peace"
	stop c2
	stop l2
}

absent()	# kind
{
	random data 1000000
	random large "$(by_tier 2000000 20000000)"

	features=
	start_server "$1"
	start_relay near
	start_relay far
	gone_for_good kill 'peer killed'
	gone_for_good network "the network of the peer gone"
	killed_in_flow
	back_in_time far l c
	back_in_time near c l
	someone_else
	conflict
	stop near
	stop far
	stop_server

	features=smacks
	start_server "$1" smacks
	start_relay near
	start_relay far
	gone_for_good kill 'peer killed, its session kept'
	back_in_time far l c
	conflict
	stop near
	stop far
	stop_server
}
