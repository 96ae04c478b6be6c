#!/bin/sh
#
# Completions for bash, zsh and fish: each offers all options, all keywords of
# net/conf/conf.c and the words that they take, and the peers that are known; and
# each shell finds them where they are installed.

. "${0%/*}/../lib/lib.sh"
. "$LIB/tmux.sh"

LIMIT=120
CONF=$TOP/net/conf/conf.c
SHELLS='bash zsh fish'
tab=$(printf '\t')

# --- what there is to be offered -------------------------------------------------

# Of the tables: "keyword words" for each keyword, without those for secrets and
# for old names.
keywords()
{
	awk '
	/^static const struct word / { name = $5; sub(/\[.*/, "", name) }
	name != "" && /\{ "/ {
		line = $0
		while (match(line, /\{ "[^"]*"/)) {
			words[name] = words[name] " " \
			    substr(line, RSTART + 3, RLENGTH - 4)
			line = substr(line, RSTART + RLENGTH)
		}
	}
	/^};/ { name = "" }
	/keywords\[\] = \{/ { table = 1; next }
	/^#undef AT/ { table = 0 }
	table && /AT\(/ {
		entry = $0
		while (entry !~ /\}/ && (getline more) > 0)
			entry = entry more
		if (entry ~ /FILEONLY|\/\* old \*\//)
			next
		split(entry, part, "\"")
		split(entry, field, /,[ \t]*/)
		print part[2] words[field[5]]
	}' "$CONF"
}

# Other names of yes and no are not offered.
make_keywords()
{
	keywords >"$T/keywords"
	like "$(wc -l <"$T/keywords")" '^([4-9][0-9])$' \
	    'the table of keywords is read'
	like "$(cat "$T/keywords")" '^presence contacts peer none$' \
	    'and the words of one'
	is "$(grep -c '^password\(-command\)\? \|^road ' "$T/keywords")" 0 \
	    'but secrets and old names'
}

letters()
{
	sed -n 's/.*"+:\([^"]*\)".*/\1/p' "$TOP/xcat.c" | tr -d : |
	    sed 's/./-&\n/g' | grep .
	sed -n 's/.*{ "\([a-z]*\)", no_argument.*/--\1/p' "$TOP/xcat.c"
}

make_home()
{
	home=$T/home
	mkdir -p "$home/.config/xcat" "$T/files/folder"
	: >"$T/files/file"
	printf '%s\n' '# peers' 'bob@example.org/xcat SHA256:one' \
	    'carol@example.org/My Laptop SHA256:two' garbage '' \
	    >"$home/.config/xcat/known_peers"
	printf '%s\n' 'dora@example.org SHA256:three' \
	    >"$home/.config/xcat/paired"
	printf '%s\n' 'jid alice@example.org' 'wait forever' \
	    >"$home/.config/xcat/config"
}

# What is asked, and what is to be offered: words that are divided by "|".
ask()		# line word ...
{
	_line=$1; shift
	printf '%s\t%s\n' "$_line" \
	    "$(printf '%s\n' "$@" | LC_ALL=C sort | joined)" >>"$T/asked"
}

joined()
{
	paste -s -d '|'
}

make_questions()
{
	set -f			# for the asterisk
	# shellcheck disable=SC2046
	ask 'xcat -o ' $(sed 's/ .*//; s/$/=/' "$T/keywords")
	while read -r _word _values; do
		# shellcheck disable=SC2046,SC2086
		[ -z "$_values" ] || ask "xcat -o $_word=" \
		    $(printf "$_word=%s\n" $_values)
	done <"$T/keywords"
	# shellcheck disable=SC2046
	ask 'xcat -' $(letters)
	set +f
	bob=bob@example.org/xcat
	carol='carol@example.org/My Laptop'
	dora=dora@example.org
	ask 'xcat ' "$bob" "$carol" "$dora"
	ask 'xcat bob@' "$bob"
	ask 'xcat -o wait=3 bob@ex' "$bob"
	ask 'xcat -W -w 5 -vs ' "$bob" "$carol" "$dora"
	ask 'xcat -z ' "$bob" "$carol" "$dora"
	ask 'xcat -L 8080 ' "$bob" "$carol" "$dora"
	ask 'xcat -s bob@example.org f' file folder
	ask 'xcat -K ' forget
	ask 'xcat -K forget ' "$bob" "$carol" "$dora"
	ask 'xcat -a ' @paired @roster '*' "$dora"
	ask 'xcat -l -o allow=' allow=@paired allow=@roster 'allow=*' \
	    "allow=$dora"
	ask "xcat -l -a $dora=" "$dora=SHA256:three"
	ask 'xcat -j ' alice@example.org
	ask 'xcat -l '
	ask 'xcat -w '
	ask 'xcat -o timeout='
	ask 'xcat -c ws' ws:// wss://
	ask 'xcat -x ' http:// socks5://
	ask 'xcat -p f' file folder
	ask 'xcat -r f' folder
	ask 'xcat -o ca-file=f' ca-file=file ca-file=folder
	ask 'xcat -o oob=' oob=fetch oob=fetch:any oob=serve
	ask 'xcat --re' --register
	ask 'xcat -o wai' wait=
	ask 'xcat -owait=f' -owait=forever
	ask 'xcat -l -a@r' -a@roster
}

# --- what is offered -------------------------------------------------------------

answers_of_bash()	# line ...
{
	run bash --norc "$LIB/complete.bash" "$TOP/man/xcat.bash" "$@"
}

answers_of_zsh()
{
	run zsh -f "$LIB/complete.zsh" "$TOP/man" "$T/zsh" "$@"
	mv "$T/zsh" "$T/run.out"
}

answers_of_fish()
{
	run fish --no-config "$LIB/complete.fish" "$TOP/man/xcat.fish" "$@"
}

# Quotes, and the slash behind a folder, are matters of the shell's taste.
offered()	# line: of all that was answered
{
	line=$1 awk '/^>/ { if (on) print substr($0, 2); next }
	    { on = $0 == ENVIRON["line"] }' "$T/run.out" |
	    sed 's/\\//g; s,\([^/]\)/$,\1,' | LC_ALL=C sort -u | joined
}

ask_shell()	# shell
{
	set --
	while IFS=$tab read -r _line _want; do
		set -- "$@" "$_line"
	done <"$T/asked"
	cd "$T/files" || exit
	"answers_of_$shell" "$@"
	is "$status" 0 "$shell: status"
	[ "$status" = 0 ] || diag_file "$T/run.err"
	ok "$shell: complains of nothing" [ ! -s "$T/run.err" ]
	while IFS=$tab read -r _line _want; do
		is "$(offered "$_line")" "$_want" "$shell: $_line"
	done <"$T/asked"
	cd "$TOP" || exit
}

# --- by the keyboard, where they are installed -----------------------------------

shows()		# extended-regex: on the terminal
{
	tm capture-pane -p -J -t "$shell" | grep -Eq -e "$1"
}

# As t/program/build.t sees them installed.
install_them()
{
	data=$T/dest/share
	mkdir -p "$data/bash-completion/completions" \
	    "$data/zsh/site-functions" "$data/fish/vendor_completions.d"
	cp "$TOP/man/xcat.bash" "$data/bash-completion/completions/xcat"
	cp "$TOP/man/_xcat" "$data/zsh/site-functions/_xcat"
	cp "$TOP/man/xcat.fish" "$data/fish/vendor_completions.d/xcat.fish"
	cat >"$T/bashrc" <<-'END'
	PS1='$ '
	. /usr/share/bash-completion/bash_completion
	END
	cat >"$home/.zshrc" <<-END
	PS1='$ '
	fpath=("$data/zsh/site-functions" \$fpath)
	autoload -Uz compinit && compinit -D -u
	END
	mkdir -p "$home/.config/fish" "$T/bin"
	cat >"$home/.config/fish/config.fish" <<-'END'
	set fish_greeting
	function fish_prompt
	    echo -n '$ '
	end
	END
	ln -sf "$XCAT" "$T/bin/xcat"
}

command_of()	# shell
{
	case $1 in
	bash)	echo "bash --rcfile $T/bashrc -i" ;;
	zsh)	echo 'zsh -i' ;;
	fish)	echo "fish -i" ;;
	esac
}

