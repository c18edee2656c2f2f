/* SPDX-License-Identifier: ISC */
/*
 * What leat works with: does the index open, do the providers answer.
 */
#ifndef LEAT_APP_CHECK_PARTS_H
#define LEAT_APP_CHECK_PARTS_H

#include "app/check_report.h"
#include "config/config.h"

/* The index: there, of this version, with so many passages, so old. */
void check_parts_index(struct check_report *report,
		       const struct config *config);
/* Who is counted as one visitor, and whether he can say so himself. */
void check_parts_visitors(struct check_report *report,
			  const struct config *config);
/* Providers as they are configured, with their keys: no network. */
void check_parts_providers(struct check_report *report,
			   const struct config *config);
/* Asks each provider for its list of models, which costs nothing: name, TCP,
 * TLS and the key are tried. Takes up to connect_timeout of the slowest. */
void check_parts_connect(struct check_report *report,
			 const struct config *config);

#endif
