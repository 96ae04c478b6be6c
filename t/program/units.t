#!/bin/sh
#
# The units that make install installs, as systemd-analyze(1) reads them.

. "${0%/*}/../lib/lib.sh"

command -v systemd-analyze >/dev/null || skip_all 'no systemd-analyze'
systemd-analyze security --help 2>&1 | grep -q -- --offline ||
    skip_all 'systemd-analyze is too old'
export XDG_RUNTIME_DIR="$T/run"
mkdir "$T/run"

# -o: what is there is tested, and not built anew.
ok 'make install' make -s -C "$TOP" -o xcat install PREFIX="$T/usr"
system=$T/usr/lib/systemd/system user=$T/usr/lib/systemd/user
ok 'its program is in the unit' grep -qF "ExecStart=$T/usr/bin/xcat " \
    "$system/xcat@.service"
cp "$system/xcat@.service" "$T/xcat@web.service"
run systemd-analyze verify --man=no "$T/xcat@web.service"
is "$status:$(cat "$T/run.err")" 0: 'the unit of the system is valid'
run systemd-analyze --user verify --man=no "$user/xcat.service"
is "$status:$(cat "$T/run.err")" 0: 'that of a user, too'
ok 'the unit of the system is hardened' systemd-analyze security \
    --offline=yes --threshold=20 "$T/xcat@web.service"
ok 'that of a user as far as commands allow' systemd-analyze security \
    --offline=yes --threshold=70 "$user/xcat.service"
for unit in "$system/xcat@.service" "$user/xcat.service"; do
	run sh -c "$(sed -n 's/^ExecStart=//p' "$unit") -o log=none"
	is "$status" 2 "${unit##*/}: its options are read"
	ok 'as they are' said run 'log must be text or json'
done
done_testing
