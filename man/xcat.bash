# bash completion for xcat(1).  Works with bash-completion and without.
# shellcheck shell=bash

# The words until the cursor, into the array words, as the shell has them:
# COMP_WORDS is cut at each of COMP_WORDBREAKS, and addresses are full of them.
_xcat_words()
{
	local rest=${COMP_LINE:0:COMP_POINT} trimmed piece i

	words=()
	for ((i = 0; i <= COMP_CWORD; i++)); do
		trimmed=${rest#"${rest%%[![:space:]]*}"}
		piece=${COMP_WORDS[i]}
		((i < COMP_CWORD)) || piece=$trimmed
		if ((i == 0)) || [[ $trimmed != "$rest" ]]; then
			words+=("$piece")
		else
			words[${#words[@]} - 1]+=$piece
		fi
		rest=${trimmed#"$piece"}
	done
}

# Where keys and known peers are: see xcat(1), FILES.
_xcat_folder()
{
	local config=${XCAT_CONFIG-}

	if [[ $config && ( -f $config || ! -e $config ) ]]; then
		case $config in
		*/*)	echo "${config%/*}" ;;
		*)	echo . ;;
		esac
	else
		echo "${XDG_CONFIG_HOME:-$HOME/.config}/xcat"
	fi
}

# The addresses of a file of keys, whose resources may have blanks in them; with
# "keys", each with its key.
_xcat_addresses()	# file [keys]
{
	local line

	while IFS= read -r line || [[ $line ]]; do
		[[ $line == ?*\ SHA256:* ]] || continue
		if [[ ${2-} ]]; then
			printf '%s\n' "${line% SHA256:*}=${line##* }"
		else
			printf '%s\n' "${line% SHA256:*}"
		fi
	done < <(cat -- "$(_xcat_folder)/$1" 2>/dev/null)
}

# Peers that can be called: those that were, and those that came with a code.
_xcat_peers()
{
	_xcat_addresses known_peers
	_xcat_addresses paired
}

# What -a takes; behind an address the key that it is known to have.
_xcat_who()		# what there is of it
{
	printf '%s\n' @roster @paired '*'
	case $1 in
	*=*)	_xcat_addresses paired keys ;;
	*)	_xcat_addresses paired ;;
	esac
}

# Our own accounts: that of the environment and that of the configuration.
_xcat_accounts()
{
	local keyword value

	[[ -z ${XCAT_JID-} ]] || printf '%s\n' "$XCAT_JID"
	while read -r keyword value; do
		[[ $keyword != jid ]] || printf '%s\n' "${value//\"/}"
	done < <(cat -- "${XCAT_CONFIG:-$(_xcat_folder)/config}" 2>/dev/null)
}

# The keywords of -o: all but those that hold a secret.
_xcat_keywords='allow background block-size ca-file carrier certificate
cleartext close-at-eof e2e family fast forward grace invite invite-time jid
keep-listening key known log max-size max-streams max-streams-per-peer memory
message no-stdin oob password-file plain portmap presence proxy punch receive
remote reverse s5b-proxy sandbox server service share socks streamhost
streamhost-policy stun timeout transport udp udp-clients udp-idle upgrade-after
upload verbosity wait'

# The values of a keyword, a line each; "+f" and "+d" are files and folders.
_xcat_values()		# keyword value
{
	case $1 in
	allow)	_xcat_who "$2" ;;
	background|cleartext|close-at-eof|fast|invite|keep-listening|message|\
	no-stdin|plain|portmap|punch|sandbox|udp)
		printf '%s\n' yes no ;;
	ca-file|certificate|key|password-file)
		echo +f ;;
	carrier)	printf '%s\n' auto ibb s5b ;;
	e2e)	printf '%s\n' prefer require off ;;
	family)	printf '%s\n' any 4 6 ;;
	jid)	_xcat_accounts ;;
	known)	printf '%s\n' peer account ;;
	log)	printf '%s\n' text json ;;
	oob)	printf '%s\n' serve fetch fetch:any ;;
	presence)	printf '%s\n' contacts peer none ;;
	proxy)	printf '%s\n' socks5:// http:// ;;
	receive)	echo +d ;;
	server)	printf '%s\n' xmpp:// xmpps:// wss:// https:// ws:// http:// ;;
	share)	printf '%s\n' yes no ;;
	streamhost)	echo none ;;
	streamhost-policy)	printf '%s\n' auto public any ;;
	transport)	printf '%s\n' auto tcp websocket bosh ;;
	upload)	printf '%s\n' yes absent no ;;
	verbosity)	printf '%s\n' -1 0 1 2 ;;
	wait)	printf '%s\n' no forever ;;
	esac
}

# The argument of an option, a line each.
_xcat_argument()	# letter value
{
	case $1 in
	a)	_xcat_values allow "$2" ;;
	C)	_xcat_values ca-file "$2" ;;
	c)	_xcat_values server "$2" ;;
	j)	_xcat_values jid "$2" ;;
	O)	printf '%s\n' check exit list ;;
	o)	case $2 in
		*=*)	_xcat_values "${2%%=*}" "${2#*=}" |
			    sed "s/^[^+]/${2%%=*}=&/" ;;
		*)	local word
			for word in $_xcat_keywords; do
				echo "$word="
			done ;;
		esac ;;
	p)	_xcat_values password-file "$2" ;;
	r)	_xcat_values receive "$2" ;;
	x)	_xcat_values proxy "$2" ;;
	esac
}

_xcat_with_argument=abCcDjLOoPpRrwx

# What comes at the place of the cursor, a line each.  Options end with the first
# operand.
_xcat_candidates()
{
	local i=1 modes='' word letter

	while ((i < ${#words[@]} - 1)); do
		word=${words[i]}
		case $word in
		--)	((i++)); break ;;
		--*)	modes+=${word#--} ;;
		-?*)	word=${word#-}
			while [[ $word ]]; do
				letter=${word:0:1} word=${word:1}
				modes+=$letter
				[[ $_xcat_with_argument == *"$letter"* ]] ||
				    continue
				if [[ -z $word ]] && ((++i == ${#words[@]} - 1))
				then
					_xcat_argument "$letter" "$cur"
					return
				fi
				break
			done ;;
		*)	break ;;
		esac
		((i++))
	done
	_xcat_operand "$modes" $((${#words[@]} - 1 - i))
}

# The word at the cursor is the operand of this number, or an option.
_xcat_operand()		# options-before number
{
	local letters=$_xcat_with_argument

	# An argument that touches its letter; files have to stand apart.
	if [[ $2 == 0 && $cur =~ ^(-[^-$letters]*[$letters])(.+)$ ]]; then
		_xcat_argument "${BASH_REMATCH[1]: -1}" "${BASH_REMATCH[2]}" |
		    sed "/^+/d; s/^/${BASH_REMATCH[1]}/"
		return
	fi
	if [[ $2 == 0 && $cur == -* ]]; then
		printf '%s\n' -4 -6 -a -b -C -c -D -d -f -h -I -i -j -K -k -L \
		    -l -m -N -O -o -P -p -q -R -r -s -u -V -v -W -w -x -z \
		    --help --register --version
		return
	fi
	case $1 in
	*K*)	[[ $2 != 0 ]] || echo forget
		[[ $2 != 1 ]] || _xcat_peers ;;
	*register*|*l*)	;;
	*s*)	if [[ $2 == 0 ]]; then _xcat_peers; else echo +f; fi ;;
	*)	[[ $2 != 0 ]] || _xcat_peers ;;
	esac
}

# Files of this name, and folders, or folders only.
_xcat_files()		# +f|+d prefix
{
	local name

	while IFS= read -r name; do
		[[ -d $name ]] && name+=/
		printf '%s\n' "$name"
	done < <(compgen "-${1#+}" -- "$2")
}

_xcat()
{
	local words cur quote='' before='' keyword='' line breaks shown

	COMPREPLY=()
	_xcat_words
	cur=${words[${#words[@]} - 1]}
	case $cur in
	[\'\"]*)	quote=1 cur=${cur:1} ;;
	*)	cur=${cur//\\/} ;;
	esac
	breaks=${COMP_WORDBREAKS//[[:space:]]/}
	[[ $quote ]] || case $cur in
	*["$breaks"]*)	before=${cur%"${cur##*["$breaks"]}"} ;;
	esac
	while IFS= read -r line; do
		case $line in
		+f|+d)	[[ ${words[${#words[@]} - 2]} != -o ]] ||
			    keyword=${cur%%=*}=
			while IFS= read -r line; do
				_xcat_offer "$keyword$line"
			done < <(_xcat_files "$line" "${cur#"$keyword"}") ;;
		*)	_xcat_offer "$line" ;;
		esac
	done < <(_xcat_candidates | sort -u)
	case ${COMPREPLY[*]-} in
	*=|*/|*:)	compopt -o nospace 2>/dev/null ;;
	esac
}

# The candidate, if it begins with what there is; without what readline(3) does
# not see as a part of this word.
_xcat_offer()		# candidate
{
	[[ $1 == "$cur"* ]] || return 0
	shown=${1#"$before"}
	[[ $quote ]] || printf -v shown %q "$shown"
	COMPREPLY+=("$shown")
}

complete -F _xcat xcat
