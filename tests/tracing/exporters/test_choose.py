import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from chalicelib.tracing.exporters import choose
from tests.tracing.exporters.recorded import batch, span


@dataclass(frozen=True)
class Choice:
    exporter: str
    endpoint: str = "http://localhost:4318/v1/traces"
    headers: tuple[tuple[str, str], ...] = ()
    timeout_ns: int = 10**9
    queue_url: str = "https://sqs.eu-central-1.amazonaws.com/123456789012/spans"
    service_name: str = "orders"
    start_line: bool = False


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("stdout", "StdoutExporter"),
        ("otel-stdout", "OtelStdoutExporter"),
        ("http", "HttpExporter"),
        ("sqs", "SqsExporter"),
        ("none", "NoExporter"),
    ],
)
def test_each_name_is_an_exporter(name, kind):
    assert type(choose(Choice(name))).__name__ == kind


def test_a_name_that_none_has_is_an_error_that_lists_them():
    with pytest.raises(ValueError, match="no exporter 'jaeger'; there are stdout, otel-stdout, http, sqs, none"):
        choose(Choice("jaeger"))


def test_none_says_nothing(capfd):
    exporter = choose(Choice("none"))
    exporter.start(batch(span()))
    exporter.export(batch(span()))
    assert capfd.readouterr().out == ""


@pytest.mark.parametrize("name", ["stdout", "otel-stdout", "http", "sqs", "none"])
def test_choosing_imports_nothing_that_a_cold_start_would_feel(name):
    """http.client and botocore come with the first export, and then only where they are used."""
    command = [sys.executable, "-I", "-c", SCRIPT, str(ROOT), name]
    finished = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
    assert not set(finished.stdout.split()) & COSTLY


ROOT = Path(__file__).parents[3]
COSTLY = {
    "asyncio", "botocore", "contextlib", "dataclasses", "datetime", "hashlib", "http.client", "logging", "random",
    "select", "socket", "ssl", "threading", "typing", "urllib.parse", "uuid",
}  # fmt: skip
SCRIPT = """
import sys
sys.path.insert(0, sys.argv[1])
class Config:
    exporter, endpoint, headers, timeout_ns = sys.argv[2], "http://localhost:4318/v1/traces", (), 10**9
    queue_url, service_name, start_line = "https://sqs.eu-central-1.amazonaws.com/1/spans", "orders", True
from chalicelib.tracing.exporters import choose
choose(Config)
print(*sys.modules)
"""
