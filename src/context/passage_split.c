/* SPDX-License-Identifier: ISC */
#include "context/passage_split.h"

#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "base/text.h"
#include "context/sentences.h"

enum {
	PASSAGE_SOFT = 1000, /* a section up to this stays in one piece */
	PATH_MAX_BYTES = 400,
	LEVELS = 6,
	/* A subsection this short ("Example") stays with what it belongs to. */
	SMALL_SECTION = 250,
	/* Bytes in which a unit ends, or it is cut: more than PASSAGE_TARGET
	 * characters. Looking further would cost the square of a text that
	 * has no ends. */
	UNIT_LOOK = 4 * PASSAGE_TARGET + 64
};

/* A block, or a part of a long one. */
struct piece {
	struct slice text; /* as it stands in the passage */
	size_t chars;
	enum block_kind kind;
	bool continues; /* the block's earlier part went before */
};

struct split {
	const struct document *document;
	bool (*on_passage)(void *state, const struct split_passage *passage);
	void *state;
	/* The section that is being read, and the one before it, which waits
	 * to see whether this one is short enough to join it. */
	const struct block *headings[LEVELS + 1];
	const struct block *waiting_headings[LEVELS + 1];
	int waiting_level;    /* 0: before the first heading */
	struct arena arena;   /* of texts that had to be rewritten */
	struct piece *pieces; /* of the waiting section, then of this one */
	size_t waiting_count;
	size_t count;
	size_t cap;
	struct buffer path;
	struct buffer text;
};

static void add_piece(struct split *split, struct slice text,
		      enum block_kind kind, bool continues)
{
	struct piece *piece;

	if (split->count == split->cap) {
		split->cap = split->cap ? split->cap * 2 : 32;
		split->pieces =
		    memory_realloc(split->pieces, split->cap * sizeof(*piece));
	}
	piece = &split->pieces[split->count++];
	piece->text = text;
	piece->chars = text_utf8_count(text.data, text.len);
	piece->kind = kind;
	piece->continues = continues;
}

/* The bytes of the first `chars` characters. */
static size_t bytes_of(struct slice text, size_t chars)
{
	const char *at = text.data, *end = slice_end(text);

	while (at < end && chars-- > 0)
		text_utf8_next(&at, end);
	return (size_t)(at - text.data);
}

/* The end of the unit that begins at `from`: a line or a sentence. */
static size_t next_unit(struct slice text, size_t from, enum block_kind kind)
{
	const char *feed;

	if (kind != BLOCK_CODE)
		return sentences_next(text, from);
	feed = memchr(text.data + from, '\n', text.len - from);
	return feed ? (size_t)(feed - text.data) + 1 : text.len;
}

static struct slice near(struct slice text, size_t at)
{
	if (text.len - at <= UNIT_LOOK)
		return text;
	return slice_make(text.data,
			  text_utf8_floor(text.data, at + UNIT_LOOK));
}

/* Where to cut a single unit that is too long: at a space if there is one
 * in the second half. */
static size_t cut_unit(struct slice text, size_t from, size_t chars)
{
	struct slice rest = slice_make(text.data + from, text.len - from);
	size_t len = bytes_of(rest, chars);

	for (size_t at = len; at > len / 2; at--)
		if (rest.data[at - 1] == ' ' || rest.data[at - 1] == '\n')
			return from + at;
	return from + len;
}

static void split_long_block(struct split *split, struct slice text,
			     enum block_kind kind, size_t chars)
{
	size_t count = (chars + PASSAGE_TARGET - 1) / PASSAGE_TARGET;
	size_t target = chars / count + 1;
	size_t from = 0, at = 0, in_piece = 0;
	bool continues = false;

	while (at < text.len) {
		size_t end = next_unit(near(text, at), at, kind);
		size_t len = text_utf8_count(text.data + at, end - at);

		if (len > PASSAGE_TARGET) {
			end = cut_unit(text, at, PASSAGE_TARGET);
			len = text_utf8_count(text.data + at, end - at);
		}
		if (in_piece > 0 && (in_piece + len / 2 > target ||
				     in_piece + len > PASSAGE_SOFT)) {
			add_piece(split,
				  slice_make(text.data + from, at - from), kind,
				  continues);
			from = at;
			in_piece = 0;
			continues = true;
		}
		in_piece += len;
		at = end;
	}
	if (from < text.len)
		add_piece(split, slice_make(text.data + from, text.len - from),
			  kind, continues);
}

