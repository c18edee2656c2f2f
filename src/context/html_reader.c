/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "context/html_reader.h"

#ifdef HAVE_LIBXML2

#include <string.h>

#include "base/text.h"
#include "context/html_blocks.h"
#include "context/html_elements.h"
#include "context/xml_private.h"

enum { FEED_BYTES = 32 << 10, DEPTH_MAX = 1000 };

/* The parser's side: which elements are open, and which of them count. What
 * is inside goes on to html_blocks. */
struct html_reader {
	htmlParserCtxtPtr parser;
	struct html_blocks blocks;
	unsigned depth;
	unsigned skip_depth; /* elements open inside (and with) a skipped one */
	bool is_lenient;     /* forms and asides count as text */
	bool is_too_deep;
};

static const char *attribute(const xmlChar **attributes, const char *name)
{
	for (; attributes && attributes[0]; attributes += 2)
		if (!strcmp((const char *)attributes[0], name))
			return attributes[1] ? (const char *)attributes[1] : "";
	return NULL;
}

static bool has_value(const xmlChar **attributes, const char *name,
		      const char *value)
{
	const char *found = attribute(attributes, name);

	return found && text_equal_nocase(slice_of(found), value);
}

static bool is_skipped(const struct html_reader *reader,
		       enum html_element element, const xmlChar **attributes)
{
	if (element == HTML_SKIP || attribute(attributes, "hidden") ||
	    has_value(attributes, "aria-hidden", "true"))
		return true;
	if (reader->is_lenient)
		return false;
	return element == HTML_ASIDE ||
	       has_value(attributes, "role", "navigation") ||
	       has_value(attributes, "role", "search") ||
	       has_value(attributes, "role", "contentinfo");
}

static void read_meta(struct html_reader *reader, const xmlChar **attributes)
{
	const char *content = attribute(attributes, "content");

	if (content && has_value(attributes, "http-equiv", "content-language"))
		html_blocks_set_language(&reader->blocks, slice_of(content));
}

static enum html_link read_link(const xmlChar **attributes)
{
	const char *address = attribute(attributes, "href");

	if (!address)
		return HTML_NO_LINK;
	return address[0] == '#' ? HTML_LINK_HERE : HTML_LINK_AWAY;
}

static void on_start(void *state, const xmlChar *name,
		     const xmlChar **attributes)
{
	struct html_reader *reader = state;
	enum html_element element = html_elements_find((const char *)name);
	struct html_tag tag;

	if (++reader->depth > DEPTH_MAX) {
		reader->is_too_deep = true;
		xmlStopParser(reader->parser);
		return;
	}
	if (reader->skip_depth > 0) {
		reader->skip_depth++;
		return;
	}
	if (is_skipped(reader, element, attributes)) {
		reader->skip_depth = 1;
		return;
	}
	if (element == HTML_ROOT) {
		const char *language = attribute(attributes, "lang");

		if (!language)
			language = attribute(attributes, "xml:lang");
		html_blocks_set_language(&reader->blocks, slice_of(language));
	} else if (element == HTML_META) {
		read_meta(reader, attributes);
	}
	tag.element = element;
	tag.level = element == HTML_HEADING ? name[1] - '0' : 0;
	tag.id = slice_of(attribute(attributes, "id"));
	if (tag.id.len == 0 && element == HTML_ANCHOR)
		tag.id = slice_of(attribute(attributes, "name"));
	tag.link =
	    element == HTML_ANCHOR ? read_link(attributes) : HTML_NO_LINK;
	tag.is_main = has_value(attributes, "role", "main");
	html_blocks_open(&reader->blocks, &tag);
}

static void on_end(void *state, const xmlChar *name)
{
	struct html_reader *reader = state;

	if (reader->depth > 0)
		reader->depth--;
	if (reader->skip_depth > 0) {
		reader->skip_depth--;
		return;
	}
	html_blocks_close(&reader->blocks,
			  html_elements_find((const char *)name));
}

static void on_text(void *state, const xmlChar *text, int len)
{
	struct html_reader *reader = state;

	if (reader->skip_depth == 0 && len > 0)
		html_blocks_text(&reader->blocks,
				 slice_make((const char *)text, (size_t)len));
}

static void on_error(void *state, const xmlError *error)
{
	(void)state;
	(void)error; /* most pages have some; libxml2 would print them */
}

static bool parse(struct html_reader *reader, struct slice html,
		  const atomic_bool *cancelled)
{
	htmlSAXHandler handler = {.startElement = on_start,
				  .endElement = on_end,
				  .characters = on_text,
				  .ignorableWhitespace = on_text,
				  .cdataBlock = on_text,
				  .initialized = 1};
	htmlParserCtxtPtr parser = htmlCreatePushParserCtxt(
	    &handler, reader, NULL, 0, NULL, XML_CHAR_ENCODING_UTF8);

	if (!parser)
		return false;
	reader->parser = parser;
	htmlCtxtUseOptions(parser, HTML_PARSE_RECOVER | HTML_PARSE_NOERROR |
				       HTML_PARSE_NOWARNING | HTML_PARSE_NONET |
				       HTML_PARSE_IGNORE_ENC |
				       HTML_PARSE_COMPACT);
	for (size_t at = 0; at < html.len && !reader->is_too_deep;) {
		size_t len = html.len - at;

		if (cancelled && atomic_load(cancelled))
			break;
		if (len > FEED_BYTES)
			len = text_utf8_floor(html.data + at, FEED_BYTES);
		htmlParseChunk(parser, html.data + at, (int)len, 0);
		at += len;
	}
	htmlParseChunk(parser, NULL, 0, 1);
	html_blocks_end(&reader->blocks);
	xmlFreeDoc(parser->myDoc);
	htmlFreeParserCtxt(parser);
	return true;
}

const char *html_reader_read(struct document *document, struct slice html,
			     const atomic_bool *cancelled)
{
	bool is_ok = true, is_too_deep = false;

	if (!xml_library_open())
		return "libxml2 cannot be loaded: install the package libxml2";
	xmlSetStructuredErrorFunc(NULL, (xmlStructuredErrorFunc)on_error);
	/* A page whose whole body is a form, say, still has a text: a second
	 * look takes what the first one left out. */
	for (int lenient = 0; lenient < 2 && is_ok; lenient++) {
		struct html_reader reader = {.is_lenient = lenient};

		html_blocks_init(&reader.blocks, document);
		reader.blocks.keeps_links = lenient;
		is_ok = parse(&reader, html, cancelled);
		is_too_deep = reader.is_too_deep;
		html_blocks_fini(&reader.blocks);
		if (document->count > 0 || is_too_deep)
			break;
	}
	xmlSetStructuredErrorFunc(NULL, NULL);
	if (!is_ok)
		return "the HTML parser could not be started";
	return is_too_deep ? "its elements are nested more than 1000 deep"
			   : NULL;
}

bool html_reader_is_available(void)
{
	return true;
}

#else

const char *html_reader_read(struct document *document, struct slice html,
			     const atomic_bool *cancelled)
{
	(void)document;
	(void)html;
	(void)cancelled;
	return "this leat was built without libxml2";
}

bool html_reader_is_available(void)
{
	return false;
}

#endif
