"""Write the routes of docs/api.md from the OpenAPI document: `python -m scripts.api_reference` in the checkout."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from mockforge_analytics.api import parameters
from mockforge_analytics.api.app import BASE_PATH
from mockforge_analytics.api.routes.mockforge import MOCKFORGE_PATH
from scripts.api_examples import EXAMPLES
from tests.support.documents import Operation, document, operations

if TYPE_CHECKING:
    from collections.abc import Iterator

TARGET: Final = Path(__file__).resolve().parents[1] / "docs" / "api.md"
BEGIN: Final = "<!-- routes: made by scripts/api_reference.py -->"
END: Final = "<!-- end of routes -->"
_MOCKFORGE: Final = ("<!-- mockforge: made by scripts/api_reference.py -->", "<!-- end of mockforge -->")
_FIGURES: Final = (
    "latency_count",
    "avg_latency_ms",
    "p50_latency_ms",
    "p95_latency_ms",
    "p99_latency_ms",
    "min_latency_ms",
    "max_latency_ms",
)
_SHARED: Final = {parameter["name"] for parameter in (*parameters.TIMES, *parameters.FILTERS)}


def page() -> str:
    """Return the page with its routes as they are now."""
    text = TARGET.read_text()
    for (begin, end), part in (((BEGIN, END), routes()), (_MOCKFORGE, mockforge_routes())):
        before, _, rest = text.partition(begin)
        _, _, after = rest.partition(end)
        text = f"{before}{begin}\n\n{part}\n{end}{after}"
    return text


def routes() -> str:
    """Return one section a route that answers questions."""
    chosen = [o for o in operations() if o.method == "get" and o.name in EXAMPLES and o.path.startswith(BASE_PATH)]
    return "\n".join(line for operation in chosen for line in _section(operation))


def mockforge_routes() -> str:
    """Return one section a route that MockForge's older widgets ask."""
    chosen = [o for o in operations() if o.path.startswith(MOCKFORGE_PATH)]
    return "\n".join(line for operation in chosen for line in _mockforge_section(operation))


def _mockforge_section(operation: Operation) -> Iterator[str]:
    yield f"### GET {operation.path}\n"
    yield " ".join(operation.details["description"].split()) + "\n"
    yield from _parameters(operation)
    yield from _answer(operation)


def _section(operation: Operation) -> Iterator[str]:
    example = EXAMPLES[operation.name]
    yield f"### GET {operation.path.removeprefix(f'{BASE_PATH}/')}\n"
    yield " ".join(operation.details["description"].split()) + "\n"
    yield from _parameters(operation)
    yield from _answer(operation)
    for language, code in (("sh", example.curl()), ("python", example.python()), ("js", example.javascript())):
        yield f"```{language}\n{code}\n```\n"


def _parameters(operation: Operation) -> Iterator[str]:
    own = [p for p in operation.parameters if p["name"] not in _SHARED or p["required"]]
    shared = [f"`{p['name']}`" for p in operation.parameters if p not in own]
    if shared:
        yield f"Takes {', '.join(shared)}" + (" and\n" if own else ".\n")
    if own:
        yield "| parameter | meaning |\n| --- | --- |"
        for parameter in own:
            needed = "Required. " if parameter["required"] else ""
            yield f"| `{parameter['name']}`{_accepted(parameter)} | {needed}{parameter['description']} |"
        yield ""


def _accepted(parameter: dict[str, Any]) -> str:
    schema = parameter["schema"]
    if "minimum" in schema:
        return f" {schema['minimum']} to {schema['maximum']}" + _default(schema)
    return (" " + ", ".join(f"`{value}`" for value in schema["enum"]) if "enum" in schema else "") + _default(schema)


def _default(schema: dict[str, Any]) -> str:
    return f", default {schema['default']}" if "default" in schema else ""


def _answer(operation: Operation) -> Iterator[str]:
    content = operation.details["responses"]["200"]["content"].get("application/json")
    if content is None:
        return
    schema = _object(content["schema"])
    data = schema["properties"].get("data")
    yield "`data`:\n" if data else "Each item:\n"
    yield from _fields(_object(data) if data else schema, "")
    yield ""


def _object(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the object that a schema is, lists or refers to; what has no fields as it is."""
    if "$ref" in schema:
        found: dict[str, Any] = document()["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
        return found
    if "items" in schema:
        return _object(schema["items"])
    choices = [choice for choice in schema.get("anyOf", ()) if choice.get("type") != "null"]
    return _object(choices[0]) if choices else schema


def _fields(schema: dict[str, Any], indent: str) -> Iterator[str]:
    properties = schema.get("properties", {})
    has_figures = set(_FIGURES) <= set(properties)
    for name, field in properties.items():
        if (has_figures and name in _FIGURES) or name == "meta":
            continue
        text = field.get("description", "")
        yield f"{indent}- `{name}` {_type(field)}{f': {text}' if text else ''}"
        yield from _fields(_object(field), f"{indent}  ")
    if has_figures:
        yield f"{indent}- the [latency figures](#latency-figures)"
    if "meta" in properties:
        yield f"{indent}- [`meta`](#meta)"


def _type(schema: dict[str, Any]) -> str:
    if "anyOf" in schema:
        return " or ".join(_type(choice) for choice in schema["anyOf"])
    if "$ref" in schema:
        return "object"
    if schema.get("type") == "array":
        return f"list of {_type(schema['items'])}s"
    return str(schema.get("type", "any value"))


if __name__ == "__main__":
    TARGET.write_text(page())
