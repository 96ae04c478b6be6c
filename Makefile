# xcat: netcat over XMPP.  For GNU make and BSD make.

PREFIX	?= /usr/local
BINDIR	?= $(PREFIX)/bin
MANDIR	?= $(PREFIX)/share/man

CC	?= cc
CFLAGS	?= -O2 -g
WARN	= -Wall -Wextra -Wshadow -Wpointer-arith -Wcast-qual -Wformat=2 \
	-Wstrict-prototypes -Wmissing-prototypes -Wwrite-strings -Wundef
PKGS	= expat openssl libbsd-overlay libidn libcares
DEFS	= -std=c11 $(WARN) -D_GNU_SOURCE -I.
LIBS	= `pkg-config --libs $(PKGS)`

XML	= xml/base64.o xml/buf.o xml/copy.o xml/elem.o xml/heap.o xml/iq.o \
	xml/jid.o xml/number.o xml/parse.o xml/stanza.o xml/text.o xml/utf8.o \
	xml/write.o
IBB	= ibb/answer.o ibb/budget.o ibb/bytestreams.o ibb/carrier.o \
	ibb/close.o ibb/data.o ibb/e2e.o ibb/inband.o ibb/open.o ibb/pace.o ibb/path.o ibb/si.o \
	ibb/ssl_error.o \
	ibb/stream.o ibb/sync.o ibb/why.o
NET	= net/addr.o net/allow.o net/altmeta.o net/auth.o net/auth2.o net/away.o \
	net/bind.o net/bosh_line.o net/bosh_request.o net/bosh_response.o \
	net/child.o net/conf.o net/conffile.o net/dial.o net/disco.o net/end.o \
	net/fetch.o net/file.o net/filename.o net/ht.o net/http.o \
	net/identity.o net/io.o net/jrd.o net/keyseq.o net/known.o \
	net/login.o net/loop.o net/manners.o net/offer.o net/password.o \
	net/port.o \
	net/proxy.o net/race.o net/reach.o net/resolve.o net/resume.o \
	net/road.o net/road_bosh.o net/road_tcp.o net/road_ws.o net/roster.o \
	net/s5bdial.o net/s5blisten.o net/sasl.o net/sasl2.o net/scram.o \
	net/serve.o net/service.o net/session.o net/sm.o net/socks.o \
	net/socks5.o net/socks5d.o net/srv.o net/sum.o net/systemd.o \
	net/tls.o net/tokens.o net/trace.o \
	net/trust.o net/url.o net/via.o net/way.o net/ways.o net/where.o \
	net/wrap.o net/ws.o
NETIO	= net/io/clock.o net/io/fd.o net/io/limits.o net/io/listen.o \
	net/io/log.o \
	net/io/signals.o
NETCONF	= net/conf/statefile.o
LOGIN	= net/login/absence.o net/login/rebind.o
OBJS	= $(XML) $(IBB) $(NETIO) $(NETCONF) $(NET) $(LOGIN)
MAIN	= xcat.o link/admit.o \
	link/call.o link/hosts.o link/link.o link/listen.o \
	link/notes.o link/oob.o \
	link/oob_fetch.o link/oob_send.o link/probe.o link/progress.o \
	link/receive.o link/receive_file.o link/receive_si.o \
	link/receive_words.o link/send.o link/send_ask.o link/send_si.o \
	link/send_words.o link/wire.o
# A line for each: fewer conflicts.
UNITS	= t/unit/absence.t \
	t/unit/answer.t \
	t/unit/budget.t \
	t/unit/carrier.t \
	t/unit/child.t \
	t/unit/clock.t \
	t/unit/conf.t \
	t/unit/corpus.t \
	t/unit/end.t \
	t/unit/file.t \
	t/unit/http.t \
	t/unit/ibb.t \
	t/unit/jid.t \
	t/unit/listen.t \
	t/unit/log.t \
	t/unit/loop.t \
	t/unit/manners.t \
	t/unit/number.t \
	t/unit/pace.t \
	t/unit/path.t \
	t/unit/resolve.t \
	t/unit/roads.t \
	t/unit/s5b.t \
	t/unit/sasl.t \
	t/unit/sasl2.t \
	t/unit/si.t \
	t/unit/sm.t \
	t/unit/statefile.t \
	t/unit/sync.t \
	t/unit/ws.t \
	t/unit/xml.t
