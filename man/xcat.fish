# fish completion for xcat(1).

# Where keys and known peers are: see xcat(1), FILES.
function __xcat_folder
    if test -n "$XCAT_CONFIG"; and test -f "$XCAT_CONFIG" -o ! -e "$XCAT_CONFIG"
        dirname -- $XCAT_CONFIG
    else if test -n "$XDG_CONFIG_HOME"
        echo $XDG_CONFIG_HOME/xcat
    else
        echo $HOME/.config/xcat
    end
end

# The addresses of a file of keys; with "keys", each with its key.
function __xcat_addresses # file [keys]
    set -l file (__xcat_folder)/$argv[1]
    set -l with
    test -r $file; or return 0
    test (count $argv) -lt 2; or set with '=$2'
    string replace -rf '^(.+) (SHA256:\S+)\s*$' '$1'"$with" <$file
end

# Peers that can be called: those that were, and those that came with a code.
function __xcat_peers
    __xcat_addresses known_peers
    __xcat_addresses paired
end

# What -a takes; behind an address the key that it is known to have.
function __xcat_who # what there is of it
    printf '%s\n' @roster\t'the contacts' @paired\t'those that came with a code' '*'\t'all peers'
    if string match -q '*=*' -- $argv[1]
        __xcat_addresses paired keys
    else
        __xcat_addresses paired
    end
end

# Our own accounts: that of the environment and that of the configuration.
function __xcat_accounts
    set -l file (__xcat_folder)/config
    test -z "$XCAT_CONFIG"; or set file $XCAT_CONFIG
    test -z "$XCAT_JID"; or echo $XCAT_JID
    test ! -r $file; or string replace -rf '^\s*jid[\s=]+"?([^"]+)"?$' '$1' <$file
end

function __xcat_servers
    printf '%s\n' xmpp:// xmpps:// wss:// https:// ws:// http://
end

function __xcat_proxies
    printf '%s\n' socks5:// http://
end

# The keywords of -o: all but those that hold a secret.
function __xcat_keywords
    printf '%s\n' allow background block-size ca-file carrier certificate \
        cleartext close-at-eof e2e family fast forward grace invite invite-time \
        jid keep-listening key known log max-size max-streams \
        max-streams-per-peer memory message no-stdin oob password-file plain \
        portmap presence proxy punch receive remote reverse s5b-proxy sandbox \
        server service share socks \
        streamhost streamhost-policy stun timeout transport udp udp-clients \
        udp-idle upgrade-after upload verbosity wait
end

function __xcat_values # keyword value
    switch $argv[1]
        case allow
            __xcat_who $argv[2]
        case background cleartext close-at-eof fast invite keep-listening \
                message no-stdin plain portmap punch sandbox udp
            printf '%s\n' yes no
        case ca-file certificate key password-file
            __fish_complete_path $argv[2]
        case carrier
            printf '%s\n' auto ibb s5b
        case e2e
            printf '%s\n' prefer require off
        case family
            printf '%s\n' any 4 6
        case jid
            __xcat_accounts
        case known
            printf '%s\n' peer account
        case log
            printf '%s\n' text json
        case oob
            printf '%s\n' serve fetch fetch:any
        case presence
            printf '%s\n' contacts peer none
        case proxy
            __xcat_proxies
        case receive
            __fish_complete_directories $argv[2] ''
        case server
            __xcat_servers
        case share
            printf '%s\n' yes no
        case streamhost
            echo none
        case streamhost-policy
            printf '%s\n' auto public any
        case transport
            printf '%s\n' auto tcp websocket bosh
        case upload
            printf '%s\n' yes absent no
        case verbosity
            printf '%s\n' -1 0 1 2
        case wait
            printf '%s\n' no forever
    end
end

# What -o takes.
function __xcat_settings
    set -l now (commandline -ct)
    string match -q -- '-*' $now; and set now (string sub -s 3 -- $now)
    set -l parts (string split -m 1 = -- $now)
    if test (count $parts) -eq 2
        string replace -r '^' $parts[1]= -- (__xcat_values $parts)
    else
        string replace -r '$' = -- (__xcat_keywords)
    end
end

