/* SPDX-License-Identifier: ISC */
/*
 * The text dialect: the answer as plain text, an error as a last sentence in
 * brackets.
 */
#ifndef LEAT_WIRE_PLAIN_H
#define LEAT_WIRE_PLAIN_H

#include "wire/dialect.h"

extern const struct dialect_ops plain_dialect;

#endif
