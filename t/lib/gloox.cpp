/*
 * gloox.cpp: files by XEP-0096 with gloox, to try xcat against.
 *
 *	gloox jid host port ca ibb|s5b [proxyport] send peer file
 *	gloox jid host port ca ibb|s5b [proxyport] receive dir
 *
 * The password is in GLOOX_PASSWORD.  It takes or sends one file.
 */
#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

#include <gloox/bytestream.h>
#include <gloox/bytestreamdatahandler.h>
#include <gloox/client.h>
#include <gloox/connectionlistener.h>
#include <gloox/disco.h>
#include <gloox/inbandbytestream.h>
#include <gloox/presence.h>
#include <gloox/siprofileft.h>
#include <gloox/siprofilefthandler.h>
#include <gloox/socks5bytestreamserver.h>

using namespace gloox;

class Peer : public ConnectionListener, SIProfileFTHandler,
    BytestreamDataHandler {
public:
	Peer(int argc, char *argv[]);
	int run();

private:
	Client client;
	SIProfileFT ft;
	SOCKS5BytestreamServer server;
	SIProfileFT::StreamType type;
	bool sending, over;
	std::string target, path, data;
	std::ofstream to;
	size_t size, at;
	int unanswered;
	int status;
	Bytestream *stream;		/* the library's */

	void offer();
	void feed();
	void end(int s, const char *why);

	/* ConnectionListener */
	void onConnect() override;
	void onDisconnect(ConnectionError e) override;
	bool onTLSConnect(const CertInfo &) override { return true; }

	/* SIProfileFTHandler */
	void handleFTRequest(const JID &, const JID &, const std::string &,
	    const std::string &, long, const std::string &,
	    const std::string &, const std::string &, const std::string &,
	    int) override;
	void handleFTRequestError(const IQ &, const std::string &) override;
	void handleFTBytestream(Bytestream *) override;
	const std::string handleOOBRequestResult(const JID &, const JID &,
	    const std::string &) override { return ""; }

	/* BytestreamDataHandler */
	void handleBytestreamData(Bytestream *, const std::string &) override;
	void handleBytestreamDataAck(Bytestream *) override;
	void handleBytestreamError(Bytestream *, const IQ &) override;
	void handleBytestreamOpen(Bytestream *) override;
	void handleBytestreamClose(Bytestream *) override;
};

Peer::Peer(int argc, char *argv[]) :
    client(JID(argv[1]), getenv("GLOOX_PASSWORD")), ft(&client, this),
    server(client.logInstance(), 0, "127.0.0.1"),
    type(std::string(argv[5]) == "ibb" ? SIProfileFT::FTTypeIBB :
    SIProfileFT::FTTypeS5B), sending(std::string(argv[6]) == "send"),
    over(false), size(0), at(0), unanswered(0), status(1),
    stream(nullptr)
{
	if (sending) {
		target = argv[7];
		path = argv[8];
		std::ifstream f(path, std::ios::binary);
		data.assign(std::istreambuf_iterator<char>(f), {});
	} else {
		path = argv[7];
	}
	(void)argc;
	client.setServer(argv[2]);
	client.setPort(atoi(argv[3]));
	client.setTls(TLSRequired);
	client.setCACerts({ argv[4] });
	client.setSASLMechanisms(SaslMechScramSha1 | SaslMechScramSha1Plus);
	client.registerConnectionListener(this);
	client.disco()->addFeature(XMLNS_BYTESTREAMS);
	client.disco()->addFeature(XMLNS_IBB);
	client.disco()->addFeature(XMLNS_SI);
	client.disco()->addFeature(XMLNS_SI_FT);
	if (server.listen() == ConnNoError)
		ft.registerSOCKS5BytestreamServer(&server);
}

void
Peer::end(int s, const char *why)
{
	if (over)
		return;
	over = true;
	status = s;
	printf("%s\n", why);
	fflush(stdout);
}

int
Peer::run()
{
	if (!client.connect(false))
		return 2;
	while (!over) {
		if (client.recv(1000) != ConnNoError)
			end(1, "connection lost");
		server.recv(1000);
		if (stream != nullptr && !over && stream->recv(1000) !=
		    ConnNoError && !over)
			end(sending || to.tellp() !=
			    static_cast<std::streamoff>(size), "stream ended");
		if (sending && stream != nullptr && stream->isOpen())
			feed();
	}
	to.close();
	client.disconnect();
	return status;
}

void
Peer::onConnect()
{
	client.setPresence(Presence::Available, -1);
	ft.addStreamHost(client.jid(), "127.0.0.1", server.localPort());
	if (sending)
		offer();
	else
		fprintf(stderr, "listening\n");
}

void
Peer::offer()
{
	std::string	 name = path.substr(path.rfind('/') + 1);

	if (ft.requestFT(JID(target), name, static_cast<long>(data.size()),
	    EmptyString, EmptyString, EmptyString, EmptyString, type).empty())
		end(1, "cannot offer");
}

void
Peer::onDisconnect(ConnectionError e)
{
	if (!over)
		fprintf(stderr, "disconnected: %d\n", e);
	end(1, "disconnected");
}

void
Peer::handleFTRequest(const JID &from, const JID &, const std::string &sid,
    const std::string &name, long n, const std::string &hash,
    const std::string &, const std::string &, const std::string &, int)
{
	printf("%s %ld %s\n", name.c_str(), n, hash.c_str());
	fflush(stdout);
	size = static_cast<size_t>(n);
	to.open(path + "/" + name.substr(name.rfind('/') + 1),
	    std::ios::binary);
	ft.acceptFT(from, sid, type);
}

void
Peer::handleFTRequestError(const IQ &, const std::string &)
{
	end(1, "refused");
}

void
Peer::handleFTBytestream(Bytestream *bs)
{
	stream = bs;
	bs->registerBytestreamDataHandler(this);
	if (!bs->connect())
		end(1, "cannot connect");
}

/* In-band one block at a time; the answer to it is waited for. */
void
Peer::feed()
{
	const size_t	 most = type == SIProfileFT::FTTypeIBB ? 4096 : 65536;

	if (unanswered > 0)
		return;
	if (at == data.size()) {
		stream->close();
		end(0, "sent");
		return;
	}
	if (!stream->send(data.substr(at, most)))
		end(1, "cannot send");
	unanswered += type == SIProfileFT::FTTypeIBB;
	at += most < data.size() - at ? most : data.size() - at;
}

void
Peer::handleBytestreamData(Bytestream *, const std::string &s)
{
	to.write(s.data(), static_cast<std::streamsize>(s.size()));
}

void
Peer::handleBytestreamDataAck(Bytestream *)
{
	unanswered--;
}

void
Peer::handleBytestreamError(Bytestream *, const IQ &)
{
	end(1, "stream error");
}

void
Peer::handleBytestreamOpen(Bytestream *)
{
}

void
Peer::handleBytestreamClose(Bytestream *)
{
	to.flush();
	end(sending ? at < data.size() :
	    static_cast<size_t>(to.tellp()) != size, "closed");
}

int
main(int argc, char *argv[])
{
	if (argc < 8)
		return 2;
	return Peer(argc, argv).run();
}
