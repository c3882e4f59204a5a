"""The schema check must be able to fail: made-up schemas and documents, right and wrong."""
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

VALIDATE = pathlib.Path(__file__).with_name("validate.py")
SKIP = 77

PART = {"$id": "urn:test:part", "$defs": {"size": {"type": "integer", "minimum": 1}}}
WHOLE = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "$id": "urn:test:whole",
    "type": "object",
    "required": ["size"],
    "properties": {
        "size": {"$ref": "urn:test:part#/$defs/size"},
        "again": {"$ref": "#/properties/size"},
        "at": {"type": "string", "format": "date-time"},
    },
}


class ValidateTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        (self.folder / "part.json").write_text(json.dumps(PART))
        self.schema = self.folder / "whole.json"
        self.schema.write_text(json.dumps(WHOLE))

    def validate(self, text):
        """The exit status and messages for one document given as text."""
        done = subprocess.run([sys.executable, VALIDATE, self.schema, "-"], input=text, capture_output=True, text=True)
        if done.returncode == SKIP:
            self.skipTest(done.stdout.strip())
        return done.returncode, done.stderr

    def test_a_right_document_passes(self):
        self.assertEqual(self.validate('{"size": 3, "again": 1, "at": "2024-02-29T23:59:59Z"}'), (0, ""))

    def test_a_wrong_value_is_named_with_its_path(self):
        status, messages = self.validate('{"size": 3, "again": "x"}')
        self.assertEqual(status, 1)
        self.assertIn("$.again", messages)

    def test_references_to_other_files_are_followed(self):
        self.assertEqual(self.validate('{"size": 0}')[0], 1)

    def test_formats_are_checked(self):
        for moment in ("yesterday", "2023-02-29T00:00:00Z", "2024-01-01 00:00:00Z", "2024-01-01T00:00:00"):
            self.assertEqual(self.validate(json.dumps({"size": 1, "at": moment}))[0], 1, moment)

    def test_what_is_not_json_is_refused(self):
        for text in ("", "{", '{"size": NaN}', '{"size": 1, "size": 2}'):
            self.assertEqual(self.validate(text)[0], 2, text)

    def test_an_invalid_schema_is_refused(self):
        self.schema.write_text('{"type": "objekt"}')
        self.assertEqual(self.validate("{}")[0], 1)

    def test_a_reference_to_nowhere_is_no_success(self):
        self.schema.write_text('{"$ref": "https://example.org/nowhere.json"}')
        self.assertNotEqual(self.validate("{}")[0], 0)


if __name__ == "__main__":
    unittest.main()
