# complete.zsh: what zsh(1) would complete, for tests.
#
#	zsh -f complete.zsh FOLDER OUT LINE ...
#
# The lines are typed, one after another, into a zsh on a pseudo-terminal whose
# fpath begins with FOLDER, each with a TAB behind it.  What is offered goes to
# OUT: the line, then a line ">match" for each match as it would be inserted.

# --- in the terminal -----------------------------------------------------------

# Matches are written down where they are added; -O, -A and -D only ask for them.
compadd() {
	local -a found options=("${(@)@[1,${@[(i)(-|--)]}]}")
	local prefix suffix

	builtin compadd "$@"
	local result=$?
	(( ${options[(I)-(O|A|D)*]} )) && return result
	builtin compadd -A found "$@"
	(( $#found )) || return result
	(( ${options[(I)-P]} )) && prefix=${options[${options[(I)-P]}+1]}
	(( ${options[(I)-S]} )) && suffix=${options[${options[(I)-S]}+1]} ||
	    suffix=${${(M)options:#-S?*}#-S}
	print -r -l -- ">$IPREFIX$prefix"${^found}"$suffix" >>$OUT
	return result
}

show() {
	print -r -- "$BUFFER" >>$OUT
	_main_complete
	compstate[insert]= compstate[list]=
	print -r -- . >>$OUT
}

if [[ ${IN_TERMINAL-} ]]; then
	fpath=($FOLDER $fpath)
	autoload -Uz compinit
	compinit -D -u
	zle -C show complete-word show
	bindkey '^I' show
	return
fi

# --- outside -------------------------------------------------------------------

zmodload zsh/zpty zsh/zselect
dots() {
	local -a lines=(${(M)${(f)"$(<$OUT)"}:#.})

	REPLY=$#lines
}

until_dots() {		# number: it has said so much, within half a minute
	local turn text

	for (( turn = 0; turn < 3000; turn++ )); do
		zpty -rt shell text
		dots
		(( REPLY < $1 )) || return 0
		zselect -t 1
	done
	print -u2 "no answer"
	return 1
}

export FOLDER=$1 OUT=$2 IN_TERMINAL=1 TERM=dumb
self=${0:A}
shift 2
: >$OUT
zpty -b shell 'zsh -f -i'
zpty -w shell ". ${(q)self}; print . >>\$OUT"
until_dots 1 || exit 1
turn=1
for line; do
	zpty -n -w shell $'\x15'"$line"$'\t'
	until_dots $(( ++turn )) || exit 1
done
zpty -d shell
