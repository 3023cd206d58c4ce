"""Safe YAML in which every value knows its line, read by the rules of YAML 1.2.

Dates, `on`, `yes` and `1:30` stay text and `1e-3` is a number: what they mean is for the schema to
say. Tags, merge keys and duplicate keys are refused, so a file can neither run code nor hide a
value.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from soilscope.checks import nearest
from soilscope.errors import StudyError

Location = tuple[str | int, ...]
_MAX_BYTES = 4 * 2**20
_MAX_VALUES = 100_000
_STANDARD = "tag:yaml.org,2002:"
_INT = re.compile(r"[-+]?[0-9]{1,18}$")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$")
_HINTS = {
    "mapping values are not allowed here": "text that holds ': ' needs quotes",
    "found character '\\t' that cannot start any token": "indent with spaces, not with tabs",
}


class Fault(NamedTuple):
    """What is wrong in which line (0: in no line in particular)."""

    line: int
    text: str


@dataclass
class Document:
    """The value of a YAML file, the line of each part of it, and what is wrong so far."""

    path: Path
    text: str
    value: dict[str, Any] = field(default_factory=dict)
    lines: dict[Location, int] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def line(self, location: Location) -> int:
        """Line of the value at `location`, or of the nearest thing around it."""
        for length in range(len(location), 0, -1):
            if location[:length] in self.lines:
                return self.lines[location[:length]]
        return 0

    def fault(self, location: Location, text: str) -> None:
        """Note that the value at `location` is wrong."""
        self.faults.append(Fault(self.line(location), text))

    def raise_faults(self) -> None:
        """Raise one StudyError that holds every fault, in the order of lines."""
        if self.faults:
            ordered = sorted(dict.fromkeys(self.faults), key=lambda fault: fault.line)
            raise StudyError(*(message(self.path, fault) for fault in ordered))


def message(path: Path, fault: Fault) -> str:
    """Write a fault as 'file:line: what is wrong'."""
    where = f"{path}:{fault.line}" if fault.line else f"{path}"
    return f"{where}: {' '.join(fault.text.split())}"


def read_yaml(path: Path) -> Document:
    """Read a YAML file whose top level is a mapping; what cannot be read at all raises."""
    document = Document(path, _read_text(path))
    try:
        root = yaml.compose(document.text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        document.faults.append(Fault(mark.line + 1 if mark else 0, _explain(error)))
    except yaml.YAMLError as error:
        document.faults.append(Fault(0, f"it is not YAML ({error})."))
    except RecursionError:
        document.faults.append(Fault(0, "it is nested too deeply for a study."))
    else:
        _read_root(root, document)
    if not document.value:
        document.raise_faults()
    return document


def _read_text(path: Path) -> str:
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise StudyError(f"{path}: the file is too large for a study file; is it a data file?")
        raw = path.read_bytes()
    except FileNotFoundError:
        meant = nearest(path.name, _studies_in(path.parent)) or "."
        raise StudyError(f"{path}: there is no such study file{meant}") from None
    except IsADirectoryError:
        held = ", ".join(_studies_in(path)[:3])
        such = f", such as {held}" if held else ""
        raise StudyError(f"{path}: this is a folder; give a study file in it{such}.") from None
    except OSError as error:
        raise StudyError(f"{path}: the file cannot be read ({error.strerror}).") from None
    if b"\0" in raw:
        raise StudyError(f"{path}: the file is binary; a study file is YAML text in UTF-8.")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise StudyError(f"{path}:{line}: the text is not UTF-8; save the file as UTF-8.") from None


def _studies_in(folder: Path) -> list[str]:
    """Name what may be a study in a folder."""
    endings = (".yaml", ".yml")
    try:
        return sorted(path.name for path in folder.iterdir() if path.suffix.lower() in endings)
    except OSError:
        return []


def _explain(error: yaml.MarkedYAMLError) -> str:
    problem = error.problem or "it is not YAML"
    hint = _HINTS.get(problem)
    context = f" {error.context}" if error.context else ""
    return f"{problem}{context}" + (f"; {hint}." if hint else ".")


def _read_root(root: yaml.Node | None, document: Document) -> None:
    if root is None or (isinstance(root, yaml.ScalarNode) and not root.value.strip()):
        document.faults.append(Fault(0, "the file is empty; a study has inputs and analyses."))
    elif not isinstance(root, yaml.MappingNode):
        kind = "a list" if isinstance(root, yaml.SequenceNode) else "a single text"
        text = f"the file holds {kind}; a study is made of keys (title, inputs, analyses ...)."
        document.faults.append(Fault(root.start_mark.line + 1, text))
    else:
        document.value = _Reader(document).mapping(root, ())
        if not document.value and not document.faults:
            document.faults.append(Fault(0, "the file is empty; a study has inputs and analyses."))


class _Loader(yaml.SafeLoader):
    """Composes nodes only, and knows which plain scalars are numbers, true, false or null."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012  (PyYAML keeps them on the class)


