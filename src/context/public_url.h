/* SPDX-License-Identifier: ISC */
/*
 * Public addresses: the base URL and a file's path below the root, and
 * nothing else of where the file lies.
 */
#ifndef LEAT_CONTEXT_PUBLIC_URL_H
#define LEAT_CONTEXT_PUBLIC_URL_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/slice.h"

/* NULL when it can be the address of a folder (http:, https:, or a path from
 * "/"), else what is wrong with it. A missing "/" at its end is no fault. */
const char *public_url_check_base(struct slice base);
/* Appends the address of a file: percent-encoded (RFC 3986, section 2.1), a
 * folder's index page as the folder. `path` is relative to the root, as the
 * file system has it. */
void public_url_append(struct buffer *out, struct slice base,
		       struct slice path);
/* Appends "#anchor"; nothing when it is empty. */
void public_url_append_anchor(struct buffer *out, struct slice anchor);

#endif
