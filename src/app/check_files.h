/* SPDX-License-Identifier: ISC */
/*
 * The files of a configuration: may they be read by whom they must not, can
 * they be written where they must be, is one of them under the folder that
 * the web server shows to everybody.
 */
#ifndef LEAT_APP_CHECK_FILES_H
#define LEAT_APP_CHECK_FILES_H

#include "app/check_report.h"
#include "config/config.h"

/* Modes of the configuration, its keys and the log. */
void check_files_modes(struct check_report *report,
		       const struct config *config);
/* Folders of sockets and of runtime_dir; owner and group of sockets. */
void check_files_places(struct check_report *report,
			const struct config *config);
/* Nothing of leat's own stands under this folder. With is_denied it was seen
 * from outside that the web server gives nothing of it away: what stands
 * there is then only a warning. */
void check_files_document_root(struct check_report *report,
			       const struct config *config, const char *folder,
			       bool is_denied);

#endif
