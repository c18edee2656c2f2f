/* SPDX-License-Identifier: ISC */
#include "context/charset.h"

#include <errno.h>
#include <iconv.h>
#include <string.h>

#include "base/text.h"

enum {
	DECLARATION_BYTES = 1024, /* HTML: where `meta charset` must stand */
	BINARY_BYTES = 8192,
	LABEL_MAX = 40
};

static const struct {
	const char *label;
	const char *name; /* as iconv knows it */
} labels[] = {
    {"ascii", "WINDOWS-1252"},
    {"us-ascii", "WINDOWS-1252"},
    {"iso-8859-1", "WINDOWS-1252"},
    {"iso8859-1", "WINDOWS-1252"},
    {"latin1", "WINDOWS-1252"},
    {"latin-1", "WINDOWS-1252"},
    {"iso-8859-9", "WINDOWS-1254"},
    {"iso-8859-11", "WINDOWS-874"},
    {"tis-620", "WINDOWS-874"},
    {"gb2312", "GB18030"},
    {"gbk", "GB18030"},
    {"gb_2312-80", "GB18030"},
    {"big5", "BIG5-HKSCS"},
    {"shift_jis", "CP932"},
    {"shift-jis", "CP932"},
    {"sjis", "CP932"},
    {"x-sjis", "CP932"},
    {"windows-31j", "CP932"},
    {"euc-kr", "CP949"},
    {"ks_c_5601-1987", "CP949"},
    {"utf8", "UTF-8"},
    {"unicode-1-1-utf-8", "UTF-8"},
    /* A document that can be read to this point is not UTF-16. */
    {"utf-16", "UTF-8"},
    {"utf-16le", "UTF-8"},
    {"utf-16be", "UTF-8"},
    {"x-user-defined", "WINDOWS-1252"},
};

static bool is_label_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || strchr("-_.:", c) != NULL;
}

static struct slice label_at(struct slice html, size_t at)
{
	size_t end;

	while (at < html.len && (html.data[at] == ' ' || html.data[at] == '"' ||
				 html.data[at] == '\''))
		at++;
	for (end = at; end < html.len && html.data[end] != '\0' &&
		       is_label_char(html.data[end]);
	     end++)
		continue;
	return slice_make(html.data + at, end - at);
}

struct slice charset_declared(struct slice html)
{
	static const char *const marks[] = {"charset", "encoding"};
	struct slice head = html;

	if (head.len > DECLARATION_BYTES)
		head.len = DECLARATION_BYTES;
	for (size_t i = 0; i + 9 < head.len; i++) {
		/* `encoding` only in an XML declaration. */
		size_t kinds = text_starts_with(html, "<?xml") ? 2 : 1;

		for (size_t k = 0; k < kinds; k++) {
			size_t len = strlen(marks[k]), at = i + len;
			struct slice label;

			if (at >= head.len ||
			    !text_equal_nocase(slice_make(head.data + i, len),
					       marks[k]))
				continue;
			while (at < head.len && head.data[at] == ' ')
				at++;
			if (at >= head.len || head.data[at] != '=')
				continue;
			label = label_at(head, at + 1);
			if (label.len > 0 && label.len <= LABEL_MAX)
				return label;
		}
	}
	return SLICE_NONE;
}

bool charset_is_binary(struct slice bytes)
{
	if (bytes.len > BINARY_BYTES)
		bytes.len = BINARY_BYTES;
	if (bytes.len >= 2 && (!memcmp(bytes.data, "\xFF\xFE", 2) ||
			       !memcmp(bytes.data, "\xFE\xFF", 2)))
		return false;
	return bytes.len > 0 && memchr(bytes.data, '\0', bytes.len) != NULL;
}

static const char *iconv_name(struct slice label, char name[LABEL_MAX + 1])
{
	for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++)
		if (text_equal_nocase(label, labels[i].label))
			return labels[i].name;
	if (label.len > LABEL_MAX)
		return "WINDOWS-1252";
	memcpy(name, label.data, label.len);
	name[label.len] = '\0';
	return name;
}

/* NULs end strings further on, and no text has them. */
static bool append_clean(struct buffer *out, struct slice text)
{
	size_t from = out->len;
	char *nul;

	if (!text_utf8_clean(out, text))
		return false;
	while (out->len > from && (nul = memchr(out->data + from, '\0',
						out->len - from)) != NULL) {
		*nul = ' ';
		from = (size_t)(nul - out->data);
	}
	return true;
}

static bool convert(struct buffer *out, struct slice bytes, iconv_t handle)
{
	char *in = (char *)(uintptr_t)bytes.data;
	size_t left = bytes.len;
	struct buffer text;
	bool is_ok = true;

	buffer_init(&text, out->max_len);
	while (left > 0 && is_ok) {
		size_t room_len = left * 2 + 16;
		char *room = buffer_reserve(&text, room_len);
		char *to = room;
		size_t before = room_len;

		if (!room) {
			is_ok = false;
			break;
		}
		if (iconv(handle, &in, &left, &to, &room_len) == (size_t)-1 &&
		    errno != E2BIG) {
			/* One byte that means nothing here. */
			buffer_commit(&text, before - room_len);
			is_ok = text_utf8_append(&text, 0xFFFD);
			in++;
			left--;
			iconv(handle, NULL, NULL, NULL, NULL);
			continue;
		}
		buffer_commit(&text, before - room_len);
	}
	is_ok = is_ok && append_clean(out, buffer_slice(&text));
	buffer_fini(&text);
	return is_ok;
}

static bool convert_from(struct buffer *out, struct slice bytes,
			 const char *name)
{
	iconv_t handle = iconv_open("UTF-8", name);
	bool is_ok;

	if (handle == (iconv_t)-1)
		handle = iconv_open("UTF-8", "WINDOWS-1252");
	if (handle == (iconv_t)-1)
		return append_clean(out, bytes);
	is_ok = convert(out, bytes, handle);
	iconv_close(handle);
	return is_ok;
}

bool charset_to_utf8(struct buffer *out, struct slice bytes, bool is_html)
{
	char name[LABEL_MAX + 1];
	struct slice label;

	if (bytes.len >= 3 && !memcmp(bytes.data, "\xEF\xBB\xBF", 3))
		return append_clean(out,
				    slice_make(bytes.data + 3, bytes.len - 3));
	if (bytes.len >= 2 && !memcmp(bytes.data, "\xFF\xFE", 2))
		return convert_from(
		    out, slice_make(bytes.data + 2, bytes.len - 2), "UTF-16LE");
	if (bytes.len >= 2 && !memcmp(bytes.data, "\xFE\xFF", 2))
		return convert_from(
		    out, slice_make(bytes.data + 2, bytes.len - 2), "UTF-16BE");
	/* Valid UTF-8 with anything beyond ASCII is no accident, whatever the
	 * page claims. ISO-2022-JP is ASCII to the eye. */
	label = is_html ? charset_declared(bytes) : SLICE_NONE;
	if (text_is_utf8(bytes.data, bytes.len) &&
	    !(label.len >= 8 &&
	      text_equal_nocase(slice_make(label.data, 8), "iso-2022")))
		return append_clean(out, bytes);
	if (label.len == 0)
		return convert_from(out, bytes, "WINDOWS-1252");
	if (!strcmp(iconv_name(label, name), "UTF-8") ||
	    text_equal_nocase(label, "utf-8"))
		return append_clean(out, bytes);
	return convert_from(out, bytes, iconv_name(label, name));
}
