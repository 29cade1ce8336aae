#!/bin/sh
# check.sh CATALOGUE -- fails when a sentence of the sources is missing in the catalogue,
# untranslated, fuzzy or no longer used, when a translation's %s do not fit, or when its
# letters are not composed (NFC).
set -eu
here=$(cd "$(dirname "$0")" && pwd)
catalogue=$1
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT
"$here/extract.sh" "$work/lachan.pot"
msgfmt --check-format --output-file=/dev/null "$catalogue"
if [ -n "$(msgattrib --only-fuzzy "$catalogue")" ]; then
	echo "$catalogue: fuzzy entries" >&2
	msgattrib --only-fuzzy "$catalogue" >&2
	exit 1
fi
msgcmp "$catalogue" "$work/lachan.pot"
stale=$(msgcomm --unique --omit-header "$catalogue" "$work/lachan.pot")
if [ -n "$stale" ]; then
	echo "$catalogue: the sources no longer say this (run the target po-update):" >&2
	echo "$stale" >&2
	exit 1
fi
if command -v python3 >/dev/null; then
	python3 -c 'import sys, unicodedata
text = open(sys.argv[1], encoding="utf-8").read()
sys.exit(0 if unicodedata.is_normalized("NFC", text) else sys.argv[1] + ": not NFC")' "$catalogue"
fi
