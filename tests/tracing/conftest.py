"""The process's tracer is one; each test gets one of its own, and leaves the world as it was."""

import pytest

from chalicelib.tracing import tracer as _  # noqa: F401  # the module below, whose name the function has
from chalicelib.tracing.current import BAGGAGE, INVOCATION, PARENT
from chalicelib.tracing.tracer import _process
from tests.tracing.lambda_world import in_lambda


@pytest.fixture(autouse=True)
def own_tracer(monkeypatch):
    for name in ("_X_AMZN_TRACE_ID", "AWS_LAMBDA_FUNCTION_NAME"):
        monkeypatch.delenv(name, raising=False)
    before = _process[:]
    tokens = [
        (variable, variable.set(empty)) for variable, empty in ((PARENT, None), (INVOCATION, None), (BAGGAGE, ()))
    ]
    yield
    for variable, token in tokens:
        variable.reset(token)
    _process[:] = before


@pytest.fixture
def recorder():
    return in_lambda()
