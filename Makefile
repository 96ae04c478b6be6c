# xcat: netcat over XMPP.  For GNU make and BSD make.

VERSION	= 2026.11

PREFIX	?= /usr/local
BINDIR	?= $(PREFIX)/bin
MANDIR	?= $(PREFIX)/share/man
# Where each shell looks for completions.
BASHDIR	?= $(PREFIX)/share/bash-completion/completions
ZSHDIR	?= $(PREFIX)/share/zsh/site-functions
UNITDIR	?= $(PREFIX)/lib/systemd
FISHDIR	?= $(PREFIX)/share/fish/vendor_completions.d

CC	?= cc
CFLAGS	?= -O2 -g
WARN	= -Wall -Wextra -Wpedantic -Wshadow -Wpointer-arith -Wcast-qual \
	-Wformat=2 \
	-Wstrict-prototypes -Wmissing-prototypes -Wwrite-strings -Wundef
# What BSDs have in libc is in libbsd elsewhere.
BSD	!= $(CC) $(CPPFLAGS) $(CFLAGS) -D_GNU_SOURCE $(LDFLAGS) \
	-o /dev/null t/lib/bsd.c 2>/dev/null || echo libbsd-overlay
PKGS	= expat openssl $(BSD) libidn libcares
# A router maps ports by UPnP with this one only.
UPNP	= `pkg-config --exists miniupnpc && echo -DHAVE_MINIUPNPC`
DEFS	= -std=c11 $(WARN) -D_GNU_SOURCE -I. $(UPNP) \
	-DXCAT_VERSION=$(VERSION)
LIBS	= `pkg-config --libs $(PKGS)` \
	`pkg-config --libs --silence-errors miniupnpc`

XML	= xml/base64.o xml/buf.o xml/chunks.o \
	xml/context.o xml/copy.o xml/date.o xml/elem.o \
	xml/heap.o xml/iq.o xml/jid.o xml/number.o xml/parse.o \
	xml/parse_limit.o xml/parse_skip.o xml/parse_tree.o xml/skip.o \
	xml/stanza.o \
	xml/text.o xml/utf8.o xml/write.o
IBB	= ibb/ack.o ibb/budget.o ibb/carrier.o ibb/carrier_alone.o \
	ibb/carrier_framed.o ibb/carrier_inband.o \
	ibb/carrier_socket.o ibb/close.o ibb/congestion.o \
	ibb/congestion_model.o \
	ibb/data.o ibb/dispatch.o ibb/e2e.o ibb/e2e_secret.o \
	ibb/e2e_warm.o ibb/extdisco.o \
	ibb/folder_words.o ibb/frames.o ibb/handover.o ibb/hash.o \
	ibb/inband.o ibb/introduction.o ibb/items.o \
	ibb/jingle_choice.o ibb/jingle_input.o ibb/jingle_parse.o \
	ibb/jingle_session.o ibb/jingle_write.o \
	ibb/link.o ibb/open.o ibb/path.o ibb/recover.o ibb/s5b.o \
	ibb/si.o ibb/sic.o ibb/ssl_error.o \
	ibb/stream.o ibb/stream_close.o ibb/stream_early.o ibb/stream_open.o \
	ibb/stream_strerror.o ibb/tombstone.o ibb/upload.o ibb/warm.o \
	ibb/words.o
# The rooms of net/, each resting on those before it.
IO	= net/io/background.o net/io/child.o net/io/clock.o \
	net/io/datagram.o net/io/datagram_link.o net/io/fd.o net/io/io.o net/io/limits.o \
	net/io/listen.o net/io/log.o net/io/log_json.o net/io/loop.o net/io/pump.o \
	net/io/record_pack.o net/io/sandbox.o net/io/sandbox_calls.o \
	net/io/signals.o net/io/systemd.o net/io/tls.o
CONF	= net/conf/allow.o net/conf/claim.o net/conf/code.o net/conf/conf.o \
	net/conf/conf_option.o net/conf/conffile.o \
	net/conf/identity.o net/conf/known_peers.o net/conf/password.o net/conf/peer.o \
	net/conf/statefile.o net/conf/trust.o