static struct slice indent_code(struct split *split, struct slice text)
{
	struct buffer out;
	struct slice copy;
	size_t at = 0;

	buffer_init(&out, BUFFER_UNLIMITED);
	while (at < text.len) {
		size_t end = next_unit(text, at, BLOCK_CODE);

		if (text.data[at] != '\n')
			buffer_append_string(&out, "    ");
		buffer_append(&out, text.data + at, end - at);
		at = end;
	}
	copy = arena_copy(&split->arena, buffer_slice(&out));
	buffer_fini(&out);
	return copy;
}

static void add_block(struct split *split, const struct block *block)
{
	struct slice text = block->text;
	size_t chars, whole;

	if (block->kind == BLOCK_CODE)
		text = indent_code(split, text);
	chars = text_utf8_count(text.data, text.len);
	whole = block->kind == BLOCK_TEXT ? PASSAGE_SOFT : PASSAGE_MAX;
	if (chars <= whole)
		add_piece(split, text, block->kind, false);
	else
		split_long_block(split, text, block->kind, chars);
}

static const char *separator(const struct piece *before,
			     const struct piece *piece)
{
	if (piece->continues)
		return piece->kind == BLOCK_CODE ? "\n" : " ";
	if (piece->kind == before->kind &&
	    (piece->kind == BLOCK_ITEM || piece->kind == BLOCK_ROW))
		return "\n";
	return "\n\n";
}

/* Only at the ends: code keeps its indentation. */
static struct slice trim_end(struct slice text)
{
	while (text.len > 0 && (text.data[text.len - 1] == ' ' ||
				text.data[text.len - 1] == '\n'))
		text.len--;
	return text;
}

static bool emit(struct split *split, size_t from, size_t to)
{
	struct split_passage passage = {.heading = buffer_slice(&split->path)};

	buffer_clear(&split->text);
	for (size_t i = from; i < to; i++) {
		if (i > from)
			buffer_append_string(&split->text,
					     separator(&split->pieces[i - 1],
						       &split->pieces[i]));
		buffer_append_slice(&split->text,
				    trim_end(split->pieces[i].text));
	}
	passage.text = buffer_slice(&split->text);
	for (int level = LEVELS; level > 0; level--)
		if (split->waiting_headings[level] &&
		    split->waiting_headings[level]->anchor.len > 0) {
			passage.anchor = split->waiting_headings[level]->anchor;
			break;
		}
	return split->on_passage(split->state, &passage);
}

/* "To enable it:" belongs to the list or code after it. */
static bool introduces(const struct piece *piece, const struct piece *next)
{
	struct slice text = trim_end(piece->text);

	return text.len > 0 && text.data[text.len - 1] == ':' &&
	       (next->kind == BLOCK_CODE || next->kind == BLOCK_ITEM) &&
	       !next->continues &&
	       piece->chars + next->chars + 2 <= PASSAGE_MAX;
}

static bool emit_pieces(struct split *split, size_t count)
{
	size_t total = 0, target, from = 0, in_passage = 0;

	for (size_t i = 0; i < count; i++)
		total += split->pieces[i].chars + 2;
	if (total <= PASSAGE_SOFT)
		return count == 0 || emit(split, 0, count);
	target = total / ((total + PASSAGE_TARGET - 1) / PASSAGE_TARGET);
	for (size_t i = 0; i < count; i++) {
		size_t chars = split->pieces[i].chars + 2;

		if (in_passage > 0 && (in_passage + chars / 2 > target ||
				       in_passage + chars > PASSAGE_MAX)) {
			size_t to = i;

			if (i - 1 > from && introduces(&split->pieces[i - 1],
						       &split->pieces[i]))
				to = i - 1;
			if (!emit(split, from, to))
				return false;
			in_passage = to < i ? split->pieces[to].chars + 2 : 0;
			from = to;
		}
		in_passage += chars;
	}
	return emit(split, from, count);
}

static bool same_title(struct slice a, struct slice b)
{
	return a.len == b.len && a.len > 0 &&
	       !strncasecmp(a.data, b.data, a.len);
}

static void make_path(struct split *split)
{
	buffer_clear(&split->path);
	for (int level = 1; level <= LEVELS; level++) {
		const struct block *heading = split->waiting_headings[level];

		if (!heading ||
		    (split->path.len == 0 &&
		     same_title(heading->text, split->document->title)))
			continue;
		if (split->path.len + heading->text.len + 3 > PATH_MAX_BYTES)
			continue;
		if (split->path.len > 0)
			buffer_append_string(&split->path, " > ");
		buffer_append_slice(&split->path, heading->text);
	}
}

