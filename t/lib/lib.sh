# lib.sh: what every shell test shares: TAP, a private directory, processes.
#
# A test begins with	. "${0%/*}/../lib/lib.sh"
# and ends with		done_testing
#
# Tests run side by side (check.sh), as any user, from any directory.  All that
# they leave behind is what KEEP=1 keeps: the directory $T.
# shellcheck shell=dash

set -u
# What the user has set is not part of the test: the environment of xcat, of the
# servers and of the tools that tests use.
unset XCAT_JID XCAT_PASSWORD XCAT_CONFIG XCAT_TEST_CLOCK XDG_CONFIG_HOME
unset XDG_RUNTIME_DIR
unset ALL_PROXY all_proxy NO_PROXY no_proxy
unset HTTP_PROXY http_proxy HTTPS_PROXY https_proxy
unset LISTEN_PID LISTEN_FDS LISTEN_FDNAMES NOTIFY_SOCKET
unset SSL_CERT_FILE SSL_CERT_DIR OPENSSL_CONF
unset RES_OPTIONS LOCALDOMAIN HOSTALIASES
unset ERL_FLAGS ERL_AFLAGS ERL_ZFLAGS ERL_LIBS ERL_INETRC
unset PYTHONPATH PYTHONHOME PERL5LIB PERL5OPT NODE_OPTIONS NODE_PATH
unset TMUX CDPATH POSIXLY_CORRECT TZ LANG LANGUAGE LC_CTYPE
export LC_ALL=C
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin	# where servers are
umask 022
exec </dev/null				# a test never reads the terminal

