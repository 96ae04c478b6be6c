# sockets.sh: what tests of streams that move to a socket share.  Sourced after
# server.sh.
# shellcheck shell=dash disable=SC2154

LIMIT=${LIMIT:-100}			# seconds for one process to end

# Descriptor 4 is the caller's input; what the listener writes is read at once.
open_stream()	# option ...
{
	fifo caller.in
	rm -f "$T/listener.out"		# it may lead to a fifo
	listen_as bob listener -v "$@" -a "alice@$DOMAIN"
	# shellcheck disable=SC2016
	start caller sh -c 'exec <"$1"; shift; exec "$@"' sh "$T/caller.in" \
	    "$T/alice" -s -v "$@" "bob@$DOMAIN"
	exec 4>"$T/caller.in"
}

close_stream()	# file what
{
	exec 4>&-
	ended caller "$2"
	ended listener "$2"
	check_same "$T/listener.out" "$T/$1" "$2: same"
}

stands()	# n: it has done so n times
{
	[ "$(grep -c ': socket: ' "$T/caller.err")" -ge "$1" ]
}

# All sockets of the stream: both ends have those that are not the server's, or
# a relay's that stands for it.
cut()
{
	ss -Htnp | awk -v server=":(${SERVERPORTS-$PORT})" \
	    -v pid="$(pid_of caller)" '
	    $4 !~ server "$" && $5 !~ server "$" && index($0, "pid=" pid ",") {
		print $4, $5 }' |
	    while read -r _us _them; do
		ss -K src "$_us" dst "$_them"
	    done >/dev/null 2>&1
}

can_cut()
{
	perl -MIO::Socket::INET -e '
		$l = IO::Socket::INET->new(Listen => 1,
		    LocalAddr => "127.0.0.1") or exit 1;
		$c = IO::Socket::INET->new($l->sockhost . ":" . $l->sockport);
		$a = $l->accept;
		system("ss -K dst 127.0.0.1 dport = " . $l->sockport .
		    " >/dev/null 2>&1");
		$SIG{ALRM} = sub { exit 1 }; alarm 2;
		exit(defined sysread($c, $_, 1));'
}
