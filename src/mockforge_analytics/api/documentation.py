"""The documentation of the routes as one page: no script, nothing from elsewhere, made from the OpenAPI document."""

from __future__ import annotations

import json
import re
from html import escape
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

__all__ = ["STYLE_NAME", "page"]

STYLE_NAME: Final = "docs.css"
_CODE: Final = re.compile(r"`([^`]+)`")
_METHODS: Final = ("get", "post", "put", "patch", "delete")
_REF: Final = "#/components/schemas/"
_SHOWN: Final = 8  # values of a list of accepted ones

Object = dict[str, Any]


def page(document: Object, base_path: str) -> str:
    """Return `document` (OpenAPI) as HTML; its links are relative to `base_path`, under which the page lies."""
    schemas = document.get("components", {}).get("schemas", {})
    operations = list(_operations(document))
    tags = list(dict.fromkeys(tag for _, _, operation in operations for tag in operation.get("tags", ["other"])))
    parts = [_head(document["info"])]
    for tag in tags:
        chosen = [found for found in operations if tag in found[2].get("tags", ["other"])]
        links = "".join(f'<li><a href="#{escape(o["operationId"])}">{escape(path)}</a></li>' for path, _, o in chosen)
        parts.append(f"<h2>{escape(tag)}</h2><ul class=index>{links}</ul>")
    parts += [_operation(path, method, found, schemas, base_path) for path, method, found in operations]
    return "\n".join([*parts, "</main></body></html>"])


def _operations(document: Object) -> Iterator[tuple[str, str, Object]]:
    for path, methods in document["paths"].items():
        for method in _METHODS:
            if method in methods:
                yield path, method, methods[method]


def _head(info: Object) -> str:
    title = escape(f"{info['title']} {info['version']}")
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<link rel="stylesheet" href="{STYLE_NAME}"></head><body><main><h1>{title}</h1>'
        f'<p>{_text(info.get("description", ""))}</p><p><a href="openapi.json">openapi.json</a></p>'
    )


def _text(text: str) -> str:
    """Return `text` as HTML, what is in backticks as code."""
    return _CODE.sub(r"<code>\1</code>", escape(text, quote=False))


def _operation(path: str, method: str, operation: Object, schemas: Mapping[str, Object], base_path: str) -> str:
    parameters = operation.get("parameters", [])
    name = escape(operation["operationId"])
    parts = [
        f'<section id="{name}"><h3><span class=method>{method.upper()}</span> {escape(path)}</h3>',
        f"<p>{_text(operation.get('description', ''))}</p>",
    ]
    if method == "get":
        address = _example(path, parameters)
        link = "../" * base_path.count("/") + address.removeprefix("/")
        if address.startswith(f"{base_path}/"):
            link = address.removeprefix(f"{base_path}/")
        parts.append(f'<p><a href="{escape(link)}"><code>{escape(address)}</code></a></p>')
    if parameters:
        rows = "".join(_parameter(parameter) for parameter in parameters)
        parts.append(f"<table><tr><th>parameter<th>type<th>meaning</tr>{rows}</table>")
    if body := operation.get("requestBody"):
        parts.append(f"<h4>body</h4>{_contents(body, schemas)}")
    for status, response in operation.get("responses", {}).items():
        shown = _contents(response, schemas)
        parts.append(
            f"<details{' open' if status == '200' else ''}><summary>{escape(status)} "
            f"{_text(response.get('description', ''))}</summary>{shown}</details>"
        )
    return "".join([*parts, "</section>"])


def _example(path: str, parameters: Sequence[Object]) -> str:
    """Return an address that can be asked: what is required, and the range of time."""
    shown = [p for p in parameters if p.get("required") or p["name"] == "duration"]
    query = urlencode({p["name"]: p["example"] for p in shown if "example" in p})
    return f"{path}?{query}" if query else path


def _parameter(parameter: Object) -> str:
    schema = parameter.get("schema", {})
    notes = [_text(parameter.get("description", ""))]
    if "default" in schema:
        notes.append(f"Default <code>{escape(str(schema['default']))}</code>.")
    if "example" in parameter:
        example = parameter["example"]
        shown = example[0] if isinstance(example, list) else example
        notes.append(f"Example: <code>{escape(str(shown))}</code>")
    required = " (required)" if parameter.get("required") else ""
    return f"<tr><td><code>{escape(parameter['name'])}</code>{required}<td>{_type(schema)}<td>{' '.join(notes)}</tr>"


def _contents(holder: Object, schemas: Mapping[str, Object]) -> str:
    parts = []
    for media_type, content in holder.get("content", {}).items():
        parts.append(f"<p><code>{escape(media_type)}</code></p>{_fields(content.get('schema', {}), schemas)}")
    return "".join(parts)


def _resolved(schema: Object, schemas: Mapping[str, Object]) -> Object:
    """Return the object that a schema is, or holds, where it is a reference, a list or may be null."""
    if "$ref" in schema:
        return schemas[schema["$ref"].removeprefix(_REF)]
    if "items" in schema:
        return _resolved(schema["items"], schemas)
    for choice in schema.get("anyOf", []):
        if choice.get("type") != "null":
            return _resolved(choice, schemas)
    return schema


def _fields(schema: Object, schemas: Mapping[str, Object]) -> str:
    """Return the fields of an object as nested lists; nothing for what has none."""
    found = _resolved(schema, schemas)
    rows = []
    for name, field in found.get("properties", {}).items():
        examples = field.get("examples", [])
        example = f" <code>{escape(json.dumps(examples[0]))}</code>" if examples else ""
        rows.append(
            f"<li><code>{escape(name)}</code> <span class=type>{_type(field)}</span> "
            f"{_text(field.get('description', ''))}{example}{_fields(field, schemas)}</li>"
        )
    return f"<ul>{''.join(rows)}</ul>" if rows else ""


def _type(schema: Object) -> str:
    """Return the type of a value in words."""
    if "$ref" in schema:
        return "object"
    if "enum" in schema:
        values = [escape(str(value)) for value in schema["enum"]]
        return " | ".join([*values[:_SHOWN], *(["…"] if len(values) > _SHOWN else [])])
    if "anyOf" in schema:
        return " | ".join(_type(choice) for choice in schema["anyOf"])
    if schema.get("type") == "array":
        return f"[{_type(schema.get('items', {}))}]"
    bounds = [f"{sign} {schema[key]:g}" for key, sign in (("minimum", "≥"), ("maximum", "≤")) if key in schema]
    return " ".join([str(schema.get("type", "any")), *bounds])
