"""The inputs of a study file, read and checked: products, paths, options, names of variables."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from soilscope.study.download_spec import read_download
from soilscope.study.paths import named_paths, read_paths
from soilscope.study.products import (
    ALWAYS,
    TWINS,
    option_faults,
    product_names,
    product_options,
    variables_of,
)
from soilscope.study.schema import faults_of, unknown
from soilscope.study.spec import InputSpec
from soilscope.study.yaml_lines import Document, Location

APART_KEYS = ("grid", "calendar")
#: Keys of an input that its product does not take.
_OF_STUDY = ("product", "paths", "suffix", "download", *APART_KEYS)


def read_inputs(
    value: Mapping[str, Any],
    roots: Mapping[str, Path | None],
    document: Document,
    needs_files: bool,
) -> tuple[dict[str, InputSpec], set[str] | None]:
    """Read every input; with them the names of all variables, or None where files must say."""
    given = value.get("inputs")
    if not isinstance(given, Mapping) or not given:
        document.fault(("inputs",), "inputs is missing or empty; name at least one product.")
        return {}, None
    inputs: dict[str, InputSpec] = {}
    variables: set[str] | None = set(ALWAYS)
    owners: dict[str, str] = {}
    for name, content in given.items():
        spec = _read_input(name, content, roots, document, needs_files)
        brought = variables_of(spec.product, spec.options) if spec is not None else None
        if spec is not None and spec.suffix is not None and brought is not None:
            brought = tuple(f"{variable}_{spec.suffix}" for variable in brought)
        if spec is not None:
            inputs[name] = spec
            if spec.apart:
                _check_apart(name, spec, value, document)
                continue
        for variable in brought or ():
            if owners.setdefault(variable, name) != name:
                text = (
                    f"{variable!r} is already brought by the input {owners[variable]!r}; give one "
                    f"of them a suffix, as in suffix: {spec.product if spec else name}."
                )
                document.fault(("inputs", name, "variables", variable), text)
        variables = None if brought is None or variables is None else variables | set(brought)
    return inputs, variables


def _read_input(
    name: str,
    content: Any,
    roots: Mapping[str, Path | None],
    document: Document,
    needs_files: bool,
) -> InputSpec | None:
    where = ("inputs", name)
    if not isinstance(content, Mapping):
        document.fault(where, f"the input {name!r} must be a mapping with product and paths.")
        return None
    product = content.get("product")
    if product not in product_names():
        kind = "product is missing; there are: " + ", ".join(product_names()) + "."
        text = kind if product is None else unknown(str(product), product_names(), kind="product")
        document.fault((*where, "product"), text)
        return None
    before = len(document.faults)
    suffix = content.get("suffix")
    if suffix is not None and not (isinstance(suffix, str) and suffix.isidentifier()):
        document.fault((*where, "suffix"), f"suffix is {suffix!r}; give a word, as in era5_land.")
        suffix = None
    own = {key: content.get(key, "study") for key in APART_KEYS}
    for key, word in own.items():
        if word not in ("study", "own"):
            document.fault((*where, key), f"{key} is {word!r}; it is study (default) or own.")
            own[key] = "study"
    options = _read_options(product, content, document, where)
    download = read_download(content, product, document, where)
    paths = _read_input_paths(name, product, content, roots, document, needs_files)
    if len(document.faults) > before and not isinstance(options.get("variables"), (dict, list)):
        return None
    return InputSpec(
        product=product, paths=paths, options=options, suffix=suffix, download=download, **own
    )


def _check_apart(name: str, spec: InputSpec, value: Mapping[str, Any], document: Document) -> None:
    """Refuse what an input that stands apart cannot have."""
    where = ("inputs", name)
    grid = value.get("grid")
    if spec.suffix is not None:
        document.fault((*where, "suffix"), f"{name} stands apart and needs no suffix: {name}.NAME.")
    if isinstance(grid, Mapping) and grid.get("like") == name and spec.grid == "own":
        document.fault((*where, "grid"), f"the study's grid is like {name}; leave grid: own out.")


def _read_options(
    product: str, content: Mapping[str, Any], document: Document, where: Location
) -> dict[str, Any]:
    given = {key: item for key, item in content.items() if key not in _OF_STUDY}
    parameters = product_options(product)
    try:
        options = parameters.model(**given).model_dump(exclude_unset=True)
    except ValidationError as error:
        for key, text in faults_of(error, {"paths": str, **parameters.hints}, given).items():
            document.fault((*where, key), text)
        return given
    if product not in TWINS:
        for key, text in option_faults(product, options).items():
            document.fault((*where, key), text)
    return options


def _read_input_paths(
    name: str,
    product: str,
    content: Mapping[str, Any],
    roots: Mapping[str, Path | None],
    document: Document,
    needs_files: bool,
) -> tuple[Path, ...]:
    where = ("inputs", name, "paths")
    if product in TWINS:
        for key in ("paths", "download"):
            if key in content:
                document.fault((*where[:2], key), f"{product} is synthetic and has no {key}.")
        return ()
    if "paths" not in content:
        document.fault(where, f"the input {name!r} has no paths.")
        return ()
    if not needs_files:
        return named_paths(content["paths"], roots, document, where)
    before = len(document.faults)
    paths = read_paths(content["paths"], roots, document, where)
    if "download" in content and len(document.faults) > before:
        document.fault(where, f"soilscope download {document.path.name} fetches what is missing.")
    return paths