HTTP	= net/http/http.o net/http/jrd.o net/http/url.o net/http/ws.o
DIAL	= net/dial/addr.o net/dial/addr_temporary.o net/dial/dial.o \
	net/dial/fetch.o net/dial/port.o net/dial/port_bind.o \
	net/dial/proxy.o net/dial/proxy_dial.o net/dial/resolve.o \
	net/dial/socks5_client.o net/dial/socks5_server.o \
	net/dial/socks_accept.o net/dial/srv.o net/dial/udp_dial.o \
	net/dial/udp_local.o net/dial/udp_port.o
TRANSPORT	= net/transport/bosh.o net/transport/bosh_conn.o \
	net/transport/bosh_keys.o net/transport/bosh_request.o \
	net/transport/bosh_response.o net/transport/discover.o \
	net/transport/endpoint.o net/transport/endpoint_parse.o \
	net/transport/hostmeta.o net/transport/race.o net/transport/tcp.o \
	net/transport/transport.o net/transport/websocket.o \
	net/transport/wrap.o
LOGIN	= net/login/absence.o net/login/alive.o net/login/bind.o \
	net/login/disco.o \
	net/login/fast_tokens.o net/login/features.o \
	net/login/features_cache.o net/login/hashed_token.o \
	net/login/login.o net/login/login_early.o net/login/rebind.o \
	net/login/registration.o \
	net/login/reconnect.o net/login/resume.o net/login/roster.o \
	net/login/sasl.o net/login/sasl2.o net/login/sasl2_login.o \
	net/login/sasl_login.o net/login/scram.o net/login/session.o \
	net/login/session_input.o net/login/session_send.o \
	net/login/session_state.o net/login/session_timer.o net/login/sm.o \
	net/login/trace.o
# Ways through routers.
PUNCH	= net/s5b/assist.o \
	net/s5b/candidate.o \
	net/s5b/gather.o \
	net/s5b/gather_ask.o \
	net/s5b/gather_nat.o \
	net/s5b/igd.o \
	net/s5b/igd_work.o \
	net/s5b/pcp.o \
	net/s5b/portmap.o \
	net/s5b/proof.o \
	net/s5b/punch.o \
	net/s5b/shared_port.o \
	net/s5b/stun.o \
	net/s5b/stun_ask.o
S5B	= $(PUNCH) \
	net/s5b/jingle_socket.o net/s5b/s5b_dial.o net/s5b/s5b_listen.o net/s5b/streamhosts.o \
	net/s5b/upgrade.o net/s5b/upgrade_answer.o net/s5b/upgrade_offer.o net/s5b/upgrade_punch.o \
	net/s5b/upgrade_socket.o net/s5b/upgrade_ways.o \
	net/s5b/upgrades.o
CHANNEL	= net/channel/accept.o net/channel/account.o \
	net/channel/admit.o net/channel/app.o \
	net/channel/await.o \
	net/channel/call.o net/channel/channel.o net/channel/channel_check.o \
	net/channel/channel_fail.o net/channel/channel_file.o \
	net/channel/channel_join.o net/channel/channel_state.o \
	net/channel/channel_upgrade.o net/channel/channel_wait.o \
	net/channel/fault.o \
	net/channel/forward.o net/channel/forward_check.o \
	net/channel/forward_spec.o \
	net/channel/forward_udp.o net/channel/invite.o \
	net/channel/linger.o net/channel/notes.o net/channel/place.o \
	net/channel/probe.o net/channel/probe_reach.o \
	net/channel/remote_ask.o net/channel/remote_serve.o \
	net/channel/remote_spec.o net/channel/remote_words.o \
	net/channel/serve.o net/channel/service.o net/channel/service_dial.o \
	net/channel/service_udp.o
FILE	= net/file/beneath.o net/file/folder_disk.o net/file/folder_path.o \
	net/file/path_set.o \
	net/file/folder_queue.o net/file/folder_take.o \
	net/file/receive_folder.o \
	net/file/send_folder.o net/file/send_inside.o net/file/walk.o \
	net/file/filename.o net/file/http_serve.o net/file/oob.o \
	net/file/media_type.o \
	net/file/oob_fetch.o net/file/oob_message.o \
	net/file/oob_send.o net/file/partial.o \
	net/file/progress.o net/file/receive.o net/file/receive_file.o \
	net/file/jingle_transfer.o net/file/receive_jingle.o \
	net/file/receive_native.o net/file/receive_offer.o \
	net/file/receive_si.o net/file/send.o \
	net/file/send_ask.o net/file/send_input.o net/file/send_jingle.o \
	net/file/send_link.o net/file/send_native.o net/file/send_open.o \
	net/file/send_phase.o net/file/send_plain.o net/file/send_put.o \
	net/file/send_si.o net/file/send_upload.o net/file/sum.o
