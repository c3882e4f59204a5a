"""Each check must find a violation in a made-up tree, and none in a sound one."""
import pathlib
import tempfile
import unittest

import check_sources

SOUND = {
    "floors.txt": "# a comment\nbase:\nmodel: base\nmodel/json: model\nmodel/parts:\ncmd: base model\n",
    "base/text.h": "#include <string>\n#include <sys/stat.h>\n#include <unistd.h>\n",
    "base/json.h": "#include <nlohmann/json_fwd.hpp>\n",
    "model/run.h": '#include "base/text.h"\n#include "model/run.h"\n',
    "model/run.cc": '#include "model/run.h"\n\n#include <nlohmann/json.hpp>\n',
    "cmd/main.cc": '#include "model/run.h"\n#include <CLI/CLI.hpp>\n',
}


class CheckSourcesTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        self.source = self.root / "src"
        for path, text in SOUND.items():
            self.write(path, text)

    def write(self, path, text):
        target = self.source / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
        return target

    def directions(self):
        return list(check_sources.check_directions(self.source))

    def headers(self):
        return list(check_sources.check_headers(self.source))

    def test_a_sound_tree_has_no_violations(self):
        self.assertEqual(self.directions(), [])
        self.assertEqual(self.headers(), [])
        self.assertEqual(list(check_sources.check_length(self.root)), [])
        self.assertEqual(list(check_sources.check_scripts(self.root)), [])

    def test_an_include_that_goes_up_is_found(self):
        self.write("base/text.cc", '#include "base/text.h"\n\n  #  include "model/run.h"\n')
        self.assertEqual(self.directions(), ['base/text.cc:3: base includes "model/run.h"; floors.txt does not name it below'])

    def test_a_second_type_of_one_name_is_found(self):
        self.write("base/text.cc", "struct Piece;\nnamespace {\nstruct Piece {\n};\n}  // namespace\nint Piece::size() {\n")
        self.write("model/run.h", "struct Piece {\n};\n")
        self.assertEqual(list(check_sources.check_types(self.source)), [])
        self.write("cmd/piece.cc", "class Piece final : public Whole {\n};\n")
        self.assertEqual(list(check_sources.check_types(self.source)),
                         ["model/run.h:1: Piece is the name of another type, at cmd/piece.cc:1"])

    def test_the_program_is_the_top_floor(self):
        self.write("model/show.cc", '#include "cmd/output.h"\n')
        self.assertEqual(len(self.directions()), 1)

    def test_a_room_includes_what_its_row_names(self):
        self.write("model/json/run_json.cc", '#include "model/run.h"\n')
        self.write("model/stack.cc", '#include "model/parts/part.h"\n')
        self.assertEqual(self.directions(), [])
        self.write("model/stack.cc", '#include "model/json/fields.h"\n')
        self.write("model/parts/part.cc", '#include "model/run.h"\n')
        self.assertEqual(len(self.directions()), 2)

    def test_a_test_includes_any_room_of_its_floor_and_what_stands_below(self):
        self.write("floors.txt", SOUND["floors.txt"].replace("cmd:", "plan:\ncmd:"))
        for name in ("part_test.cc", "part_testing.h", "test_parts.h"):
            self.write(f"model/parts/{name}", '#include "model/json/fields.h"\n#include "model/run.h"\n')
            self.write(f"plan/{name}", '#include "model/json/fields.h"\n')
        self.assertEqual(self.directions(), [])
        self.write("model/parts/part_test.cc", '#include "plan/plan.h"\n')
        self.assertEqual(len(self.directions()), 1)

    def test_a_row_that_names_what_stands_above_is_found(self):
        self.write("floors.txt", "base: model\nmodel: base\ncmd: base model\n")
        self.assertEqual(len(self.directions()), 1)

    def test_a_full_room_and_a_name_of_two_things_are_found(self):
        self.assertEqual(list(check_sources.check_rooms(self.source)), [])
        self.write("cmd/run/run.cc", "")
        self.write("base/text_test.cc", "")
        self.assertEqual(len(list(check_sources.check_rooms(self.source))), 1)
        for number in range(check_sources.MOST_PRODUCT_FILES):
            self.write(f"base/file{number}.cc", "")
        self.assertEqual(len(list(check_sources.check_rooms(self.source))), 2)

    def test_an_include_without_its_folder_is_found(self):
        self.write("model/show.cc", '#include "run.h"\n#include "../base/text.h"\n')
        self.assertEqual(len(self.directions()), 2)

    def test_an_own_header_in_angle_brackets_does_not_escape(self):
        self.write("base/text.cc", "#include <model/run.h>\n")
        self.assertEqual(len(self.directions()), 1)

    def test_a_folder_outside_the_list_is_found(self):
        self.write("extra/thing.h", "#include <string>\n")
        self.assertEqual(len(self.directions()), 1)

    def test_a_third_party_header_in_a_header_is_found(self):
        for include in ("fmt/format.h", "nlohmann/json.hpp", "CLI/CLI.hpp", "openssl/evp.h", "simdjson.h", "sqlite3.h"):
            self.write("model/show.h", f"#include <{include}>\n")
            self.assertEqual(len(self.headers()), 1, include)

    def test_the_forward_declarations_are_allowed_in_one_header_only(self):
        self.write("model/show.h", "#include <nlohmann/json_fwd.hpp>\n")
        self.assertEqual(len(self.headers()), 1)

    def test_a_source_includes_its_own_header_first(self):
        self.write("model/run.cc", '#include <string>\n#include "model/run.h"\n')
        self.assertEqual(len(self.headers()), 1)
        self.write("model/run.cc", "int a;\n")
        self.assertEqual(len(self.headers()), 1)

    def test_a_long_file_is_found(self):
        target = self.write("base/long.cc", "\n" * check_sources.LONGEST_FILE)
        self.assertEqual(list(check_sources.check_length(self.root)), [])
        target.write_text("\n" * (check_sources.LONGEST_FILE + 1))
        self.assertEqual(len(list(check_sources.check_length(self.root))), 1)

    def test_bad_shell_scripts_are_found(self):
        script = self.root / "scripts" / "build"
        script.parent.mkdir()
        script.write_text("#!/usr/bin/env bash\nset -euo pipefail\ntrue\n")
        script.chmod(0o755)
        self.assertEqual(list(check_sources.check_scripts(self.root)), [])
        script.write_text("#!/usr/bin/env bash\nset -euo pipefail\nif true; then\n")
        self.assertEqual(len(list(check_sources.check_scripts(self.root))), 1)
        script.write_text("#!/bin/sh\ntrue\n")
        script.chmod(0o644)
        self.assertEqual(len(list(check_sources.check_scripts(self.root))), 2)


if __name__ == "__main__":
    unittest.main()
