# complete.bash: what bash(1) would complete, for tests.
#
#	bash --norc complete.bash FILE LINE ...
#
# As readline(3) has it done: the words of each LINE, cut at COMP_WORDBREAKS, and
# the function that the completions in FILE have given to xcat.  Prints the line,
# then a line ">word" for each word that the last one could become.
# shellcheck shell=bash disable=SC1090,SC2034

. "$1"
shift
declare -a COMP_WORDS COMPREPLY
function=$(complete -p xcat)
function=${function#*-F }
function=${function%% *}

cut_words()	# line, without quotes
{
	local rest=$1 word

	COMP_WORDS=()
	while rest=${rest#"${rest%%[![:space:]]*}"}; [[ $rest ]]; do
		case $rest in
		["${COMP_WORDBREAKS//[[:space:]]/}"]*)
			word=${rest%%[!"$COMP_WORDBREAKS"]*}
			word=${word%%[[:space:]]*} ;;
		*)	word=${rest%%["$COMP_WORDBREAKS"]*} ;;
		esac
		COMP_WORDS+=("$word")
		rest=${rest#"$word"}
	done
	[[ $1 != *[[:space:]] ]] || COMP_WORDS+=('')
}

for line; do
	COMP_LINE=$line COMP_POINT=${#line} COMPREPLY=()
	cut_words "$line"
	COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
	"$function" xcat "${COMP_WORDS[COMP_CWORD]}" ''
	echo "$line"
	word=${line##* }
	kept=${word%"${word##*["${COMP_WORDBREAKS//[[:space:]]/}"]}"}
	for reply in "${COMPREPLY[@]}"; do
		printf '>%s\n' "$kept$reply"
	done
done
