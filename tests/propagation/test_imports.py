"""The package is half of a library whose import every cold start pays."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
FORMATS = (
    "app_insights", "b3", "b3_multi", "baggage", "cloud_trace", "composite", "datadog", "environment", "jaeger",
    "probability", "w3c", "xray",
)  # fmt: skip
COSTLY = {
    "typing", "dataclasses", "logging", "uuid", "hashlib", "urllib", "http", "ssl", "threading", "datetime", "random",
    "asyncio", "msgspec", "google", "boto3", "botocore", "chalice", "opentelemetry",
}  # fmt: skip


def test_formats_are_read_without_anything_that_is_costly_to_import():
    imports = "; ".join(f"import chalicelib.propagation.{name}" for name in FORMATS)
    code = f"import sys; sys.path.insert(0, {str(ROOT)!r}); {imports}; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=True)  # noqa: S603
    assert COSTLY & {name.partition(".")[0] for name in loaded.stdout.split()} == set()
