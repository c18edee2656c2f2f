/* SPDX-License-Identifier: ISC */
/*
 * What a downloaded beginning is. A status of 200 proves nothing (many sites
 * answer every address with a page), so the bytes must.
 */
#ifndef LEAT_DOCTOR_SECRET_PROOF_H
#define LEAT_DOCTOR_SECRET_PROOF_H

#include <stdbool.h>

#include "base/slice.h"

enum secret_kind {
	SECRET_NONE,
	SECRET_CONFIG,
	SECRET_INDEX,
	SECRET_KEY,
	SECRET_ENVIRONMENT,
	SECRET_PASSWORDS,
	SECRET_LOG,
	SECRET_PID,
	SECRET_SLOTS,
	SECRET_PROGRAM,
	SECRET_REPOSITORY,
	SECRET_FILE /* the very file that was asked for */
};

/* `expected`: what its name promises; for some kinds the bytes alone could be
 * anything (a key is one long word, a pid a number). */
enum secret_kind secret_proof_of(struct slice beginning,
				 enum secret_kind expected);
/* True for the kinds that need a second look: does another name beside it
 * get the same answer? */
bool secret_proof_is_weak(enum secret_kind kind);
/* Begins with what the file begins with: at least so much that it cannot be
 * by chance. */
bool secret_proof_is_same(struct slice beginning, struct slice file);
/* "a key" */
const char *secret_proof_name(enum secret_kind kind);

#endif
