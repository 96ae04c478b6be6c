# alloc.sh: xcat without memory, on a server with stream management and on one
# without.  Sourced after lib.sh; see allocsweep.py.
# shellcheck shell=dash

. "$LIB/server.sh"

# Sanitizers have a malloc of their own, before ours.
grep -q __asan_init "$XCAT" && skip_all 'the sanitizer has its own malloc'
ALLOC_SO=$T/alloc.so
make -s -C "$TOP" t/lib/alloc.so || bail 'alloc.so is not built'
cp "$LIB/alloc.so" "$ALLOC_SO"
export T XCAT ALLOC_SO SERVER DOMAIN CAFILE

SCENARIOS='call_inband call_again call_plain listen_inband listen_socket
    serve_command serve_tcp forward send_file send_si send_url receive_file
    receive_si fetch_url resume'

# Each is a test of ours, since it has a server of its own.
sweep()		# option ...
{
	start_server prosody smacks proxy65 sasl2
	# shellcheck disable=SC2086
	sweep_some "$@" $SCENARIOS
	stop_server
	start_server prosody proxy65 sasl2
	rm -rf "$T"/worker*
	sweep_some "$@" relogin
}

sweep_some()	# option ... scenario ...
{
	"$PYTHON" -B "$LIB/allocsweep.py" "$@" >"$T/sweep.out" 2>&1
	_status=$?
	sed -n '/^#/p' "$T/sweep.out" >&2
	while read -r _ok _not _rest; do
		case $_ok$_not in
		ok*)	pass "${_rest#- }" ;;
		notok)	fail "${_rest#*- }" ;;
		esac
	done <"$T/sweep.out"
	is "$_status" "$(($(grep -c '^not ok' "$T/sweep.out") > 0))" \
	    'the sweep comes to its end'
}