by_keyboard()	# shell
{
	tm new-session -d -s "$shell" -x 100 -y 20 "cd '$T/files' &&
	    HOME='$home' XDG_CONFIG_HOME= XDG_DATA_DIRS='$data:/usr/share' \
	    PATH='$T/bin:$PATH' exec $(command_of "$shell")"
	wait_for 30 shows '\$ *$' || tm capture-pane -p -t "$shell" >&2
	typed 'xcat -o wai' 'xcat -o wait=$'
	typed 'f' 'xcat -o wait=forever( |$)'
	typed ' bob' 'xcat -o wait=forever  ?bob@example.org/xcat'
	tm send-keys -t "$shell" C-u
	typed 'xcat carol@ex' 'xcat carol@example.org/My\\ Laptop'
	tm kill-session -t "$shell"
}

# Bash asks when it has seen TAB; what was typed before is there then.
typed()		# text extended-regex
{
	tm send-keys -t "$shell" -l "$1"
	tm send-keys -t "$shell" Tab
	ok "$shell: $1, and TAB" wait_for 30 shows "\\\$ *$2"
	shows "$2" || tm capture-pane -p -t "$shell" | sed 's/^/# /' >&2
}

make_keywords
make_home
make_questions
install_them
unset XCAT_CONFIG XDG_CONFIG_HOME
export HOME="$home"
for shell in $SHELLS; do
	ask_shell
done
start_tmux 20
for shell in $SHELLS; do
	by_keyboard
done
stop_tmux 20
done_testing