# Is the word at the cursor the operand of this number, and was one of these
# options given, or, with "none", none that changes what operands are?
function __xcat_operand # number option ...
    set -l number 0
    set -l modes
    set -l skip 0
    for word in (commandline -opc)[2..-1]
        if test $skip -eq 1
            set skip 0
        else if test $number -eq 0; and string match -q -- '-?*' $word
            # the last letter may have its argument in the next word
            set -l letters (string match -r -- '^-([^-abCcDjLOoPprwx]*)([abCcDjLOoPprwx]?)(.*)$' $word)
            if string match -q -- '--*' $word
                set -a modes $word
            else
                set -a modes (string split '' -- $letters[2])
                test -z "$letters[3]" -o -n "$letters[4]"; or set skip 1
            end
        else
            set number (math $number + 1)
        end
    end
    test $number -eq $argv[1]; or return 1
    for option in $argv[2..-1]
        contains -- $option $modes; and return 0
    end
    contains none $argv; or return 1
    for option in K l s --register
        contains -- $option $modes; and return 1
    end
    return 0
end

complete -c xcat -f
complete -c xcat -n '__xcat_operand 0 none s' -a '(__xcat_peers)' -d 'known peer'
complete -c xcat -n '__xcat_operand 0 K' -a forget -d 'forget the key of a peer'
complete -c xcat -n '__xcat_operand 1 K' -a '(__xcat_peers)' -d 'known peer'
complete -c xcat -n 'not __xcat_operand 0 s; and __fish_seen_argument -s s' -F

complete -c xcat -s 4 -d 'IPv4 addresses only'
complete -c xcat -s 6 -d 'IPv6 addresses only'
complete -c xcat -s a -x -a '(__xcat_who (commandline -ct))' -d 'who may call'
complete -c xcat -s b -x -d 'largest block, bytes'
complete -c xcat -s C -r -F -d 'trust these CA certificates'
complete -c xcat -s c -x -a '(__xcat_servers)' -d 'connect to this server'
complete -c xcat -s D -x -d 'be a SOCKS5 server, which leads to the peer'
complete -c xcat -s d -d 'do not read standard input'
complete -c xcat -s f -d 'with -L, -D or -R: go to the background once all works'
complete -c xcat -s h -l help -d 'print the options'
complete -c xcat -s I -d 'with -l: print a code for one call'
complete -c xcat -s i -d 'in-band only: no sockets, no addresses revealed'
complete -c xcat -s j -x -a '(__xcat_accounts)' -d 'own account'
complete -c xcat -s K -d 'print our key, or forget that of a peer'
complete -c xcat -s k -d 'keep listening'
complete -c xcat -s L -x -d 'accept connections, a stream to the peer for each'
complete -c xcat -s l -d listen
complete -c xcat -s m -d 'message stanzas instead of iq stanzas'
complete -c xcat -s N -d 'close after the end of input'
complete -c xcat -s O -x -a 'check exit list' -d 'ask for processes that keep logins; list what runs'
complete -c xcat -s o -x -a '(__xcat_settings)' -d 'set a keyword of the configuration'
complete -c xcat -s P -x -d 'proxy (XEP-0065) for sockets'
complete -c xcat -s p -r -F -d 'read the password from the first line of a file'
complete -c xcat -s q -d 'be quiet'
complete -c xcat -s R -x -d 'have the peer accept connections, which end here'
complete -c xcat -s r -x -a '(__fish_complete_directories (commandline -ct) "")' -d 'with -l: keep files that are sent'
complete -c xcat -s s -d 'send only: standard input, or files by name'
complete -c xcat -l register -d 'make the account of -j'
complete -c xcat -s u -d 'with -L: datagrams (UDP), a stream for each client'
complete -c xcat -s V -l version -d 'print the version'
complete -c xcat -s v -d 'be verbose; twice: show stanzas'
complete -c xcat -s W -d 'wait for a peer that is not there yet'
complete -c xcat -s w -x -d 'give up after so long without progress, seconds'
complete -c xcat -s x -x -a '(__xcat_proxies)' -d 'reach the server through this proxy'
complete -c xcat -s z -d 'see whether the peer can be reached'