for _name, _pattern, _first in (
    ("bool", re.compile(r"(true|True|TRUE|false|False|FALSE)$"), "tTfF"),
    ("null", re.compile(r"(~|null|Null|NULL|)$"), "~nN\0"),
    ("int", _INT, "-+0123456789"),
    ("float", _FLOAT, "-+.0123456789"),
):
    _Loader.add_implicit_resolver(
        _STANDARD + _name, _pattern, ["" if first == "\0" else first for first in _first]
    )


class _Reader:
    """Turns nodes into plain values and notes lines and faults on the way."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.count = 0
        self.inside: set[int] = set()

    def value(self, node: yaml.Node, location: Location) -> Any:
        """Value of any node; None where it is at fault."""
        self.document.lines.setdefault(location, node.start_mark.line + 1)
        self.count += 1
        if id(node) in self.inside or self.count > _MAX_VALUES:
            if self.count <= _MAX_VALUES + 1:
                self._fault(node, "the aliases (*name) repeat without end; write the values out.")
            return None
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node)
        self.inside.add(id(node))
        try:
            return self._collection(node, location)
        finally:
            self.inside.discard(id(node))

    def mapping(self, node: yaml.MappingNode, location: Location) -> dict[str, Any]:
        """Value of a mapping whose keys are text, each given once."""
        values: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = self._key(key_node)
            if key is None:
                continue
            inner = (*location, key)
            if key in values:
                first = self.document.lines[inner]
                self._fault(key_node, f"the key {key!r} stands here and in line {first}.")
                continue
            self.document.lines[inner] = key_node.start_mark.line + 1
            values[key] = self.value(value_node, inner)
        return values

    def _collection(self, node: yaml.Node, location: Location) -> Any:
        if isinstance(node, yaml.MappingNode) and node.tag == _STANDARD + "map":
            return self.mapping(node, location)
        if isinstance(node, yaml.SequenceNode) and node.tag == _STANDARD + "seq":
            return [self.value(item, (*location, i)) for i, item in enumerate(node.value)]
        return self._refuse_tag(node)

    def _key(self, node: yaml.Node) -> str | None:
        if not isinstance(node, yaml.ScalarNode):
            self._fault(node, "a key is a list or a mapping; keys are words.")
        elif node.tag != _STANDARD + "str":
            self._fault(node, f"the key {node.value!r} is not text; put it in quotes.")
        elif node.value == "<<":
            self._fault(node, "merge keys (<<) are not read; write the values out.")
        else:
            return str(node.value)
        return None

    def _scalar(self, node: yaml.ScalarNode) -> Any:
        text = str(node.value)
        kind = node.tag.removeprefix(_STANDARD)
        if kind == "str":
            return text
        if kind == "null":
            return None
        if kind == "bool":
            return text.lower() == "true"
        if kind == "int" and _INT.match(text):
            return int(text)
        if kind == "float" and _FLOAT.match(text):
            return float(text)
        return self._refuse_tag(node)

    def _refuse_tag(self, node: yaml.Node) -> None:
        tag = node.tag.replace(_STANDARD, "!!")
        self._fault(node, f"the tag {tag} is not allowed; write plain values.")

    def _fault(self, node: yaml.Node, text: str) -> None:
        self.document.faults.append(Fault(node.start_mark.line + 1, text))
