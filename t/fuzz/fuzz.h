/*
 * fuzz: the fuzzers, each a function that is given one input and aborts if
 * what it tries behaves wrongly.  t/fuzz/libfuzzer.c makes up inputs for them,
 * and t/unit/corpus.c gives them the seeds in t/fuzz/corpus, which are a folder
 * for each fuzzer: small files, written by hand, or left over from a bug.
 */
#ifndef T_FUZZ_FUZZ_H
#define T_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

#define FUZZERS(F) \
	F(carrier) F(conf) F(datagram) F(dns) F(e2e) F(early) F(fetch) \
	F(files) F(folder) F(hosts) F(http) F(ibb) F(jid) F(jingle) F(link) \
	F(pace) F(punch) F(s5b) F(sasl) F(server) F(session) F(share_wire) \
	F(si) F(state) F(stream) F(streamhosts) F(transport) F(upload) \
	F(warm) F(ws) F(xml)

typedef int fuzz_fn(const uint8_t *data, size_t size);

#define FUZZ_DECLARE(name)	fuzz_fn fuzz_##name;
#define FUZZ_ENTRY(name)	{ #name, fuzz_##name },

FUZZERS(FUZZ_DECLARE)

#endif
