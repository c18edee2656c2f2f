/* SPDX-License-Identifier: ISC */
#include "base/json.h"

#include <json-c/json.h>
#include <limits.h>
#include <math.h>

#include "base/error.h"
#include "base/json_scan.h"
#include "base/text.h"

/* struct json is json-c's struct json_object under our name. */

const struct json_limits json_limits_request = {32, 50000, false};
const struct json_limits json_limits_upstream = {64, 200000, true};

static struct json_object *object_of(const struct json *value)
{
	return (struct json_object *)(uintptr_t)value;
}

static const struct json *value_of(struct json_object *object)
{
	return (const struct json *)object;
}

static bool refuse_scanned(enum json_scan_result result,
			   const struct json_scan *scan, struct fault *fault)
{
	switch (result) {
	case JSON_SCAN_OK:
		return true;
	case JSON_SCAN_TOO_DEEP:
		return fault_set_hint(
		    fault, ERROR_BAD_REQUEST,
		    "The JSON text is nested deeper than %u levels.",
		    scan->max_depth);
	case JSON_SCAN_TOO_MANY_VALUES:
		return fault_set_hint(fault, ERROR_BAD_REQUEST,
				      "The JSON text has more than %u values.",
				      scan->max_values);
	case JSON_SCAN_CONTROL_BYTE:
		return fault_set_hint(fault, ERROR_BAD_REQUEST,
				      "This is not valid JSON: a control "
				      "character in the string at byte %zu.",
				      scan->at);
	case JSON_SCAN_NUL_IN_NAME:
		return fault_set_hint(fault, ERROR_BAD_REQUEST,
				      "The JSON text has a name with a NUL, "
				      "before byte %zu.",
				      scan->at);
	case JSON_SCAN_BAD_TOKEN:
		break;
	}
	return fault_set_hint(fault, ERROR_BAD_REQUEST,
			      "This is not valid JSON: unexpected character, "
			      "near byte %zu.",
			      scan->at);
}

static bool scan_text(struct json_scan *scan, struct slice text,
		      const struct json_limits *limits, struct fault *fault)
{
	if (text.len > INT_MAX - 1)
		return fault_set_hint(fault, ERROR_TOO_LARGE,
				      "The JSON text is too long.");
	if (!limits->is_lenient && !text_is_utf8(text.data, text.len))
		return fault_set_hint(fault, ERROR_BAD_REQUEST,
				      "The JSON text is not valid UTF-8.");
	if (memchr(text.data, '\0', text.len))
		return fault_set_hint(fault, ERROR_BAD_REQUEST,
				      "The JSON text has a NUL byte.");
	return refuse_scanned(json_scan(scan, text), scan, fault);
}

static struct json_object *parse_strict(struct slice text, unsigned max_depth,
					struct fault *fault)
{
	struct json_tokener *tokener = json_tokener_new_ex((int)max_depth + 1);
	struct json_object *root;
	size_t used;

	if (!tokener) {
		fault_set(fault, ERROR_INTERNAL, "json-c: no memory");
		return NULL;
	}
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT);
	root = json_tokener_parse_ex(tokener, text.data, (int)text.len);
	used = json_tokener_get_parse_end(tokener);
	/* The terminator tells json-c that a bare number is complete. */
	if (!root && json_tokener_get_error(tokener) == json_tokener_continue)
		root = json_tokener_parse_ex(tokener, "", 1);
	if (json_tokener_get_error(tokener) != json_tokener_success) {
		fault_set_hint(
		    fault, ERROR_BAD_REQUEST,
		    "This is not valid JSON: %s, near byte %zu.",
		    json_tokener_error_desc(json_tokener_get_error(tokener)),
		    used);
		if (root)
			json_object_put(root);
		root = NULL;
	} else if (!root) {
		fault_set_hint(fault, ERROR_BAD_REQUEST,
			       "The JSON text is just null.");
	}
	json_tokener_free(tokener);
	return root;
}

/* A key that is there twice leaves fewer members than the text had. */
static unsigned count_members(struct json_object *value)
{
	unsigned count = 0;

	if (json_object_is_type(value, json_type_array)) {
		for (size_t i = 0; i < json_object_array_length(value); i++)
			count +=
			    count_members(json_object_array_get_idx(value, i));
	} else if (json_object_is_type(value, json_type_object)) {
		json_object_object_foreach(value, key, member)
		{
			(void)key;
			count += 1 + count_members(member);
		}
	}
	return count;
}

