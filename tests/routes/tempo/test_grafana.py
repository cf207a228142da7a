"""The requests that Grafana's Tempo data source and Traces Drilldown make, word for word, and what they read of them.

Requests: Grafana's Tempo data source (backend and language provider) and Traces Drilldown, as their sources have
them; parameters in seconds, always a range for searches, `limit=5000` for tags.
"""

from contextlib import contextmanager
from urllib.parse import quote, urlencode

import pytest

from chalicelib.codecs.otlp.messages import TracesData
from chalicelib.local.server import serve
from chalicelib.model.span import Event, Kind, Resource, Scope, Span, StatusCode
from chalicelib.routes import gateway
from tests.http_client import HttpClient
from tests.views.pipeline import Pipeline, trace_id_of

S = 1_000_000_000
JSON = {"Accept": "application/json", "User-Agent": "Grafana/13.1"}
PROTOBUF = {"Accept": "application/protobuf", "User-Agent": "Grafana/13.1"}
FRONTEND = Resource(attributes={"service.name": "frontend", "cluster": "eu-1"})
CART = Resource(attributes={"service.name": "cart", "cluster": "eu-1"})
GONE = {"exception.type": "Gone"}
HTTP = Scope(name="http", version="1.2")
COUNT = 30
FAILED = 6  # every fifth

STRUCTURE_TAB = (
    "({nestedSetParent<0 && true  && status = error} &>> { status = error }) || "
    "({nestedSetParent<0 && true  && status = error}) | select(status, resource.service.name, name, "
    "nestedSetParent, nestedSetLeft, nestedSetRight)"
)
EXCEPTIONS_TAB = (
    "{nestedSetParent<0 && true && status = error} | select(resource.service.name, "
    "event.exception.message,event.exception.stacktrace,event.exception.type) with(most_recent=true)"
)


def shop_trace(number: int, start_ns: int) -> list[Span]:
    """A request to the frontend that asks the cart; every fifth fails there."""
    fails = number % 5 == 0
    root = Span(
        trace_id=trace_id_of(f"shop {number}"),
        span_id=f"{2 * number + 1:016x}",
        name="GET /cart",
        kind=Kind.SERVER,
        start_ns=start_ns,
        end_ns=start_ns + (number + 1) * S // 10,
        status_code=StatusCode.ERROR if fails else StatusCode.UNSET,
        attributes={"http.status_code": 500 if fails else 200, "user": f"user {number}"},
        resource=FRONTEND,
        scope=HTTP,
    )
    called = Span(
        trace_id=root.trace_id,
        span_id=f"{2 * number + 2:016x}",
        parent_id=root.span_id,
        name="read cart",
        kind=Kind.SERVER,
        start_ns=start_ns + 1000,
        end_ns=start_ns + S // 20,
        status_code=root.status_code,
        attributes={"db.system": "redis", "ratio": number / 4, "cached": not fails},
        events=(Event(time_ns=start_ns + 2000, name="exception", attributes={"exception.type": "Gone"}),)
        if fails
        else (),
        resource=CART,
        scope=HTTP,
    )
    return [root, called]


@contextmanager
def serving(pipeline: Pipeline):
    with serve(gateway.create(pipeline.services), log=lambda _line: None) as url:
        yield HttpClient(url)


@pytest.fixture(scope="module", params=["unsealed", "sealed"])
def grafana(request):
    """Half an hour of the shop, one trace a minute, as a data source would see it; sealed or just arrived."""
    pipeline = Pipeline()
    for number in range(COUNT):
        pipeline.deliver([pipeline.post(shop_trace(number, pipeline.clock.at_ns - S))])
        pipeline.clock.advance_s(60 if request.param == "sealed" else 1)
        pipeline.tick()
    if request.param == "sealed":
        pipeline.settle(900)
    with serving(pipeline) as client:
        client.end_s = pipeline.clock.at_ns // S + 1
        client.start_s = client.end_s - 5400
        yield client


def get(client: HttpClient, path: str, headers=JSON, **params):
    return client.get(f"/tempo{path}?{urlencode(params)}" if params else f"/tempo{path}", headers)


def search(client: HttpClient, q: str, **params):
    asked = {"q": q, "limit": 20, "spss": 3, "start": client.start_s, "end": client.end_s}
    reply = get(client, "/api/search", **(asked | params))
    assert reply.status == 200, reply.body
    return reply.json()


def found(answer) -> list[str]:
    return [trace["traceID"] for trace in answer.get("traces", [])]


