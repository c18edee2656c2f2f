/* SPDX-License-Identifier: ISC */
/*
 * The simple dialect: {"content":…} frames, errors, and [DONE] at the end.
 */
#ifndef LEAT_WIRE_SIMPLE_H
#define LEAT_WIRE_SIMPLE_H

#include "wire/dialect.h"

extern const struct dialect_ops simple_dialect;

#endif