APP	= net/app/confine.o net/app/drain.o net/app/enroll.o \
	net/app/guest.o net/app/help.o net/app/key.o net/app/mode.o \
	net/app/prepare.o net/app/reload.o net/app/run.o net/app/server.o
SHARE	= net/share/share.o net/share/share_client.o net/share/share_conn.o \
	net/share/share_master.o net/share/share_member.o \
	net/share/share_request.o net/share/share_socket.o \
	net/share/share_status.o net/share/share_wire.o
NET	= $(IO) $(CONF) $(HTTP) $(DIAL) $(TRANSPORT) $(LOGIN) $(S5B) \
	$(CHANNEL) $(FILE) $(APP) $(SHARE)
# All but xcat.o can be linked into a test.
OBJS	= $(XML) $(IBB) $(NET)
# A line for each: fewer conflicts.
UNITS	= t/unit/absence.t \
	t/unit/folder_words.t \
	t/unit/folder_disk.t \
	t/unit/receive_folder.t \
	t/unit/send_folder.t \
	t/unit/accept.t \
	t/unit/ack.t \
	t/unit/bosh.t \
	t/unit/budget.t \
	t/unit/candidate.t \
	t/unit/carrier.t \
	t/unit/carrier_states.t \
	t/unit/channel.t \
	t/unit/child.t \
	t/unit/chunks.t \
	t/unit/clock.t \
	t/unit/code.t \
	t/unit/conf.t \
	t/unit/forward_spec.t \
	t/unit/datagram.t \
	t/unit/date.t \
	t/unit/dispatch.t \
	t/unit/corpus.t \
	t/unit/portmap.t \
	t/unit/probe_reach.t \
	t/unit/remote.t \
	t/unit/remote_ask.t \
	t/unit/pump.t \
	t/unit/punch.t \
	t/unit/partial.t \
	t/unit/e2e.t \
	t/unit/http.t \
	t/unit/ibb.t \
	t/unit/igd.t \
	t/unit/invite.t \
	t/unit/jid.t \
	t/unit/jingle.t \
	t/unit/link.t \
	t/unit/known_peers.t \
	t/unit/listen.t \
	t/unit/log.t \
	t/unit/loop.t \
	t/unit/features_cache.t \
	t/unit/number.t \
	t/unit/congestion.t \
	t/unit/path.t \
	t/unit/receive.t \
	t/unit/record_pack.t \
	t/unit/resolve.t \
	t/unit/roster.t \
	t/unit/share_status.t \
	t/unit/share_wire.t \
	t/unit/trace.t \
	t/unit/transport.t \
	t/unit/upgrade.t \
	t/unit/upload.t \
	t/unit/upgrade_punch.t \
	t/unit/s5b.t \
	t/unit/sasl.t \
	t/unit/sasl2.t \
	t/unit/send.t \
	t/unit/send_upload.t \
	t/unit/si.t \
	t/unit/sic.t \
	t/unit/service_udp.t \
	t/unit/sm.t \
	t/unit/statefile.t \
	t/unit/stream.t \
	t/unit/streamhosts.t \
	t/unit/stun.t \
	t/unit/recover.t \
	t/unit/warm.t \
	t/unit/early.t \
	t/unit/ws.t \
	t/unit/xml.t
# What tests in shell run or load, see t/lib/lib.sh and t/lib/alloc.c.
AIDS	= t/lib/alloc.so t/lib/detach t/lib/distance t/lib/escape.so \
	t/lib/portmap t/lib/punch \
	t/lib/wake t/lib/wan
# What tests in C share.
TAP	= t/lib/bounded.o t/lib/channels.o t/lib/engine.o t/lib/files.o \
	t/lib/folders.o t/lib/kept.o \
	t/lib/stanza.o t/lib/tap.o t/lib/tls_context.o t/lib/two_ends.o
