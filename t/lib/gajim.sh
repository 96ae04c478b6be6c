# gajim.sh: Gajim, with its windows on a display of its own; see gajimpeer.py.
# shellcheck shell=dash

# Display $GAJIM_DISPLAY, for all that follow.
start_display()
{
	start xvfb Xvfb -displayfd 1 -screen 0 800x600x24 -nolisten tcp
	wait_for 20 grep -q '[0-9]' "$T/xvfb.out" || bail "no Xvfb"
	GAJIM_DISPLAY=:$(cat "$T/xvfb.out")
}

gajim_user()	# user: as $T/gajim-USER, each time with an empty home
{
	cat >"$T/gajim-$1" <<-END
	#!/bin/sh
	home=$T/gajim-home
	rm -rf "\$home" && mkdir -p -m 700 "\$home/run" || exit 1
	export HOME="\$home" XDG_RUNTIME_DIR="\$home/run" DISPLAY=$GAJIM_DISPLAY
	unset XDG_CONFIG_HOME XDG_DATA_HOME XDG_CACHE_HOME
	export NO_AT_BRIDGE=1
	export PYTHON_KEYRING_BACKEND=keyring.backends.null.Keyring
	exec dbus-run-session -- "$PYTHON" -B "$LIB/gajimpeer.py" \
	    -j "$1@$DOMAIN/gajim" -p "$(password "$1")" -c "$SERVER" \
	    -C "$CAFILE" -P "$(free_port)" "\$@"
	END
	chmod +x "$T/gajim-$1"
}

have_gajim()
{
	command -v Xvfb >/dev/null && command -v dbus-run-session >/dev/null &&
	    "$PYTHON" -c 'import gajim, gi' 2>/dev/null
}