TESTS=$(cd "${0%/*}/.." && pwd)		# t/: a test is in one of its folders
LIB=$TESTS/lib
TOP=${TESTS%/*}
XCAT=${XCAT:-$TOP/xcat}
case $XCAT in /*) ;; *) XCAT=$PWD/$XCAT ;; esac
export LSAN_OPTIONS="suppressions=$LIB/lsan.supp:print_suppressions=0"
T=$(mktemp -d "${TMPDIR:-/tmp}/xcat-test.XXXXXX") || exit 1
export HOME="$T"			# without any configuration
# shellcheck disable=SC2034
PYTHON=/usr/bin/python3			# Debian's, the one with slixmpp

TIER=${TIER:-check}			# or soak, see by_tier
# What prove(1) ran: this file, or one that has become this with numbers of its
# own, as t/soak/stalled.t does; and what that was told by its environment.
RAN=${XCAT_TEST_RAN:-$0}
RAN_WITH="TIER=$TIER ${DISTANCE:+DISTANCE=$DISTANCE }"
# Bounds of waits are written for a machine that does nothing else; one that is
# busy, as with all of make check, has so many times as long.  Where all is well
# that costs nothing.
PATIENCE=${PATIENCE:-3}
count=0 failed=0			# of tests
pids=					# of what was started, until waited for

# Programs of our own; a test that is run alone builds them.
[ -x "$LIB/detach" ] && [ -x "$LIB/distance" ] && [ -x "$LIB/wake" ] ||
    make -s -C "$TOP" t/lib/detach t/lib/distance t/lib/wake >&2 || exit 1

# Sizes and times: small ones for make check, which is to end soon, and others
# for make soak, with what is asserted of them unchanged.
by_tier()	# value-for-check value-for-soak
{
	[ "$TIER" = soak ] && echo "$2" || echo "$1"
}

# So that a test of patience does not take as much: make check winds the clock
# of each xcat that is started from here on (net/io/clock.h), make soak does not.
# It is for waits that nothing but xcat's own clock ends; seconds of -w are its.
# What xcat waits for takes longer on a busy machine, which gets a slower clock.
wind()		# times as fast
{
	CLOCK=$(by_tier "$1" 1)
	read -r _load _ </proc/loadavg
	_load=$((${_load%.*} / $(nproc)))
	[ "$_load" -lt 6 ] || CLOCK=$(((CLOCK + 1) / 2))
	[ "$_load" -lt 10 ] || CLOCK=$(((CLOCK + 1) / 2))
	export XCAT_TEST_CLOCK="$CLOCK"
}
CLOCK=1

# --- TAP ---------------------------------------------------------------------

skip_all()	# reason
{
	echo "1..0 # SKIP $1"
	exit 0
}

diag()		# line ...
{
	printf '# %s\n' "$@" >&2
}

diag_file()	# file: its last lines
{
	diag "$1:"
	tail -n 20 "$1" 2>&1 | sed 's/^/#	/' >&2
}

pass()		# description
{
	count=$((count + 1))
	echo "ok $count - $1"
}

fail()		# description
{
	count=$((count + 1)) failed=$((failed + 1))
	echo "not ok $count - $1"
}

skip()		# description reason
{
	count=$((count + 1))
	echo "ok $count - $1 # SKIP $2"
}

ok()		# description command ...: the command succeeds
{
	_desc=$1; shift
	if "$@" >"$T/ok.out" 2>&1; then
		pass "$_desc"
	else
		fail "$_desc"
		diag "failed: $*"
		diag_file "$T/ok.out"
	fi
}

is()		# got want description
{
	if [ "$1" = "$2" ]; then
		pass "$3"
	else
		fail "$3"
		diag "     got: $1" "expected: $2"
	fi
}

like()		# got extended-regex description
{
	if printf '%s\n' "$1" | grep -Eq -- "$2"; then
		pass "$3"
	else
		fail "$3"
		diag "     got: $1" "expected: /$2/"
	fi
}

check_same()	# file file description
{
	if cmp "$1" "$2" >"$T/cmp.out" 2>&1; then
		pass "$3"
	else
		fail "$3"
		diag "$(cat "$T/cmp.out")" "$(wc -c "$1" "$2" 2>&1)"
	fi
}

# All that is promised of a failure: the status, one line saying what is wrong,
# nothing on standard output.
fails()		# status extended-regex description command ...
{
	_want=$1 _re=$2 _desc=$3; shift 3
	run "$@"
	if [ "$status" = "$_want" ] && [ ! -s "$T/run.out" ] &&
	    [ "$(wc -l <"$T/run.err")" -eq 1 ] && said run "$_re"; then
		pass "$_desc"
	else
		fail "$_desc"
		diag "status $status, expected $_want and one line, /$_re/"
		diag_file "$T/run.err"
		[ ! -s "$T/run.out" ] || diag_file "$T/run.out"
	fi
}

bail()		# reason: this file cannot go on
{
	fail "$*"
	echo "1..$((count + 1))"	# one that never ran: prove says so
	exit 1
}

done_testing()
{
	echo "1..$count"
	[ "$failed" -eq 0 ]
	exit
}

# --- waiting -----------------------------------------------------------------

# Seconds since the machine was started, in $_clock: without a process, since
# all that waits asks for it.
look_at_clock()
{
	read -r _uptime _ </proc/uptime
	_clock=${_uptime%.*}
}

now()		# the same, printed
{
	look_at_clock
	echo "$_clock"
}

now_xcat()	# seconds of the clock as it is wound: what differences are of
{
	look_at_clock
	echo $(((_clock * 100 + 1${_uptime#*.} - 100) * CLOCK / 100))
}

# Looked at whenever a file in $T changes or a process ends, and at times.
wait_for()	# seconds command ...: until it succeeds, see PATIENCE
{
	_most=$(($1 * PATIENCE)); shift
	wait_at_most $_most "$@"
}

wait_at_most()	# seconds command ...: for what may well never be
{
	look_at_clock
	_end=$((_clock + $1)) _turn=0; shift
	until "$@" >/dev/null 2>&1; do
		look_at_clock
		[ "$_clock" -lt "$_end" ] || return 1
		_turn=$((_turn + 1))
		sleep_until "$@"
	done
}

# Until this may succeed.  What is waited for most is known to the program that
# sleeps, so that there is not a process or two for each look.
sleep_until()	# command ...
{
	# shellcheck disable=SC2086
	case $1 in
	said)	"$LIB/wake" -f "$T/$2.err" "$3" "$T" $_turn $pids ;;
	listening_or_gone)
		"$LIB/wake" -f "$T/$2.err" "$LISTENING" "$T" $_turn $pids ;;
	gone)	"$LIB/wake" -p "$2" ;;
	*)	"$LIB/wake" "$T" $_turn $pids ;;
	esac
}
LISTENING='xcat [^ ]+@[^ ]+/[^ ]+'	# what a listener says, once it is one

has_size()	# file bytes
{
	[ "$(wc -c <"$1")" -eq "$2" ]
}

has_at_least()	# file bytes
{
	[ "$(wc -c <"$1")" -ge "$2" ]
}

said()		# name extended-regex: the process NAME printed it on stderr
{
	grep -Eq -- "$2" "$T/$1.err"
}

# --- processes ---------------------------------------------------------------

fifo()		# name: $T/name
{
	rm -f "$T/$1"
	mkfifo "$T/$1"
}

random()	# name bytes: $T/name, other bytes each time
{
	head -c "$2" /dev/urandom >"$T/$1"
}

# Each gets a process group of its own, to be killed whole, and dies with the
# test even when that is killed by force: see detach.c.  Descriptor 4 is for
# tests that hold one end of a fifo open: not passed on.  Standard input is that
# of the caller ("start a cmd <file").  For output to go elsewhere, make
# $T/name.out a fifo or a link.
start()		# name command ...: output to $T/name.out and .err
{
	_name=$1; shift
	{
		"$LIB/detach" "$@" \
		    <&3 3<&- 4<&- >"$T/$_name.out" 2>"$T/$_name.err" &
	} 3<&0
	eval "pid_$_name=$!"
	pids="$pids $!"
	# until the group exists, a signal would miss it or hit the shell
	until signal 0 "$_name" || gone $!; do "$LIB/wake" "$T" 1 $!; done
}

signal()	# signal name: to its process group
{
	kill -s "$1" -- "-$(pid_of "$2")" 2>/dev/null
}

pid_of()	# name
{
	eval "echo \$pid_$1"
}

gone()		# pid
{
	! kill -0 "$1" 2>/dev/null
}

# A process that had to be killed has the status "timeout", which no test
# expects.
finish()	# name [seconds]: wait for it; exit status in $status
{
	_pid=$(pid_of "$1")
	if wait_for "${2:-60}" gone "$_pid"; then
		wait "$_pid" 2>/dev/null
		status=$?
	else
		diag "$1: still running after $((${2:-60} * PATIENCE)) s"
		signal KILL "$1"
		wait "$_pid" 2>/dev/null
		status=timeout
	fi
	forget "$_pid"
}

ended()		# name what [status]: it ends with that status, or 0
{
	finish "$1" "${LIMIT:-120}"
	is "$status" "${3-0}" "$2: status of $1"
	[ "$status" = "${3-0}" ] || diag_file "$T/$1.err"
}

forget()	# pid
{
	_left=
	for _p in $pids; do
		[ "$_p" = "$1" ] || _left="$_left $_p"
	done
	pids=$_left
}

stop()		# name: SIGTERM, then SIGKILL
{
	signal TERM "$1"
	finish "$1" 5
}

run()		# command ...: to its end; $status, $T/run.out, $T/run.err
{
	start run "$@"
	finish run "${LIMIT:-60}"
}

# The kernel picks a free port.  Left in TIME_WAIT, it is not given to anybody
# else who asks for any port, though a server, which sets SO_REUSEADDR, gets it.
free_ports()	# number: so many, in one line
{
	perl -MSocket -e '
		for (1 .. shift) {
			socket(L, PF_INET, SOCK_STREAM, 0) &&
			bind(L, sockaddr_in(0, INADDR_LOOPBACK)) &&
			setsockopt(L, SOL_SOCKET, SO_REUSEADDR, 1) &&
			listen(L, 1) &&
			socket(C, PF_INET, SOCK_STREAM, 0) &&
			connect(C, getsockname L) && accept(A, L) or die "$!\n";
			close A; # who closes first is left with the TIME_WAIT
			read(C, $_, 1);
			push @ports, (sockaddr_in(getsockname L))[0];
		}
		print "@ports"' "$1"
}

free_port()
{
	free_ports 1
}

rss()		# name: resident memory of the process, KiB
{
	awk '$1 == "VmRSS:" { print $2 }' "/proc/$(pid_of "$1")/status"
}

# xcat has secrets in memory, so only root may see what it has open.
shows_descriptors() # name
{
	[ -r "/proc/$(pid_of "$1")/fd" ]
}

descriptors()	# name: how many are open, as far as that can be seen
{
	shows_descriptors "$1" || { echo 0; return; }
	find "/proc/$(pid_of "$1")/fd" -mindepth 1 | wc -l
}

few_descriptors() # name number: no more than that, as far as can be seen
{
	! shows_descriptors "$1" || [ "$(descriptors "$1")" -le "$2" ]
}

# As ss(8) would say, by one process instead of three.
listens()	# port: somebody does
{
	grep -Eqs ":$(printf %04X "$1") [0-9A-F]+:0000 0A " \
	    /proc/net/tcp /proc/net/tcp6
}

have_ipv6()
{
	perl -MSocket=:all -e '
		socket(S, PF_INET6, SOCK_STREAM, 0) &&
		bind(S, pack_sockaddr_in6(0, IN6ADDR_LOOPBACK)) or exit 1'
}

# --- the end -----------------------------------------------------------------

again()		# how to see it once more, and look at what it leaves
{
	diag "to run it again: $RAN_WITH${SEED:+SEED=$SEED }KEEP=1\
 prove -v ${RAN#"$TOP/"}"
}

cleanup()	# [command]: what else it takes
{
	_status=$?
	trap '' INT TERM HUP
	for _p in $pids; do
		kill -s KILL -- "-$_p" 2>/dev/null && wait "$_p"
	done 2>/dev/null
	[ $# -eq 0 ] || "$@"
	[ "$_status" -eq 0 ] || again
	if [ -n "${KEEP-}" ]; then
		diag "kept: $T"
	else
		rm -rf "$T"
	fi
	exit "$_status"
}

trap cleanup EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
