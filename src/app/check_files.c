/* SPDX-License-Identifier: ISC */
#include "app/check_files.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"
#include "config/options.h"

static bool holds_secret(const struct config *config)
{
	for (size_t i = 0; i < config->provider_count; i++)
		if (config->providers[i].headers.count)
			return true;
	return false;
}

static void check_config_file(struct check_report *report,
			      const struct config *config)
{
	struct stat status;

	if (!config->path) {
		check_report_add(
		    report, CHECK_OK, "configuration",
		    "there is no file: every option has its default");
		return;
	}
	if (stat(config->path, &status) != 0) {
		check_report_add(report, CHECK_FAIL, "configuration", "%s: %s",
				 config->path, strerror(errno));
		return;
	}
	if (status.st_mode & 002)
		check_report_add(
		    report, CHECK_FAIL, "configuration",
		    "%s can be changed by everybody (mode %04o): chmod o-w",
		    config->path, (unsigned)status.st_mode & 07777);
	else if ((status.st_mode & 004) && holds_secret(config))
		check_report_add(
		    report, CHECK_WARN, "configuration",
		    "%s has headers, which may be secret, and can be read by "
		    "everybody (mode %04o): chmod o-r",
		    config->path, (unsigned)status.st_mode & 07777);
	else
		check_report_add(report, CHECK_OK, "configuration", "%s",
				 config->path);
}

/* At most the last part of runtime_dir is made by leat itself; whoever starts
 * it makes folders, with the right owner (systemd's RuntimeDirectory). */
static void check_writable_folder(struct check_report *report,
				  enum check_level when_missing,
				  const char *subject, const char *folder)
{
	struct stat status;

	if (stat(folder, &status) != 0)
		check_report_add(report, when_missing, subject, "%s: %s%s",
				 folder, strerror(errno),
				 errno == ENOENT ? ": make it" : "");
	else if (!S_ISDIR(status.st_mode))
		check_report_add(report, CHECK_FAIL, subject,
				 "%s is not a folder", folder);
	else if (access(folder, W_OK | X_OK) != 0)
		check_report_add(report, CHECK_FAIL, subject,
				 "%s cannot be written to by this user: %s",
				 folder, strerror(errno));
	else
		check_report_add(report, CHECK_OK, subject, "%s", folder);
}

static void check_log(struct check_report *report, const struct config *config)
{
	struct stat status;
	char *folder;
	char *slash;

	if (config->log[0] != '/') {
		check_report_add(report, CHECK_OK, "log", "%s", config->log);
		return;
	}
	if (stat(config->log, &status) == 0) {
		if (access(config->log, W_OK) != 0)
			check_report_add(
			    report, CHECK_FAIL, "log",
			    "%s cannot be written to by this user: %s",
			    config->log, strerror(errno));
		else
			check_report_add(report, CHECK_OK, "log", "%s",
					 config->log);
		return;
	}
	folder = memory_strdup(config->log);
	slash = strrchr(folder, '/');
	slash[slash == folder] = '\0';
	if (access(folder, W_OK | X_OK) == 0)
		check_report_add(report, CHECK_OK, "log", "%s will be made",
				 config->log);
	else
		check_report_add(report, CHECK_FAIL, "log",
				 "%s cannot be made: %s: %s", config->log,
				 folder, strerror(errno));
	memory_free(folder);
}

void check_files_modes(struct check_report *report, const struct config *config)
{
	check_config_file(report, config);
	check_log(report, config);
}

static bool is_number(const char *text)
{
	uint64_t number;

	return text_parse_uint(slice_of(text), &number);
}

static void check_owner(struct check_report *report,
			const struct config *config)
{
	const char *owner = config->listen_owner;
	const char *group = config->listen_group;

	if (owner[0] && !is_number(owner) && !getpwnam(owner))
		check_report_add(report, CHECK_FAIL, "listen_owner",
				 "there is no user \"%s\"", owner);
	if (group[0] && !is_number(group) && !getgrnam(group))
		check_report_add(report, CHECK_FAIL, "listen_group",
				 "there is no group \"%s\"", group);
	if (config->listen_mode & 02)
		check_report_add(
		    report, CHECK_WARN, "listen_mode",
		    "%04o lets every user of this machine ask, without the "
		    "web server's rules",
		    config->listen_mode);
}

static void check_folder_of(struct check_report *report,
			    enum check_level when_missing, const char *subject,
			    const char *path)
{
	char *folder = memory_strdup(path);
	char *slash = strrchr(folder, '/');

	slash[slash == folder] = '\0';
	check_writable_folder(report, when_missing, subject, folder);
	memory_free(folder);
}

/* As it is when the file says nothing: then it may be that no pool is meant
 * to run here, but CGI, which listens nowhere. */
static bool is_default_listen(const struct config_list *listen)
{
	return listen->count == 1 &&
	       !strcmp(listen->items[0],
		       options_find(SECTION_TOP, "listen")->fallback);
}

void check_files_places(struct check_report *report,
			const struct config *config)
{
	enum check_level when_missing =
	    is_default_listen(&config->listen) ? CHECK_WARN : CHECK_FAIL;

	for (size_t i = 0; i < config->listen.count; i++) {
		const char *address = config->listen.items[i];

		if (!strncmp(address, "unix:", 5))
			check_folder_of(report, when_missing, "listen",
					address + 5);
		else
			check_report_add(report, CHECK_OK, "listen", "%s",
					 address);
	}
	if (config->pid_file[0])
		check_folder_of(report, CHECK_FAIL, "pid_file",
				config->pid_file);
	check_owner(report, config);
	/* Without it the pool keeps its shared memory to itself. */
	check_writable_folder(report, CHECK_WARN, "runtime_dir",
			      config->runtime_dir);
}

struct root {
	struct check_report *report;
	const char *folder; /* as given */
	bool is_denied;
	char *real;
	unsigned found;
};

static void check_outside(struct root *root, const char *what, const char *path)
{
	size_t len = strlen(root->real);
	char *real;

	if (!path || path[0] != '/')
		return;
	real = realpath(path, NULL);
	if (!strncmp(real ? real : path, root->real, len) &&
	    (len == 1 || strchr("/", (real ? real : path)[len]))) {
		root->found++;
		if (root->is_denied)
			check_report_add(
			    root->report, CHECK_WARN, "document root",
			    "%s %s is under %s; the web server gives it to "
			    "nobody now, but one lost line would be enough",
			    what, path, root->folder);
		else
			check_report_add(
			    root->report, CHECK_FAIL, "document root",
			    "%s %s is under %s, from where the web server may "
			    "show it to everybody: move it, or prove by --site "
			    "that it is denied",
			    what, path, root->folder);
	}
	free(real);
}

void check_files_document_root(struct check_report *report,
			       const struct config *config, const char *folder,
			       bool is_denied)
{
	struct root root = {.report = report,
			    .folder = folder,
			    .is_denied = is_denied,
			    .real = realpath(folder, NULL)};

	if (!root.real) {
		check_report_add(report, CHECK_FAIL, "document root", "%s: %s",
				 folder, strerror(errno));
		return;
	}
	check_outside(&root, "the configuration", config->path);
	check_outside(&root, "the index", config->context.index);
	check_outside(&root, "the system prompt", config->chat.system_file);
	check_outside(&root, "the log", config->log);
	check_outside(&root, "runtime_dir", config->runtime_dir);
	for (size_t i = 0; i < config->provider_count; i++)
		check_outside(&root, "the key", config->providers[i].key_file);
	if (root.found == 0)
		check_report_add(report, CHECK_OK, "document root",
				 "nothing of leat's is under %s", folder);
	free(root.real);
}
