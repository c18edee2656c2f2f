/* SPDX-License-Identifier: ISC */
#include "provider/refusal.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/buffer.h"
#include "base/text.h"

enum { HOUR_MS = 60 * 60 * 1000, DETAIL_BYTES = 1024 };

void refusal_from_status(struct fault *fault, int status)
{
	enum error_code code = ERROR_UPSTREAM_REFUSED;
	enum fault_retry retry = FAULT_RETRY_NO;

	if (status == 429 || status == 529) {
		code = ERROR_UPSTREAM_OVERLOADED;
		retry = FAULT_RETRY_DEFAULT;
	} else if (status == 408 || status == 409 || status == 425) {
		retry = FAULT_RETRY_YES;
	} else if (status >= 500 && status <= 599) {
		code = ERROR_UPSTREAM_UNAVAILABLE;
		retry = FAULT_RETRY_DEFAULT;
	} else if (status < 300) {
		code = ERROR_UPSTREAM_INVALID;
		retry = FAULT_RETRY_DEFAULT;
	}
	fault_set_hint(fault, code, "HTTP %d", status);
	fault->retry = retry;
}

bool refusal_from_word(struct fault *fault, struct slice word)
{
	static const struct {
		const char *word;
		enum error_code code;
		enum fault_retry retry;
	} words[] = {
	    {"insufficient_quota", ERROR_UPSTREAM_REFUSED, FAULT_RETRY_NO},
	    {"billing_hard_limit_reached", ERROR_UPSTREAM_REFUSED,
	     FAULT_RETRY_NO},
	    {"billing_error", ERROR_UPSTREAM_REFUSED, FAULT_RETRY_NO},
	    {"rate_limit_exceeded", ERROR_UPSTREAM_OVERLOADED,
	     FAULT_RETRY_DEFAULT},
	    {"rate_limit_error", ERROR_UPSTREAM_OVERLOADED,
	     FAULT_RETRY_DEFAULT},
	    {"overloaded_error", ERROR_UPSTREAM_OVERLOADED,
	     FAULT_RETRY_DEFAULT},
	    {"overloaded", ERROR_UPSTREAM_OVERLOADED, FAULT_RETRY_DEFAULT},
	    {"invalid_request_error", ERROR_UPSTREAM_REFUSED, FAULT_RETRY_NO},
	    {"context_length_exceeded", ERROR_UPSTREAM_REFUSED, FAULT_RETRY_NO},
	    {"exceed_context_size_error", ERROR_UPSTREAM_REFUSED,
	     FAULT_RETRY_NO},
	    {"authentication_error", ERROR_UPSTREAM_REFUSED, FAULT_RETRY_NO},
	    {"permission_error", ERROR_UPSTREAM_REFUSED, FAULT_RETRY_NO},
	    {"permission_denied", ERROR_UPSTREAM_REFUSED, FAULT_RETRY_NO},
	    {"invalid_api_key", ERROR_UPSTREAM_REFUSED, FAULT_RETRY_NO},
	    {"model_not_found", ERROR_UPSTREAM_REFUSED, FAULT_RETRY_NO},
	    {"not_found_error", ERROR_UPSTREAM_REFUSED, FAULT_RETRY_NO},
	    {"content_filter", ERROR_UPSTREAM_REFUSED, FAULT_RETRY_NO},
	    {"content_policy_violation", ERROR_UPSTREAM_REFUSED,
	     FAULT_RETRY_NO},
	    {"server_error", ERROR_UPSTREAM_UNAVAILABLE, FAULT_RETRY_DEFAULT},
	    {"api_error", ERROR_UPSTREAM_UNAVAILABLE, FAULT_RETRY_DEFAULT},
	    {"timeout_error", ERROR_UPSTREAM_UNAVAILABLE, FAULT_RETRY_DEFAULT},
	    {"unavailable_error", ERROR_UPSTREAM_UNAVAILABLE,
	     FAULT_RETRY_DEFAULT},
	};

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		if (!text_equal_nocase(word, words[i].word))
			continue;
		fault->code = words[i].code;
		fault->retry = words[i].retry;
		return true;
	}
	return false;
}

