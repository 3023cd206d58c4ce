"""What semivariograms found: over which distances values are alike, and how much is chance."""

from collections.abc import Iterator

from soilscope.report.reading import Study
from soilscope.report.variogram_words import ranges_seen
from soilscope.report.variograms import panels_of


def ranges_found(study: Study) -> Iterator[tuple[str, str]]:
    """Ranges and nuggets of the first fitted semivariograms."""
    for name in list(study.of_step("fit_variogram"))[:1]:
        panels = panels_of(study, name)
        if any(one.fit is not None for panel in panels for one in panel.series):
            yield name, f"Semivariograms ({name}): {_lower(ranges_seen(panels))}"


def _lower(sentence: str) -> str:
    return sentence[0].lower() + sentence[1:]
