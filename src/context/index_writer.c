/* SPDX-License-Identifier: ISC */
#include "context/index_writer.h"

#include <stdint.h>
#include <string.h>

#include "base/memory.h"
#include "context/index_format.h"
#include "context/passage_split.h"
#include "context/text_analysis.h"
#include "io/database.h"
#include "io/database_rank.h"

enum { LANGUAGES_MAX = 64, LENGTHS_MAX = 512 << 20 };

/* Merging all segments makes one posting list per word: searches are twice
 * as fast. */
#define FINISH_SQL                                                         \
	"INSERT INTO words (words) VALUES ('optimize');"                   \
	"CREATE VIRTUAL TABLE temp.vocabulary"                             \
	"  USING fts5vocab (main, words, row);"                            \
	"INSERT INTO term SELECT term, doc FROM vocabulary WHERE doc > 1;" \
	"DROP TABLE temp.vocabulary;"                                      \
	"COMMIT"

struct language_count {
	struct language language;
	size_t passages;
};

struct index_writer {
	struct database *database;
	struct database_statement *add_document;
	struct database_statement *add_passage;
	struct database_statement *add_words;
	struct text_analysis *analysis;
	struct token_list title_words;
	struct token_list body_words;
	struct buffer title;
	struct buffer lengths;		 /* of passages, two bytes each */
	const struct document *document; /* that is being added */
	int64_t document_id;
	int64_t passage_id;
	struct language_count languages[LANGUAGES_MAX];
	size_t language_count;
	struct fault *fault;
	const atomic_bool *cancelled;
};

static bool prepare(struct index_writer *writer, struct fault *fault)
{
	struct database *database = writer->database;

	if (!database_run(database, INDEX_FORMAT_SCHEMA, fault) ||
	    !database_run(
		database,
		"INSERT INTO words (words, rank) VALUES ('hashsize', 8388608);"
		"BEGIN",
		fault))
		return false;
	writer->add_document = database_prepare(
	    database, "INSERT INTO document VALUES (?1, ?2, ?3, ?4)", fault);
	writer->add_passage =
	    writer->add_document
		? database_prepare(
		      database,
		      "INSERT INTO passage VALUES (?1, ?2, ?3, ?4, ?5)", fault)
		: NULL;
	writer->add_words =
	    writer->add_passage
		? database_prepare(database,
				   "INSERT INTO words (rowid, title, body) "
				   "VALUES (?1, ?2, ?3)",
				   fault)
		: NULL;
	return writer->add_words != NULL;
}

struct index_writer *index_writer_new(const char *path,
				      const atomic_bool *cancelled,
				      struct fault *fault)
{
	struct index_writer *writer;
	struct database *database = database_create(path, fault);

	if (!database)
		return NULL;
	writer = memory_zalloc(sizeof(*writer));
	writer->database = database;
	writer->cancelled = cancelled;
	writer->analysis = text_analysis_new();
	text_analysis_init_list(&writer->title_words);
	text_analysis_init_list(&writer->body_words);
	buffer_init(&writer->title, 64 << 10);
	buffer_init(&writer->lengths, LENGTHS_MAX);
	if (!prepare(writer, fault)) {
		index_writer_free(writer);
		return NULL;
	}
	database_watch(database, cancelled);
	return writer;
}

static bool close_database(struct index_writer *writer)
{
	bool is_ok;

	database_finish(writer->add_document);
	database_finish(writer->add_passage);
	database_finish(writer->add_words);
	writer->add_document = writer->add_passage = writer->add_words = NULL;
	is_ok = database_close(writer->database);
	writer->database = NULL;
	return is_ok;
}

void index_writer_free(struct index_writer *writer)
{
	if (!writer)
		return;
	close_database(writer);
	text_analysis_fini_list(&writer->title_words);
	text_analysis_fini_list(&writer->body_words);
	text_analysis_free(writer->analysis);
	buffer_fini(&writer->title);
	buffer_fini(&writer->lengths);
	memory_free(writer);
}

size_t index_writer_passages(const struct index_writer *writer)
{
	return (size_t)writer->passage_id;
}

/* A sentence for the user instead of SQLite's. */
static bool explain(struct index_writer *writer, struct fault *fault)
{
	if (writer->cancelled && atomic_load(writer->cancelled))
		return fault_set_hint(
		    fault, ERROR_CANCELLED,
		    "Indexing was cancelled; the old index is unchanged.");
	if (writer->database &&
	    database_trouble(writer->database) == DATABASE_FULL)
		return fault_set_hint(
		    fault, ERROR_CONTEXT_FAILED,
		    "The index could not be written: the disk is full or "
		    "failing. The old index is unchanged.");
	return false;
}

