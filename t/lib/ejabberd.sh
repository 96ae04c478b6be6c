# ejabberd.sh: Debian's ejabberd, private to one test.  Sourced by server.sh.
# shellcheck shell=dash

ejabberd_listen()	# port module option ...: on every loopback address
{
	_port=$1 _module=$2; shift 2
	for _ip in $LOOPBACK; do
		printf '%s\n' "  - ip: '$_ip'" "    port: $_port" \
		    "    module: $_module"
		[ $# -eq 0 ] || printf '    %s\n' "$@"
	done
}

ejabberd_modules()	# feature ...
{
	printf '  %s: {}\n' mod_disco mod_ping mod_roster
	for _feature in "$@"; do
		case $_feature in
		smacks)	echo '  mod_stream_mgmt: {}' ;;
		http)	echo '  mod_bosh: {}' ;;
		limits|small|component)	;;
		upload)
			printf '  %s\n' 'mod_offline: {}' mod_http_upload:
			printf '    %s\n' "host: upload.@HOST@" \
			    "docroot: $T/ejabberd/uploads" \
			    "max_size: ${UPLOADMAX:-10000000}" \
			    'access: all' \
			    "put_url: https://localhost:$HTTPSPORT/upload/@HOST@" ;;
		sic)	echo '  mod_sic: {}' ;;
		stun)
			printf '%s\n' '  mod_stun_disco:' '    access: all' \
			    '    services:'
			for _port in 3478 3479; do
				printf '%s\n' "      - host: $STUNHOST" \
				    "        port: $_port" \
				    '        type: stun' \
				    '        transport: tcp' \
				    '        restricted: false'
			done ;;
		proxy65)
			echo '  mod_proxy65:'
			printf '    %s\n' "host: proxy.@HOST@" "ip: ${PROXYADDRESS:-127.0.0.1}" \
			    "port: $PROXYPORT" ;;
		*)	bail "ejabberd: no feature $_feature" ;;
		esac
	done
}

# tls_verify lets a client show the certificate that SASL EXTERNAL goes by.
ejabberd_config()	# feature ...
{
	cat <<-END
	loglevel: ${LOGLEVEL:-info}
	hosts: [$DOMAIN, $ANONDOMAIN]
	certfiles: ["$CA/example.test.pem", "$CA/example.test.key"]
	c2s_cafile: "$CAFILE"
	auth_password_format: plain
	disable_sasl_mechanisms: [digest-md5, X-OAUTH2]
	resource_conflict: ${CONFLICT:-closeold}
	host_config:
	  $ANONDOMAIN:
	    auth_method: [anonymous]
	    anonymous_protocol: sasl_anon
	shaper:
	  slow:
	    rate: 10000
	    burst_size: 20000
	shaper_rules:
	  slow: slow
	${SESSIONS:+  max_user_sessions: $SESSIONS}
	listen:
	END
	_shaper=none _size=262144
	case " $* " in *" limits "*) _shaper=slow; esac
	case " $* " in *" small "*) _size=10000; esac
	ejabberd_listen "$PORT" ejabberd_c2s "shaper: $_shaper" \
	    "max_stanza_size: $_size" \
	    'starttls_required: true' 'tls_verify: true'
	ejabberd_listen "$TLSPORT" ejabberd_c2s 'tls: true' 'tls_verify: true'
	case " $* " in *" http "*)
		for _tls in false true; do
			[ $_tls = true ] && _port=$HTTPSPORT || _port=$HTTPPORT
			ejabberd_listen "$_port" ejabberd_http "tls: $_tls" \
			    'request_handlers:' \
			    '  /http-bind: mod_bosh' \
			    '  /xmpp-websocket: ejabberd_http_ws'
		done
	esac
	case " $* " in *" upload "*)
		ejabberd_listen "$HTTPSPORT" ejabberd_http 'tls: true' \
		    'request_handlers:' '  /upload: mod_http_upload'
	esac
	case " $* " in *" component "*)
		ejabberd_listen "$COMPONENTPORT" ejabberd_service \
		    'password: open sesame'
	esac
	case " $* " in *" stun "*)
		ejabberd_listen 3478 ejabberd_stun 'transport: tcp'
		ejabberd_listen 3479 ejabberd_stun 'transport: tcp'
	esac
	echo modules:
	ejabberd_modules "$@"
	echo "${EXTRA-}"
}

ejabberd_register()	# Erlang that makes the accounts
{
	for _account in $ACCOUNTS; do
		printf 'ejabberd_auth:try_register('
		printf '<<"%s">>, <<"%s">>, <<"%s">>),' "${_account%@*}" \
		    "${_account#*@}" "$(password "${_account%@*}")"
	done
	cat <<-END
	[ejabberd_auth:try_register(
	    <<"crowd", (integer_to_binary(N))/binary>>, <<"$DOMAIN">>,
	    <<"$(password crowd)", (integer_to_binary(N))/binary>>) ||
	    N <- lists:seq(1, $CROWD)],
	END
	printf 'ok = file:write_file("%s", <<>>).' "$T/ejabberd/ready"
}

ejabberd_code()	# Erlang that loads it
{
	cat <<-END
	{ok, Names} = file:read_file("$LIB/ejabberd.modules"),
	code:ensure_modules_loaded([binary_to_atom(Name) ||
	    Name <- binary:split(Names, <<"\\n">>, [global, trim])]).
	END
}

ejabberd_ready()
{
	[ -e "$T/ejabberd/ready" ]
}

setup_ejabberd()	# [feature ...]
{
	mkdir -p "$T/ejabberd"
	ejabberd_config "$@" >"$T/ejabberd.yml"
}

# A quarter of what it takes to begin is reading translations: it gets none.  Its
# code is loaded at once, since each module by itself takes longer: the list is
# of those that were loaded after a start, and one more or less does no harm.
# Not through ejabberdctl(8), which wants to be its own user, and gives the node
# a name: that takes epmd, a daemon that one test would share with the next.
run_ejabberd()
{
	rm -f "$T/ejabberd/ready"
	mkdir -p "$T/ejabberd/no-translations"
	set -- /usr/lib/*/ejabberd-*/ebin
	[ -d "$1" ] || bail "no ejabberd in /usr/lib"
	# shellcheck disable=SC2086	# words, or none
	start ejabberd ${SERVER_AT-} env ERL_LIBS="${1%/*/ebin}" HOME="$T/ejabberd" \
	    ERL_CRASH_DUMP="$T/ejabberd/crash" \
	    EJABBERD_CONFIG_PATH="$T/ejabberd.yml" \
	    EJABBERD_LOG_PATH="$T/ejabberd.log" \
	    EJABBERD_MSGS_PATH="$T/ejabberd/no-translations" \
	    erl -noinput +sbwt none +sbwtdcpu none +sbwtdio none \
	    -mnesia dir "\"$T/ejabberd\"" -eval "$(ejabberd_code)" \
	    -s ejabberd -eval "$(ejabberd_register)"
}
