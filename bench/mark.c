/* SPDX-License-Identifier: ISC */
#include "mark.h"

#include <string.h>

#define NUMBER_DIGITS 3
#define TIME_DIGITS   6
#define UNIT_NS	      100
#define TIME_RANGE    (UINT64_C(1) << 6 * TIME_DIGITS)

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrst"
			       "uvwxyz0123456789-_";

static void put(char *to, unsigned digits, uint64_t value)
{
	while (digits--) {
		to[digits] = alphabet[value & 63];
		value >>= 6;
	}
}

static int value_of(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '-' ? 62 : c == '_' ? 63 : -1;
}

static bool get(const char *at, unsigned digits, uint64_t *value)
{
	*value = 0;
	while (digits--) {
		int digit = value_of(*at++);

		if (digit < 0)
			return false;
		*value = *value << 6 | (uint64_t)digit;
	}
	return true;
}

void mark_write(char *to, unsigned number, uint64_t now_ns)
{
	to[0] = '@';
	put(to + 1, NUMBER_DIGITS, number);
	put(to + 1 + NUMBER_DIGITS, TIME_DIGITS, now_ns / UNIT_NS);
	memcpy(to + MARK_LEN, " ", 2);
}

bool mark_read(const char *at, size_t len, unsigned *number)
{
	uint64_t value, time;

	if (len < MARK_LEN || !get(at + 1, NUMBER_DIGITS, &value) ||
	    !get(at + 1 + NUMBER_DIGITS, TIME_DIGITS, &time))
		return false;
	*number = (unsigned)value;
	return true;
}

uint64_t mark_delay_ns(const char *at, uint64_t now_ns)
{
	uint64_t time = 0;
	uint64_t delay;

	get(at + 1 + NUMBER_DIGITS, TIME_DIGITS, &time);
	delay = (now_ns / UNIT_NS - time) & (TIME_RANGE - 1);
	/* Two clocks of one machine may differ by less than they show. */
	return delay < TIME_RANGE / 2 ? delay * UNIT_NS : 0;
}
