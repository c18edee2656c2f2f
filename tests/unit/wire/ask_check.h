/* SPDX-License-Identifier: ISC */
/*
 * Reading asks, and saying what is wrong with the result.
 */
#ifndef LEAT_TESTS_ASK_CHECK_H
#define LEAT_TESTS_ASK_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "wire/ask_read.h"

/* A query of 64 bytes, 4 messages, no system role. */
extern const struct ask_limits ask_check_limits;

/* Of the ask that was read last. */
extern struct ask_form ask_check_form;
extern struct fault ask_check_fault;

int ask_check_tear_down(void **state);
/* The ask that a body, or a query string, gives; it lives until the next. */
struct ask *ask_check_body(const char *body);
struct ask *ask_check_pairs(const char *query_string);
/* Fails unless it is refused with that code, and words that hold `hint`. */
void ask_check_refuses_body(const char *body, enum error_code code,
			    const char *hint);
void ask_check_refuses_pairs(const char *query_string, enum error_code code,
			     const char *hint);
void ask_check_text(struct slice got, const char *wanted);

#endif
