#!/bin/sh
# update.sh -- brings the catalogues up to date with the sources: new sentences appear
# untranslated, those that are gone are dropped. Nothing is guessed.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT
"$here/extract.sh" "$work/lachan.pot"
for catalogue in "$here"/*.po; do
	msgmerge --quiet --no-fuzzy-matching --add-location=file --output-file="$work/new.po" \
		"$catalogue" "$work/lachan.pot"
	msgattrib --no-obsolete --output-file="$catalogue" "$work/new.po"
done
