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
IBB	= ibb/answer.o ibb/bytestreams.o ibb/carrier.o ibb/close.o ibb/data.o \
	ibb/e2e.o ibb/inband.o ibb/open.o ibb/pace.o ibb/path.o ibb/si.o \
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
	t/unit/carrier.t \
	t/unit/child.t \
	t/unit/clock.t \
	t/unit/conf.t \
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
FUZZERS	= t/fuzz/carrier t/fuzz/e2e t/fuzz/http t/fuzz/ibb t/fuzz/jid \
	t/fuzz/s5b t/fuzz/si t/fuzz/ws t/fuzz/xml
BENCH	= t/bench/many t/bench/meter t/bench/pump t/bench/rtt t/bench/sink \
	t/bench/tube

# What has no descriptors in net/.
FUZZED	= net/filename.c net/http.c net/jrd.c net/proxy.c net/socks5.c \
	net/socks5d.c net/url.c net/where.c net/wrap.c net/ws.c

ASAN	= -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined \
	-fno-sanitize-recover=undefined
FUZZ_SECONDS = 60

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

fuzz: $(FUZZERS)
	for f in $(FUZZERS); do $$f -max_total_time=$(FUZZ_SECONDS) \
	    -rss_limit_mb=1024 -print_final_stats=0 || exit; done

$(FUZZERS): $(OBJS) t/fuzz/*.c t/lib/stanza.[ch]
	clang $(DEFS) `pkg-config --cflags $(PKGS)` $(ASAN) \
	    -fsanitize=fuzzer -o $@ $@.c t/lib/stanza.c xml/*.c ibb/*.c \
	    $(FUZZED) $(LIBS)

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
	rm -f xcat $(MAIN) $(OBJS) $(TAP) $(AIDS) t/unit/*.o $(UNITS) $(FUZZERS) \
	    t/bench/*.o $(BENCH) bench.txt
	rm -rf .asan

.PHONY: all install demo check check-unit soak check-asan fuzz bench lint clean
