/* SPDX-License-Identifier: ISC */
/*
 * Journals for tests, filled by hand.
 */
#ifndef LEAT_TESTS_JOURNAL_MAKE_H
#define LEAT_TESTS_JOURNAL_MAKE_H

#include "core/journal.h"

#define JOURNAL_MAKE_ID "abcdefghijklmnop"

/* A journal of the turn JOURNAL_MAKE_ID: 1 MiB, 1,000 events of 16 KiB. */
struct journal *journal_make_new(void);
/* Each fails the test when the journal does not take it. */
void journal_make_event(struct journal *journal, const struct event *event);
void journal_make_content(struct journal *journal, const char *text);
void journal_make_branch(struct journal *journal, unsigned branch,
			 const char *text);
void journal_make_status(struct journal *journal, const char *description);
void journal_make_final(struct journal *journal, enum finish_reason reason);
void journal_make_error(struct journal *journal, enum error_code code,
			const char *hint);

#endif
