"""Whether a shapefile is whole: its parts lie beside it, and none is cut off."""

import codecs
import struct
from pathlib import Path

from soilscope.errors import SourceError

_HEADER = 100  # bytes of .shp and .shx before their first record


def require_whole(path: Path) -> None:
    """Refuse a shapefile without one of its parts, or with a part that was cut off."""
    if path.suffix.lower() != ".shp":
        return
    beside = {p.suffix.lower(): p for p in path.parent.iterdir() if p.stem == path.stem}
    if ".shx" not in beside:
        raise SourceError(
            f"{path} lacks its index {path.with_suffix('.shx').name}; copy it from where the "
            "shapefile came from, or rebuild it: ogrinfo --config SHAPE_RESTORE_SHX YES "
            f"{path.name}."
        )
    if ".dbf" not in beside:
        raise SourceError(
            f"{path} lacks its attributes {path.with_suffix('.dbf').name}; copy them from where "
            "the shapefile came from."
        )
    for suffix in (".shp", ".shx", ".dbf"):
        part = path if suffix == ".shp" else beside[suffix]
        stated, actual = _stated_size(part), part.stat().st_size
        if actual < stated:
            raise SourceError(
                f"{part} is truncated: {actual} of {stated} bytes are there; copy the shapefile "
                "again."
            )


def declared_encoding(path: Path) -> str | None:
    """Return the encoding that a shapefile's ``.cpg`` declares, if Python knows it."""
    for suffix in (".cpg", ".CPG", ".cst"):
        file = path.with_suffix(suffix)
        if file.is_file():
            text = file.read_text(encoding="ascii", errors="replace").strip().lower()
            name = {"936": "gb18030", "gbk": "gb18030", "65001": "utf-8"}.get(text, text)
            return name if _is_known(name) else None
    return None


def _is_known(encoding: str) -> bool:
    try:
        codecs.lookup(encoding)
    except (LookupError, ValueError):
        return False
    return True


def _stated_size(part: Path) -> int:
    """Return how many bytes a part has by its own header."""
    with part.open("rb") as file:
        head = file.read(_HEADER)
    if part.suffix.lower() == ".dbf":
        if len(head) < 12:
            return 12
        n_records, header, record = struct.unpack("<IHH", head[4:12])
        return int(header + n_records * record)
    if len(head) < _HEADER:
        return _HEADER
    (words,) = struct.unpack(">i", head[24:28])
    return 2 * int(words)