static bool is_blank_after(const char *p, const char *end)
{
	while (p < end && (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r'))
		p++;
	return p == end;
}

struct json *json_parse(struct slice text, const struct json_limits *limits,
			struct fault *fault)
{
	struct json_object *root;
	struct json_scan scan = {.max_depth = limits->max_depth,
				 .max_values = limits->max_values,
				 .is_lenient = limits->is_lenient};
	struct buffer marked;
	struct fault local;

	if (!fault)
		fault = &local;
	if (text.len == 0 || is_blank_after(text.data, slice_end(text))) {
		fault_set_hint(fault, ERROR_BAD_REQUEST,
			       "The JSON text is empty.");
		return NULL;
	}
	if (!scan_text(&scan, text, limits, fault))
		return NULL;
	buffer_init(&marked, BUFFER_UNLIMITED);
	if (scan.has_surrogates) {
		json_scan_mark_halves(&marked, text);
		text = buffer_slice(&marked);
	}
	root = parse_strict(text, limits->max_depth, fault);
	buffer_fini(&marked);
	if (root && !limits->is_lenient &&
	    count_members(root) != scan.member_count) {
		fault_set_hint(
		    fault, ERROR_BAD_REQUEST,
		    "The JSON text has the same key twice in one object.");
		json_object_put(root);
		root = NULL;
	}
	return (struct json *)root;
}

void json_free(struct json *root)
{
	if (root)
		json_object_put(object_of(root));
}

enum json_kind json_kind(const struct json *value)
{
	switch (json_object_get_type(object_of(value))) {
	case json_type_boolean:
		return JSON_BOOL;
	case json_type_int:
	case json_type_double:
		return JSON_NUMBER;
	case json_type_string:
		return JSON_STRING;
	case json_type_array:
		return JSON_ARRAY;
	case json_type_object:
		return JSON_OBJECT;
	case json_type_null:
		break;
	}
	return JSON_NULL;
}

const char *json_kind_name(enum json_kind kind)
{
	static const char *const names[] = {"null",	"a boolean",
					    "a number", "a string",
					    "an array", "an object"};

	return names[kind];
}

const struct json *json_member(const struct json *object, const char *name)
{
	struct json_object *found = NULL;

	if (json_kind(object) != JSON_OBJECT ||
	    !json_object_object_get_ex(object_of(object), name, &found))
		return NULL;
	return value_of(found);
}

size_t json_count(const struct json *value)
{
	if (json_kind(value) == JSON_ARRAY)
		return json_object_array_length(object_of(value));
	if (json_kind(value) == JSON_OBJECT)
		return (size_t)json_object_object_length(object_of(value));
	return 0;
}

const struct json *json_item(const struct json *array, size_t index)
{
	if (json_kind(array) != JSON_ARRAY)
		return NULL;
	return value_of(json_object_array_get_idx(object_of(array), index));
}

struct json_walk json_walk(const struct json *object)
{
	struct json_walk walk = {NULL};

	if (json_kind(object) == JSON_OBJECT)
		walk.next =
		    lh_table_head(json_object_get_object(object_of(object)));
	return walk;
}

bool json_walk_next(struct json_walk *walk, struct slice *name,
		    const struct json **value)
{
	const struct lh_entry *entry = walk->next;

	if (!entry)
		return false;
	*name = slice_of(lh_entry_k(entry));
	*value = lh_entry_v(entry);
	walk->next = lh_entry_next(entry);
	return true;
}

bool json_string(const struct json *value, struct slice *out)
{
	if (json_kind(value) != JSON_STRING)
		return false;
	out->data = json_object_get_string(object_of(value));
	out->len = (size_t)json_object_get_string_len(object_of(value));
	return true;
}

/* Integers that are out of range, json-c clamps to those of the types. */
static bool is_clamped(struct json_object *number)
{
	return json_object_get_uint64(number) == UINT64_MAX ||
	       json_object_get_int64(number) == INT64_MIN;
}

bool json_number(const struct json *value, double *out)
{
	double number;

	if (json_kind(value) != JSON_NUMBER)
		return false;
	number = json_object_get_double(object_of(value));
	if (!isfinite(number) ||
	    (json_object_is_type(object_of(value), json_type_int) &&
	     is_clamped(object_of(value))))
		return false;
	*out = number;
	return true;
}

bool json_integer(const struct json *value, int64_t *out)
{
	double number;

	if (!json_number(value, &number))
		return false;
	if (json_object_is_type(object_of(value), json_type_double)) {
		if (number != floor(number) || fabs(number) > 9e15)
			return false;
		*out = (int64_t)number;
		return true;
	}
	if (json_object_get_uint64(object_of(value)) > INT64_MAX)
		return false;
	*out = json_object_get_int64(object_of(value));
	return true;
}

bool json_boolean(const struct json *value, bool *out)
{
	if (json_kind(value) != JSON_BOOL)
		return false;
	*out = json_object_get_boolean(object_of(value));
	return true;
}

static void print_members(struct buffer *out, const struct json *object)
{
	struct json_walk walk = json_walk(object);
	struct slice name;
	const struct json *value;

	buffer_append_char(out, '{');
	while (json_walk_next(&walk, &name, &value)) {
		json_put_comma(out);
		json_put_string(out, name);
		buffer_append_char(out, ':');
		json_print(out, value);
	}
	buffer_append_char(out, '}');
}

static void print_items(struct buffer *out, const struct json *array)
{
	buffer_append_char(out, '[');
	for (size_t i = 0; i < json_count(array); i++) {
		json_put_comma(out);
		json_print(out, json_item(array, i));
	}
	buffer_append_char(out, ']');
}

/* Not json-c's printer: it would write half surrogates as they are marked. */
void json_print(struct buffer *out, const struct json *value)
{
	struct slice text;
	double number;

	switch (json_kind(value)) {
	case JSON_OBJECT:
		print_members(out, value);
		break;
	case JSON_ARRAY:
		print_items(out, value);
		break;
	case JSON_STRING:
		if (json_string(value, &text))
			json_put_string(out, text);
		break;
	case JSON_NUMBER:
		/* json-c kept the digits of the text. */
		buffer_append_string(
		    out, json_number(value, &number)
			     ? json_object_to_json_string(object_of(value))
			     : "null");
		break;
	case JSON_BOOL:
		json_put_bool(out, json_object_get_boolean(object_of(value)));
		break;
	case JSON_NULL:
		buffer_append_string(out, "null");
		break;
	}
}
