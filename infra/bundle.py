"""Chalice's bundle made to start fast: byte code beside every module, and nothing that is never loaded.

    python infra/bundle.py build/dev/deployment.zip

rewrites the file. Lambda unpacks it where the function cannot write, so a module without byte code would be compiled
again by every cold start. The byte code is PEP 552's with an unchecked hash: it counts whatever the source's date is,
which the zip does not keep. A module that does not compile (a template, Python 2) stays as it is.

The same sources, interpreter and zlib give the same bytes: names are sorted, dates fixed. Which objects marshal marks
as shared depends on who else holds them, so this runs in a process of its own that has done nothing before.
"""

import importlib.util
import marshal
import sys
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

LAMBDA_ROOT = "/var/task"  # where the bundle is unpacked; a file name that is right needs no mending at import
CODE_ENDINGS = (".pyc", ".pyo")
UNCHECKED_HASH = (0b01).to_bytes(4, "little")
EARLIEST = (1980, 1, 1, 0, 0, 0)
READABLE_BY_ALL = 0o100644 << 16

# What the function calls, each also in its policy. The SDK lists the descriptions of all services before it reads one.
SERVICES = frozenset({"dynamodb", "sqs"})
OF_OTHER_PYTHONS = ("zstandard/_cffi.", "zstandard/backend_cffi.py")  # CPython has zstandard's backend_c


def rewrite(bundle: Path) -> None:
    """Replace the zip file by one with byte code. Raises OSError and zipfile.BadZipFile, and then leaves it alone."""
    finished = bundle.with_suffix(".new")
    with ZipFile(bundle) as given, ZipFile(finished, "w", ZIP_DEFLATED) as made:
        for name, content in sorted(_with_byte_code(given, filter(is_wanted, given.namelist()))):
            made.writestr(_entry(name), content)
    finished.replace(bundle)


def is_wanted(name: str) -> bool:
    """Whether a file of Chalice's bundle belongs into ours; byte code that lay about is of unknown origin."""
    parts = PurePosixPath(name).parts
    if parts[:2] in {("botocore", "data"), ("boto3", "data")} and len(parts) > 3:  # <library>/data/<service>/<file>
        return parts[2] in SERVICES
    return not name.startswith(OF_OTHER_PYTHONS) and not name.endswith(CODE_ENDINGS)


def byte_code(name: str, source: bytes) -> bytes:
    """What Python would keep in __pycache__ for this file of the bundle. Raises SyntaxError and ValueError."""
    with warnings.catch_warnings(action="ignore"):  # other people's escapes
        code = compile(source, f"{LAMBDA_ROOT}/{name}", "exec", dont_inherit=True, optimize=0)
    header = importlib.util.MAGIC_NUMBER + UNCHECKED_HASH + importlib.util.source_hash(source)
    return header + marshal.dumps(code)


def _with_byte_code(bundle: ZipFile, names: Iterable[str]) -> Iterator[tuple[str, bytes]]:
    for name in sorted(names):
        content = bundle.read(name)
        yield name, content
        if not name.endswith(".py"):
            continue
        try:
            yield importlib.util.cache_from_source(name, optimization=""), byte_code(name, content)
        except (SyntaxError, ValueError):
            continue


def _entry(name: str) -> ZipInfo:
    entry = ZipInfo(name, EARLIEST)
    entry.external_attr = READABLE_BY_ALL
    entry.compress_type = ZIP_DEFLATED
    return entry


if __name__ == "__main__":
    rewrite(Path(sys.argv[1]))
