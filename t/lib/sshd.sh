# sshd.sh: Debian's sshd(8), private to one test, and what ssh(1) needs to
# reach it without a question.  After lib.sh.
#
#	. "$LIB/sshd.sh"
#	start_sshd			# sets $SSHPORT, unless it is set
#	write_ssh_config <<-END		# $T/ssh_config, for ssh -F
#	Host attic
#		ProxyCommand ...
#	END
# shellcheck shell=dash

# Whoever has the key $T/key gets in, as the user who runs the test.  $SSHDEXTRA
# is added to the configuration.
start_sshd()
{
	SSHPORT=${SSHPORT:-$(free_port)}
	[ "$(id -u)" -ne 0 ] || mkdir -p /run/sshd	# it insists
	ssh-keygen -q -t ed25519 -N '' -f "$T/hostkey"
	ssh-keygen -q -t ed25519 -N '' -f "$T/key"
	cat >"$T/sshd_config" <<-END
	ListenAddress 127.0.0.1:$SSHPORT
	HostKey $T/hostkey
	AuthorizedKeysFile $T/key.pub
	PermitRootLogin yes
	StrictModes no
	Subsystem sftp internal-sftp
	${SSHDEXTRA-}
	END
	start sshd /usr/sbin/sshd -D -e -f "$T/sshd_config" -o PidFile=none
	wait_for 60 said sshd 'Server listening' || bail 'sshd does not start'
}

# What is on standard input comes first: ssh takes the first of two.
write_ssh_config()
{
	{
		cat
		cat <<-END
		Host *
			IdentityFile $T/key
			UserKnownHostsFile $T/known_hosts
			StrictHostKeyChecking accept-new
			LogLevel ERROR
			BatchMode yes
		END
	} >"$T/ssh_config"
}
