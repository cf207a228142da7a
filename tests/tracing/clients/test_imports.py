"""A client is instrumented when it is imported, and one that never is costs nothing."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from chalicelib.tracing.clients.imports import no_longer, when_imported

HEAVY = {
    "typing",
    "dataclasses",
    "logging",
    "uuid",
    "hashlib",
    "urllib",
    "http",
    "ssl",
    "threading",
    "datetime",
}
ALONE = {"random", "asyncio", "botocore", "boto3", "urllib3", "requests", "httpx"} | HEAVY


@pytest.fixture
def name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    (tmp_path / "imported_once.py").write_text("LOADED = True\n")
    (tmp_path / "broken_once.py").write_text("raise ValueError\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield "imported_once"
    no_longer("imported_once")
    sys.modules.pop("imported_once", None)


def test_an_act_follows_the_import_once(name: str) -> None:
    seen = []
    when_imported(name, seen.append)
    assert seen == []
    module = __import__(name)
    assert seen == [module]
    assert module.LOADED
    assert __import__(name) is module
    assert seen == [module]


def test_module_and_spec_are_as_if_nobody_had_listened(name: str) -> None:
    when_imported(name, lambda module: None)
    module = __import__(name)
    assert type(module.__loader__).__name__ == "SourceFileLoader"
    assert module.__spec__.loader is module.__loader__


def test_what_is_there_is_acted_on_at_once(name: str) -> None:
    module = __import__(name)
    seen = []
    when_imported(name, seen.append)
    assert seen == [module]


def test_what_is_not_awaited_any_more_is_not_acted_on(name: str) -> None:
    before = list(sys.meta_path)
    seen = []
    when_imported(name, seen.append)
    no_longer(name)
    assert sys.meta_path == before
    __import__(name)
    assert seen == []


def test_a_module_that_fails_fails_as_ever(name: str) -> None:
    seen = []
    when_imported("broken_once", seen.append)
    with pytest.raises(ValueError, match=r"^$"):
        __import__("broken_once")
    no_longer("broken_once")
    assert seen == []


def test_a_module_that_is_nowhere_is_as_ever() -> None:
    when_imported("nowhere_to_be_found", lambda module: None)
    with pytest.raises(ModuleNotFoundError):
        __import__("nowhere_to_be_found")
    no_longer("nowhere_to_be_found")


def test_asking_for_all_clients_imports_none_of_them() -> None:
    """In a process of its own: nothing heavy, nothing of a client, nothing of ours that only a client needs."""
    script = """
import sys
before = set(sys.modules)
from chalicelib.tracing.clients import instrument
instrument()
print(*sorted(set(sys.modules) - before))
import http.client
print(http.client.HTTPConnection.request.__module__)
"""
    run = subprocess.run(  # noqa: S603  # our own script
        [sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, '.'){script}"],
        check=True,
        capture_output=True,
        text=True,
    )
    imported, wrapper = run.stdout.splitlines()
    assert ALONE.isdisjoint(imported.split())
    assert not any("clients.aws" in module or "clients.http" in module for module in imported.split())
    assert wrapper == "http.client"
