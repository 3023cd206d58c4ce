"""Figures of a study as files: in colours of a palette, and in two processes."""

import base64
import gc
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache, partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL.PngImagePlugin import PngInfo

from soilscope.report.explorer import Stack, stacks_of
from soilscope.report.figures.catalogue import FIGURES
from soilscope.report.fonts import Fonts, drawing
from soilscope.report.palette import in_palette
from soilscope.report.plates import Theme
from soilscope.report.reading import Study

Array = np.ndarray[Any, Any]
Job = tuple[int, str]  # kind of figure, result
STEPS = 128  # of a colour bar: no eye sees them
FEW = 12  # figures that are drawn before another process has started
#: Equal results give equal files: no date is written into them.
_UNDATED: dict[str, dict[str, Any]] = {
    "pdf": {"CreationDate": None, "Creator": "soilscope"},
    "svg": {"Date": None, "Creator": "soilscope"},
}


@dataclass(frozen=True)
class Picture:
    """A figure that has been drawn: its files and its words."""

    key: str
    result: str  # what it is made of
    theme: Theme
    title: str
    seen: str
    how: str
    alt: str
    files: tuple[str, ...]  # names in the folder of figures, PNG first
    width: int
    height: int
    data: str  # the PNG in base64
    stacks: tuple[Stack, ...] = ()  # its maps, for readers to explore


def draw_all(
    study: Study, folder: Path, *, formats: Sequence[str], processes: int = 1
) -> list[Picture]:
    """Draw every figure that fits a result, in the order of the page."""
    study = study.pictured
    jobs = [
        (number, name)
        for number, kind in enumerate(FIGURES)
        for name in study.records
        if kind.fits(study, name)
    ]
    here = partial(_draw, study.root, study.fonts, folder, tuple(formats), study=study)
    if processes > 1 and len(jobs) > FEW:
        away = partial(_draw, study.root, study.fonts, folder, tuple(formats))
        drawn = _shared(jobs, here, away, processes - 1)
    else:
        with _frozen():
            drawn = {job: here(job) for job in jobs}
    return [picture for job in jobs for picture in drawn[job]]


def _shared(jobs: list[Job], here: Any, away: Any, helpers: int) -> dict[Job, list[Picture]]:
    """Draw from the end of the list here, and from its start in other processes.

    What the others cannot do (where processes cannot be started) is done here.
    """
    waiting, drawn = deque(jobs), {}
    with ProcessPoolExecutor(helpers, mp_context=get_context("spawn")) as pool, _frozen():
        out: deque[tuple[Job, Future[list[Picture]]]] = deque()
        alive = True
        while waiting or out:
            while alive and waiting and len(out) < 2 * helpers:
                try:
                    out.append((waiting[0], pool.submit(away, waiting[0])))
                    waiting.popleft()
                except (OSError, RuntimeError):
                    alive = False
            while out and (out[0][1].done() or not waiting):
                job, future = out.popleft()
                with suppress(OSError, RuntimeError):  # a broken pool is a RuntimeError
                    drawn[job] = future.result()
                if job not in drawn:
                    alive = False
                    drawn[job] = here(job)
            if waiting:
                job = waiting.pop()
                drawn[job] = here(job)
    return drawn


@contextmanager
def _frozen() -> Iterator[None]:
    """Spare the garbage collector what is there already: it would look at it again and again."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def _draw(
    root: Path,
    fonts: Fonts,
    folder: Path,
    formats: tuple[str, ...],
    job: Job,
    study: Study | None = None,
) -> list[Picture]:
    """Draw the figures of one kind and result; runs in any process."""
    kind, name = FIGURES[job[0]], job[1]
    study = study or _opened(root, fonts.families, tuple(fonts.shown_as.items()))
    pictures = []
    with drawing(study.fonts):
        for plate in kind.plates(study, name):
            figure = plate.draw()
            files = tuple(f"{plate.key}.{suffix}" for suffix in formats)
            for file, suffix in zip(files, formats, strict=True):
                if suffix == "png":
                    write_png(figure, folder / file)
                else:
                    figure.savefig(folder / file, metadata=_UNDATED[suffix])
            width, height = (round(side * figure.dpi) for side in figure.get_size_inches())
            data = base64.b64encode((folder / files[0]).read_bytes()).decode("ascii")
            pictures.append(
                Picture(
                    plate.key,
                    name,
                    kind.theme,
                    plate.title,
                    plate.seen,
                    plate.how,
                    plate.alt,
                    files,
                    width,
                    height,
                    data,
                    stacks_of(study, plate),
                )
            )
    return pictures


@lru_cache(maxsize=1)
def _opened(root: Path, families: tuple[str, ...], shown_as: tuple[tuple[str, str], ...]) -> Study:
    """Return the study as another process sees it; opened once."""
    return Study(root, Fonts(families, dict(shown_as)))


def write_png(figure: Figure, path: Path) -> None:
    """Write a figure as PNG in the colours of a palette."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()  # type: ignore[no-untyped-call]
    about = PngInfo()
    about.add_text("Software", "soilscope")
    rgba = np.asarray(canvas.buffer_rgba())  # type: ignore[no-untyped-call]
    image = in_palette(rgba[..., :3], _bar_colours(figure))
    image.save(path, format="PNG", pnginfo=about, dpi=(figure.dpi, figure.dpi))


def _bar_colours(figure: Figure) -> Array:
    """Colours (n, 3) of the scales of a figure, in small steps."""
    maps = {
        one.cmap.name: one.cmap
        for ax in figure.axes
        for one in (*ax.images, *ax.collections)
        if np.asarray(one.get_array()).ndim in (1, 2) and one.cmap.N > STEPS
    }
    each = STEPS // max(1, len(maps))
    found = [cmap(np.linspace(0, 1, each))[:, :3] for cmap in maps.values()]
    return np.asarray(np.rint(np.concatenate([np.empty((0, 3)), *found]) * 255))
