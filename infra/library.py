"""The function-side library under its public name: a wheel, and a Lambda layer.

    python -m infra.library build/library

copies chalicelib/tracing and chalicelib/propagation into build/library/source/spanfold, whose `__init__` re-exports
tracing, and writes beside it spanfold-<version>-py3-none-any.whl and spanfold-layer.zip (python/spanfold/…, with byte
code for the Python that builds it, since a function cannot write its own). Nothing is fetched: setuptools is installed.
The same sources give the same bytes.
"""

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

from chalicelib.tracing import __all__ as public_names
from chalicelib.tracing.version import VERSION
from infra.package import rewrite

ROOT = Path(__file__).parent.parent
NAME = "spanfold"
PACKAGES = ("propagation", "tracing")
EARLIEST_S = 315_532_800  # 1980-01-01, before which a zip knows no date

INIT = '''"""Spanfold in a function: traces of Lambda handlers, Chalice apps and what they call.

    from spanfold import traced, span, records

Every name is one of spanfold.tracing, and is imported when it is first asked for.
"""

from . import tracing as _tracing
from .tracing import span as span
from .tracing import tracer as tracer

TYPE_CHECKING = False
if TYPE_CHECKING:
{imports}

__all__ = {names}


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {{__name__!r}} has no attribute {{name!r}}")
    found = getattr(_tracing, name)
    globals()[name] = found
    return found
'''

HANDLER = '''"""See spanfold.tracing.handler."""

from .tracing.handler import handler as handler
'''

# https://packaging.python.org, "Writing your pyproject.toml"; `py.typed` is PEP 561's.
PYPROJECT = f"""[build-system]
requires = ["setuptools>=77"]
build-backend = "setuptools.build_meta"

[project]
name = "{NAME}"
version = "{VERSION}"
description = "Traces of AWS Lambda functions: every carrier, no dependency, a cold start of milliseconds"
readme = "README.md"
requires-python = ">=3.11"
license = "Apache-2.0"
license-files = ["LICENSE", "NOTICE"]
keywords = ["tracing", "opentelemetry", "aws-lambda", "chalice", "serverless"]
dependencies = []

[tool.setuptools.packages.find]
include = ["{NAME}", "{NAME}.*"]

[tool.setuptools.package-data]
{NAME} = ["py.typed"]
"""

README = """# spanfold

Distributed tracing inside AWS Lambda functions, without dependencies.

```python
from spanfold import instrument, records, span, traced

instrument()


@traced
def handler(event, context):
    for record in records(event):
        with span("charge", order=record["messageId"]):
            ...
```

Spans leave as lines of the function's log, over OTLP/HTTP, or through SQS; see docs/tracing.md of the Spanfold project.
"""


class LibraryError(Exception):
    """The wheel was not built."""


def copy(target: Path) -> Path:
    """Put the library into `target`/spanfold, replacing what is there; that directory."""
    package = target / NAME
    shutil.rmtree(package, ignore_errors=True)
    for name in PACKAGES:
        ignored = shutil.ignore_patterns("__pycache__", "*.pyc")
        shutil.copytree(ROOT / "chalicelib" / name, package / name, ignore=ignored)
    package.joinpath("__init__.py").write_text(_init(), encoding="utf-8")
    package.joinpath("handler.py").write_text(HANDLER, encoding="utf-8")
    package.joinpath("py.typed").write_text("", encoding="utf-8")
    return package


def build_wheel(source: Path, target: Path) -> Path:
    """A wheel of the copy in `source`, in `target`. Raises LibraryError with what the build said."""
    source.joinpath("pyproject.toml").write_text(PYPROJECT, encoding="utf-8")
    source.joinpath("README.md").write_text(README, encoding="utf-8")
    for name in ("LICENSE", "NOTICE"):
        shutil.copy2(ROOT / name, source / name)
    code = "import sys; from setuptools.build_meta import build_wheel; build_wheel(sys.argv[1])"
    built = subprocess.run(  # noqa: S603  # our words
        [sys.executable, "-I", "-c", code, str(target.absolute())],
        cwd=source,
        env={**os.environ, "SOURCE_DATE_EPOCH": str(EARLIEST_S)},
        check=False,
        capture_output=True,
        text=True,
    )
    if built.returncode:
        raise LibraryError(f"{built.stdout}{built.stderr}")
    return target / f"{NAME}-{VERSION}-py3-none-any.whl"


def build_layer(source: Path, target: Path) -> Path:
    """A Lambda layer of the copy in `source`, in `target`."""
    layer = target / f"{NAME}-layer.zip"
    with ZipFile(layer, "w", ZIP_DEFLATED) as archive:
        for path in _files(source / NAME):
            archive.write(path, Path("python") / path.relative_to(source))
    rewrite(layer)
    return layer


def build(target: Path) -> tuple[Path, Path]:
    """The wheel and the layer, in `target`. Raises LibraryError."""
    source = target / "source"
    shutil.rmtree(source, ignore_errors=True)
    source.mkdir(parents=True)
    copy(source)
    layer = build_layer(source, target)  # the wheel's build leaves files of its own in the source
    return build_wheel(source, target), layer


def _init() -> str:
    names = sorted(public_names)
    imports = "\n".join(
        f"    from .tracing import {name} as {name}" for name in names if name not in ("span", "tracer")
    )
    listed = "".join(f'\n    "{name}",' for name in names)
    return INIT.format(imports=imports, names=f"[{listed}\n]")


def _files(package: Path) -> Iterator[Path]:
    return (path for path in sorted(package.rglob("*")) if path.is_file() and "__pycache__" not in path.parts)


def main(arguments: Sequence[str]) -> int:
    """Build both; 0, or 1 with the reason on standard error."""
    parser = argparse.ArgumentParser(prog="python -m infra.library")
    parser.add_argument("target", type=Path)
    target = parser.parse_args(arguments).target
    try:
        wheel, layer = build(target)
    except LibraryError as error:
        print(f"not built: {error}", file=sys.stderr)
        return 1
    for path in (wheel, layer):
        print(f"{path}: {path.stat().st_size / 1e3:.0f} kB")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
