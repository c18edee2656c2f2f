/* SPDX-License-Identifier: ISC */
/*
 * The page at the mount: one document, made at build time from browser/,
 * whose script and style run only with the nonce of this answer
 * (Content Security Policy Level 3, section 8).
 */
#ifndef LEAT_WEB_PAGE_H
#define LEAT_WEB_PAGE_H

#include "base/buffer.h"

enum { PAGE_NONCE_LEN = 22 };

void page_make_policy(char nonce[PAGE_NONCE_LEN + 1], char *policy,
		      size_t size);
void page_put(struct buffer *out, const char *nonce);

#endif
