/* SPDX-License-Identifier: ISC */
#include "context/index_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"
#include "context/index_format.h"
#include "context/public_url.h"
#include "io/database.h"

enum { URL_MAX = 16384, LENGTHS_MAX = 512 << 20 };

struct index_reader {
	struct database *database;
	struct database_statement *find_term;
	struct database_statement *search;
	struct database_statement *load;
	long passages;
	struct buffer lengths; /* of passages; see io/database_rank.h */
	struct language languages[INDEX_READER_LANGUAGES_MAX];
	size_t language_count;
};

static bool read_number(struct database *database, const char *sql,
			int64_t *out, struct fault *fault)
{
	struct database_statement *row = database_prepare(database, sql, fault);
	bool is_ok;

	if (!row)
		return false;
	is_ok = database_step(row, fault) == DATABASE_ROW;
	*out = is_ok ? database_column_int(row, 0) : 0;
	database_finish(row);
	return is_ok;
}

/* "en 812,de 34" */
static void read_languages(struct index_reader *reader, struct slice list)
{
	reader->language_count = 0;
	while (list.len > 0 &&
	       reader->language_count < INDEX_READER_LANGUAGES_MAX) {
		const char *comma = memchr(list.data, ',', list.len);
		size_t len = comma ? (size_t)(comma - list.data) : list.len;
		const char *space = memchr(list.data, ' ', len);
		size_t tag = space ? (size_t)(space - list.data) : len;

		reader->languages[reader->language_count++] =
		    language_of_tag(slice_make(list.data, tag));
		len += comma ? 1 : 0;
		list.data += len;
		list.len -= len;
	}
	if (reader->language_count == 0)
		reader->languages[reader->language_count++] =
		    language_of_tag(SLICE_NONE);
}

static bool read_lengths(struct index_reader *reader, struct fault *fault)
{
	struct database_statement *row = database_prepare(
	    reader->database, "SELECT value FROM meta WHERE name = 'lengths'",
	    fault);
	double sum = 0;
	bool is_ok;

	if (!row)
		return false;
	is_ok =
	    database_step(row, fault) == DATABASE_ROW &&
	    buffer_append_slice(&reader->lengths, database_column_blob(row, 0));
	database_finish(row);
	for (size_t i = 0; i + 1 < reader->lengths.len; i += 2)
		sum += (unsigned char)reader->lengths.data[i] +
		       256 * (unsigned char)reader->lengths.data[i + 1];
	if (reader->lengths.len > 1)
		sum /= (double)(reader->lengths.len / 2);
	database_set_lengths(reader->database, buffer_slice(&reader->lengths),
			     sum);
	return is_ok;
}

static bool read_meta(struct index_reader *reader, struct fault *fault)
{
	struct database_statement *row;
	int64_t passages;
	bool is_ok;

	if (!read_number(reader->database,
			 "SELECT value FROM meta WHERE name = 'passages'",
			 &passages, fault))
		return false;
	reader->passages = (long)passages;
	row = database_prepare(
	    reader->database, "SELECT value FROM meta WHERE name = 'languages'",
	    fault);
	if (!row)
		return false;
	is_ok = database_step(row, fault) == DATABASE_ROW;
	if (is_ok)
		read_languages(reader, database_column_text(row, 0));
	database_finish(row);
	return is_ok;
}

static bool prepare(struct index_reader *reader, struct fault *fault)
{
	struct database *database = reader->database;

	reader->find_term = database_prepare(
	    database, "SELECT passages FROM term WHERE word = ?1", fault);
	reader->search =
	    reader->find_term
		? database_prepare(
		      database,
		      "SELECT rowid, rank FROM words WHERE words MATCH ?1"
		      " AND rank MATCH ?2 ORDER BY rank LIMIT ?3",
		      fault)
		: NULL;
	reader->load =
	    reader->search
		? database_prepare(
		      database,
		      "SELECT text, title, heading, url, anchor, language"
		      " FROM passage JOIN document"
		      " ON document.id = passage.document WHERE passage.id = "
		      "?1",
		      fault)
		: NULL;
	return reader->load != NULL;
}

static bool is_our_version(struct index_reader *reader, struct fault *fault)
{
	int64_t application, version;

	if (!read_number(reader->database, "PRAGMA application_id",
			 &application, fault) ||
	    !read_number(reader->database, "PRAGMA user_version", &version,
			 fault) ||
	    application != strtoll(INDEX_FORMAT_APPLICATION, NULL, 10))
		return fault_set_hint(
		    fault, ERROR_CONTEXT_FAILED,
		    "The file of the index is damaged or is no index; build "
		    "it again with `leat index`.");
	if (version != strtoll(INDEX_FORMAT_VERSION, NULL, 10))
		return fault_set_hint(
		    fault, ERROR_CONTEXT_FAILED,
		    "The index was built by another version of leat; build "
		    "it again with `leat index`.");
	return true;
}