# What fuzzers are made of (t/fuzz/fuzz.h), and the sources that parse what others
# send, or wrote.
FUZZ	= t/fuzz/carrier.o \
	t/fuzz/conf.o \
	t/fuzz/datagram.o \
	t/fuzz/dns.o \
	t/fuzz/e2e.o \
	t/fuzz/early.o \
	t/fuzz/fetch.o \
	t/fuzz/files.o \
	t/fuzz/folder.o \
	t/fuzz/hosts.o \
	t/fuzz/http.o \
	t/fuzz/ibb.o \
	t/fuzz/jid.o \
	t/fuzz/jingle.o \
	t/fuzz/link.o \
	t/fuzz/pace.o \
	t/fuzz/peer.o \
	t/fuzz/punch.o \
	t/fuzz/s5b.o \
	t/fuzz/sasl.o \
	t/fuzz/script.o \
	t/fuzz/server.o \
	t/fuzz/session.o \
	t/fuzz/share_wire.o \
	t/fuzz/si.o \
	t/fuzz/state.o \
	t/fuzz/stream.o \
	t/fuzz/streamhosts.o \
	t/fuzz/tls.o \
	t/fuzz/transport.o \
	t/fuzz/upload.o \
	t/fuzz/warm.o \
	t/fuzz/ws.o \
	t/fuzz/xml.o
FOREIGN	= ibb/extdisco.c \
	ibb/folder_words.c \
	net/file/folder_path.c \
	net/file/folder_queue.c \
	net/file/folder_take.c \
	net/file/receive_folder.c \
	net/file/send_folder.c \
	ibb/items.c \
	ibb/link.c \
	ibb/upload.c \
	ibb/sic.c \
	net/s5b/candidate.c \
	net/s5b/pcp.c \
	net/s5b/proof.c \
	net/s5b/stun.c \
	xml/base64.c \
	xml/date.c \
	xml/elem.c \
	xml/iq.c \
	xml/jid.c \
	xml/number.c \
	xml/parse.c \
	xml/parse_limit.c \
	xml/parse_skip.c \
	xml/parse_tree.c \
	xml/skip.c \
	xml/stanza.c \
	xml/text.c \
	xml/utf8.c \
	ibb/ack.c \
	ibb/s5b.c \
	ibb/carrier.c \
	ibb/carrier_alone.c \
	ibb/carrier_framed.c \
	ibb/frames.c \
	ibb/carrier_inband.c \
	ibb/carrier_socket.c \
	ibb/handover.c \
	ibb/close.c \
	ibb/data.c \
	ibb/dispatch.c \
	ibb/e2e.c \
	ibb/e2e_warm.c \
	ibb/inband.c \
	ibb/jingle_choice.c \
	ibb/jingle_input.c \
	ibb/jingle_parse.c \
	ibb/jingle_session.c \
	ibb/open.c \
	ibb/congestion.c \
	ibb/congestion_model.c \
	ibb/path.c \
	ibb/si.c \
	ibb/stream.c \
	ibb/stream_close.c \
	ibb/stream_early.c \
	ibb/stream_open.c \
	ibb/tombstone.c \
	ibb/warm.c \
	ibb/words.c \
	ibb/recover.c \
	net/conf/allow.c \
	net/transport/hostmeta.c \
	net/login/sasl_login.c \
	net/login/sasl2_login.c \
	net/login/bind.c \
	net/transport/bosh_conn.c \
	net/transport/bosh_response.c \
	net/conf/conf.c \
	net/conf/conf_option.c \
	net/conf/conffile.c \
	net/login/disco.c \
	net/dial/fetch.c \
	net/file/filename.c \
	net/login/hashed_token.c \
	net/http/http.c \
	net/http/jrd.c \
	net/conf/known_peers.c \
	net/conf/statefile.c \
	net/login/login.c \
	net/login/login_early.c \
	net/login/rebind.c \
	net/login/absence.c \
	net/login/features_cache.c \
	net/login/features.c \
	net/dial/proxy.c \
	net/login/resume.c \
	net/transport/websocket.c \
	net/login/roster.c \
	net/login/sasl.c \
	net/login/sasl2.c \
	net/login/scram.c \
	net/file/http_serve.c \
	net/io/datagram.c \
	net/channel/service.c \
	net/login/session.c \
	net/login/session_input.c \
	net/login/sm.c \
	net/dial/socks_accept.c \
	net/dial/socks5_client.c \
	net/dial/socks5_server.c \
	net/login/fast_tokens.c \
	net/conf/trust.c \
	net/http/url.c \
	net/transport/endpoint_parse.c \
	net/transport/wrap.c \
	net/dial/resolve.c \
	net/file/oob.c \
	net/file/oob_fetch.c \
	net/file/oob_message.c \
	net/file/send_link.c \
	net/file/send_put.c \
	net/file/send_upload.c \
	net/file/receive.c \
	net/file/receive_file.c \
	net/file/receive_native.c \
	net/file/receive_si.c \
	net/s5b/s5b_dial.c \
	net/s5b/s5b_listen.c \
	net/s5b/streamhosts.c \
	net/transport/bosh.c \
	net/transport/bosh_request.c \
	net/transport/discover.c \
	net/transport/tcp.c \
	net/transport/transport.c \
	ibb/budget.c \
	net/http/ws.c
