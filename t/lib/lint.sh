#!/bin/sh
# shellcheck disable=SC2046,SC2086	# lists of words are what this is made of
#
# lint.sh: what programs have to say about the sources.  Silence is success.
#
#	t/lib/lint.sh			everything
#	t/lib/lint.sh job [file]	one of the jobs below
#
# t/deps lint has what it needs.

set -u
cd "$(dirname "$0")/../.." || exit 1

JOBS=${JOBS:-2}
FUNCTION_MAX=60				# lines; of a test 100
FILE_MAX=600				# lines of a .c file, tests apart
VAGUE_MAX=7				# words in 1,000 lines of comments

sources='xcat.c xml/*.c ibb/*.c net/*/*.c t/*/*.c'
headers='xml/*.h ibb/*.h net/*/*.h t/*/*.h'
texts='README man/HACKING man/CHANGES t/bench/README'
scripts='t/*/*.sh t/[!u]*/*.t t/deps .ci/run'
pkgs='expat openssl libbsd-overlay libidn libcares'
defs="-std=c11 -D_GNU_SOURCE -I. $(pkg-config --cflags $pkgs)"

warn='-Wall -Wextra -Werror -Wshadow -Wpointer-arith -Wcast-align -Wformat=2
-Wstrict-prototypes -Wmissing-prototypes -Wmissing-declarations
-Wold-style-definition -Wnested-externs -Wwrite-strings -Wundef -Wvla
-Wimplicit-fallthrough -Winit-self -Wnull-dereference -Wdouble-promotion
-Wconversion -Wno-sign-conversion'

# --- jobs: each prints what it finds and fails if that is something ----------

# At -O2, since what may be null or unset shows only in the flow.
gcc_()		# file
{
	gcc $defs $warn -Wcast-qual -Wlogical-op -Wduplicated-cond \
	    -Wduplicated-branches -Wjump-misses-init -Walloc-zero \
	    -O2 -c -o /dev/null "$1"
}

# OpenSSL's macros cast const away, which gcc forgives a system header.
clang_()	# file
{
	clang $defs $warn -O1 -c -o /dev/null "$1"
}

# Tests may run commands, and want the same random numbers each time.
tidy()		# file
{
	_less=
	case $1 in t/*) _less=-cert-env33-c,-cert-msc30-c,-cert-msc32-c,
		_less=$_less-cert-msc50-cpp,-cert-msc51-cpp ;;
	esac
	clang-tidy --quiet --checks="$_less" "$1" -- $defs 2>/dev/null
}

# It reads no system headers, but must know the macros that make declarations.
# Left out are
#	clarifyCalculation	C programmers know that & is before ?
#	ctuuninitvar		keys to search by are set only where looked at
#	knownConditionTrueFalse	takes only the first round of a loop for known
#	unusedStructMember	the macros' own
#	variableScope		declarations stand at the top
cppcheck_()
{
	_dir=$(mktemp -d) || return 1
	mkdir "$_dir/sys"
	for _h in queue tree; do
		_path=$(echo "#include <sys/$_h.h>" | gcc $defs -E - 2>/dev/null |
		    sed -n "s,^# 1 \"\\(/.*/sys/$_h.h\\)\".*,\\1,p" | head -n 1)
		[ -z "$_path" ] || ln -s "$_path" "$_dir/sys/$_h.h"
	done
	cppcheck -q --std=c11 --error-exitcode=1 --inline-suppr \
	    --enable=warning,performance,portability,style \
	    --suppress=clarifyCalculation --suppress=ctuuninitvar \
	    --suppress=knownConditionTrueFalse \
	    --suppress=unusedStructMember --suppress=variableScope \
	    --suppress="*:$_dir/*" -I. -I"$_dir" -D_GNU_SOURCE -D__GNUC__=12 \
	    xcat.c xml ibb net
	_status=$?
	rm -r "$_dir"
	return $_status
}

