/* SPDX-License-Identifier: ISC */
/*
 * libxml2 as the readers of HTML call it. Its functions keep their names and
 * types; they are valid once xml_library_open() was true. Only with
 * HAVE_LIBXML2.
 */
#ifndef LEAT_CONTEXT_XML_PRIVATE_H
#define LEAT_CONTEXT_XML_PRIVATE_H

#include "config.h"

#ifdef HAVE_LIBXML2

#include <libxml/HTMLparser.h>
#include <stdbool.h>

/* From any thread; false when the library is not installed. */
bool xml_library_open(void);

#ifdef LAZY_LIBRARIES

struct xml_library {
	__typeof__(htmlCreatePushParserCtxt) *htmlCreatePushParserCtxt;
	__typeof__(htmlCtxtUseOptions) *htmlCtxtUseOptions;
	__typeof__(htmlEntityLookup) *htmlEntityLookup;
	__typeof__(htmlFreeParserCtxt) *htmlFreeParserCtxt;
	__typeof__(htmlParseChunk) *htmlParseChunk;
	__typeof__(xmlFreeDoc) *xmlFreeDoc;
	__typeof__(xmlSetStructuredErrorFunc) *xmlSetStructuredErrorFunc;
	__typeof__(xmlStopParser) *xmlStopParser;
};

extern struct xml_library xml_library;

#define htmlCreatePushParserCtxt  (xml_library.htmlCreatePushParserCtxt)
#define htmlCtxtUseOptions	  (xml_library.htmlCtxtUseOptions)
#define htmlEntityLookup	  (xml_library.htmlEntityLookup)
#define htmlFreeParserCtxt	  (xml_library.htmlFreeParserCtxt)
#define htmlParseChunk		  (xml_library.htmlParseChunk)
#define xmlFreeDoc		  (xml_library.xmlFreeDoc)
#define xmlSetStructuredErrorFunc (xml_library.xmlSetStructuredErrorFunc)
#define xmlStopParser		  (xml_library.xmlStopParser)

#endif
#endif

#endif
