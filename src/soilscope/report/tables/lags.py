"""Table of a lag profile: one driver at several lags."""

import pandas as pd

from soilscope.report.drivers import circular_note, driver_name, significance
from soilscope.report.lags import lag_family
from soilscope.report.reading import Study, as_places, grid_dims, place_dim, place_names
from soilscope.report.tables.table import Table, count, p_value, two
from soilscope.report.words import file_stem, sentences


def lag_table(study: Study, name: str) -> Table | None:
    """List the coefficients of the lagged driver by place, layer and lag."""
    family = lag_family(study, name)
    if grid_dims(study.data(name)) is not None or family is None or name != family.results[0]:
        return None
    rows = []
    for lag, result in zip(family.lags, family.results, strict=True):
        ds = as_places(study.data(result).sel(driver=family.driver)).load()
        dim = str(place_dim(ds))
        for i, place in enumerate(place_names(ds)):
            for j, layer in enumerate(study.layers(ds)):
                one = ds.isel({dim: i, "depth": j})
                values = {"n": float(one["n_obs"])}
                values |= {v: float(one[v]) for v in ("standardized_coefficient", "p_value")}
                rows.append({dim: place, "layer": layer, "lag": float(lag)} | values)
    driver = driver_name(family.driver)
    return Table(
        file_stem("lags", family.driver, name), name, "drivers",
        f"{driver[0].upper()}{driver[1:]} of the months before",
        f"Standardised coefficient of {driver} lagged by so many months, the other drivers of the "
        + sentences(f"same month; not significant: {significance(study, name)[1]}.",
                    circular_note(study.data(name).sel(driver=[family.driver]))),
        pd.DataFrame(rows).sort_values([dim, "layer", "lag"], kind="stable"),
        {"lag": "lag (months)", "standardized_coefficient": "standardised", "p_value": "p"},
        {"lag": count, "n": count, "standardized_coefficient": two, "p_value": p_value},
    )  # fmt: skip
