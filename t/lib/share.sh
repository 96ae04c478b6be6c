# share.sh: what the tests of -o share have in common.  After server.sh.
# shellcheck shell=dash

# The sockets are in a folder of the test's own.  A process that keeps a login
# ends with the test, or after its time.
mkdir -m 700 "$T/runtime"
export XDG_RUNTIME_DIR="$T/runtime"

masters()	# the processes that keep a login, one a line
{
	"$T/alice" -O list 2>/dev/null | sed -n 's/^process \([0-9]*\):.*/\1/p'
}

# The one that keeps the login.
master()
{
	masters | head -n 1
}

no_masters()
{
	[ -z "$(masters)" ]
}

end_masters()
{
	for _p in $(masters); do
		kill -TERM "$_p"
		wait_for 20 gone "$_p"
	done
}

clients()	# number: so many runs use the login now
{
	"$T/alice" -O check | grep -q ", $1 clients*\$"
}
