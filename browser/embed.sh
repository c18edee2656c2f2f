#!/bin/sh
# SPDX-License-Identifier: ISC
# embed.sh DIR: the page in DIR as one HTML document, written to standard
# output as C source: the document's parts around the places of the nonce,
# which is drawn anew for each response. Needs awk and od alone.
set -eu
dir=$1
LC_ALL=C
export LC_ALL

document() {
	awk -v dir="$dir" '
		function put(name,    file, line, closes, state) {
			file = dir "/" name
			closes = name ~ /js$/ ? "</script" : "</style"
			while ((state = (getline line < file)) > 0) {
				if (index(tolower(line), closes))
					fail(file " contains " closes)
				if (index(line, "{{"))
					fail(file " contains {{")
				print line
			}
			if (state < 0)
				fail("cannot read " file)
			close(file)
		}
		function fail(why) {
			print "embed.sh: " why > "/dev/stderr"
			failed = 1
			exit 1
		}
		/[\001\002]/ { fail("a control character in page.html") }
		/^\{\{css\}\}$/ { put("page.css"); next }
		/^\{\{js\}\}$/ {
			put("follow.js")
			put("markdown.js")
			put("page.js")
			next
		}
		{
			gsub(/\{\{nonce\}\}/, "\001")
			if (index($0, "{{"))
				fail("page.html: unknown placeholder: " $0)
			print
		}
		# The last byte says that all of it is there.
		END { if (!failed) printf "\002" }
	' "$dir/page.html"
}

document | od -An -v -tu1 | awk '
	function begin() {
		printf "static const char part_%d[] = {", parts++
		column = 0
	}
	BEGIN {
		print "/* Made by browser/embed.sh; what to change is there. */"
		print "#include \"web/page_data.h\"\n"
		begin()
	}
	{
		for (i = 1; i <= NF; i++) {
			if ($i == 2) {
				whole = 1
			} else if ($i == 1) {
				print "0};"
				begin()
			} else {
				if (column++ % 16 == 0)
					printf "\n\t"
				printf "%s,", $i < 128 ? $i : \
					sprintf("\047\\%o\047", $i)
			}
		}
	}
	END {
		if (!whole)
			exit 1
		print "0};\n\nconst char *const page_parts[] = {"
		for (i = 0; i < parts; i++)
			printf "\tpart_%d,\n", i
		print "};\n"
		printf "const size_t page_parts_count = %d;\n", parts
	}'
