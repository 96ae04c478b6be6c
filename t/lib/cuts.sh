# cuts.sh: many cuts in one transfer, at random moments: on the caller's side, on
# the listener's, on both.  Each is a file of its own since each takes its time:
# t/loss/cuts-*.t.
#
# Three transfers at once, or $TRANSFERS, of $SIZE bytes either way, all of which
# the listener and the caller get byte for byte.
# shellcheck shell=dash

. "$LIB/server.sh"
. "$LIB/relay.sh"

SIZE=${SIZE:-$(by_tier 2000000 50000000)}	# each way
CUTS=${CUTS:-$(by_tier 20 100)}
TRANSFERS=${TRANSFERS:-caller listener both}
# shellcheck disable=SC2034
LIMIT=600				# of end_transfer
SEED=${SEED:-$(date +%s)}

# Cuts are counted in bytes both ways, of which there are some 2.8 for each of
# SIZE.  No login takes more than 10,000, and some cuts are to be in one, though
# not in the first: that is not tried again.
cut_often()	# relay seed cuts
{
	cut_and_hurry "$1" "cuts $3 1 $((SIZE * 3 / $3)) $2"
}

transfer()	# name caller-option listener-option [up down]
{
	begin_transfer "$@"
	wait_for 60 said "c_$1" 'tls 1.3 end to end' || {
		diag_file "$T/c_$1.err"
		bail "$server: $1: no stream"
	}
	watch_descriptors "c_$1"
	watch_descriptors "l_$1"
}

# How many descriptors it has open, a line for each look while it runs.
watch_descriptors()	# name
{
	start "fds_$1" sh -c 'count() { [ $# -eq 1 ] || echo $#; }
	    while kill -0 "$1"; do count "/proc/$1/fd"/*; sleep .2; done' \
	    sh "$(pid_of "$1")"
}

# In the last third of the time there are about as many as in the first.
kept_descriptors()	# name
{
	finish "fds_$1"
	[ -s "$T/fds_$1.out" ] || [ "$(id -u)" -eq 0 ] || {
		skip "$server: $1: descriptors" 'only root sees them'
		return
	}
	_fds=$(awk '{ n[NR] = $1 } END {
		third = int(NR / 3)
		for (i = 1; i <= third; i++) {
			first += n[i]
			last += n[NR + 1 - i]
		}
		if (third == 0)
			print "unknown"
		else
			printf "%.1f then %.1f %d", first / third,
			    last / third, last <= first + 3 * third
	    }' "$T/fds_$1.out")
	like "$_fds" ' 1$' "$server: $1: descriptors, ${_fds% *}"
}

came_through()	# name [up down]
{
	end_transfer "$server: $1" "$@"
	kept_descriptors "c_$1"
	kept_descriptors "l_$1"
}

# It says so once for each loss, and once when it is back.  A cut in the middle
# of a login is no further loss, and the last may hit a stream that has ended.
# Prosody 0.12 resumes sessions that it then does not hear: a loss more, and no
# session resumed.
came_back()	# name relay message least cuts
{
	ok "$server: $1: all cuts were made" relay_said "$2" 'cuts done'
	_lost=$(lines "$1" "$TRYING") _back=$(lines "$1" "$BACK")
	ok "$server: $1: lost $_lost times, back $_back times" \
	    [ "$_lost" -ge $(($5 / 3)) -a "$_lost" -le $(($5 * 3 / 2)) \
	    -a "$_back" -le "$_lost" -a "$_back" -ge $((_lost - 1)) ]
	ok "$server: $1: $3" says "$1" "$3" "$4"
}

cuts()		# kind message [feature]
{
	diag "SEED=$SEED"
	random up "$SIZE"
	random down "$SIZE"
	start_server "$1" ${3+"$3"}
	for _relay in near far near_both far_both; do
		start_slow_relay $_relay
	done
	for _name in $TRANSFERS; do
		case $_name in
		caller)
			transfer caller "$(via near)" -4
			cut_often near "$SEED" "$CUTS" ;;
		listener)
			transfer listener -4 "$(via far)"
			cut_often far $((SEED + 1)) "$CUTS" ;;
		both)
			transfer both "$(via near_both)" "$(via far_both)"
			cut_often near_both $((SEED + 2)) $((CUTS / 2))
			cut_often far_both $((SEED + 3)) $((CUTS / 2)) ;;
		esac
	done
	for _name in $TRANSFERS; do
		came_through "$_name"
	done
	_least=$((CUTS / 4))
	[ "$1$2" != "prosody$RESUMED" ] || _least=1
	for _name in $TRANSFERS; do
		case $_name in
		caller)
			came_back c_caller near "$2" $_least "$CUTS"
			is "$(lines l_caller "$TRYING")" 0 \
			    "$server: the other end loses nothing" ;;
		listener)
			came_back l_listener far "$2" $_least "$CUTS" ;;
		both)
			came_back c_both near_both "$2" $_least $((CUTS / 2))
			came_back l_both far_both "$2" $_least $((CUTS / 2)) ;;
		esac
	done
	stop_server
}
