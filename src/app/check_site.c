/* SPDX-License-Identifier: ISC */
#include "app/check_site.h"

#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "doctor/doctor.h"
#include "doctor/judge.h"

struct file_list {
	struct secret_file *files;
	size_t count;
};

static void add(struct file_list *list, const char *what, const char *path)
{
	if (path && path[0] == '/' && list->count < SECRET_FILES_MAX)
		list->files[list->count++] = (struct secret_file){what, path};
}

size_t check_site_files(const struct config *config,
			struct secret_file files[SECRET_FILES_MAX])
{
	struct file_list list = {.files = files};

	add(&list, "the configuration", config->path);
	add(&list, "the index", config->context.index);
	add(&list, "the system prompt", config->chat.system_file);
	add(&list, "the log", config->log);
	for (size_t i = 0; i < config->provider_count; i++)
		add(&list, "a key", config->providers[i].key_file);
	return list.count;
}

void check_site_report(struct check_report *report,
		       const struct findings *findings)
{
	static const enum check_level levels[] = {
	    [FINDING_OK] = CHECK_OK,
	    [FINDING_WARN] = CHECK_WARN,
	    [FINDING_FAIL] = CHECK_FAIL,
	};

	for (size_t i = 0; i < findings->count; i++) {
		const struct finding *finding = &findings->items[i];

		check_report_add(report, levels[finding->level], finding->id,
				 "%s", finding->text);
		for (size_t n = 0; n < finding->remedy_count; n++) {
			const struct remedy *remedy = &finding->remedies[n];

			check_report_add_detail(report, "-> %s", remedy->line);
			check_report_add_detail(report, "%s, in %s: %s.",
						remedy->server, remedy->file,
						remedy->why);
		}
	}
}

bool check_site(struct check_report *report, const struct config *config,
		const char *url, const char *ca_file)
{
	struct secret_file files[SECRET_FILES_MAX];
	struct doctor_options options = {.url = url,
					 .ca_file = ca_file,
					 .is_secrets_only = true,
					 .files = files,
					 .file_count =
					     check_site_files(config, files)};
	struct log_options log = {
	    .level = LOG_LEVEL_ERROR, .target = "stderr", .ident = "check"};
	struct measures *measures = memory_zalloc(sizeof(*measures));
	struct findings *findings = finding_list_new();
	bool is_denied;
	int ended;

	log_open(&log);
	ended = doctor_examine(&options, measures);
	is_denied = ended == 0 && measures->secrets.is_done &&
		    measures->secrets.count == 0 &&
		    measures->secrets.unanswered == 0;

	if (ended < 0)
		check_report_add(report, CHECK_FAIL, "site",
				 "%s is no address of http or https", url);
	else if (ended > 0)
		check_report_add(report, CHECK_FAIL, "site", "interrupted");
	else if (!measures->secrets.is_done)
		judge_all(measures, findings);
	else
		judge_downloads(measures, findings);
	check_site_report(report, findings);
	finding_list_free(findings);
	memory_free(measures);
	return is_denied;
}
