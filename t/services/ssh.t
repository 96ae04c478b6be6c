#!/bin/sh
#
# ssh(1) with xcat as its ProxyCommand, to a real sshd(8) behind an xcat -l that
# has one socket for its input and output: run by socat, and run by inetd(8).

. "${0%/*}/../lib/lib.sh"
. "$LIB/server.sh"
. "$LIB/sshd.sh"

LIMIT=120
MB=$(by_tier 3 20)

# Inetd gives its services the socket as standard error, too, where nobody
# would see a diagnostic but sshd, to whom it is noise.
start_inetd()
{
	INETPORT=$(free_port)
	cat >"$T/service" <<-END
	exec "$T/bob" -l -a "alice@$DOMAIN" 2>>"$T/service.err"
	END
	echo "127.0.0.1:$INETPORT stream tcp nowait $(id -un) /bin/sh" \
	    "sh $T/service" >"$T/inetd.conf"
	start inetd /usr/sbin/inetd -i "$T/inetd.conf"
}

by_socat()
{
	start listener socat "TCP:127.0.0.1:$SSHPORT" \
	    EXEC:"$T/bob -l -a alice@$DOMAIN"
	wait_for 20 listening listener
}

by_inetd()
{
	: >"$T/service.err"
	start listener socat "TCP:127.0.0.1:$SSHPORT" \
	    "TCP:127.0.0.1:$INETPORT,retry=20,interval=.1"
	wait_for 20 listening service
}

# One xcat -l is good for one connection.
over_xcat()	# command ...
{
	if ! $by; then
		diag_file "$T/listener.err"
		diag_file "$T/service.err"
		bail "xcat -l does not start"
	fi
	run "$@"
}

connection_over()
{
	finish listener 15
	[ "$status" != timeout ]
}

try_ssh()
{
	over_xcat ssh -F "$T/ssh_config" host expr 6 \\* 7
	is "$(cat "$T/run.out")" 42 "$transport, $by: output of a command"
	is "$status" 0 "$transport, $by: success"
	ok "$transport, $by: the listener ends with it" connection_over

	over_xcat ssh -F "$T/ssh_config" host 'exit 7'
	is "$status" 7 "$transport, $by: exit status"
	connection_over

	over_xcat ssh -F "$T/ssh_config" host cat <"$T/data"
	check_same "$T/run.out" "$T/data" "$transport, $by: $MB MB there and back"
	connection_over

	over_xcat scp -q -F "$T/ssh_config" "$T/data" "host:$T/there"
	is "$status" 0 "$transport, $by: scp"
	check_same "$T/there" "$T/data" "$transport, $by: scp, $MB MB intact"
	connection_over

	over_xcat scp -q -F "$T/ssh_config" "host:$T/data" "$T/here"
	is "$status" 0 "$transport, $by: scp back"
	check_same "$T/here" "$T/data" "$transport, $by: scp back, $MB MB intact"
	connection_over
	rm "$T/there" "$T/here"
}

head -c "${MB}000000" /dev/urandom >"$T/data"
start_sshd
start_server prosody
transport=TCP
write_ssh_config <<END
Host *
	ProxyCommand $T/alice bob@$DOMAIN
	User $(id -un)
END
start_inetd
for by in by_socat by_inetd; do
	try_ssh
done
stop_server

# The same where only the web gets through: by WebSocket, which all of it has to
# go by.
CARRIER=ibb
start_server ejabberd http
by_transport wss
transport=WebSocket
write_ssh_config <<END
Host *
	ProxyCommand $T/alice -v bob@$DOMAIN 2>>$T/proxy.err
	User $(id -un)
END
by=by_socat
try_ssh
like "$(grep -c ': tls 1.3 end to end' "$T/proxy.err")" '^5$' \
    "$transport: that were five streams"
is "$(grep -c ': socket:' "$T/proxy.err")" 0 "$transport: all of them in-band"
done_testing
