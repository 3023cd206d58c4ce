"""Table of droughts from layer to layer."""

import pandas as pd

from soilscope.report.events import onset_method
from soilscope.report.reading import Study, as_places, grid_dims, place_dim, place_names
from soilscope.report.tables.table import Table, count, share, two
from soilscope.report.words import STATUS, file_stem, flags

_COLUMNS = ("onset_delay", "onset_delay_low", "onset_delay_high", "reached_share",
            "reached_share_chance", "n_onsets", "n_under_way")  # fmt: skip


def onsets(study: Study, name: str) -> Table | None:
    """List delay and share of each place and layer but the first."""
    ds = study.data(name)
    if grid_dims(ds) is not None:
        return None
    ds = as_places(ds).load()
    dim, words, layers = str(place_dim(ds)), flags(ds["status"]), study.layers(ds)
    rows = []
    for i, place in enumerate(place_names(ds)):
        for j, layer in enumerate(layers[1:], start=1):
            one = ds.isel({dim: i, "depth": j})
            word = words.get(int(one["status"]), "ok").replace(" ", "_")
            row: dict[str, str | float] = {dim: place, "layer": layer, "above": layers[j - 1]}
            row |= {v: float(one[v]) for v in _COLUMNS}
            rows.append(row | {"status": STATUS.get(word, word)})
    method = onset_method(study, name)
    return Table(
        file_stem("onsets", name), name, "events", f"Droughts from layer to layer ({name})",
        f"{method[0].upper()}{method[1:]}.",
        pd.DataFrame(rows),
        {"above": "layer above", "onset_delay": "median delay (months)", "onset_delay_low":
         "lower quartile", "onset_delay_high": "upper quartile", "reached_share": "arrive",
         "reached_share_chance": "by chance", "n_onsets": "droughts above",
         "n_under_way": "left out: drought below"},
        {"onset_delay": two, "onset_delay_low": two, "onset_delay_high": two,
         "reached_share": share, "reached_share_chance": share, "n_onsets": count,
         "n_under_way": count},
    )  # fmt: skip