/* The length of the secret that the text begins with; 0: none. */
static size_t secret_len(const char *at, const char *end, struct slice secrets)
{
	size_t longest = 0;

	while (secrets.len) {
		const char *line_end = memchr(secrets.data, '\n', secrets.len);
		size_t len =
		    line_end ? (size_t)(line_end - secrets.data) : secrets.len;
		size_t taken = len + (line_end != NULL);

		if (len > longest && (size_t)(end - at) >= len &&
		    memcmp(at, secrets.data, len) == 0)
			longest = len;
		secrets.data += taken;
		secrets.len -= taken;
	}
	return longest;
}

void refusal_set_detail(struct fault *fault, struct slice text,
			struct slice secrets)
{
	struct buffer out;
	const char *at = text.data;
	const char *end = slice_end(text);

	buffer_init(&out, DETAIL_BYTES);
	while (at < end && !out.overflowed) {
		size_t hidden = secret_len(at, end, secrets);

		if (hidden) {
			buffer_append_string(&out, "***");
			at += hidden;
			continue;
		}
		if ((unsigned char)*at < ' ' || *at == 0x7F) {
			buffer_append_char(&out, ' ');
			at++;
			continue;
		}
		text_utf8_append(&out, text_utf8_next(&at, end));
	}
	snprintf(fault->detail, sizeof fault->detail, "%s",
		 buffer_string(&out));
	fault->detail[text_utf8_floor(fault->detail, strlen(fault->detail))] =
	    '\0';
	buffer_fini(&out);
}

/* The three forms of RFC 9110, section 5.6.7. */
static bool read_date(const char *text, struct tm *date)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	char month[4];
	const char *found;

	memset(date, 0, sizeof *date);
	if (sscanf(text, "%*3[A-Za-z], %2d %3[A-Za-z] %4d %2d:%2d:%2d",
		   &date->tm_mday, month, &date->tm_year, &date->tm_hour,
		   &date->tm_min, &date->tm_sec) != 6 &&
	    sscanf(text, "%*9[A-Za-z], %2d-%3[A-Za-z]-%2d %2d:%2d:%2d",
		   &date->tm_mday, month, &date->tm_year, &date->tm_hour,
		   &date->tm_min, &date->tm_sec) != 6 &&
	    sscanf(text, "%*3[A-Za-z] %3[A-Za-z] %2d %2d:%2d:%2d %4d", month,
		   &date->tm_mday, &date->tm_hour, &date->tm_min, &date->tm_sec,
		   &date->tm_year) != 6)
		return false;
	found = strstr(months, month);
	if (strlen(month) != 3 || !found || (found - months) % 3)
		return false;
	date->tm_mon = (int)(found - months) / 3;
	date->tm_year += date->tm_year < 100 ? 100 : -1900;
	return true;
}

static int clamp(double ms)
{
	if (!(ms > 0))
		return 0;
	return ms > HOUR_MS ? HOUR_MS : (int)ms;
}

/* A whole number with an optional fraction; negative and anything else is
 * false. */
static bool read_number(struct slice text, double *number)
{
	double scale = 1;
	bool has_point = false;

	*number = 0;
	if (text.len == 0 || text.len > 15 || text.data[0] == '.')
		return false;
	for (size_t i = 0; i < text.len; i++) {
		char c = text.data[i];

		if (c == '.' && !has_point) {
			has_point = true;
			continue;
		}
		if (c < '0' || c > '9')
			return false;
		*number = *number * 10 + (c - '0');
		scale *= has_point ? 10 : 1;
	}
	*number /= scale;
	return true;
}

int refusal_retry_after(struct slice retry_after_ms, struct slice retry_after,
			uint64_t wall_ms)
{
	double number;
	char text[64];
	struct tm date;

	if (read_number(text_trim(retry_after_ms), &number))
		return clamp(number);
	retry_after = text_trim(retry_after);
	if (read_number(retry_after, &number))
		return clamp(number * 1000);
	if (retry_after.len >= sizeof text)
		return 0;
	snprintf(text, sizeof text, "%.*s", (int)retry_after.len,
		 retry_after.len ? retry_after.data : "");
	if (!read_date(text, &date))
		return 0;
	return clamp((double)timegm(&date) * 1000 - (double)wall_ms);
}
