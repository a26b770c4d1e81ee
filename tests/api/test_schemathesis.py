"""Generated requests for every documented operation: no fault of the server, and every answer as documented."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.api.traffic import ROWS
from tests.support.documents import document
from tests.support.server import Served, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

EXAMPLES = {GenerationMode.POSITIVE: 20, GenerationMode.NEGATIVE: 10}  # of each operation
CHECKS: Any = [not_a_server_error, content_type_conformance, response_schema_conformance, status_code_conformance]
SCHEMA: Any = schemathesis.openapi.from_dict(document())
OPERATIONS = [found.ok() for found in SCHEMA.get_all_operations()]
CASES = [
    pytest.param(operation, mode, id=f"{operation.label} {mode.value}")
    for operation in OPERATIONS
    for mode in EXAMPLES
    if mode is GenerationMode.POSITIVE or operation.query or operation.body or operation.headers
]


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Return a server of its own: some of what is generated is stored."""
    # The server outlives the test of the first large body, so would the process that reads such bodies.
    with serving(tmp_path_factory.mktemp("generated"), ROWS, ingest={"processes": 0}) as running:
        yield running


@pytest.mark.parametrize(("operation", "mode"), CASES)
def test_every_operation_is_as_documented(generated: Served, operation: Any, mode: GenerationMode) -> None:
    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(max_examples=EXAMPLES[mode], suppress_health_check=list(HealthCheck), database=None)
    def ask(case: Any) -> None:
        response = case.call(base_url=generated.url, timeout=30)
        case.validate_response(response, checks=CHECKS)

    ask()
