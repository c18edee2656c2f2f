/* SPDX-License-Identifier: ISC */
#include "context/index_build.h"

#include <string.h>

#include "base/buffer.h"
#include "context/document_reader.h"
#include "context/file_list.h"
#include "context/index_file.h"
#include "context/index_writer.h"
#include "context/public_url.h"

enum { MAX_FILE_BYTES = 32 << 20, URL_MAX = 8192 };

struct build {
	const struct index_options *options;
	const struct index_progress *progress;
	struct index_counts *counts;
	struct index_counts own_counts; /* when the caller wants none */
	struct file_list files;
	struct index_writer *writer;
	struct buffer url;
};

static bool is_cancelled(const struct build *build)
{
	return build->progress->cancelled &&
	       atomic_load(build->progress->cancelled);
}

static void skip(void *state, const char *name, const char *reason)
{
	struct build *build = state;

	build->counts->skipped++;
	if (build->progress->on_skipped)
		build->progress->on_skipped(build->progress->state, name,
					    reason);
}

static bool check_base(const char *base, struct fault *fault)
{
	const char *wrong = base ? public_url_check_base(slice_of(base)) : NULL;

	if (wrong)
		return fault_set_hint(fault, ERROR_BAD_REQUEST,
				      "The base URL cannot be used: %s.",
				      wrong);
	return true;
}

static bool list_files(struct build *build, struct fault *fault)
{
	const struct index_options *options = build->options;

	build->files.on_skipped = skip;
	build->files.state = build;
	build->files.cancelled = build->progress->cancelled;
	for (size_t i = 0; i < options->source_count; i++) {
		const struct index_source *source = &options->sources[i];

		if (!check_base(source->base_url, fault) ||
		    !file_list_set_root(&build->files, source->root, fault))
			return false;
		build->files.base = source->base_url ? source->base_url : "/";
		if (!file_list_add(&build->files, source->path, fault))
			return false;
	}
	file_list_complete(&build->files);
	return true;
}

static bool add_document(struct build *build, struct document *document,
			 const struct listed_file *file, struct fault *fault)
{
	if (!language_is_known(document->language) && build->options->language)
		document->language =
		    language_of_tag(slice_of(build->options->language));
	buffer_clear(&build->url);
	public_url_append(&build->url, slice_of(file->base),
			  slice_of(file->relative));
	if (build->url.overflowed) {
		skip(build, file->path, "its public address is too long");
		return true;
	}
	if (!index_writer_add(build->writer, document,
			      buffer_slice(&build->url), fault))
		return false;
	build->counts->files++;
	build->counts->passages = index_writer_passages(build->writer);
	return true;
}

static bool add_file(struct build *build, const struct listed_file *file,
		     struct fault *fault)
{
	struct document_source source = {
	    .path = file->path,
	    .kind = file->kind,
	    .max_bytes = build->options->max_file_bytes,
	    .cancelled = build->progress->cancelled};
	struct document document;
	const char *reason;
	size_t read_bytes = 0;
	bool is_ok = true;

	if (source.max_bytes == 0)
		source.max_bytes = MAX_FILE_BYTES;
	document_init(&document);
	reason = document_reader_read(&document, &source, &read_bytes);
	build->counts->read_bytes += read_bytes;
	if (is_cancelled(build))
		is_ok = false;
	else if (reason)
		skip(build, file->path, reason);
	else
		is_ok = add_document(build, &document, file, fault);
	document_fini(&document);
	return is_ok;
}

static bool add_all(struct build *build, struct fault *fault)
{
	const struct index_progress *progress = build->progress;

	for (size_t i = 0; i < build->files.count; i++) {
		const struct listed_file *file = &build->files.files[i];

		if (progress->on_file)
			progress->on_file(progress->state, i,
					  build->files.count, file->path);
		if (is_cancelled(build) || !add_file(build, file, fault))
			return false;
	}
	if (build->counts->passages == 0)
		return fault_set_hint(
		    fault, ERROR_CONTEXT_FAILED,
		    "There is nothing to index: no HTML, Markdown or text "
		    "file with text was found. The old index is unchanged.");
	return index_writer_finish(build->writer, fault);
}

static bool write_index(struct build *build, struct fault *fault)
{
	struct index_file file;
	bool is_ok;

	if (!index_file_begin(&file, build->options->index_path, fault))
		return false;
	build->writer =
	    index_writer_new(file.building, build->progress->cancelled, fault);
	is_ok = build->writer && add_all(build, fault);
	index_writer_free(build->writer);
	if (!is_ok || is_cancelled(build)) {
		index_file_abandon(&file);
		return false;
	}
	return index_file_publish(&file, &build->counts->index_bytes, fault);
}

bool index_build(const struct index_options *options,
		 const struct index_progress *progress, struct fault *fault)
{
	static const struct index_progress silent;
	struct build build = {.options = options,
			      .progress = progress ? progress : &silent};
	bool is_ok;

	build.counts =
	    build.progress->counts ? build.progress->counts : &build.own_counts;
	memset(build.counts, 0, sizeof(*build.counts));
	file_list_init(&build.files);
	buffer_init(&build.url, URL_MAX);
	is_ok = list_files(&build, fault) && write_index(&build, fault);
	if (!is_ok && is_cancelled(&build))
		fault_set_hint(
		    fault, ERROR_CANCELLED,
		    "Indexing was cancelled; the old index is unchanged.");
	buffer_fini(&build.url);
	file_list_fini(&build.files);
	return is_ok;
}
