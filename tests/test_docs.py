"""The documentation names everything that there is to name. What is missing is in the failure's own words."""

import dataclasses
import re
from pathlib import Path

import pytest

from chalicelib.model.errors import TracingError
from chalicelib.settings import Settings, from_environment

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
ZIPKINS_OWN = {
    "strict_trace_id": "STRICT_TRACE_ID",
    "autocomplete_keys": "AUTOCOMPLETE_KEYS",
    "query_lookback_ms": "QUERY_LOOKBACK",
}
DEFAULTS = {
    ZIPKINS_OWN.get(field.name, "SPANFOLD_" + field.name.upper()): str(field.default).lower()
    if isinstance(field.default, bool)
    else field.default
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
    library = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "chalicelib" / "tracing").rglob("*.py"))
    of_the_library = set(re.findall(r'"(SPANFOLD_\w+)"', library))
    assert documented - known - of_the_library == set()
    assert from_environment(dict.fromkeys(known, "7")) != Settings()


def test_every_route_is_documented_with_its_method():
    from chalicelib.routes.gateway import ENDPOINTS  # noqa: PLC0415  # only this test needs the app's insides

    page = read("docs/http-api.md") + read("docs/grafana.md") + read("docs/dialects.md")
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


CURL = re.compile(r"^ *(curl (?:\\\n|[^\n])*)", re.MULTILINE)
TRACEQL = re.compile(r"(?:--data-urlencode 'q=|\| `q` \|[^|]*\|[^`\n]*`)(\{(?:\\\||[^'`])*)['`]")


def shown(pattern):
    """What the pages show of a kind, each with the page that does."""
    return [(page.name, found) for page in PAGES for found in pattern.findall(page.read_text(encoding="utf-8"))]


def as_a_pattern(path):
    """`/v1/services/{name}/operations` as what a path of it looks like in a page."""
    return re.sub(r"\{\w+\}", "[^/?]+", path)


@pytest.mark.parametrize(("page", "command"), shown(CURL))
def test_every_path_that_is_asked_for_with_curl_exists(page, command):
    from chalicelib.routes.gateway import ENDPOINTS  # noqa: PLC0415

    address = re.search(r"https?://[^/\s']+(?:amazonaws\.com/\w+)?(/[^?'\n\\]*?)(?=[?'\n\\]| [ -]| *$|$)", command)
    asked = address[1].removeprefix("/dev").strip() if address else command
    paths = [as_a_pattern(endpoint.path) for endpoint in ENDPOINTS if endpoint.method == "GET"]
    assert [path for path in paths if re.fullmatch(path, asked)], f"{page}: {command}"


@pytest.mark.parametrize(("page", "command"), shown(CURL))
def test_an_address_with_a_question_mark_is_quoted_because_some_shells_look_for_files_of_that_name(page, command):
    bare = re.sub(r"'[^']*'|\"[^\"]*\"", "", command)
    assert "?" not in bare, f"{page}: {command}"


@pytest.mark.parametrize(("page", "query"), shown(TRACEQL))
def test_every_query_in_the_pages_can_be_asked_unless_it_is_shown_unfinished(page, query):
    from chalicelib.query.questions import metrics_question, search_question  # noqa: PLC0415
    from chalicelib.search.plan import EVERY_TRACE, partial_plan  # noqa: PLC0415

    asked = query.replace("\\|", "|").strip()
    if asked.endswith("&&"):
        assert partial_plan(asked) != EVERY_TRACE
        return
    is_metrics = re.search(r"\| *(rate|\w+_over_time)\(", asked)
    assert (metrics_question if is_metrics else search_question)(asked), page


def test_queries_and_commands_are_there_to_be_looked_at():
    assert len(shown(TRACEQL)) >= 6
    assert len(shown(CURL)) >= 12


def test_the_sampling_document_of_the_page_is_one_that_can_be_set():
    from chalicelib.views.judging import read_policies  # noqa: PLC0415

    [document] = re.findall(r"```json\n(.*?)```", read("docs/sampling.md"), re.DOTALL)
    assert len(read_policies(document.encode()).policies) == 4


def test_the_strategies_of_the_page_are_ones_that_can_be_set():
    from chalicelib.codecs.jaeger import strategies  # noqa: PLC0415

    [document] = re.findall(r"```json\n(.*?default_strategy.*?)```", read("docs/dialects.md"), re.DOTALL)
    assert len(strategies.read(document.encode()).service_strategies) == 2


# What OTLP says in a form of its own, what commands say, and what is only ever one of its kinds.
NOT_IN_JSON = ("PayloadError", "UnknownMediaType", "PayloadTooLarge", "PolicyError", "NotPermitted")


@pytest.mark.parametrize(
    "error", [e for e in error_classes() if e.__name__ not in NOT_IN_JSON], ids=lambda e: e.__name__
)
def test_every_code_of_an_error_is_documented(error):
    from chalicelib.routes.answers import error_code  # noqa: PLC0415

    is_told = f"`{error_code(error.__new__(error))}`" in read("docs/http-api.md")
    assert is_told is (error.__name__ not in NOT_IN_JSON)


@pytest.mark.parametrize("limit", ["search", "links", "series", "attributes"])
def test_a_documented_limit_is_the_real_one(limit):
    from chalicelib.query import attributes, links, search, series  # noqa: PLC0415

    numbers = {
        "search": f"| `limit` | {search.DEFAULT_LIMIT} | traces on a page, 1 to {search.MAX_LIMIT:,} |",
        "links": f"`limit` ({links.DEFAULT_LIMIT}, up to {links.MAX_LIMIT:,})",
        "series": f"| `limit` | {series.DEFAULT_SERIES} | series, 1 to {series.MAX_SERIES:,} |",
        "attributes": f"| `limit` | {attributes.DEFAULT_VALUES} | values only, 1 to {attributes.MAX_VALUES:,} |",
    }
    assert numbers[limit] in read("docs/http-api.md")


@pytest.mark.parametrize("path", ["/v1/search", "/v1/metrics", "/v1/metrics/query", "/v1/attributes/{key}/values"])
def test_every_parameter_of_an_endpoint_is_documented_in_its_section(path):
    from chalicelib.routes.native.operations import OPERATIONS  # noqa: PLC0415

    [section] = [part for part in read("docs/http-api.md").split("\n## ") if part.split("\n")[0].endswith(path)]
    told = {name for row in re.findall(r"^\| (`.*?) \|", section, re.MULTILINE) for name in re.findall(r"`(\w+)`", row)}
    assert {parameter.name for parameter in OPERATIONS["GET", path].query} - told == set()