/* SQLite's own words for what is wrong with opening are poor. */
static bool is_readable(const char *path, struct fault *fault)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0 && errno == ENOENT)
		return fault_set_hint(
		    fault, ERROR_CONTEXT_FAILED,
		    "There is no index yet; build one with `leat index`.");
	if (fd < 0)
		return fault_set_hint(fault, ERROR_CONTEXT_FAILED,
				      "The index cannot be opened: %s.",
				      strerror(errno));
	close(fd);
	return true;
}

struct index_reader *index_reader_open(const char *path, struct fault *fault)
{
	struct index_reader *reader;

	if (!is_readable(path, fault))
		return NULL;
	reader = memory_zalloc(sizeof(*reader));
	buffer_init(&reader->lengths, LENGTHS_MAX);
	reader->database = database_open_published(path, fault);
	if (!reader->database) {
		fault_set_hint(fault, ERROR_CONTEXT_FAILED,
			       "The index cannot be opened.");
	} else if (is_our_version(reader, fault)) {
		if (read_meta(reader, fault) && read_lengths(reader, fault) &&
		    prepare(reader, fault))
			return reader;
		fault_set_hint(
		    fault, ERROR_CONTEXT_FAILED,
		    "The index is damaged; build it again with `leat "
		    "index`.");
	}
	index_reader_close(reader);
	return NULL;
}

void index_reader_close(struct index_reader *reader)
{
	if (!reader)
		return;
	database_finish(reader->find_term);
	database_finish(reader->search);
	database_finish(reader->load);
	database_close(reader->database);
	buffer_fini(&reader->lengths);
	memory_free(reader);
}

long index_reader_passages(const struct index_reader *reader)
{
	return reader->passages;
}

size_t index_reader_languages(const struct index_reader *reader,
			      struct language out[INDEX_READER_LANGUAGES_MAX])
{
	memcpy(out, reader->languages, sizeof(reader->languages));
	return reader->language_count;
}

double index_reader_idf(struct index_reader *reader, struct slice token)
{
	struct database_statement *row = reader->find_term;
	double passages = (double)reader->passages;
	double with_it = 1; /* the table leaves out what is there once */

	database_bind_text(row, 1, token);
	if (database_step(row, NULL) == DATABASE_ROW)
		with_it = (double)database_column_int(row, 0);
	database_reset(row);
	/* The one that is never negative: on a small site most words are in
	 * half of the passages, and still tell them apart. */
	return log(1 + (passages - with_it + 0.5) / (with_it + 0.5));
}

static bool fail(struct index_reader *reader, struct fault *fault)
{
	switch (database_trouble(reader->database)) {
	case DATABASE_INTERRUPTED:
		return fault_set(fault, ERROR_CONTEXT_FAILED,
				 "the search was cancelled");
	case DATABASE_DAMAGED:
	case DATABASE_FULL:
		return fault_set_hint(
		    fault, ERROR_CONTEXT_FAILED,
		    "The index is damaged; build it again with `leat "
		    "index`.");
	default:
		return fault_set_hint(fault, ERROR_CONTEXT_FAILED,
				      "The index could not be searched.");
	}
}

bool index_reader_search(struct index_reader *reader,
			 struct index_search *search, struct fault *fault)
{
	struct database_statement *row = reader->search;
	enum database_step step;

	search->count = 0;
	database_bind_text(row, 1, search->expression);
	database_bind_text(row, 2, search->weights);
	database_bind_int(row, 3, (int64_t)search->limit);
	while ((step = database_step(row, fault)) == DATABASE_ROW &&
	       search->count < search->limit) {
		struct found_passage *found = &search->found[search->count++];

		found->id = database_column_int(row, 0);
		found->score = -database_column_real(row, 1);
	}
	database_reset(row);
	return step != DATABASE_FAILED || fail(reader, fault);
}

static struct slice copy_address(struct arena *arena, struct slice url,
				 struct slice anchor)
{
	struct buffer address;
	struct slice copy;

	buffer_init(&address, URL_MAX);
	buffer_append_slice(&address, url);
	public_url_append_anchor(&address, anchor);
	copy = arena_copy(arena, buffer_slice(&address));
	buffer_fini(&address);
	return copy;
}

bool index_reader_load(struct index_reader *reader, int64_t id,
		       struct arena *arena, struct passage *out,
		       struct fault *fault)
{
	struct database_statement *row = reader->load;
	enum database_step step;

	memset(out, 0, sizeof(*out));
	database_bind_int(row, 1, id);
	step = database_step(row, fault);
	if (step == DATABASE_ROW) {
		out->text = arena_copy(arena, database_column_text(row, 0));
		out->title = arena_copy(arena, database_column_text(row, 1));
		out->heading = arena_copy(arena, database_column_text(row, 2));
		out->url = copy_address(arena, database_column_text(row, 3),
					database_column_text(row, 4));
		out->language = arena_copy(arena, database_column_text(row, 5));
	}
	database_reset(row);
	return step == DATABASE_ROW || fail(reader, fault);
}

void index_reader_watch(struct index_reader *reader, const atomic_bool *flag)
{
	database_watch(reader->database, flag);
}
