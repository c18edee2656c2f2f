/* SPDX-License-Identifier: ISC */
#include "show_document.h"

#include "base/buffer.h"

const char *show_document(const struct document *document)
{
	static const char *const kinds[] = {[BLOCK_TEXT] = "P",
					    [BLOCK_ITEM] = "L",
					    [BLOCK_CODE] = "C",
					    [BLOCK_ROW] = "R"};
	static struct buffer out;

	if (out.max_len == 0)
		buffer_init(&out, 1 << 20);
	buffer_clear(&out);
	for (size_t i = 0; i < document->count; i++) {
		const struct block *block = &document->blocks[i];

		if (block->kind == BLOCK_HEADING)
			buffer_printf(&out, "H%d", block->level);
		else
			buffer_append_string(&out, kinds[block->kind]);
		buffer_append_char(&out, ' ');
		buffer_append_slice(&out, block->text);
		if (block->anchor.len > 0)
			buffer_printf(&out, " {%.*s}", (int)block->anchor.len,
				      block->anchor.data);
		buffer_append_char(&out, '\n');
	}
	return buffer_string(&out);
}
