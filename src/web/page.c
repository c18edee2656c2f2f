/* SPDX-License-Identifier: ISC */
#include "web/page.h"

#include <stdio.h>

#include "base/ids.h"
#include "web/page_data.h"

void page_make_policy(char nonce[PAGE_NONCE_LEN + 1], char *policy, size_t size)
{
	ids_random(nonce, PAGE_NONCE_LEN);
	snprintf(
	    policy, size,
	    "default-src 'none'; script-src 'nonce-%s'; "
	    "style-src 'nonce-%s'; connect-src 'self'; img-src 'self' data:; "
	    "form-action 'none'; base-uri 'none'; frame-ancestors 'self'",
	    nonce, nonce);
}

void page_put(struct buffer *out, const char *nonce)
{
	for (size_t i = 0; i < page_parts_count; i++) {
		if (i > 0)
			buffer_append_string(out, nonce);
		buffer_append_string(out, page_parts[i]);
	}
}
