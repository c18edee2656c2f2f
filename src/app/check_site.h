/* SPDX-License-Identifier: ISC */
/*
 * Can a file of the configuration be downloaded from the site? And findings
 * of src/doctor/ as lines of a report.
 */
#ifndef LEAT_APP_CHECK_SITE_H
#define LEAT_APP_CHECK_SITE_H

#include "app/check_report.h"
#include "config/config.h"
#include "doctor/finding.h"
#include "doctor/secret_names.h"

/* The configuration itself, the index, keys and so on; names borrowed from
 * the configuration. Returns how many. */
size_t check_site_files(const struct config *config,
			struct secret_file files[SECRET_FILES_MAX]);
/* Asks the site for each of them. True when it answered each time and gave
 * none away. */
bool check_site(struct check_report *report, const struct config *config,
		const char *url, const char *ca_file);
void check_site_report(struct check_report *report,
		       const struct findings *findings);

#endif
