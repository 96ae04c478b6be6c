# network.sh: a network for one test alone, with a DNS server, where ports may
# be what they are elsewhere.  To be sourced after lib.sh:
#
#	. "${0%/*}/../lib/lib.sh"
#	. "$LIB/network.sh"
#	own_network
#	. "$LIB/server.sh"
#	start_dns record ...
# shellcheck shell=dash

# Begin the test anew, in there.  Needs root.
own_network()
{
	if [ -z "${XCAT_OWN_NETWORK-}" ]; then
		[ "$(id -u)" -eq 0 ] ||
		    skip_all 'needs root, for a network of its own'
		XCAT_OWN_NETWORK=1
		export XCAT_OWN_NETWORK
		trap - EXIT
		rm -rf "${T:?}"
		exec unshare -n -m sh "$0"
	fi
	ip link set lo up
	echo 'nameserver 127.0.0.1' >"$T/resolv.conf"
	mount --bind "$T/resolv.conf" /etc/resolv.conf
}

# Records are lines of dnsmasq(8)'s configuration, those below and others.  What
# is in none of them is not there.
start_dns()	# record ...
{
	printf '%s\n' no-hosts no-resolv "listen-address=${DNS:-127.0.0.1}" \
	    bind-interfaces 'local=/#/' 'user=root' \
	    "pid-file=$T/dnsmasq.pid" "$@" >"$T/dnsmasq.conf"
	start dnsmasq dnsmasq -k -C "$T/dnsmasq.conf"
	wait_for 60 listens 53 && return
	diag_file "$T/dnsmasq.err"
	bail 'no DNS server'
}

srv()		# service domain [target port priority weight]
{
	_name=_$1._tcp.$2; shift 2
	echo "srv-host=$_name$(printf ',%s' "$@")"
}

address()	# name [address]
{
	echo "host-record=$1,${2-127.0.0.1}"
}
