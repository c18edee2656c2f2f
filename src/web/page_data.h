/* SPDX-License-Identifier: ISC */
/*
 * The chat page as one HTML document, made from browser/ when leat is built.
 * It is split at the places of the nonce: a response is part 0, the nonce,
 * part 1, the nonce, and so on to the last part. Static, never freed.
 */
#ifndef LEAT_WEB_PAGE_DATA_H
#define LEAT_WEB_PAGE_DATA_H

#include <stddef.h>

extern const char *const page_parts[];
extern const size_t page_parts_count;

#endif
