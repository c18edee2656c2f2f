/* SPDX-License-Identifier: ISC */
/*
 * Any document becomes UTF-8: by its byte order mark, by what it declares
 * (`<meta charset>`, or what the caller knows), as UTF-8 when it is valid
 * UTF-8, else as windows-1252, which is what undeclared pages usually are.
 * Labels mean what browsers take them for (WHATWG Encoding, section 4.2):
 * iso-8859-1 is windows-1252, gb2312 is GB18030.
 */
#ifndef LEAT_CONTEXT_CHARSET_H
#define LEAT_CONTEXT_CHARSET_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/slice.h"

/* Appends valid UTF-8 without a byte order mark and without NULs; what
 * cannot be converted becomes U+FFFD. False when `out` overflowed. */
bool charset_to_utf8(struct buffer *out, struct slice bytes, bool is_html);
/* True for what is no text in any charset: NULs where none belong. */
bool charset_is_binary(struct slice bytes);
/* The charset that an HTML document declares in its first 1024 bytes; empty
 * when it declares none. */
struct slice charset_declared(struct slice html);

#endif
