/* SPDX-License-Identifier: ISC */
#include "base/ids.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

#include "base/text.h"

enum { BASE = 62, PREFIX_LEN = 2, SLOT_LEN = 2, INCARNATION_LEN = 6 };

static const char digits[BASE + 1] =
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'Z')
		return c - 'A' + 10;
	return c >= 'a' && c <= 'z' ? c - 'a' + 36 : -1;
}

static void put_number(char *out, unsigned len, uint64_t value)
{
	while (len-- > 0) {
		out[len] = digits[value % BASE];
		value /= BASE;
	}
}

static bool get_number(const char *in, unsigned len, uint64_t *value)
{
	*value = 0;
	for (unsigned i = 0; i < len; i++) {
		int digit = digit_value(in[i]);

		if (digit < 0)
			return false;
		*value = *value * BASE + (uint64_t)digit;
	}
	return true;
}

static void fill_random(unsigned char *out, size_t len)
{
	while (len > 0) {
		ssize_t got = getrandom(out, len, 0);

		if (got < 0 && errno != EINTR)
			abort();
		if (got > 0) {
			out += got;
			len -= (size_t)got;
		}
	}
}

/* Bytes from 248 up are thrown away: 248 is 4 times 62. */
void ids_random(char *out, unsigned len)
{
	unsigned char bytes[32];
	unsigned at = sizeof bytes;

	for (unsigned i = 0; i < len;) {
		if (at == sizeof bytes) {
			fill_random(bytes, sizeof bytes);
			at = 0;
		}
		if (bytes[at] < 248)
			out[i++] = digits[bytes[at] % BASE];
		at++;
	}
	out[len] = '\0';
}

void ids_make_turn(char out[IDS_TURN_LEN + 1], struct turn_place place)
{
	char *at = out;

	*at++ = 't';
	*at++ = '_';
	put_number(at, SLOT_LEN, place.slot);
	at += SLOT_LEN;
	put_number(at, INCARNATION_LEN, place.incarnation);
	at += INCARNATION_LEN;
	ids_random(at, (unsigned)(IDS_TURN_LEN - (at - out)));
}

bool ids_read_turn(struct slice id, struct turn_place *place)
{
	uint64_t slot;
	uint64_t incarnation;
	uint64_t ignored;

	if (id.len != IDS_TURN_LEN || !text_starts_with(id, "t_"))
		return false;
	for (size_t i = PREFIX_LEN; i < id.len; i++)
		if (!get_number(id.data + i, 1, &ignored))
			return false;
	get_number(id.data + PREFIX_LEN, SLOT_LEN, &slot);
	get_number(id.data + PREFIX_LEN + SLOT_LEN, INCARNATION_LEN,
		   &incarnation);
	if (incarnation > UINT32_MAX)
		return false;
	place->slot = (uint16_t)slot;
	place->incarnation = (uint32_t)incarnation;
	return true;
}

bool ids_is_client_turn(struct slice id)
{
	if (id.len < IDS_CLIENT_MIN || id.len > IDS_TURN_MAX ||
	    text_starts_with(id, "t_"))
		return false;
	for (size_t i = 0; i < id.len; i++)
		if (digit_value(id.data[i]) < 0 && id.data[i] != '_' &&
		    id.data[i] != '-')
			return false;
	return true;
}

bool ids_read_event(struct slice id, struct slice *turn, uint32_t *n)
{
	struct turn_place place;
	uint64_t number;
	size_t dot = id.len;

	while (dot > 0 && id.data[dot - 1] != '.')
		dot--;
	if (dot == 0)
		return false;
	*turn = slice_make(id.data, dot - 1);
	if (!text_parse_uint(slice_make(id.data + dot, id.len - dot),
			     &number) ||
	    number > UINT32_MAX)
		return false;
	*n = (uint32_t)number;
	return ids_read_turn(*turn, &place) || ids_is_client_turn(*turn);
}

uint64_t ids_hash(struct slice data)
{
	return ids_hash_from(0xcbf29ce484222325u, data);
}

uint64_t ids_hash_from(uint64_t start, struct slice data)
{
	uint64_t hash = start;

	for (size_t i = 0; i < data.len; i++) {
		hash ^= (unsigned char)data.data[i];
		hash *= 0x100000001b3u;
	}
	return hash;
}
