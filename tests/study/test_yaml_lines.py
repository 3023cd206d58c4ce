"""Safe YAML with line numbers."""

from pathlib import Path

import pytest

from soilscope.errors import StudyError
from soilscope.study.yaml_lines import read_yaml


def written(folder: Path, text: str | bytes) -> Path:
    path = folder / "study.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def faults(folder: Path, text: str | bytes) -> list[str]:
    with pytest.raises(StudyError) as caught:
        read_yaml(written(folder, text)).raise_faults()
    start = str(folder / "study.yaml")
    assert all(fault.startswith(start) for fault in caught.value.faults)
    return [fault.removeprefix(start) for fault in caught.value.faults]


@pytest.mark.parametrize(
    ("plain", "value"),
    [
        ("1e-3", 0.001),
        ("1:30", "1:30"),
        ("1980-01", "1980-01"),
        ("1980-01-01", "1980-01-01"),
        ("1980", 1980),
        ("yes", "yes"),
        ("on", "on"),
        ("no", "no"),
        ("true", True),
        ("~", None),
        ("", None),
        ("010", 10),
        ("1_000", "1_000"),
        ("'5'", "5"),
        (".5", 0.5),
        ("none", "none"),
    ],
)
def test_a_plain_word_means_what_yaml_1_2_says(tmp_path, plain, value):
    assert read_yaml(written(tmp_path, f"a: {plain}\n")).value == {"a": value}


def test_the_word_on_is_a_key_like_any_other(tmp_path):
    assert read_yaml(written(tmp_path, "on: 1\nyes: 2\n")).value == {"on": 1, "yes": 2}


def test_a_byte_order_mark_is_no_part_of_the_first_key(tmp_path):
    assert read_yaml(written(tmp_path, b"\xef\xbb\xbfa: 1\r\n")).value == {"a": 1}


def test_every_value_knows_its_line_or_that_of_what_holds_it(tmp_path):
    document = read_yaml(written(tmp_path, "a: 1\nb:\n  c: [x,\n   y]\n"))
    assert document.line(("b", "c")) == 3
    assert document.line(("b", "c", 1)) == 4
    assert document.line(("b", "d")) == 2


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ": the file is empty; a study has inputs and analyses."),
        ("# only this\n", ": the file is empty; a study has inputs and analyses."),
        ("- a\n", ":1: the file holds a list; "),
        ("word\n", ":1: the file holds a single text; "),
        (b"\x89HDF\r\n\x1a\n\x00\x00", ": the file is binary; "),
        (b"a: 1\nb: \xff\n", ":2: the text is not UTF-8; "),
        ("a: 1\nb: 2\na: 3\n", ":3: the key 'a' stands here and in line 1."),
        ("a: 1\n7: x\n", ":2: the key '7' is not text; put it in quotes."),
        ("a: !!python/object/apply:os.system ['x']\n", ":1: the tag !!python/object/apply:os.sys"),
        ("a: !local x\n", ":1: the tag !local is not allowed"),
        ("a: 1\n<<: {b: 2}\n", ":2: merge keys (<<) are not read"),
        ("a: &x [*x]\n", ":1: the aliases (*name) repeat without end"),
        (
            "a: b: c\n",
            ":1: mapping values are not allowed here; text that holds ': ' needs quotes.",
        ),
        ("a:\n\t- x\n", ":2: found character '\\t'"),
        ("a: [1\n", ":2: "),
        ("a: *x\n", ":1: found undefined alias 'x'."),
        ("a: " + "[" * 5000, ": it is nested too deeply for a study."),
        ("[1, 2]: x\n", ":1: a key is a list or a mapping"),
    ],
)
def test_what_is_no_plain_yaml_mapping_is_one_fault_with_its_line(tmp_path, text, expected):
    [fault] = faults(tmp_path, text)
    assert fault.startswith(expected)
    assert "\n" not in fault


def test_aliases_that_multiply_without_end_are_refused_quickly(tmp_path):
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 12)]
    found = faults(tmp_path, "\n".join(lines))
    assert len(found) == 1
    assert "repeat without end" in found[0]


def test_all_faults_come_at_once_and_in_the_order_of_lines(tmp_path):
    found = faults(tmp_path, "a: 1\nb: !x 1\na: 2\n3: 4\n")
    assert [fault.split(":")[1] for fault in found] == ["2", "3", "4"]


def test_code_in_a_study_is_never_run(tmp_path):
    mark = tmp_path / "ran"
    text = f"a: !!python/object/apply:pathlib.Path.touch [!!python/name:x '{mark}']\n"
    assert faults(tmp_path, text)
    assert not mark.exists()


def test_a_missing_file_and_a_folder_are_named(tmp_path):
    with pytest.raises(StudyError, match="there is no such study file"):
        read_yaml(tmp_path / "none.yaml")
    with pytest.raises(StudyError, match="this is a folder"):
        read_yaml(tmp_path)


def test_a_data_file_given_for_a_study_is_not_read_whole(tmp_path):
    with pytest.raises(StudyError, match="too large for a study"):
        read_yaml(written(tmp_path, b"a" * (5 * 2**20)))