# Which manuals are installed here is not the manual's fault.
# They have the date of the version in the Makefile, 2026.11.
manual()
{
	_month=$(sed -n 's/^VERSION	= \([0-9]*\)\.\([0-9]*\).*/\1-\2-01/p' Makefile)
	for _page in man/*.[0-9]; do
		grep -q "^\.Dd $(date -d "$_month" +%B) [0-9]*, ${_month%%-*}\$" "$_page" ||
		    echo "$_page: not of the version in the Makefile"
	done | found 'set .Dd'
	! mandoc -Tlint -Wstyle man/*.[0-9] 2>/dev/null |
	    grep -v 'referenced manual not found'
}

shell_scripts()
{
	shellcheck -x $(grep -lE '^#!/bin/(ba)?sh|^# shellcheck shell=' $scripts)
}

found()		# message: the lines on standard input, if any, are mistakes
{
	! sed "s/\$/: $1/" | grep .
}

columns()
{
	for _f in $sources $headers $texts; do
		expand "$_f" | awk -v f="$_f" 'length > 80 { print f ":" NR }'
	done | found 'more than 80 columns'
}

white_space()
{
	grep -nE '[[:blank:]]+$' $sources $headers $scripts man/[!s]* man/systemd/*/* Makefile \
	    README LICENSE t/*/*.py t/bench/README | cut -d : -f 1,2 | found 'white space at the end'
}

indentation()
{
	grep -nE '^	* +	|^	* {8}' $sources $headers | cut -d : -f 1,2 |
	    found 'spaces where a tab should be'
}

functions()
{
	awk -v max=$FUNCTION_MAX '
	    FNR == 1 { start = 0 }
	    /^\{/ { start = FNR }
	    /^\}/ && start {
		if (FNR - start - 1 > (FILENAME ~ /^t\// ? 100 : max))
			print FILENAME ":" start
		start = 0
	    }' $sources | found "a function of too many lines"
}

# A file that is too long is cut by its subjects.
lengths()
{
	for _f in xcat.c xml/*.c ibb/*.c net/*/*.c; do
		_lines=$(wc -l <"$_f")
		[ "$_lines" -le $FILE_MAX ] || echo "$_f: $_lines lines"
	done | found "at most $FILE_MAX lines"
}

# A comment names its subject: words that only point at one are counted, and
# shown if there are too many.
vague()
{
	cat xcat.c xml/*.[ch] ibb/*.[ch] net/*/*.[ch] | awk -v max=$VAGUE_MAX '
	    /\/\*/ { inside = 1 }
	    !inside { next }
	    {
		lines++
		line = " " tolower($0) " "
		sub(/^.*\/\*/, " ", line)
		gsub(/[^a-z]+/, "  ", line)
		n = gsub(/ (who|whoever|nobody|somebody|such|likewise|the  same|one  that) /,
		    "", line)
		if (n > 0)
			shown = shown $0 "\n"
		count += n
	    }
	    /\*\// { inside = 0 }
	    END {
		if (count * 1000 > max * lines)
			printf "%s%d in %d lines of comments\n", shown, count,
			    lines
	    }' | found "vague words, of which $VAGUE_MAX in 1,000 lines may be"
}

# Words go out through the log (net/io/log.h), which cleans them.  The progress
# line and the usage come from there too, or are ours.
words()
{
	grep -nE '\<(v?printf|v?dprintf|v?(err|warn)x?|puts|putchar|perror)\(|\<(std(out|err)|STDERR_FILENO)\>' \
	    xcat.c xml/*.c ibb/*.c net/*/*.c |
	    grep -vE '^(net/io/log|net/file/progress|net/io/child|net/conf/password|net/io/fd|net/io/background|net/app/help)\.c:|(dprintf\(STDERR_FILENO,|limits_room\(STDERR_FILENO\).*)$' |
	    cut -d : -f 1,2 | found 'words that do not go through the log'
}

# xml/number.h is the one reader of numbers.
numbers()
{
	grep -nE '\<(strto(l|ul|ll|ull|imax|umax|num)|ato(i|l|ll)|sscanf)\(' \
	    xcat.c xml/*.[ch] ibb/*.[ch] net/*/*.[ch] | cut -d : -f 1,2 |
	    found 'a number that is not read by xml\/number.h'
}

