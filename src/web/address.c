/* SPDX-License-Identifier: ISC */
#include "web/address.h"

#include <arpa/inet.h>

#include "base/ids.h"
#include "base/text.h"

enum { ADDRESS_BYTES = 16, ADDRESS_TEXT_MAX = 64 };

static const unsigned char mapped_prefix[12] = {0, 0, 0, 0, 0,	  0,
						0, 0, 0, 0, 0xFF, 0xFF};

/* RFC 1918, RFC 3927, RFC 4193, RFC 4291 (section 2.5.6). */
const char *const address_near[] = {"127.0.0.0/8",
				    "::1",
				    "10.0.0.0/8",
				    "172.16.0.0/12",
				    "192.168.0.0/16",
				    "169.254.0.0/16",
				    "fc00::/7",
				    "fe80::/10",
				    NULL};

/* Some proxies write ports: a.b.c.d:port, [v6]:port. */
static struct slice without_port(struct slice text)
{
	const char *end;

	if (text.len == 0)
		return text;
	if (text.data[0] == '[') {
		end = memchr(text.data, ']', text.len);
		return end ? slice_make(text.data + 1,
					(size_t)(end - text.data - 1))
			   : text;
	}
	end = memchr(text.data, ':', text.len);
	if (end && memchr(text.data, '.', (size_t)(end - text.data)))
		text.len = (size_t)(end - text.data);
	return text;
}

/* Any address as 16 bytes, IPv4 as ::ffff:a.b.c.d. */
static bool parse(struct slice text, unsigned char out[ADDRESS_BYTES],
		  bool *is_v4)
{
	char copy[ADDRESS_TEXT_MAX];

	text = without_port(text);
	if (text.len == 0 || text.len >= sizeof copy)
		return false;
	memcpy(copy, text.data, text.len);
	copy[text.len] = '\0';
	memcpy(out, mapped_prefix, sizeof mapped_prefix);
	*is_v4 = inet_pton(AF_INET, copy, out + sizeof mapped_prefix) == 1;
	if (*is_v4)
		return true;
	if (inet_pton(AF_INET6, copy, out) != 1)
		return false;
	*is_v4 = !memcmp(out, mapped_prefix, sizeof mapped_prefix);
	return true;
}

static bool is_in_block(const unsigned char address[ADDRESS_BYTES],
			struct slice block)
{
	unsigned char base[ADDRESS_BYTES];
	const char *slash = memchr(block.data, '/', block.len);
	uint64_t bits = 8 * ADDRESS_BYTES;
	bool is_v4;
	size_t bytes;

	if (slash) {
		struct slice number = slice_make(
		    slash + 1, (size_t)(slice_end(block) - slash - 1));

		block.len = (size_t)(slash - block.data);
		if (!text_parse_uint(number, &bits))
			return false;
	}
	if (!parse(block, base, &is_v4))
		return false;
	if (bits > 8 * ADDRESS_BYTES)
		return false;
	if (slash && is_v4)
		bits += 8 * sizeof mapped_prefix;
	if (bits > 8 * ADDRESS_BYTES)
		return false;
	bytes = bits / 8;
	if (memcmp(address, base, bytes) != 0)
		return false;
	return bits % 8 == 0 ||
	       ((address[bytes] ^ base[bytes]) >> (8 - bits % 8)) == 0;
}

bool address_is_listed(struct slice address, const char *const *list)
{
	unsigned char bytes[ADDRESS_BYTES];
	bool is_v4;

	if (!parse(address, bytes, &is_v4))
		return false;
	for (; *list; list++)
		if (is_in_block(bytes, slice_of(*list)))
			return true;
	return false;
}

struct slice address_of_client(struct slice remote, struct slice forwarded,
			       const char *const *trusted_proxies)
{
	while (forwarded.len && address_is_listed(remote, trusted_proxies)) {
		size_t at = forwarded.len;

		while (at > 0 && forwarded.data[at - 1] != ',')
			at--;
		remote = text_trim(
		    slice_make(forwarded.data + at, forwarded.len - at));
		forwarded.len = at > 0 ? at - 1 : 0;
	}
	return remote;
}

uint64_t address_key(struct slice address)
{
	unsigned char bytes[ADDRESS_BYTES];
	bool is_v4;
	uint64_t key;

	if (!parse(address, bytes, &is_v4))
		return 0;
	key = ids_hash(slice_make((const char *)bytes, is_v4 ? 16 : 8));
	return key ? key : 1;
}
