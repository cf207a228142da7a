"""The documentation names everything that there is to name. What is missing is in the failure's own words."""

import dataclasses
import re
from pathlib import Path

import pytest

from chalicelib.model.errors import TracingError
from chalicelib.settings import Settings, from_environment

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
DEFAULTS = {
    "SPANFOLD_" + field.name.upper(): field.default
    for field in dataclasses.fields(Settings)
    if field.default not in ((), "")
}
RUNNER_VARIABLES = ("HOST", "PORT", "AWS_ENDPOINT_URL_DYNAMODB", "AWS_DEFAULT_REGION")
MAKE_TARGETS = re.findall(r"^([a-z-]+):.*##", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)


def read(page):
    return (ROOT / page).read_text(encoding="utf-8")


def error_classes(root=TracingError):
    return [root, *(descendant for child in root.__subclasses__() for descendant in error_classes(child))]


@pytest.mark.parametrize("variable", sorted({*re.findall(r'"(SPANFOLD_\w+)"', read("chalicelib/settings.py"))}))
def test_every_variable_that_the_settings_read_is_documented(variable):
    assert f"| `{variable}` |" in read("docs/configuration.md")


@pytest.mark.parametrize("variable", RUNNER_VARIABLES)
def test_every_variable_of_the_local_runner_is_documented(variable):
    assert f"| `{variable}` |" in read("docs/configuration.md")


@pytest.mark.parametrize("variable", DEFAULTS)
def test_a_documented_default_is_the_real_one(variable):
    assert f"| `{variable}` | `{DEFAULTS[variable]}` |" in read("docs/configuration.md")


def test_every_documented_variable_of_ours_is_one_that_the_settings_read():
    documented = set(re.findall(r"SPANFOLD_\w+", "".join(page.read_text(encoding="utf-8") for page in PAGES)))
    known = {"SPANFOLD_" + field.name.upper() for field in dataclasses.fields(Settings)}
    assert documented - known == set()
    assert from_environment(dict.fromkeys(known, "7")) != Settings()


def test_every_route_is_documented_with_its_method():
    from chalicelib.routes.gateway import ENDPOINTS  # noqa: PLC0415  # only this test needs the app's insides

    page = read("docs/http-api.md") + read("docs/grafana.md")
    assert {f"{e.method} {e.path}" for e in ENDPOINTS if f"`{e.method} {e.path}`" not in page} == set()


def test_every_scope_is_documented():
    from chalicelib.model.access import Scope  # noqa: PLC0415

    page = read("docs/http-api.md")
    assert {str(scope) for scope in Scope if f"| `{scope}` |" not in page} == set()


@pytest.mark.parametrize("error", error_classes(), ids=lambda error: error.__name__)
def test_every_status_that_an_error_is_answered_with_is_documented(error):
    assert f"| {error.status} |" in read("docs/http-api.md")


@pytest.mark.parametrize("target", MAKE_TARGETS)
def test_every_make_target_is_documented(target):
    assert re.search(rf"`make {target}[` ]", read("README.md"))


def test_every_make_target_that_is_named_exists():
    fenced = {target for page in PAGES for target in re.findall(r"`make ([a-z-]+)", page.read_text(encoding="utf-8"))}
    assert fenced - set(MAKE_TARGETS) == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_within_the_repository_leads_somewhere(page):
    targets = re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text(encoding="utf-8"))
    assert [target for target in targets if not (page.parent / target).exists()] == []


def test_every_decision_is_listed():
    index = read("docs/adr/README.md")
    pages = {path.name for path in (ROOT / "docs" / "adr").glob("[0-9]*.md")}
    assert {name for name in pages if f"]({name})" not in index} == set()
