# dino.sh: Dino, with its windows on a display of its own; see dinopeer.c.  Wants
# server.sh and gajim.sh, which has the display.
# shellcheck shell=dash

have_dino()
{
	command -v dino-im >/dev/null && command -v Xvfb >/dev/null &&
	    command -v dbus-run-session >/dev/null
}

make_dino()
{
	mkdir "$T/plugins"
	${CC:-cc} -D_GNU_SOURCE -shared -fPIC -o "$T/plugins/dinopeer.so" \
	    "$LIB/dinopeer.c" -ldl >"$T/cc.err" 2>&1 || {
		diag_file "$T/cc.err"
		bail "t/lib/dinopeer.c does not compile"
	}
}

# As dino, in the background, until it is seen by the peer's account, whose
# contact it is.
dino()		# user peer [file]: sends the file, once $T/go is there
{
	rm -rf "$T/dino-home" "$T/go"
	mkdir "$T/dino-home" && mkdir -m 700 "$T/dino-home/run"
	# shellcheck disable=SC2154	# of gajim.sh
	start dino env -u XDG_DATA_HOME -u XDG_CACHE_HOME HOME="$T/dino-home" \
	    XDG_RUNTIME_DIR="$T/dino-home/run" DISPLAY="$GAJIM_DISPLAY" \
	    NO_AT_BRIDGE=1 GSETTINGS_BACKEND=memory GDK_BACKEND=x11 \
	    GSK_RENDERER=cairo DINO_PLUGIN_DIR="$T/plugins" \
	    DINO_JID="$1@$DOMAIN" DINO_PASSWORD="$(password "$1")" \
	    DINO_PORT="$PORT" DINO_CA="$CAFILE" DINO_PEER="$2@$DOMAIN" \
	    DINO_SEND="${3-}" DINO_GO="$T/go" \
	    dbus-run-session -- env LD_PRELOAD="$T/plugins/dinopeer.so" \
	    dino-im --print-xmpp=all
	wait_for 60 grep -q "disco#info}:query\|roster}:query" "$T/dino.err" || {
		diag_file "$T/dino.err"
		bail "Dino does not log in"
	}
}

dino_said()	# state name
{
	grep -q "^$1: $2: " "$T/dino.out"
}

dino_file()	# name: the path where Dino has kept it
{
	sed -n "s/^complete: $1: //p" "$T/dino.out" | tail -n 1
}
