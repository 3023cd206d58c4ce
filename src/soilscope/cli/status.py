"""The command `status`: which results of a folder are whole."""

from pathlib import Path
from typing import TYPE_CHECKING

from soilscope.cli.arguments import ResultsFolder, require_results
from soilscope.cli.voice import Voice

if TYPE_CHECKING:
    from soilscope.study.store import Store


def status(results: ResultsFolder, *, voice: Voice) -> None:
    """Show which results are whole, begun or waiting."""
    from soilscope.study.lock import holder
    from soilscope.study.store import Store
    from soilscope.study.versions import in_words

    require_results(results)
    store = Store(results)
    manifest = store.manifest
    finished = manifest.get("finished")
    voice.detail(f"{manifest['title']} ({manifest['study']})")
    at_work = holder(results)
    if at_work is not None:
        voice.detail(f"a run is at work{at_work}")
    else:
        voice.detail(f"finished {finished}" if finished else "not finished; run the study to go on")
    width = max(map(len, manifest["results"]))
    for name in manifest["results"]:
        voice.detail(f"  {name:<{width}}  {_state(store, name)}")
    for name, months in manifest.get("preliminary", {}).items():
        voice.detail(f"preliminary, and may still change: {name}, {in_words(months)}")
    left = _left_over(store)
    if left:
        voice.detail(f"of an earlier study, and safe to remove: {', '.join(left)}")
    page = results / "report" / "index.html"
    voice.detail(f"report: {page}" if page.is_file() else "report: none yet")
    if page.is_file() and voice.manner == "quiet":
        voice.answer(page)


def _left_over(store: "Store") -> list[str]:
    """Name the folders of results that the study does not have any more."""
    kept = store.root / "results"
    if not kept.is_dir():
        return []
    names = set(store.manifest["results"])
    return sorted(f"results/{path.name}" for path in kept.iterdir() if path.name not in names)


def _state(store: "Store", name: str) -> str:
    if store.has(name):
        record = store.record(name)
        parts = [f"whole, {record.step}, {record.seconds:.1f} s, {_size(store, name)}"]
        if record.tails:
            parts.append(f"{len(record.tails)} tail(s); 'soilscope update' merges them")
        if record.warnings:
            parts.append(f"{len(record.warnings)} warning(s)")
        return ", ".join(parts)
    begun = sorted((store.root / ".work").glob(f"{name}-*/done"))
    if begun:
        slabs = sum(1 for mark in begun[-1].glob("*.json") if mark.stem != "template")
        return f"begun, {slabs} slab(s) finished"
    return "waiting"


def _size(store: "Store", name: str) -> str:
    from soilscope.study.size import in_words

    folder: Path = store.root / "results" / name
    return in_words(sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()))
