#!/bin/sh
#
# check.sh: run tests beside each other, as many as two processors bear, and say
# which took longest.
#
#	t/lib/check.sh [test ...]		all of them, or these
#	t/lib/check.sh --again			those that failed last, alone
#	TIER=soak t/lib/check.sh		everything in full size: see lib.sh
#
#	SERVERJOBS=6	tests in shell, most of which start servers, at a time
#	JOBS=2		others, which script their server or need none
#	TABLE=10	lines of the table at the end
#	KEEPTAP=	a directory for what each test prints
#	UNITS=		tests that have been compiled
#
# A new test needs no entry anywhere.  The list below is of those that take
# longest, so that they begin first: at the end they would be alone.

set -u
SLOWEST='loss/away-prosody loss/stall stream/limits loss/resume file/file-xcat
    loss/relogin loss/upgrade-away loss/upgrade-mend loss/upgrade-cuts
    login/proxy login/federation loss/ssh-cuts-prosody loss/cuts-web-ejabberd
    program/build hostile/alloc hostile/hostile-ibb hostile/hostile-xml
    hostile/middle'
# These measure: in a soak they begin when all others have ended.
ALONE='soak/load soak/beside soak/nat stream/distance'

# --- one test, for prove(1) --------------------------------------------------

# What it took goes to a file of its own: name, status, beginning and end, and
# what times says of the children in its second line.  What it printed stays
# beside it, for failures() and for KEEPTAP.  It goes through a pipe, because a
# test may limit the size of files.
one()		# directory test
{
	_own=$1/$(echo "${2%.t}" | tr / _)
	read -r _began _ </proc/uptime
	{ "$2" 2>"$_own.err"; echo $? >"$_own.status"; } | tee "$_own.tap"
	read -r _status <"$_own.status"
	[ -z "${KEEPTAP-}" ] || cp "$_own.tap" "$KEEPTAP/"
	read -r _ended _ </proc/uptime
	{
		echo "$2 $_status $_began $_ended"
		times
	} >"$_own.took"
	exit "$_status"
}

[ "${1-}" != --one ] || one "$2" "$3"

# --- all of them -------------------------------------------------------------

cd "$(dirname "$0")/../.." || exit 1
TIER=${TIER:-check}
UNITS=${UNITS-}
export TIER
LAST=.failed			# names of the tests that failed last
T=$(mktemp -d "${TMPDIR:-/tmp}/xcat-check.XXXXXX") || exit 1
mkdir "$T/took"
trap 'rm -rf "$T"' EXIT
trap 'exit 130' HUP INT TERM

tests()		# [test ...]
{
	if [ $# -gt 0 ]; then
		printf '%s\n' "$@"
	else
		# shellcheck disable=SC2086
		printf 't/%s.t\n' $SLOWEST
		# shellcheck disable=SC2086
		printf '%s\n' t/[!u]*/*.t $UNITS
	fi | awk '!seen[$0]++'
}

in_shell()	# test
{
	[ "$(head -c 9 "$1" | tr -d '\0')" = '#!/bin/sh' ]
}

some()		# list jobs
{
	[ ! -s "$T/$1" ] ||
	    xargs prove -j"$2" -e "t/lib/check.sh --one $T/took" <"$T/$1"
}

table()
{
	printf '\n seconds  processor\n'
	awk 'FNR == 1 { name = $1; failed = $2 ? "  FAILED" : ""
		wall = $4 - $3 }
	    FNR == 3 { split($1 "m" $2, t, /[ms]/)
		printf "%8.1f %10.1f  %s%s\n", wall,
		    60 * t[1] + t[2] + 60 * t[4] + t[5], name, failed }' \
	    "$T"/took/*.took | sort -rn | head -n "${TABLE:-10}"
	awk 'FNR == 3 { split($1 "m" $2, t, /[ms]/)
		cpu += 60 * t[1] + t[2] + 60 * t[4] + t[5]; n++ }
	    END { printf "         %10.1f  all %d files\n", cpu, n }' \
	    "$T"/took/*.took
}

# At the very end, where a reader of a long log looks first.
failures()
{
	: >$LAST
	for _took in "$T"/took/*.took; do
		read -r _name _status _ <"$_took"
		[ "$_status" -ne 0 ] ||
		    grep -q '^not ok' "${_took%.took}.tap" || continue
		echo "$_name" >>$LAST
		printf '\n%s: status %s\n' "$_name" "$_status"
		grep '^not ok' "${_took%.took}.tap" | head -n 20
		tail -n 40 "${_took%.took}.err"
	done
}

# Made once for all, as openssl(1) takes its time.
share_certificates()
{
	export XCAT_TEST_CERTS="$T/certs"
	mkdir "$XCAT_TEST_CERTS"
	T=$XCAT_TEST_CERTS sh -euc 'bail() { echo "$*" >&2; exit 1; }
		. t/lib/ca.sh
		make_server_ca'
}

# Into lists of those that run beside each other, and of those that do not.
# What measures skips itself in a check, and prove(1) would close on "no tests"
# if it had nothing else to run.
sort_out()
{
	while read -r t; do
		_name=${t#t/}
		if [ ! -e "$t" ]; then
			continue		# the list is older
		elif [ "$TIER" = soak ] &&
		    echo "$ALONE" | grep -qwF "${_name%.t}"; then
			echo "$t" >>"$T/alone"
		elif in_shell "$t"; then
			echo "$t" >>"$T/servers"
		else
			echo "$t" >>"$T/others"
		fi
	done
}

: >"$T/servers"
: >"$T/others"
: >"$T/alone"
if [ "${1-}" = --again ]; then
	[ -s $LAST ] || { echo 'no test has failed' >&2; exit 1; }
	cp $LAST "$T/alone"
else
	tests "$@" | sort_out
fi
began=$(date +%s)
share_certificates
some others "${JOBS:-2}" >"$T/out" 2>&1 &
some servers "${SERVERJOBS:-6}"
status=$?
wait $! || status=1
cat "$T/out"
some alone 1 || status=1
table
failures
echo "make $TIER: $(($(date +%s) - began)) s"
exit $status
