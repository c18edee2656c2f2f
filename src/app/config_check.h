/* SPDX-License-Identifier: ISC */
/*
 * What one option alone cannot show to be wrong: options that contradict each
 * other or name what is not there.
 */
#ifndef LEAT_APP_CONFIG_CHECK_H
#define LEAT_APP_CONFIG_CHECK_H

#include "app/config.h"
#include "app/config_scan.h"
#include "app/problems.h"

void config_check(const struct config *config, const struct config_scan *scan,
		  struct problems *problems);

#endif