# What tests in shell run or load, see t/lib/lib.sh and t/lib/alloc.c.
AIDS	= t/lib/alloc.so t/lib/detach t/lib/wake
# What tests in C share.
TAP	= t/lib/engine.o t/lib/kept.o t/lib/stanza.o t/lib/tap.o
# What fuzzers are made of (t/fuzz/fuzz.h), and the sources that parse what others
# send, or wrote.
FUZZ	= t/fuzz/carrier.o \
	t/fuzz/conf.o \
	t/fuzz/e2e.o \
	t/fuzz/fetch.o \
	t/fuzz/http.o \
	t/fuzz/ibb.o \
	t/fuzz/jid.o \
	t/fuzz/pace.o \
	t/fuzz/peer.o \
	t/fuzz/s5b.o \
	t/fuzz/sasl.o \
	t/fuzz/script.o \
	t/fuzz/server.o \
	t/fuzz/session.o \
	t/fuzz/si.o \
	t/fuzz/state.o \
	t/fuzz/transport.o \
	t/fuzz/ws.o \
	t/fuzz/xml.o
FOREIGN	= xml/base64.c \
	xml/elem.c \
	xml/iq.c \
	xml/jid.c \
	xml/number.c \
	xml/parse.c \
	xml/stanza.c \
	xml/text.c \
	xml/utf8.c \
	ibb/answer.c \
	ibb/bytestreams.c \
	ibb/carrier.c \
	ibb/close.c \
	ibb/data.c \
	ibb/e2e.c \
	ibb/inband.c \
	ibb/open.c \
	ibb/pace.c \
	ibb/path.c \
	ibb/si.c \
	ibb/stream.c \
	ibb/sync.c \
	net/allow.c \
	net/altmeta.c \
	net/auth.c \
	net/auth2.c \
	net/bind.c \
	net/bosh_line.c \
	net/bosh_response.c \
	net/conf.c \
	net/conffile.c \
	net/disco.c \
	net/fetch.c \
	net/filename.c \
	net/ht.c \
	net/http.c \
	net/jrd.c \
	net/known.c \
	net/conf/statefile.c \
	net/login.c \
	net/login/rebind.c \
	net/login/absence.c \
	net/manners.c \
	net/offer.c \
	net/proxy.c \
	net/resume.c \
	net/road_ws.c \
	net/roster.c \
	net/sasl.c \
	net/sasl2.c \
	net/scram.c \
	net/serve.c \
	net/service.c \
	net/session.c \
	net/sm.c \
	net/socks.c \
	net/socks5.c \
	net/socks5d.c \
	net/tokens.c \
	net/trust.c \
	net/url.c \
	net/where.c \
	net/wrap.c \
	net/ws.c
BENCH	= t/bench/many t/bench/meter t/bench/pump t/bench/rtt t/bench/sink \
	t/bench/tube

ASAN	= -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined \
	-fno-sanitize-recover=undefined
FUZZ_SECONDS = 60
COVERAGE = $(UNITS)

all: xcat

xcat: $(MAIN) $(OBJS)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $(MAIN) $(OBJS) $(LIBS)

.SUFFIXES: .c .o .t
.c.o:
	$(CC) $(DEFS) `pkg-config --cflags $(PKGS)` $(CPPFLAGS) $(CFLAGS) \
	    -c -o $@ $<
.o.t:
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $< $(TAP) $(OBJS) $(LIBS)

