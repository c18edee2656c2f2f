/* SPDX-License-Identifier: ISC */
/*
 * What the scripted upstream writes into each chunk's text and the load
 * generator finds again: the chunk's number and when it was sent. Short, for
 * a model's tokens are short, and in letters that JSON leaves alone:
 *
 *   "@" number (3 digits of base 64) time (6 digits, 100 ns each) " "
 *
 * The time begins anew every two hours; a delay is right as long as it is
 * shorter than one.
 */
#ifndef BENCH_MARK_H
#define BENCH_MARK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MARK_LEN 10 /* without the space */

/* Writes a mark with its space and a zero byte: MARK_LEN + 2 bytes. */
void mark_write(char *to, unsigned number, uint64_t now_ns);

/* Reads the mark that begins with the "@" at `at`; false when there is none. */
bool mark_read(const char *at, size_t len, unsigned *number);

/* How long ago a mark that mark_read() found was written. */
uint64_t mark_delay_ns(const char *at, uint64_t now_ns);

#endif
