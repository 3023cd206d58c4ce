"""The command `update`: the months that came since are made part of the cube's base."""

from functools import partial

from soilscope.cli.arguments import ResultsFolder, require_results
from soilscope.cli.progress import shown
from soilscope.cli.voice import Voice


def update(results: ResultsFolder, *, voice: Voice) -> None:
    """Make the months that came since part of the cube's base, which is read faster so.

    A run writes new months behind the base, which stays as it is; no value changes here, and
    nothing has to be run again.
    """
    from soilscope.study.grow import Progress
    from soilscope.study.lock import claim
    from soilscope.study.store import CUBE, INPUT, Store, intact
    from soilscope.study.tails import merge

    require_results(results)
    store = Store(results)
    study = store.manifest["study"]
    with shown(voice) as progress, claim(results, study=study), intact(store):
        inputs = [name for name in store.names() if store.record(name).step in (CUBE, INPUT)]

        def tell(name: str, done: int, total: int) -> None:
            progress.heard(Progress(name, "update", done, total))

        n_tails = sum(merge(store, name=name, report=partial(tell, name)) for name in inputs)
    months = store.open(CUBE).sizes["time"]
    text = f"{n_tails} tail(s) are part of the base now" if n_tails else "there was no tail"
    voice.detail(f"{text}; the cube has {months} steps")
    voice.made(results)
