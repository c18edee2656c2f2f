/* SPDX-License-Identifier: ISC */
#include "chat/model.h"

static struct provider *find_provider(const struct chat_parts *parts,
				      struct slice name)
{
	for (size_t i = 0; i < parts->provider_count; i++)
		if (slice_is(name, parts->providers[i]->name))
			return parts->providers[i];
	return NULL;
}

bool model_choose(const struct chat_parts *parts, struct slice wanted,
		  struct provider **provider, struct slice *model,
		  struct fault *fault)
{
	const char *slash;

	*model = SLICE_NONE;
	*provider = parts->provider;
	if (wanted.len == 0)
		return true;
	*provider = find_provider(parts, wanted);
	if (*provider)
		return true;
	slash = memchr(wanted.data, '/', wanted.len);
	*model = wanted;
	if (slash)
		*provider = find_provider(
		    parts,
		    slice_make(wanted.data, (size_t)(slash - wanted.data)));
	if (*provider)
		*model = slice_make(slash + 1,
				    (size_t)(slice_end(wanted) - slash - 1));
	else
		*provider = parts->provider;
	if ((*provider)->ops->allows_model(*provider, *model))
		return true;
	return fault_set(fault, ERROR_MODEL_NOT_FOUND, "model=%.*s",
			 (int)wanted.len, wanted.data);
}
