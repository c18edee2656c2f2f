/* SPDX-License-Identifier: ISC */
#include "context/html_elements.h"

#include <stdlib.h>
#include <string.h>

struct named_element {
	const char *name;
	enum html_element element;
};

/* In alphabetical order. */
static const struct named_element elements[] = {
    {"a", HTML_ANCHOR},
    {"address", HTML_BLOCK},
    {"applet", HTML_SKIP},
    {"article", HTML_ARTICLE},
    {"aside", HTML_ASIDE},
    {"audio", HTML_SKIP},
    {"blockquote", HTML_BLOCK},
    {"body", HTML_BLOCK},
    {"br", HTML_BREAK},
    {"button", HTML_SKIP},
    {"canvas", HTML_SKIP},
    {"caption", HTML_BLOCK},
    {"center", HTML_BLOCK},
    {"code", HTML_CODE},
    {"datalist", HTML_SKIP},
    {"dd", HTML_BLOCK},
    {"details", HTML_BLOCK},
    {"dialog", HTML_ASIDE},
    {"dir", HTML_LIST_UNORDERED},
    {"div", HTML_BLOCK},
    {"dl", HTML_BLOCK},
    {"dt", HTML_BLOCK},
    {"embed", HTML_SKIP},
    {"fieldset", HTML_BLOCK},
    {"figcaption", HTML_BLOCK},
    {"figure", HTML_BLOCK},
    {"footer", HTML_ASIDE},
    {"form", HTML_ASIDE},
    {"frameset", HTML_BLOCK},
    {"h1", HTML_HEADING},
    {"h2", HTML_HEADING},
    {"h3", HTML_HEADING},
    {"h4", HTML_HEADING},
    {"h5", HTML_HEADING},
    {"h6", HTML_HEADING},
    {"header", HTML_BLOCK},
    {"hgroup", HTML_BLOCK},
    {"hr", HTML_BLOCK},
    {"html", HTML_ROOT},
    {"iframe", HTML_SKIP},
    {"kbd", HTML_CODE},
    {"li", HTML_ITEM},
    {"listing", HTML_CODE_BLOCK},
    {"main", HTML_MAIN},
    {"map", HTML_SKIP},
    {"math", HTML_INLINE},
    {"menu", HTML_LIST_UNORDERED},
    {"meta", HTML_META},
    {"nav", HTML_ASIDE},
    {"noframes", HTML_SKIP},
    {"noscript", HTML_SKIP},
    {"object", HTML_SKIP},
    {"ol", HTML_LIST_ORDERED},
    {"optgroup", HTML_SKIP},
    {"option", HTML_SKIP},
    {"p", HTML_BLOCK},
    {"pre", HTML_CODE_BLOCK},
    {"samp", HTML_CODE},
    {"script", HTML_SKIP},
    {"section", HTML_BLOCK},
    {"select", HTML_SKIP},
    {"style", HTML_SKIP},
    {"summary", HTML_BLOCK},
    {"svg", HTML_SKIP},
    {"table", HTML_TABLE},
    {"tbody", HTML_BLOCK},
    {"td", HTML_CELL},
    {"template", HTML_SKIP},
    {"textarea", HTML_SKIP},
    {"tfoot", HTML_BLOCK},
    {"th", HTML_CELL},
    {"thead", HTML_BLOCK},
    {"title", HTML_TITLE},
    {"tr", HTML_ROW},
    {"tt", HTML_CODE},
    {"ul", HTML_LIST_UNORDERED},
    {"video", HTML_SKIP},
    {"xmp", HTML_CODE_BLOCK},
};

static int compare(const void *key, const void *item)
{
	return strcmp(key, ((const struct named_element *)item)->name);
}

enum html_element html_elements_find(const char *name)
{
	const struct named_element *found =
	    bsearch(name, elements, sizeof(elements) / sizeof(elements[0]),
		    sizeof(elements[0]), compare);

	return found ? found->element : HTML_INLINE;
}
