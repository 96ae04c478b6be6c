# prosody.sh: Debian's Prosody, private to one test.  Sourced by server.sh.
# shellcheck shell=dash

# A virtual host with its certificate; the extra text goes into its section.
prosody_host()	# domain certificate [lua]
{
	cat <<-END
	VirtualHost "$1" {
		ssl = { certificate = "$CA/$2.pem", key = "$CA/$2.key" };
		c2s_direct_tls_ssl = {
			certificate = "$CA/$2.pem", key = "$CA/$2.key" };
		${3-}
	}
	END
}

# Passwords in the clear, so that there is something to offer for every SCRAM.
# Writing the file is what prosodyctl(1) would do, without its half a second.
prosody_account()	# user@domain
{
	_dir=$T/prosody/$(prosody_name "${1#*@}")/accounts
	mkdir -p "$_dir"
	echo "return { [\"password\"] = \"$(password "${1%@*}")\"; };" \
	    >"$_dir/$(prosody_name "${1%@*}").dat"
}

# The accounts of a crowd (server.sh), in one process.
prosody_crowd()
{
	_dir=$T/prosody/$(prosody_name "$DOMAIN")/accounts
	mkdir -p "$_dir"
	awk -v dir="$_dir" -v n="$CROWD" -v password="$(password crowd)" '
		BEGIN {
			for (i = 1; i <= n; i++) {
				file = dir "/crowd" i ".dat"
				printf "return { [\"password\"] = \"%s%d\"; };\n",
				    password, i >file
				close(file)
			}
		}'
}

prosody_name()	# name: as a file is called that is about it
{
	printf %s "$1" | perl -pe 's/[^A-Za-z0-9]/sprintf "%%%02x", ord $&/ge'
}

prosody_modules()	# feature ...
{
	echo roster saslauth tls disco ping
	for _feature in "$@"; do
		case $_feature in
		smacks|proxy65|limits)	echo "$_feature" ;;
		small|tls12|upload)	;;
		said)		echo limits_said ;;
		sasl2)		echo sasl2 sasl2_older sasl2_bind2 sasl2_fast ;;
		http)		echo bosh websocket ;;
		sic)		echo ipcheck ;;
		stun)		echo turn_external ;;
		*)		bail "prosody: no feature $_feature" ;;
		esac
	done
}

prosody_tls()	# feature ...
{
	for _feature in "$@"; do
		case $_feature in
		tls12)		echo 'protocol = "tlsv1_2",' ;;
		esac
	done
}

# Prosody asks the DNS through libunbound if lua-unbound is installed, and by
# itself if not.  Libunbound by default knows that there is no domain "test",
# never asks a server on this machine, and wants signatures from the root: all of
# that is undone.
prosody_config()	# feature ...
{
	cat <<-END
	run_as_root = true
	data_path = "$T/prosody"
	plugin_paths = { "$LIB/prosody" }
	log = { { levels = { min = "${LOGLEVEL:-info}" }, to = "console" } }
	interfaces = { $(echo "$LOOPBACK" | sed 's/[^ ]*/"&",/g') }
	c2s_ports = { $PORT }
	c2s_direct_tls_ports = { $TLSPORT }
	http_ports = { $HTTPPORT }
	https_ports = { $HTTPSPORT }
	proxy65_ports = { $PROXYPORT }
	component_ports = { $COMPONENTPORT }
	modules_enabled = { $(prosody_modules "$@" | sed 's/[a-z0-9_]*/"&";/g') }
	modules_disabled = { "s2s" }
	authentication = "internal_plain"
	conflict_resolve = "${CONFLICT:-kick_old}"
	bosh_max_inactivity = ${INACTIVITY:-60}
	ssl = {
		$(prosody_tls "$@")
		certificate = "$CA/example.test.pem",
		key = "$CA/example.test.key"
	}
	https_ssl = ssl
	network_backend = "epoll"
	unbound = {
		resolvconf = "$T/prosody.resolv.conf", hoststxt = false,
		options = {
			["module-config:"] = "iterator",
			["do-not-query-localhost:"] = "no",
			["local-zone:"] = "test. transparent"
		}
	}
	limits = { c2s = { rate = "10kb/s"; burst = "2s" } }
	consider_bosh_secure = true
	consider_websocket_secure = true
	END
	case " $* " in *" small "*)
		echo 'c2s_stanza_size_limit = 7000'
	esac
	case " $* " in *" stun "*)
		printf '%s\n' "turn_external_host = \"$STUNHOST\"" \
		    'turn_external_secret = "secret"'
	esac
	prosody_host "$DOMAIN" example.test
	prosody_host "$ANONDOMAIN" example.test 'authentication = "anonymous"'
	case " $* " in *" proxy65 "*)
		# the address is what it tells clients: the name is in no DNS
		printf 'Component "%s" "proxy65"\n' \
		    "${PROXYNAME-proxy.$DOMAIN}"
		echo "proxy65_address = \"${PROXYADDRESS:-127.0.0.1}\""
	esac
	case " $* " in *" upload "*)
		prosody_upload
	esac
	echo "${EXTRA-}"
}

# Its files are served at localhost, which the certificate names.
prosody_upload()
{
	cat <<-END
	Component "upload.$DOMAIN" "http_file_share"
		modules_disabled = { "s2s" }
		http_host = "localhost"
		http_external_url = "https://localhost:$HTTPSPORT/"
		http_file_share_size_limit = ${UPLOADMAX:-10000000}
		http_file_share_daily_quota = ${UPLOADQUOTA:-100000000}
	END
}

prosody_ready()
{
	:
}

setup_prosody()	# [feature ...]
{
	mkdir -p "$T/prosody"
	for _account in $ACCOUNTS; do
		prosody_account "$_account"
	done
	[ "$CROWD" -eq 0 ] || prosody_crowd
	echo 'nameserver 127.0.0.1' >"$T/prosody.resolv.conf"
	prosody_config "$@" >"$T/prosody.cfg.lua"
}

run_prosody()
{
	# shellcheck disable=SC2086	# words, or none
	start prosody ${SERVER_AT-} prosody -F --config "$T/prosody.cfg.lua"
}
