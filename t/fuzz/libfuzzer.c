/* All fuzzers in one program for libFuzzer: $FUZZER names the one to run. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "t/fuzz/fuzz.h"

int	 LLVMFuzzerInitialize(int *argc, char ***argv);
int	 LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct {
	const char	*name;
	fuzz_fn		*fn;
} fuzzers[] = { FUZZERS(FUZZ_ENTRY) };

static fuzz_fn	*chosen;

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	const char	*name = getenv("FUZZER");
	size_t		 i;

	(void)argc;
	(void)argv;
	for (i = 0; i < sizeof(fuzzers) / sizeof(fuzzers[0]); i++)
		if (name != NULL && strcmp(fuzzers[i].name, name) == 0)
			chosen = fuzzers[i].fn;
	if (chosen == NULL) {
		fprintf(stderr, "FUZZER names no fuzzer of t/fuzz/fuzz.h\n");
		exit(2);
	}
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return chosen(data, size);
}
