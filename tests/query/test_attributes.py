"""Attributes and their values, over views that the pipeline made."""

from collections import defaultdict

import pytest

from chalicelib.model.errors import QueryError
from chalicelib.model.span import Resource
from chalicelib.model.windows import Window
from chalicelib.query.attributes import SAMPLED_TRACES, ValuesRequest, attributes_report, values_report
from tests.actors import with_fields
from tests.in_memory import TENANT
from tests.query.worlds import HOUR, every_trace, tell
from tests.views.pipeline import Pipeline
from tests.views.traffic import made_span


@pytest.fixture(scope="module", params=["live", "settled"])
def pipeline(request):
    """Two hours of traces."""
    found = Pipeline()
    tell(found, seed=31, count=150, hours=2)
    if request.param == "settled":
        found.settle(900)
        found.clock.advance_s(4 * 3600)  # so that no segment is looked at any more
    return found


def window_of(pipeline):
    return Window(pipeline.clock.at_ns - 10 * HOUR, pipeline.clock.at_ns + HOUR)


def values_of(pipeline, key, scope=None, **fields):
    request = ValuesRequest(key=key, scope=scope, window=window_of(pipeline), **fields)
    return values_report(pipeline.services, TENANT, request, pipeline.clock.deadline())


def told(report):
    return {(each.scope, each.value) for each in report.values}


def naive(pipeline, key):
    """The values in spans and resources."""
    found = defaultdict(set)
    for trace in every_trace(pipeline):
        for span in trace.spans:
            for scope, attributes in (("span", span.attributes), ("resource", span.resource.attributes)):
                if key in attributes:
                    found[scope].add(attributes[key])
    return {(scope, value) for scope, values in found.items() for value in values}


def test_attributes_are_told_by_scope_and_key_with_their_types(pipeline):
    report = attributes_report(pipeline.services, TENANT, None, window_of(pipeline), pipeline.clock.deadline())
    known = {(each.scope, each.key): each.types for each in report.attributes}
    assert known["span", "user"] == ("string",)
    assert known["span", "attempts"] == ("int",)
    assert known["resource", "service.name"] == ("string",)
    assert known["intrinsic", "span:name"] == ("string",)
    assert ("intrinsic", "event:name") in known
    assert [(each.scope, each.key) for each in report.attributes] == sorted(known)


def test_a_scope_narrows_attributes_down(pipeline):
    report = attributes_report(pipeline.services, TENANT, "resource", window_of(pipeline), pipeline.clock.deadline())
    assert [each.key for each in report.attributes] == ["region", "service.name"]


@pytest.mark.parametrize("key", ["user", "attempts", "region", "service.name"])
def test_values_are_those_that_spans_have(pipeline, key):
    report = values_of(pipeline, key)
    assert told(report) == naive(pipeline, key)
    assert [each.traces for each in report.values] == sorted((each.traces for each in report.values), reverse=True)


def test_intrinsics_have_values_too(pipeline):
    assert {each.value for each in values_of(pipeline, "span:name").values} == {
        span.name for trace in every_trace(pipeline) for span in trace.spans
    }
    assert ("intrinsic", "error") in told(values_of(pipeline, "span:status"))
    assert ("intrinsic", "server") in told(values_of(pipeline, "span:kind"))
    assert told(values_of(pipeline, "event:name")) == {("intrinsic", "retry")}


def test_a_query_narrows_values_down(pipeline):
    query = '{ resource.service.name = "a" && span.user != nil }'
    users = {
        ("span", span.attributes["user"])
        for trace in every_trace(pipeline)
        for span in trace.spans
        if span.resource.service_name == "a" and "user" in span.attributes
    }
    report = values_of(pipeline, "user", query=query)
    assert told(report) == users
    assert report.complete


def test_an_unfinished_query_narrows_values_down_as_far_as_it_goes(pipeline):
    report = values_of(pipeline, "region", "resource", query='{ resource.service.name = "a" && resource.region = ')
    assert told(report) == {("resource", "eu"), ("resource", "us")}


@pytest.mark.parametrize("query", ["{", "nonsense", "{ }", "{ .a = ", "| rate()"])
def test_a_query_that_says_nothing_yet_narrows_nothing_down(pipeline, query):
    assert told(values_of(pipeline, "attempts", query=query)) == naive(pipeline, "attempts")


def test_values_are_cut_at_their_limit(pipeline):
    report = values_of(pipeline, "user", limit=2)
    assert len(report.values) == 2
    assert not report.complete


def test_what_nobody_sent_has_no_values(pipeline):
    report = values_of(pipeline, "color")
    assert report.values == ()
    assert report.complete


def test_a_sample_says_that_it_is_one():
    pipeline = Pipeline()
    tell(pipeline, seed=32, count=SAMPLED_TRACES + 50, hours=1)
    report = values_of(pipeline, "region", query="{ duration >= 0s }")
    assert str(SAMPLED_TRACES) in report.partial
    assert not report.complete
    assert report.scanned.traces == SAMPLED_TRACES


@pytest.mark.parametrize("wrong", [{"scope": "galaxy"}, {"limit": 0}, {"limit": 1001}])
def test_a_question_that_cannot_be_asked_is_the_askers_fault(pipeline, wrong):
    with pytest.raises(QueryError):
        values_of(pipeline, "user", **wrong)


def test_a_scope_that_there_is_not_is_the_askers_fault(pipeline):
    with pytest.raises(QueryError, match="galaxy"):
        attributes_report(pipeline.services, TENANT, "galaxy", window_of(pipeline), pipeline.clock.deadline())


@pytest.mark.parametrize("key", ["user", "nobody"])
def test_a_sample_ends_at_the_deadline_with_what_it_has_and_says_so(key):
    """A week of hours to look through, at a second each."""
    pipeline = Pipeline()
    tell(pipeline, seed=33, count=40, hours=1)
    pipeline.settle(900)
    window = Window(pipeline.clock.at_ns - 168 * HOUR, pipeline.clock.at_ns)
    pipeline.fuse.on_call = lambda: pipeline.clock.advance_s(1)
    request = ValuesRequest(key=key, scope=None, window=window, query="{ duration >= 0s }")
    report = values_report(pipeline.services, TENANT, request, pipeline.clock.deadline())
    assert report.partial == "the deadline was reached"
    assert not report.complete


def test_attributes_are_told_for_the_newest_hours_when_time_runs_out():
    pipeline = Pipeline()
    tell(pipeline, seed=34, count=40, hours=1)
    pipeline.settle(900)
    window = Window(pipeline.clock.at_ns - 400 * HOUR, pipeline.clock.at_ns)
    pipeline.fuse.on_call = lambda: pipeline.clock.advance_s(1)
    report = attributes_report(pipeline.services, TENANT, None, window, pipeline.clock.deadline())
    assert report.partial == "the deadline was reached"
    assert report.attributes


def test_every_service_is_a_value_however_few_traces_there_are():
    """A catalog lists values of which there are few beside their traces; a shop with six services has few traces."""
    pipeline = Pipeline()
    services = [f"service-{number}" for number in range(6)]
    at_ns = pipeline.clock.at_ns
    spans = [
        with_fields(made_span(service, "a", at_ns), resource=Resource(attributes={"service.name": service}))
        for service in services
    ]
    pipeline.deliver([pipeline.post([each]) for each in spans])
    pipeline.settle(900)
    pipeline.clock.advance_s(4 * 3600)
    for scope in (None, "resource"):
        assert told(values_of(pipeline, "service.name", scope)) == {("resource", service) for service in services}
    assert told(values_of(pipeline, "service.name", "span")) == set()
