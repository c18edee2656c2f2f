/* SPDX-License-Identifier: ISC */
/*
 * What one option alone cannot show to be wrong: options that contradict each
 * other or name what is not there.
 */
#ifndef LEAT_CONFIG_CONFIG_CHECK_H
#define LEAT_CONFIG_CONFIG_CHECK_H

#include "config/config.h"
#include "config/config_scan.h"
#include "config/problems.h"

void config_check(const struct config *config, const struct config_scan *scan,
		  struct problems *problems);

#endif