/* A heading with nothing below it, not even other headings. */
static bool is_lonely(const struct split *split, const struct block *heading,
		      const struct block *next)
{
	bool has_children =
	    next && next->kind == BLOCK_HEADING && next->level > heading->level;

	return split->count == split->waiting_count && !has_children;
}

static void open_heading(struct split *split, const struct block *heading)
{
	int level = heading->level;

	if (level < 1 || level > LEVELS)
		level = LEVELS;
	split->headings[level] = heading;
	for (int below = level + 1; below <= LEVELS; below++)
		split->headings[below] = NULL;
}

/* A heading's path is kept whole or the part that does not fit is text. */
static void keep_long_heading(struct split *split, const struct block *heading)
{
	if (heading->text.len + 3 > PATH_MAX_BYTES / 2)
		add_block(split, &(struct block){.kind = BLOCK_TEXT,
						 .text = heading->text});
}

static size_t chars_from(const struct split *split, size_t from)
{
	size_t chars = 0;

	for (size_t i = from; i < split->count; i++)
		chars += split->pieces[i].chars + 2;
	return chars;
}

/* Emits the section that waits; the one read last waits now. */
static bool emit_waiting(struct split *split, int level)
{
	size_t rest = split->count - split->waiting_count;
	bool goes_on;

	make_path(split);
	goes_on = emit_pieces(split, split->waiting_count);
	if (rest > 0)
		memmove(split->pieces, split->pieces + split->waiting_count,
			rest * sizeof(*split->pieces));
	split->count = split->waiting_count = rest;
	memcpy(split->waiting_headings, split->headings,
	       sizeof(split->headings));
	split->waiting_level = level;
	return goes_on;
}

/* The heading of a section that joins another one becomes a line of it. */
static void insert_heading(struct split *split, struct slice text)
{
	struct piece piece;

	add_piece(split, text, BLOCK_TEXT, false);
	piece = split->pieces[split->count - 1];
	memmove(split->pieces + split->waiting_count + 1,
		split->pieces + split->waiting_count,
		(split->count - 1 - split->waiting_count) * sizeof(piece));
	split->pieces[split->waiting_count] = piece;
}

/* May the section that was read last join the one that waits? */
static bool joins_waiting(const struct split *split,
			  const struct block *heading, bool is_lonely_heading)
{
	size_t own = chars_from(split, split->waiting_count);

	if (split->waiting_count == 0 || !heading ||
	    heading->text.len > SMALL_SECTION ||
	    chars_from(split, 0) + heading->text.len + 2 > PASSAGE_SOFT)
		return false;
	return is_lonely_heading || (heading->level > split->waiting_level &&
				     own > 0 && own <= SMALL_SECTION);
}

/* A section was read to its end. */
static bool end_section(struct split *split, const struct block *heading,
			const struct block *next)
{
	bool lonely = heading && is_lonely(split, heading, next);

	if (joins_waiting(split, heading, lonely)) {
		insert_heading(split, heading->text);
		split->waiting_count = split->count;
		return true;
	}
	if (lonely)
		split_long_block(
		    split, heading->text, BLOCK_TEXT,
		    text_utf8_count(heading->text.data, heading->text.len));
	return emit_waiting(split, heading ? heading->level : 0);
}

static bool split_blocks(struct split *split)
{
	const struct document *document = split->document;
	const struct block *heading = NULL;
	bool goes_on = true;

	for (size_t i = 0; i <= document->count && goes_on; i++) {
		const struct block *block =
		    i < document->count ? &document->blocks[i] : NULL;

		if (block && block->kind != BLOCK_HEADING) {
			add_block(split, block);
			continue;
		}
		goes_on = end_section(split, heading, block);
		heading = block;
		if (block) {
			open_heading(split, block);
			keep_long_heading(split, block);
		}
	}
	return goes_on && emit_waiting(split, 0);
}

bool passage_split_document(
    const struct document *document,
    bool (*on_passage)(void *state, const struct split_passage *passage),
    void *state)
{
	struct split split = {
	    .document = document, .on_passage = on_passage, .state = state};
	bool goes_on;

	arena_init(&split.arena);
	buffer_init(&split.path, PATH_MAX_BYTES);
	buffer_init(&split.text, 16 * PASSAGE_MAX);
	goes_on = split_blocks(&split);
	buffer_fini(&split.text);
	buffer_fini(&split.path);
	arena_fini(&split.arena);
	memory_free(split.pieces);
	return goes_on;
}
