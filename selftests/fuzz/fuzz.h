/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the fuzzers share. A target is a fuzz_input() that reads an input as the
 * module would, and stops the process if what it was given cannot be true.
 */
#ifndef _XHA_FUZZ_H
#define _XHA_FUZZ_H

#include <stdio.h>
#include <stdlib.h>

#include "../unit/gen.h"

/* What holds for each input, be it as hostile as it may. */
#define MUST(cond)							\
do {									\
	if (!(cond)) {							\
		fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #cond); \
		abort();						\
	}								\
} while (0)

#define MUST_SAY_NOTHING(fault)						\
do {									\
	const char *fault_ = (fault);					\
									\
	if (fault_) {							\
		fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, fault_); \
		abort();						\
	}								\
} while (0)

/**
 * struct fuzz_shape - where an input of the target has records
 * @front: bytes in front of them
 * @back: bytes behind them
 * @single: there is one instead, without its length: type and body
 */
struct fuzz_shape {
	size_t front;
	size_t back;
	bool single;
};

extern const struct fuzz_shape fuzz_shape;

/* The target. Return: all of the input was well-formed. */
bool fuzz_input(const u8 *data, size_t size);

/*
 * One record, by the reader of its type; what that has taken must be the same
 * when it is written and read again. Return: it was well-formed.
 */
bool fuzz_record(u8 type, const u8 *body, size_t len);

/* The same body read by the readers of all types. */
void fuzz_all_readers(const u8 *body, size_t len);

/* A heap copy of just that size: ASan sees a byte too far. */
u8 *fuzz_copy(const u8 *p, size_t len);
void fuzz_drop(u8 *copy);

#endif /* _XHA_FUZZ_H */
