# jabberd2.sh: Debian's jabberd2, private to one test, behind server.sh.  It has
# SASL PLAIN and DIGEST-MD5, of which xcat takes PLAIN, if it is told to.
#
#	. "$LIB/jabberd2.sh"
#	start_server jabberd2
#
# shellcheck shell=dash

JABBERD2=/etc/jabberd2			# Debian's configuration

# Debian's file, with what belongs to the machine replaced by what is ours.
jabberd2_file()	# file
{
	sed -e "s,/var/[a-z]*/jabberd2/,$T/jabberd2/,g" \
	    -e "s,<log type='file'>,<log type='stdout'>," \
	    -e "s,$JABBERD2/router-users,$T/jabberd2/router-users," \
	    -e "s,5347,$ROUTERPORT,g" -e 's,0\.0\.0\.0,127.0.0.1,' \
	    -e "s,<port>5222<,<port>$PORT<," \
	    -e "s,<id [^>]*>localhost.localdomain<,<id pemfile='$CA/both.pem' require-starttls='mu'>$DOMAIN<," \
	    -e "s,localhost.localdomain,$DOMAIN,g" -e "s,^  <user>$,&<auto-create/>," \
	    "$JABBERD2/$1" >"$T/jabberd2/$1"
}

jabberd2_accounts()
{
	zcat -f /usr/share/doc/jabberd2/db-setup.sqlite*
	for _account in $ACCOUNTS; do
		echo "INSERT INTO authreg (username, realm, password) VALUES
		    ('${_account%@*}', '${_account#*@}',
		    '$(password "${_account%@*}")');"
	done
}

setup_jabberd2()
{
	mkdir -p "$T/jabberd2"
	ROUTERPORT=$(free_port)
	cat "$CA/example.test.pem" "$CA/example.test.key" >"$CA/both.pem"
	cp "$JABBERD2/router-users.xml" "$T/jabberd2"
	for _file in router sm c2s; do
		jabberd2_file $_file.xml
	done
	jabberd2_accounts | "$PYTHON" -c '
import sqlite3, sys
sqlite3.connect(sys.argv[1]).executescript(sys.stdin.read())' \
	    "$T/jabberd2/sqlite.db"
	for _user in $USERS; do
		mkdir -p "$T/home/$_user"
		echo 'plain yes' >>"$T/home/$_user/config"
	done
}

jabberd2_ready()
{
	listens "$PORT"
}

# Each process needs the one before it.
run_jabberd2()
{
	start router jabberd2-router -c "$T/jabberd2/router.xml"
	wait_for 20 listens "$ROUTERPORT" || diag_file "$T/router.out"
	start sm jabberd2-sm -c "$T/jabberd2/sm.xml"
	wait_for 20 grep -q "$DOMAIN.*online" "$T/router.out" ||
	    diag_file "$T/router.out"
	start jabberd2 jabberd2-c2s -c "$T/jabberd2/c2s.xml"
}
