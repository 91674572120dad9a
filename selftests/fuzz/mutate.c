// SPDX-License-Identifier: GPL-2.0
/*
 * Mutations that keep lengths right: bytes that come or go anywhere would make
 * nearly all inputs not well-formed at the first length behind them. One record
 * or attribute is picked, and what it holds changes; the lengths around it
 * follow. One time in four libFuzzer does as it likes, lengths included.
 */
#include <string.h>

#include "fuzz.h"

#define MOST		512	/* records and attributes that are looked at */
#define ATTR_HDR_LEN	3
#define SA_HEAD		19	/* bytes in front of the attributes */
#define POLICY_HEAD	14

size_t LLVMFuzzerMutate(u8 *data, size_t size, size_t max);
size_t LLVMFuzzerCustomMutator(u8 *data, size_t size, size_t max, unsigned int seed);

/**
 * struct part - a record or an attribute
 * @at: where it begins, with its type
 * @head: bytes of type and length
 * @len: bytes of what it holds
 * @outer: where the record begins that an attribute is in, 0: none around it
 *	   has a length
 */
struct part {
	size_t at;
	size_t head;
	size_t len;
	size_t outer;
};

static struct part parts[MOST];
static size_t nparts;

static size_t get16(const u8 *p)
{
	return p[0] << 8 | p[1];
}

static void put16(u8 *p, size_t v)
{
	p[0] = v >> 8 & 0xff;
	p[1] = v & 0xff;
}

static void add_part(size_t at, size_t head, size_t len, size_t outer)
{
	if (nparts < MOST)
		parts[nparts++] = (struct part){ at, head, len, outer };
}

static void find_attrs(const u8 *data, u8 type, size_t at, size_t end, size_t outer)
{
	size_t len;

	if (type != XHA_REC_SA && type != XHA_REC_POLICY)
		return;
	at += type == XHA_REC_SA ? SA_HEAD : POLICY_HEAD;
	while (at + ATTR_HDR_LEN <= end) {
		len = get16(data + at + 1);
		if (len > end - at - ATTR_HDR_LEN)
			return;
		add_part(at, ATTR_HDR_LEN, len, outer);
		at += ATTR_HDR_LEN + len;
	}
}

static void find_records(const u8 *data, size_t at, size_t end)
{
	size_t len;

	while (at + XHA_REC_HDR_LEN <= end) {
		len = get16(data + at + 2);
		if (len > end - at - XHA_REC_HDR_LEN)
			return;
		add_part(at, XHA_REC_HDR_LEN, len, 0);
		find_attrs(data, data[at], at + XHA_REC_HDR_LEN, at + XHA_REC_HDR_LEN + len, at);
		at += XHA_REC_HDR_LEN + len;
	}
}

static void find_parts(const u8 *data, size_t size)
{
	nparts = 0;
	if (fuzz_shape.front + fuzz_shape.back > size)
		return;
	if (fuzz_shape.single && size > 1)
		find_attrs(data, data[0], 1, size, 0);
	else if (!fuzz_shape.single)
		find_records(data, fuzz_shape.front, size - fuzz_shape.back);
}

/* Room of @len bytes at @at becomes one of @n; lengths around it follow. */
static size_t resize(u8 *data, size_t size, const struct part *p, size_t at, size_t len, size_t n)
{
	memmove(data + at + n, data + at + len, size - at - len);
	if (p->outer)
		put16(data + p->outer + 2, get16(data + p->outer + 2) + n - len);
	return size - len + n;
}

/* Once more, behind itself. */
static size_t twice(u8 *data, size_t size, size_t max, const struct part *p)
{
	size_t whole = p->head + p->len;

	if (max - size < whole)
		return size;
	size = resize(data, size, p, p->at + whole, 0, whole);
	memcpy(data + p->at + whole, data + p->at, whole);
	return size;
}

static size_t change(u8 *data, size_t size, size_t max, const struct part *p)
{
	static u8 held[U16_MAX + 1];
	size_t room = p->len + (max - size), n;

	memcpy(held, data + p->at + p->head, p->len);
	n = LLVMFuzzerMutate(held, p->len, room < U16_MAX ? room : U16_MAX);
	size = resize(data, size, p, p->at + p->head, p->len, n);
	memcpy(data + p->at + p->head, held, n);
	/* Both headers end with their length. */
	put16(data + p->at + p->head - 2, n);
	return size;
}

size_t LLVMFuzzerCustomMutator(u8 *data, size_t size, size_t max, unsigned int seed)
{
	const struct part *p;

	find_parts(data, size);
	if (seed % 4 == 0 || !nparts || size > max)
		return LLVMFuzzerMutate(data, size, max);
	p = &parts[seed / 64 % nparts];
	switch (seed / 4 % 16) {
	case 0:
		return twice(data, size, max, p);
	case 1:
		return resize(data, size, p, p->at, p->head + p->len, 0);
	case 2:
		/* Another type. */
		LLVMFuzzerMutate(data + p->at, 1, 1);
		return size;
	default:
		return max > size || p->len ? change(data, size, max, p) : size;
	}
}
