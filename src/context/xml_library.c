/* SPDX-License-Identifier: ISC */
#include "context/xml_private.h"

#ifdef HAVE_LIBXML2

#ifdef LAZY_LIBRARIES

#include "io/library.h"

struct xml_library xml_library;

bool xml_library_open(void)
{
	static const struct library_symbol symbols[] = {
	    {"htmlCreatePushParserCtxt", &htmlCreatePushParserCtxt},
	    {"htmlCtxtUseOptions", &htmlCtxtUseOptions},
	    {"htmlEntityLookup", &htmlEntityLookup},
	    {"htmlFreeParserCtxt", &htmlFreeParserCtxt},
	    {"htmlParseChunk", &htmlParseChunk},
	    {"xmlFreeDoc", &xmlFreeDoc},
	    {"xmlSetStructuredErrorFunc", &xmlSetStructuredErrorFunc},
	    {"xmlStopParser", &xmlStopParser},
	};
	static struct library library = {
	    .file = LIBXML2_FILE,
	    .package = "libxml2",
	    .symbols = symbols,
	    .symbol_count = sizeof(symbols) / sizeof(symbols[0]),
	};

	return library_open(&library, NULL);
}

#else

bool xml_library_open(void)
{
	return true;
}

#endif
#endif