BENCH	= t/bench/load t/bench/many t/bench/meter t/bench/pump t/bench/rtt \
	t/bench/sink t/bench/tube

ASAN	= -DNO_SANDBOX -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined \
	-fno-sanitize-recover=undefined
FUZZ_SECONDS = 60
COVERAGE = $(UNITS)
JOBS	= 4

all: packages xcat

# In one line, rather than by a compiler that lacks a header.
packages:
	@pkg-config --exists $(PKGS) || { echo "xcat needs pkg-config," \
	    "libexpat1-dev, libssl-dev, libbsd-dev, libidn-dev and" \
	    "libc-ares-dev, or what they are called here: t/deps build" \
	    "installs them on Debian" >&2; exit 1; }

xcat: xcat.o $(OBJS)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ xcat.o $(OBJS) $(LIBS)

.SUFFIXES: .c .o .t
.c.o:
	$(CC) $(DEFS) `pkg-config --cflags $(PKGS)` $(CPPFLAGS) $(CFLAGS) \
	    -c -o $@ $<
.o.t:
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $< $(TAP) $(OBJS) $(LIBS)
net/app/help.o: Makefile

# There is little to build: a header changes everything.
t/bench/crowd.o: xml/*.h ibb/*.h t/bench/*.h
xcat.o $(OBJS) $(TAP): xml/*.h ibb/*.h net/*/*.h
$(TAP) $(UNITS): t/lib/*.h
t/lib/portmap.o t/lib/punch.o: xml/*.h ibb/*.h net/*/*.h
$(UNITS): $(TAP) $(OBJS)
$(FUZZ) t/unit/corpus.o: xml/*.h ibb/*.h net/*/*.h t/fuzz/*.h \
    t/lib/*.h

t/unit/corpus.t: t/unit/corpus.o $(FUZZ)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ t/unit/corpus.o $(FUZZ) $(TAP) \
	    $(OBJS) $(LIBS)

# Memory that runs out, for xcat to be run with; see there.
t/lib/alloc.so: t/lib/alloc.c
	$(CC) $(DEFS) -O2 -g -fPIC -shared -o $@ t/lib/alloc.c
t/lib/escape.so: t/lib/escape.c
	$(CC) $(DEFS) -O2 -g -fPIC -shared -o $@ t/lib/escape.c
t/lib/detach: t/lib/detach.c
	$(CC) $(DEFS) $(CFLAGS) $(LDFLAGS) -o $@.new t/lib/detach.c
	mv $@.new $@
t/lib/distance: t/lib/distance.c
	$(CC) $(DEFS) $(CFLAGS) $(LDFLAGS) -o $@.new t/lib/distance.c
	mv $@.new $@
t/lib/wake: t/lib/wake.c
	$(CC) $(DEFS) $(CFLAGS) $(LDFLAGS) -o $@.new t/lib/wake.c
	mv $@.new $@
t/lib/wan: t/lib/wan.c
	$(CC) $(DEFS) $(CFLAGS) $(LDFLAGS) -o $@.new t/lib/wan.c
	mv $@.new $@
t/lib/portmap: t/lib/portmap.o $(OBJS)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ t/lib/portmap.o $(OBJS) $(LIBS)
t/lib/punch: t/lib/punch.o $(OBJS)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ t/lib/punch.o $(OBJS) $(LIBS)

install: xcat
	install -d $(DESTDIR)$(BINDIR) $(DESTDIR)$(MANDIR)/man1 \
	    $(DESTDIR)$(MANDIR)/man7 $(DESTDIR)$(BASHDIR) \
	    $(DESTDIR)$(ZSHDIR) $(DESTDIR)$(FISHDIR)
	install -m 755 xcat $(DESTDIR)$(BINDIR)/xcat
	install -m 644 man/xcat.1 $(DESTDIR)$(MANDIR)/man1/xcat.1
	install -m 644 man/xcat-protocol.7 \
	    $(DESTDIR)$(MANDIR)/man7/xcat-protocol.7
	install -m 644 man/xcat.bash $(DESTDIR)$(BASHDIR)/xcat
	install -m 644 man/_xcat $(DESTDIR)$(ZSHDIR)/_xcat
	install -m 644 man/xcat.fish $(DESTDIR)$(FISHDIR)/xcat.fish
	install -d $(DESTDIR)$(UNITDIR)/system $(DESTDIR)$(UNITDIR)/user
	for u in system/xcat@.service user/xcat.service; do \
		sed 's,/usr/local/bin,$(BINDIR),' man/systemd/$$u \
		    >$(DESTDIR)$(UNITDIR)/$$u || exit 1; \
		chmod 644 $(DESTDIR)$(UNITDIR)/$$u || exit 1; \
	done

uninstall:
	rm -f $(DESTDIR)$(BINDIR)/xcat $(DESTDIR)$(MANDIR)/man1/xcat.1 \
	    $(DESTDIR)$(MANDIR)/man7/xcat-protocol.7 \
	    $(DESTDIR)$(BASHDIR)/xcat $(DESTDIR)$(ZSHDIR)/_xcat \
	    $(DESTDIR)$(FISHDIR)/xcat.fish \
	    $(DESTDIR)$(UNITDIR)/system/xcat@.service \
	    $(DESTDIR)$(UNITDIR)/user/xcat.service

# One that works on any Linux with a processor of this kind.
static: packages
	rm -f xcat
	$(MAKE) xcat LDFLAGS="-static $(LDFLAGS)" \
	    LIBS="`pkg-config --static --libs $(PKGS)` \
	    `pkg-config --static --libs --silence-errors miniupnpc`"

# A tarball of what has been committed, the same bytes wherever it is made.
dist:
	git archive --prefix=xcat-$(VERSION)/ HEAD | gzip -9n >xcat-$(VERSION).tar.gz

# xcat_VERSION-1_ARCH.deb, of that tarball.
deb: dist
	t/deps deb
	t/lib/deb.sh $(VERSION)

demo:
	@t/deps demo
	@$(MAKE) -s xcat
	@t/lib/demo.sh

# What needs no server, no network and nothing but a compiler and perl.
check-unit:
	t/deps unit
	$(MAKE) -j2 $(UNITS)
	prove -j4 $(UNITS)

check:
	rm -f .failed
	t/deps check
	$(MAKE) -j2 xcat $(UNITS) $(AIDS)
	UNITS="$(UNITS)" t/lib/check.sh

# What failed in the last check, one test after the other: on a busy machine a
# server or a transfer can be too late, beside others.
check-again:
	t/lib/check.sh --again

# The same in full size, at the clock's own pace: up to an hour.  Then, in small
# size, the losses with 25 ms each way between the server and each xcat.
soak:
	t/deps check
	$(MAKE) -j2 xcat $(UNITS) $(AIDS)
	UNITS="$(UNITS)" TIER=soak TABLE=1000 t/lib/check.sh
	DISTANCE=25 TABLE=1000 t/lib/check.sh t/loss/*.t

# In a copy, so that the objects of both kinds do not mix.
check-asan:
	t/deps check
	rm -rf .asan && mkdir .asan
	cp -R .debian LICENSE Makefile README man t xcat.c xml ibb net .asan
	cd .asan && $(MAKE) clean && \
	    $(MAKE) -j2 CFLAGS="$(ASAN)" xcat $(UNITS) $(AIDS) && \
	    UNITS="$(UNITS)" t/lib/check.sh
	$(MAKE) fuzz

# FUZZ_SECONDS for each fuzzer, then the lines that all of them cover.
fuzz:
	t/deps check
	MAKE="$(MAKE)" ASAN="$(ASAN)" FUZZ_SECONDS=$(FUZZ_SECONDS) \
	    t/fuzz/fuzz.sh $(FOREIGN)

fuzzer: $(FUZZ) $(OBJS) $(TAP) t/fuzz/libfuzzer.o
	$(CC) $(CFLAGS) -fsanitize=fuzzer -o $@ t/fuzz/libfuzzer.o $(FUZZ) \
	    $(TAP) $(OBJS) $(LIBS)

# COVERAGE: the tests that are run; the units alone take a minute.
coverage:
	t/deps check
	MAKE="$(MAKE)" t/lib/coverage.sh build xcat $(UNITS) $(AIDS)
	cd .cov && prove -j$(JOBS) $(COVERAGE)
	t/lib/coverage.sh table $(OBJS:.o=.c) xcat.c

bench:
	@t/deps bench
	@$(MAKE) -s xcat $(BENCH) t/lib/distance
	@t/bench/bench.sh

t/bench/load: t/bench/bosh.o t/bench/crowd.o t/bench/echo.o t/bench/load.o \
    t/bench/local.o t/bench/process.o t/bench/source.o t/bench/stat.o \
    t/bench/xmpp.o t/lib/tls_context.o $(OBJS)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ \
	    t/bench/bosh.o t/bench/crowd.o t/bench/echo.o t/bench/load.o \
	    t/bench/local.o t/bench/process.o t/bench/source.o \
	    t/bench/stat.o t/bench/xmpp.o t/lib/tls_context.o $(OBJS) $(LIBS)
t/bench/many: t/bench/local.o t/bench/many.o t/bench/stat.o
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ \
	    t/bench/local.o t/bench/many.o t/bench/stat.o $(LIBS)
t/bench/meter: t/bench/meter.o
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ \
	    t/bench/meter.o $(LIBS)
t/bench/pump: t/bench/bosh.o t/bench/flow.o t/bench/pump.o t/bench/stat.o \
	    t/bench/xmpp.o
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ \
	    t/bench/bosh.o t/bench/flow.o t/bench/pump.o t/bench/stat.o \
	    t/bench/xmpp.o $(LIBS)
t/bench/rtt: t/bench/local.o t/bench/rtt.o t/bench/stat.o
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ \
	    t/bench/local.o t/bench/rtt.o t/bench/stat.o $(LIBS)
t/bench/sink: t/bench/sink.o t/bench/stat.o
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ \
	    t/bench/sink.o t/bench/stat.o $(LIBS)
t/bench/tube: t/bench/bosh.o t/bench/flow.o t/bench/stat.o t/bench/tube.o \
    t/bench/xmpp.o
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ t/bench/bosh.o t/bench/flow.o \
	    t/bench/stat.o t/bench/tube.o t/bench/xmpp.o $(LIBS)

# For editors and clang's tools: how each source is compiled.
compile_commands.json: Makefile
	@flags="$(DEFS) `pkg-config --cflags $(PKGS)` $(CPPFLAGS) $(CFLAGS)"; \
	sep='['; \
	for c in xcat.c $(OBJS:.o=.c) $(TAP:.o=.c) $(UNITS:.t=.c) \
	    $(FUZZ:.o=.c) t/fuzz/libfuzzer.c t/bench/*.c; do \
		printf '%s\n{ "directory": "%s", "file": "%s", "command": "%s" }' \
		    "$$sep" "$$PWD" "$$c" "$(CC) $$flags -c $$c"; \
		sep=','; \
	done >$@.new
	@echo ']' >>$@.new
	@mv $@.new $@

lint:
	@t/deps lint
	t/lib/lint.sh

clean:
	rm -f xcat xcat.o $(OBJS) $(TAP) $(AIDS) t/lib/portmap.o \
	    t/lib/punch.o t/unit/*.o \
	    $(UNITS) \
	    t/fuzz/*.o fuzzer t/bench/*.o $(BENCH) bench.txt \
	    compile_commands.json xcat-*.tar.gz xcat_*.deb .failed
	rm -rf .asan .cov .fuzz .deb

.PHONY: all packages static dist deb install uninstall demo check check-again check-unit soak check-asan fuzz coverage bench lint clean