# There is little to build: a header changes everything.
$(MAIN) $(OBJS) $(TAP): xml/*.h ibb/*.h net/*.h net/*/*.h link/*.h
$(TAP) $(UNITS): t/lib/*.h
$(UNITS): $(TAP) $(OBJS)
$(FUZZ) t/unit/corpus.o: xml/*.h ibb/*.h net/*.h net/*/*.h t/fuzz/*.h \
    t/lib/*.h

t/unit/corpus.t: t/unit/corpus.o $(FUZZ)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ t/unit/corpus.o $(FUZZ) $(TAP) \
	    $(OBJS) $(LIBS)

# Memory that runs out, for xcat to be run with; see there.
t/lib/alloc.so: t/lib/alloc.c
	$(CC) $(DEFS) -O2 -g -fPIC -shared -o $@ t/lib/alloc.c
t/lib/detach: t/lib/detach.c
	$(CC) $(DEFS) $(CFLAGS) $(LDFLAGS) -o $@.new t/lib/detach.c
	mv $@.new $@
t/lib/wake: t/lib/wake.c
	$(CC) $(DEFS) $(CFLAGS) $(LDFLAGS) -o $@.new t/lib/wake.c
	mv $@.new $@

install: xcat
	install -d $(DESTDIR)$(BINDIR) $(DESTDIR)$(MANDIR)/man1 \
	    $(DESTDIR)$(MANDIR)/man7
	install -m 755 xcat $(DESTDIR)$(BINDIR)/xcat
	install -m 644 man/xcat.1 $(DESTDIR)$(MANDIR)/man1/xcat.1
	install -m 644 man/xcat-protocol.7 \
	    $(DESTDIR)$(MANDIR)/man7/xcat-protocol.7

demo:
	@t/deps demo
	@$(MAKE) -s xcat
	@t/lib/demo.sh

# What needs no server, no network and nothing but a compiler and perl.
check-unit:
	t/deps unit
	$(MAKE) $(UNITS)
	prove -j4 $(UNITS)

check:
	t/deps check
	$(MAKE) xcat $(UNITS) $(AIDS)
	UNITS="$(UNITS)" t/lib/check.sh

# The same in full size, at the clock's own pace: up to an hour.
soak:
	t/deps check
	$(MAKE) xcat $(UNITS) $(AIDS)
	UNITS="$(UNITS)" TIER=soak TABLE=1000 t/lib/check.sh

# In a copy, so that the objects of both kinds do not mix.
check-asan:
	t/deps check
	rm -rf .asan && mkdir .asan
	cp -R Makefile README man t xcat.c xml ibb net link .asan
	cd .asan && $(MAKE) clean && \
	    $(MAKE) CFLAGS="$(ASAN)" xcat $(UNITS) $(AIDS) && \
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
	t/lib/coverage.sh table $(OBJS:.o=.c) $(MAIN:.o=.c)

bench:
	@t/deps bench
	@$(MAKE) -s xcat $(BENCH)
	@t/bench/bench.sh

t/bench/many: t/bench/local.o t/bench/many.o t/bench/stat.o
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ \
	    t/bench/local.o t/bench/many.o t/bench/stat.o $(LIBS)
t/bench/meter: t/bench/meter.o
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ \
	    t/bench/meter.o $(LIBS)
t/bench/pump: t/bench/flow.o t/bench/pump.o t/bench/stat.o t/bench/xmpp.o
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ \
	    t/bench/flow.o t/bench/pump.o t/bench/stat.o t/bench/xmpp.o $(LIBS)
t/bench/rtt: t/bench/local.o t/bench/rtt.o t/bench/stat.o
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ \
	    t/bench/local.o t/bench/rtt.o t/bench/stat.o $(LIBS)
t/bench/sink: t/bench/sink.o t/bench/stat.o
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ \
	    t/bench/sink.o t/bench/stat.o $(LIBS)
t/bench/tube: t/bench/stat.o t/bench/tube.o t/bench/xmpp.o
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ \
	    t/bench/stat.o t/bench/tube.o t/bench/xmpp.o $(LIBS)

lint:
	@t/deps lint
	t/lib/lint.sh

clean:
	rm -f xcat $(MAIN) $(OBJS) $(TAP) $(AIDS) t/unit/*.o $(UNITS) \
	    t/fuzz/*.o fuzzer t/bench/*.o $(BENCH) bench.txt
	rm -rf .asan .cov .fuzz

.PHONY: all install demo check check-unit soak check-asan fuzz coverage bench lint clean
