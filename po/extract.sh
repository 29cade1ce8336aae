#!/bin/sh
# extract.sh OUTPUT -- collects every sentence for people from the sources into OUTPUT (a
# template of catalogues). Run from anywhere.
set -eu
top=$(cd "$(dirname "$0")/.." && pwd)
output=$1
cd "$top"
find lib daemon tools -name '*.[ch]' | LC_ALL=C sort |
	xgettext --from-code=UTF-8 --language=C --keyword=_ --keyword=N_ \
		--keyword=ngettext:1,2 --add-location=file --files-from=- \
		--package-name=lachan --output="$output.tmp"
# The day of extraction would make every run differ; the charset is known.
sed -e '/^"POT-Creation-Date:/d' -e 's/charset=CHARSET/charset=UTF-8/' "$output.tmp" >"$output"
rm "$output.tmp"