class TestSearch:
    def test_gives_what_the_table_shows(self, grafana):
        answer = search(grafana, '{ resource.service.name = "frontend" && status = error } | select(span.user)')
        assert len(answer["traces"]) == FAILED
        first = answer["traces"][0]
        assert first["rootServiceName"] == "frontend"
        assert first["rootTraceName"] == "GET /cart"
        assert isinstance(first["startTimeUnixNano"], str)
        assert isinstance(first["durationMs"], int)
        assert first["serviceStats"] == {
            "frontend": {"spanCount": 1, "errorCount": 1},
            "cart": {"spanCount": 1, "errorCount": 1},
        }
        assert first["spanSet"] == first["spanSets"][0]
        [span] = first["spanSet"]["spans"]
        assert len(span["spanID"]) == 16
        assert isinstance(span["durationNanos"], str)
        values = {each["key"]: each["value"] for each in span["attributes"]}
        assert values["user"]["stringValue"].startswith("user ")
        assert values["status"] == {"stringValue": "error"}

    def test_is_newest_first_and_ends_at_the_limit(self, grafana):
        answer = search(grafana, "{}", limit=5)
        starts = [int(trace["startTimeUnixNano"]) for trace in answer["traces"]]
        assert len(starts) == 5
        assert starts == sorted(starts, reverse=True)
        assert answer["metrics"]["inspectedTraces"] >= 5

    @pytest.mark.parametrize(
        ("query", "count"),
        [
            ("{nestedSetParent<0 && true}", COUNT),
            ("{nestedSetParent<0 && true && status = error}", FAILED),
            ("{nestedSetParent<0 && true && duration > 1s}", COUNT - 10),
            (STRUCTURE_TAB, FAILED),
            (EXCEPTIONS_TAB, FAILED),
            ('{ span.db.system = "redis" && span.ratio > 2.5 }', COUNT - 11),
            ('{ resource.cluster =~ "eu-.*" } >> { span.cached = false }', FAILED),
            ("{} | count() > 2", 0),
        ],
    )
    def test_answers_what_drilldown_asks(self, grafana, query, count):
        assert len(search(grafana, query, limit=200, spss=10).get("traces", [])) == count

    def test_by_tags_is_by_parts_of_values_in_any_case(self, grafana):
        tags = 'service.name=FRONT user="USER 7" http.status_code=200'
        asked = {"tags": tags, "start": grafana.start_s, "end": grafana.end_s}
        assert found(get(grafana, "/api/search", **asked).json()) == [trace_id_of("shop 7")]

    def test_by_durations_alone(self, grafana):
        asked = {"minDuration": "1.4s", "maxDuration": "1.6s", "start": grafana.start_s, "end": grafana.end_s}
        expected = {trace_id_of(f"shop {number}") for number in (13, 14, 15)}
        assert set(found(get(grafana, "/api/search", **asked).json())) == expected

    def test_by_loose_parameters_as_the_oldest_grafana_sends_them(self, grafana):
        assert get(grafana, "/api/search", **{"service.name": "nobody"}).json().get("traces") is None

    def test_is_also_given_in_protobuf(self, grafana):
        reply = get(grafana, "/api/search", PROTOBUF, q="{}", start=grafana.start_s, end=grafana.end_s)
        assert reply.headers["content-type"] == "application/protobuf"
        assert trace_id_of("shop 29").encode() in reply.body

    @pytest.mark.parametrize(
        "params",
        [
            {"q": "{"},
            {"q": "{ .a = }"},
            {"q": "{ span.a = 1 && ratio > 2.5 }"},  # a name without a scope is no attribute
            {"q": "{}", "tags": "a=b"},
            {"tags": "a=b a=c"},
            {"tags": "nonsense"},
            {"q": "{}", "limit": "0"},
            {"q": "{}", "limit": "-1"},
            {"q": "{}", "limit": "1000000"},
            {"q": "{}", "start": "20", "end": "10"},
            {"minDuration": "2s", "maxDuration": "1s"},
            {"minDuration": "soon"},
            {"q": "{} | rate()"},
        ],
        ids=str,
    )
    def test_says_in_words_what_cannot_be_asked(self, grafana, params):
        reply = get(grafana, "/api/search", **params)
        assert (reply.status, reply.headers["content-type"]) == (400, "text/plain; charset=utf-8")
        assert reply.body


