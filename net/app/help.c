/* help: see help.h. */
#include <openssl/crypto.h>

#include <ares.h>
#include <expat.h>
#include <stdio.h>
#include <unistd.h>

#include "net/app/help.h"

/* The Makefile has it, XCAT_VERSION. */
#define STRING(x)	#x
#define VERSION(x)	STRING(x)

/* The summary of usage, several lines. */
static const char *
help_usage(void)
{
	return "usage: xcat [-46dimNqvW] [-b size] [-C file] [-c server] "
	    "[-j jid] [-o key=value]\n"
	    "            [-P jid] [-p file] [-w seconds] [-x proxy] peer\n"
	    "            [service]\n"
	    "       xcat -s [options] peer [file ...]\n"
	    "       xcat -l [-Ik] [-a who] [-r dir] [options] "
	    "[service[=target] ...]\n"
	    "       xcat -L [addr:]port[=service] [-fu] [options] peer "
	    "[service]\n"
	    "       xcat -D [addr:]port [-f] [options] peer\n"
	    "       xcat -R [addr:]port=target [-f] [options] peer\n"
	    "       xcat -z [options] peer [service]\n"
	    "       xcat -K [forget jid]\n"
	    "       xcat -O check|exit|list [options]\n"
	    "       xcat -j jid --register\n";
}

static const char *const options[] = {
	"-4               IPv4 addresses only",
	"-6               IPv6 addresses only",
	"-a who           who may call: JID, domain, @roster, @paired, '*'",
	"-b size          largest block, bytes",
	"-C file          trust these CA certificates",
	"-c server        connect to this server: host[:port] or a URL",
	"-D [addr:]port   be a SOCKS5 server, which leads to the peer",
	"-d               do not read standard input",
	"-f               with -L, -D, -R: go to the background once all works",
	"-h, --help       print this",
	"-I               with -l: print a code for one call",
	"-i               in-band only: no sockets, no addresses revealed",
	"-j jid           own account",
	"-K               print our key; -K forget jid: forget that of a peer",
	"-k               keep listening",
	"-L [addr:]port   accept connections, a stream to the peer for each",
	"-l               listen",
	"-m               message stanzas instead of iq stanzas",
	"-N               close after the end of input",
	"-O order         the process of -o share: check, exit or list",
	"-o key=value     set a keyword of the configuration",
	"-P jid           proxy (XEP-0065) for sockets",
	"-p file          read the password from the file's first line",
	"-q               be quiet",
	"-R [addr:]port=target  have the peer accept them, for a target here",
	"-r dir           with -l: keep files that are sent in dir",
	"-s               send only: standard input, or files and folders",
	"--register       make the account of -j, if its server allows that",
	"-u               with -L: datagrams (UDP), a stream for each client",
	"-V, --version    print the version",
	"-v               be verbose; twice: show stanzas",
	"-W               wait for a peer that is not there yet",
	"-w seconds       give up after so long without progress",
	"-x proxy         reach the server through this proxy",
	"-z               see whether the peer can be reached",
};

int
help_print(void)
{
	size_t	 i;

	if (dprintf(STDOUT_FILENO, "%s\n", help_usage()) < 0)
		return -1;
	for (i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		if (dprintf(STDOUT_FILENO, "%s\n", options[i]) < 0)
			return -1;
	return dprintf(STDOUT_FILENO, "\nxcat(1), the manual, has all of it.\n")
	    < 0 ? -1 : 0;
}

int
help_version(void)
{
	return dprintf(STDOUT_FILENO, "xcat %s, %s, %s, c-ares %s\n",
	    VERSION(XCAT_VERSION), OpenSSL_version(OPENSSL_VERSION),
	    XML_ExpatVersion(), ares_version(NULL)) < 0 ? -1 : 0;
}
