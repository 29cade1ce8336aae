"""docs/summary.schema.json, for tests that have a document at hand."""
import json
import os

from lachan_test import SOURCE_DIR

try:
    import jsonschema
except ImportError:
    jsonschema = None

PATH = os.path.join(SOURCE_DIR, "docs", "summary.schema.json")


def faults(document):
    """What the schema has against the document; nothing also without python3-jsonschema."""
    if jsonschema is None:
        return []
    with open(PATH, encoding="utf-8") as file:
        schema = json.load(file)
    jsonschema.Draft202012Validator.check_schema(schema)
    return ["%s: %s" % (list(e.absolute_path), e.message)
            for e in jsonschema.Draft202012Validator(schema).iter_errors(document)]