class TestTags:
    def test_come_by_scope_as_the_editor_loads_them(self, grafana):
        scopes = {
            each["name"]: each["tags"]
            for each in get(
                grafana, "/api/v2/search/tags", limit=5000, start=grafana.start_s, end=grafana.end_s
            ).json()["scopes"]
        }
        assert scopes["resource"] == ["cluster", "service.name"]
        assert scopes["span"] == ["cached", "db.system", "http.status_code", "ratio", "user"]
        assert scopes["event"] == ["exception.type"]
        assert {"duration", "name", "status", "kind", "rootServiceName"} <= set(scopes["intrinsic"])

    def test_of_one_scope_or_as_one_list(self, grafana):
        ranged = {"start": grafana.start_s, "end": grafana.end_s}
        [only] = get(grafana, "/api/v2/search/tags", scope="resource", **ranged).json()["scopes"]
        assert only["name"] == "resource"
        names = get(grafana, "/api/search/tags", **ranged).json()["tagNames"]
        assert {"service.name", "user", "status"} <= set(names)
        assert get(grafana, "/api/v2/search/tags", scope="everything").status == 400

    @pytest.mark.parametrize(
        ("tag", "expected"),
        [
            ("resource.service.name", {("string", "cart"), ("string", "frontend")}),
            (".cluster", {("string", "eu-1")}),
            ("span.http.status_code", {("int", "200"), ("int", "500")}),
            ("span.cached", {("bool", "true"), ("bool", "false")}),
            ("span:name", {("string", "GET /cart"), ("string", "read cart")}),
            ("name", {("string", "GET /cart"), ("string", "read cart")}),
            ("status", {("keyword", name) for name in ("ok", "error", "unset")}),
            ("event.exception.type", {("string", "Gone")}),
            ("rootServiceName", {("string", "frontend")}),
            ("rootName", {("string", "GET /cart")}),
            ("span.nobody.has.this", set()),
        ],
    )
    def test_values_are_offered_with_their_types(self, grafana, tag, expected):
        assert values(grafana, tag) == expected

    def test_values_go_with_what_is_typed_already_finished_or_not(self, grafana):
        assert values(grafana, "resource.service.name", q='{ name = "read cart" }') == {("string", "cart")}
        both = {("string", "cart"), ("string", "frontend")}
        for unfinished in ("{ resource.service.name = ", '{ name = "', "{ }", "}{", '{ resource.cluster = "eu-1" && }'):
            assert values(grafana, "resource.service.name", q=unfinished) == both

    def test_a_tag_may_be_encoded_twice(self, grafana):
        assert values(grafana, quote("resource.service.name", safe="").replace(".", "%2E")) == {
            ("string", "cart"),
            ("string", "frontend"),
        }

    def test_version_1_has_names_without_scopes_and_values_without_types(self, grafana):
        path = "/api/search/tag/service.name/values"
        ranged = {"start": grafana.start_s, "end": grafana.end_s}
        assert get(grafana, path, **ranged).json()["tagValues"] == ["cart", "frontend"]
        assert get(grafana, "/api/search/tag/status/values", **ranged).json()["tagValues"] == ["error", "ok", "unset"]

    @pytest.mark.parametrize("tag", ["service.name", "resource.", "} || {", "1"])
    def test_what_is_no_tag_is_400_in_version_2(self, grafana, tag):
        assert get(grafana, f"/api/v2/search/tag/{quote(tag, safe='')}/values").status == 400


def values(client: HttpClient, tag: str, **params) -> set[tuple[str, str]]:
    asked = {"limit": 5000, "start": client.start_s, "end": client.end_s} | params
    reply = get(client, f"/api/v2/search/tag/{quote(tag, safe='')}/values", **asked)
    assert reply.status == 200, reply.body
    return {(each["type"], each["value"]) for each in reply.json().get("tagValues", [])}