# Each namespace has one name, and xml/ns.h has them all.
namespaces()
{
	{
		grep -nE '^#[[:blank:]]*define[[:blank:]]+NS_' \
		    xcat.c ibb/*.[ch] net/*/*.[ch] xml/*.[ch] |
		    grep -v '^xml/ns\.h:'
		grep -noE '"(urn:|jabber:|http://(jabber|etherx)\.)[^"]*"' \
		    xcat.c ibb/*.[ch] net/*/*.[ch] xml/*.[ch] |
		    grep -vE '^xml/(ns|write)\.h:|"urn:xmpp:alt-connections:'
		sed -nE 's/^#define NS_[A-Z0-9_]+[[:blank:]]+(.*"[^"]*").*/\1/p' \
		    xml/ns.h | sort | uniq -d | sed 's/^/xml\/ns.h:twice:/'
	} | cut -d : -f 1,2 | found 'a namespace that xml\/ns.h should have once'
}

# The order of the rooms (t/lib/rooms), for #include and, by the symbols of the
# objects, for calls and variables; no header declares a variable; each header
# is one that clang-tidy looks at.
rooms()
{
	${MAKE:-make} -s xcat >/dev/null || return 1
	_files=$(echo xcat.c xml/*.[ch] ibb/*.[ch] net/*/*.[ch])
	_regex=$(sed -n "s/^HeaderFilterRegex: '\\(.*\\)'/\\1/p" .clang-tidy)
	echo $headers | tr ' ' '\n' | grep -vE "$_regex" |
	    found 'not held by .clang-tidy' || return 1
	{
		grep '^#include "' $_files | sed 's/#include "\(.*\)"/use \1/'
		grep -l '^extern ' xml/*.h ibb/*.h net/*/*.h |
		    sed 's/$/:use extern/'
		nm -AgP $(echo $_files | tr ' ' '\n' | sed -n 's/c$/o/p')
	} | sed 's/\.[cho]: */ /; s/\.h$//' | awk '
	    function room(f) { return f ~ /\// ? substr(f, 1, match(f,
		/\/[^\/]*$/) - 1) : f }
	    function arrow(from, to) {
		if (!(room(from) in level) || !(room(to) in level))
			print from " -> " to ": in no room of t/lib/rooms"
		else if (level[room(to)] > level[room(from)])
			seen[from " " to] = 1
	    }
	    BEGIN { level["extern"] = 100 }
	    FILENAME != "-" && /^[a-z]/ && $1 !~ /:$/ { level[$1] = ++n }
	    FILENAME != "-" && $1 ~ /:$/ {
		for (i = 2; i <= NF; i++)
			known[substr($1, 1, length($1) - 1) " " $i] = 1
	    }
	    FILENAME != "-" { next }
	    $2 == "use" { arrow($1, $3); next }
	    $3 == "U" { wants[$1 " " $2] = 1; next }
	    $3 ~ /^[TDBRCVW]$/ { home[$2] = $1 }
	    END {
		for (w in wants) {
			split(w, p, " ")
			if (p[2] in home)
				arrow(p[1], home[p[2]])
		}
		for (a in seen)
			if (!(a in known))
				print a ": against the order of the rooms"
		for (a in known)
			if (!(a in seen))
				print a ": no longer needed in t/lib/rooms"
	    }' t/lib/rooms - | sort | found 'rooms'
}

# man/HACKING names functions as name(), and in its tables as "N  name  file.c":
# they are defined, and there.
hacking()
{
	{
		sed -nE 's/^ ?[0-9]+  ([a-z0-9_]+) +([a-z0-9_/]+\.c).*/\1 \2/p' \
		    man/HACKING
		grep -oE '\<[a-z0-9_]+\(\)' man/HACKING | sort -u |
		    sed 's/()//'
	} | while read -r _name _file; do
		grep -qE "^$_name\\(" ${_file:-xcat.c xml/*.c ibb/*.c net/*/*.c} ||
		    echo "man/HACKING: $_name ${_file-}"
	done | found 'not defined there'
}

# --- all of them, the longest first ------------------------------------------

jobs()
{
	printf 'cppcheck_\nshell_scripts\n'
	for _f in $sources; do
		printf '%s '"$_f"'\n' tidy gcc_ clang_
	done
	printf '%s\n' manual columns white_space indentation functions lengths \
	    vague words numbers rooms hacking namespaces
}

if [ $# -gt 0 ]; then
	"$@"
else
	jobs | xargs -P "$JOBS" -L 1 "$PWD/t/lib/lint.sh"
fi
