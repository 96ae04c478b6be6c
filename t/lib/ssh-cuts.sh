# ssh-cuts.sh: ssh(1) through an xcat that keeps losing its server, on either
# side: typing goes on after each recovery, and a large copy is intact.
# t/loss/ssh-cuts-*.t.
# shellcheck shell=dash

. "$LIB/server.sh"
. "$LIB/relay.sh"
. "$LIB/sshd.sh"

SIZE=${SIZE:-$(by_tier 5000000 50000000)}
# shellcheck disable=SC2034
LIMIT=300				# of run
KEYS=8					# times that somebody types, and a cut

back()
{
	_total=$(($(lines proxy "$BACK") + $(lines listener "$BACK")))
	[ "$_total" -ge "$1" ]
}

# A shell with a terminal; what is typed comes as the value of a sum, which is
# not what was typed.
typing()
{
	fifo keys
	start shell ssh -tt -F "$T/ssh_config" host exec env PS1= sh \
	    <>"$T/keys"
	echo 'echo $((40 + 2))' >"$T/keys"
	wait_for 30 grep -q '^42' "$T/shell.out" || {
		diag_file "$T/shell.out"
		diag_file "$T/shell.err"
		diag_file "$T/proxy.err"
		bail 'no shell'
	}
	_n=0
	while [ $_n -lt $KEYS ]; do
		case $((_n % 3)) in
		0)	relay near cut ;;
		1)	relay far cut ;;
		2)	relay near cut; relay far cut ;;
		esac
		echo "echo \$(($_n + 100000))" >"$T/keys"
		ok "$server: typing goes on after loss $_n" \
		    wait_for 60 grep -q "^$((_n + 100000))" "$T/shell.out"
		_n=$((_n + 1))
	done
	echo exit >"$T/keys"
	ended_well shell 60 "$server: and the session ends in order"
	ok "$server: there were losses" back $((KEYS - 1))
}

copy()		# from to description
{
	_size=$(wc -c <"$T/data")
	# not in the first login, which is not tried again
	relay near "cuts 10 20000 $((_size / 7)) 1"
	relay far "cuts 10 20000 $((_size / 7)) 2"
	run scp -q -F "$T/ssh_config" "$1" "$2"
	is "$status" 0 "$server: $3, cut: status"
	check_same "$T/data" "${2#*:}" "$server: $3, cut: $_size bytes intact"
	ok "$server: it was cut" [ "$(relay_counts near 5)" -ge $((KEYS / 2)) ]
	rm -f "${2#*:}"
}

ssh_cuts()	# kind
{
	random data "$SIZE"
	start_sshd
	start_server "$1" smacks
	start_relay near
	start_relay far
	: >"$T/proxy.err"
	write_ssh_config <<-END
	Host *
		ProxyCommand $T/alice -v $(via near) bob@$DOMAIN ssh 2>>$T/proxy.err
		User $(id -un)
	END
	listen_as bob listener -k "$(via far)" -a "alice@$DOMAIN" \
	    "ssh=$SSHPORT"
	typing
	copy "$T/data" "host:$T/there" scp
	random data "${BACKSIZE:-$SIZE}"
	copy "host:$T/data" "$T/here" 'scp back'
	stop listener
	stop near
	stop far
	stop_server
}