static void count_language(struct index_writer *writer)
{
	struct language language = writer->document->language;
	size_t i;

	for (i = 0; i < writer->language_count; i++)
		if (language_equal(writer->languages[i].language, language))
			break;
	if (i == LANGUAGES_MAX)
		return;
	if (i == writer->language_count) {
		writer->language_count++;
		writer->languages[i].language = language;
	}
	writer->languages[i].passages++;
}

static void analyse(struct index_writer *writer,
		    const struct split_passage *passage)
{
	struct language language = writer->document->language;

	buffer_clear(&writer->title);
	buffer_append_slice(&writer->title, writer->document->title);
	buffer_append_string(&writer->title, " > ");
	buffer_append_slice(&writer->title, passage->heading);
	text_analysis_clear_list(&writer->title_words);
	text_analysis_clear_list(&writer->body_words);
	text_analysis_index(writer->analysis, buffer_slice(&writer->title),
			    language, &writer->title_words);
	text_analysis_index(writer->analysis, passage->text, language,
			    &writer->body_words);
}

static void put_length(struct index_writer *writer)
{
	size_t words = DATABASE_RANK_TITLE * writer->title_words.count +
		       writer->body_words.count;

	if (words > UINT16_MAX)
		words = UINT16_MAX;
	buffer_append_char(&writer->lengths, (char)(words & 0xFF));
	buffer_append_char(&writer->lengths, (char)(words >> 8));
}

static bool on_passage(void *state, const struct split_passage *passage)
{
	struct index_writer *writer = state;
	struct database_statement *row = writer->add_passage;

	if (writer->cancelled && atomic_load(writer->cancelled))
		return false;
	writer->passage_id++;
	count_language(writer);
	database_bind_int(row, 1, writer->passage_id);
	database_bind_int(row, 2, writer->document_id);
	database_bind_text(row, 3, passage->heading);
	database_bind_text(row, 4, passage->anchor);
	database_bind_text(row, 5, passage->text);
	if (!database_step_once(row, writer->fault))
		return false;
	analyse(writer, passage);
	row = writer->add_words;
	database_bind_int(row, 1, writer->passage_id);
	database_bind_text(row, 2, buffer_slice(&writer->title_words.text));
	database_bind_text(row, 3, buffer_slice(&writer->body_words.text));
	put_length(writer);
	return database_step_once(row, writer->fault);
}

bool index_writer_add(struct index_writer *writer,
		      const struct document *document, struct slice url,
		      struct fault *fault)
{
	struct database_statement *row = writer->add_document;

	writer->document = document;
	writer->document_id++;
	writer->fault = fault;
	database_bind_int(row, 1, writer->document_id);
	database_bind_text(row, 2, url);
	database_bind_text(row, 3, document->title);
	database_bind_text(row, 4, slice_of(document->language.code));
	return (database_step_once(row, fault) &&
		passage_split_document(document, on_passage, writer)) ||
	       explain(writer, fault);
}

/* Languages, the most frequent first: "en 812,de 34". */
static void list_languages(struct index_writer *writer, struct buffer *out)
{
	for (size_t done = 0; done < writer->language_count; done++) {
		struct language_count *best = &writer->languages[0];

		for (size_t i = 1; i < writer->language_count; i++)
			if (writer->languages[i].passages > best->passages)
				best = &writer->languages[i];
		buffer_printf(out, "%s%s %zu", done ? "," : "",
			      best->language.code, best->passages);
		best->passages = 0;
	}
}

static bool put_meta(struct index_writer *writer, struct fault *fault)
{
	struct database_statement *row = database_prepare(
	    writer->database,
	    "INSERT INTO meta VALUES ('documents', ?1), ('passages', ?2),"
	    " ('languages', ?3), ('lengths', ?4)",
	    fault);
	struct buffer languages;
	bool is_ok;

	if (!row)
		return false;
	buffer_init(&languages, LANGUAGES_MAX * 32);
	list_languages(writer, &languages);
	database_bind_int(row, 1, writer->document_id);
	database_bind_int(row, 2, writer->passage_id);
	database_bind_text(row, 3, buffer_slice(&languages));
	database_bind_blob(row, 4, buffer_slice(&writer->lengths));
	is_ok = database_step_once(row, fault);
	database_finish(row);
	buffer_fini(&languages);
	return is_ok;
}

bool index_writer_finish(struct index_writer *writer, struct fault *fault)
{
	if (!put_meta(writer, fault) ||
	    !database_run(writer->database, FINISH_SQL, fault))
		return explain(writer, fault);
	if (!close_database(writer))
		return fault_set_hint(
		    fault, ERROR_CONTEXT_FAILED,
		    "The index could not be written to the end.");
	return true;
}