class TestMetrics:
    def query_range(self, client, q, **params):
        asked = {"q": q, "start": client.start_s, "end": client.end_s} | params
        reply = get(client, "/api/metrics/query_range", **asked)
        assert reply.status == 200, reply.body
        return reply.json()

    def test_rates_are_series_with_labels_and_samples(self, grafana):
        answer = self.query_range(grafana, "{nestedSetParent<0 && true} | rate() by(resource.service.name)", step="60s")
        [series] = answer["series"]
        assert series["labels"] == [{"key": "resource.service.name", "value": {"stringValue": "frontend"}}]
        assert sum(sample["value"] * 60 for sample in series["samples"]) == pytest.approx(COUNT)
        assert all(isinstance(sample["timestampMs"], str) for sample in series["samples"])
        assert all(int(sample["timestampMs"]) % 60_000 == 0 for sample in series["samples"])

    @pytest.mark.parametrize(
        ("query", "series_count"),
        [
            ("{nestedSetParent<0 && true} | rate()  with(sample=true)", 1),
            ("{nestedSetParent<0 && true && status=error} | rate()  with(sample=true)", 1),
            ("{nestedSetParent<0 && true && resource.cluster != nil} | rate() by(resource.cluster)", 1),
            ("{nestedSetParent<0 && true} | quantile_over_time(duration, 0.5, 0.9) by(resource.service.name)", 2),
            ("{} | count_over_time() by(resource.service.name, status)", 4),
            ("{} | max_over_time(duration)", 1),
        ],
    )
    def test_answers_what_drilldown_charts(self, grafana, query, series_count):
        assert len(self.query_range(grafana, query, step="300s")["series"]) == series_count

    def test_histograms_have_their_buckets_as_labels(self, grafana):
        answer = self.query_range(grafana, "{nestedSetParent<0 && true} | histogram_over_time(duration)", step="5400s")
        for series in answer["series"]:
            [bucket] = [label["value"]["doubleValue"] for label in series["labels"] if label["key"] == "__bucket"]
            assert bucket > 0
        assert sum(sample["value"] for series in answer["series"] for sample in series["samples"]) == COUNT

    def test_exemplars_name_their_trace(self, grafana):
        answer = self.query_range(grafana, "{status=error} | quantile_over_time(duration, 0.9)", step="300s")
        labels = {
            label["key"]: label["value"]["stringValue"]
            for series in answer["series"]
            for exemplar in series.get("exemplars", [])
            for label in exemplar["labels"]
            if "stringValue" in label["value"]
        }
        assert labels["trace:id"] in {trace_id_of(f"shop {number}") for number in range(0, COUNT, 5)}

    def test_comparisons_have_their_kinds_as_labels(self, grafana):
        length_s = grafana.end_s - grafana.start_s
        query = "{nestedSetParent<0 && true} | compare({status = error}, 10)"
        kinds = {
            label["value"]["stringValue"]
            for series in self.query_range(grafana, query, step=f"{length_s}s")["series"]
            for label in series["labels"]
            if label["key"] == "__meta_type"
        }
        assert kinds == {"baseline", "selection", "baseline_total", "selection_total"}

    def test_an_instant_query_has_one_value_for_each_series(self, grafana):
        asked = {
            "q": "{} | count_over_time() by(resource.service.name)",
            "start": grafana.start_s,
            "end": grafana.end_s,
        }
        answer = get(grafana, "/api/metrics/query", **asked).json()
        told = {each["labels"][0]["value"]["stringValue"]: each["value"] for each in answer["series"]}
        assert told == {"frontend": COUNT, "cart": COUNT}

    def test_times_may_be_nanoseconds_or_rfc_3339_or_since(self, grafana):
        query = "{} | count_over_time()"
        in_ns = {"start": str(grafana.start_s * S), "end": f"{grafana.end_s}.0"}
        assert self.query_range(grafana, query, step="1h", **in_ns)["series"]
        since = get(grafana, "/api/metrics/query", q=query, since="1h30m", end=grafana.end_s)
        assert since.json()["series"][0]["value"] == 2 * COUNT

    @pytest.mark.parametrize(
        "params",
        [
            {},
            {"q": "{}"},
            {"q": "{} | rate("},
            {"q": "{} | rate()", "step": "-1s"},
            {"q": "{} | rate()", "step": "0"},
            {"q": "{} | rate()", "start": "yesterday"},
            {"q": "{} | rate()", "start": "20", "end": "10"},
            {"q": "{} | rate()", "step": "1ms"},
        ],
        ids=str,
    )
    def test_says_in_words_what_cannot_be_asked(self, grafana, params):
        reply = get(grafana, "/api/metrics/query_range", **params)
        assert (reply.status, reply.headers["content-type"]) == (400, "text/plain; charset=utf-8")


def test_a_trace_that_was_found_can_be_opened(grafana):
    trace_id = found(search(grafana, "{ status = error }", limit=1))[0]
    ranged = {"start": grafana.start_s - 1800, "end": grafana.end_s + 1800}
    reply = get(grafana, f"/api/traces/{trace_id}", PROTOBUF, **ranged)
    message = TracesData.FromString(reply.body)
    assert {span.trace_id.hex() for one in message.resource_spans for two in one.scope_spans for span in two.spans} == {
        trace_id
    }


def test_another_tenants_traces_are_not_found(grafana):
    assert get(grafana, "/api/search", JSON | {"X-Scope-OrgID": "other"}, q="{}").status == 403
