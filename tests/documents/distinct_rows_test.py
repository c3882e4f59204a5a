"""The check for rows that stand twice must be able to fail: made-up tables, right and wrong."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

CHECK = pathlib.Path(__file__).with_name("distinct_rows.py")


class DistinctRowsTest(unittest.TestCase):
    def check(self, name, text):
        """The exit status and what it says of one table."""
        with tempfile.TemporaryDirectory() as folder:
            data = pathlib.Path(folder) / "data"
            data.mkdir()
            (data / name).write_text(text)
            done = subprocess.run([sys.executable, CHECK, folder], capture_output=True, text=True)
            return done.returncode, done.stdout

    def test_rows_that_differ_pass(self):
        self.assertEqual(self.check("known_issues.json", '{"rows": [{"id": "a"}, {"id": "b"}]}')[0], 0)

    def test_a_row_given_twice_is_named_whatever_else_it_says(self):
        status, said = self.check("known_issues.json", '{"rows": [{"id": "a", "fix": "1"}, {"id": "b"}, {"id": "a"}]}')
        self.assertEqual(status, 1)
        self.assertIn("known_issues.json: rows[0], rows[2]: id", said)

    def test_one_framework_build_is_its_version_variant_and_platform(self):
        rows = '{"framework": "torch", "version": "2.1", "variant": "%s", "platform": "linux"}'
        two = '{"rows": [%s, %s]}'
        self.assertEqual(self.check("framework_builds.json", two % (rows % "cu118", rows % "cu121"))[0], 0)
        self.assertEqual(self.check("framework_builds.json", two % (rows % "cu118", rows % "cu118"))[0], 1)

    def test_a_device_of_two_capabilities_is_named(self):
        rows = '{"products": [{"product": "A", "compute_capability": "8.9", "pci_ids": ["26b9"]},' \
               '{"product": "B", "compute_capability": "%s", "pci_ids": ["26b9"]}]}'
        self.assertEqual(self.check("gpu_products.json", rows % "8.9")[0], 0)
        self.assertIn("PCI id 26b9 is of A (8.9), of B (8.6)", self.check("gpu_products.json", rows % "8.6")[1])

    def test_equal_rows_of_any_list_are_named(self):
        self.assertIn("words[0], words[1]", self.check("other.json", '{"words": ["cuda", "cuda"]}')[1])

    def test_a_field_that_stands_twice_is_named(self):
        self.assertIn("a field stands twice", self.check("other.json", '{"rows": [{"a": 1, "a": 2}]}')[1])

    def test_a_list_that_is_gone_and_a_key_that_no_row_has_are_named(self):
        self.assertIn("there is no list rows", self.check("known_issues.json", '{"issues": []}')[1])
        self.assertIn("no row of rows has id", self.check("known_issues.json", '{"rows": [{"name": "a"}]}')[1])


if __name__ == "__main__":
    unittest.main()
