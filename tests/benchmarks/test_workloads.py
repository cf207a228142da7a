from itertools import chain

import pytest

from benchmarks.workloads.grouping import payloads_by_trace
from benchmarks.workloads.posts import collector_post, large_trace, large_trace_posts, ten_span_posts
from benchmarks.workloads.services import services
from benchmarks.workloads.worlds import MEASURING, TRAINING

WORLDS = [TRAINING, MEASURING]


def spans_of(message):
    return [span for each in message.resource_spans for scope in each.scope_spans for span in scope.spans]


def words(world):
    """Everything that a team chose itself."""
    lists = (world.systems, world.things, world.hosts, world.domains, world.regions, world.stages, world.accounts)
    return {*chain(*lists), *world.user_agents, *chain(*world.enumerations), *world.verbs}


def test_the_two_worlds_share_no_word_that_a_team_chose():
    assert not words(TRAINING) & words(MEASURING)


def test_the_two_worlds_share_no_name_of_a_service_function_or_source():
    def names(world):
        made = services(world)
        sources = {operation.source for service in made for operation in service.operations}
        targets = {step.target for service in made for operation in service.operations for step in operation.steps}
        return {service.name for service in made} | {service.function for service in made} | sources | targets

    assert not names(TRAINING) & names(MEASURING)


def test_the_measured_world_has_a_language_and_releases_that_the_other_has_not():
    trained = {(sdk.language, sdk.version) for sdk in TRAINING.sdks}
    measured = {(sdk.language, sdk.version) for sdk in MEASURING.sdks}
    assert {language for language, _ in measured} - {language for language, _ in trained} == {"ruby"}
    assert len(measured - trained) >= 4


@pytest.mark.parametrize("world", WORLDS, ids=lambda world: world.name)
def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(world):
    def sent(seed):
        return [post.SerializeToString() for post in ten_span_posts(world, seed, 5)]

    assert sent(1) == sent(1)
    assert sent(1) != sent(2)


@pytest.mark.parametrize("world", WORLDS, ids=lambda world: world.name)
def test_a_ten_span_post_is_one_invocation_with_its_parents_before_it_in_time(world):
    for post in ten_span_posts(world, 3, 50):
        spans = spans_of(post)
        assert len(spans) == 10
        assert len({span.trace_id for span in spans}) == len(post.resource_spans) == 1
        known = {span.span_id: span for span in spans}
        assert len(known) == 10
        assert sum(span.parent_span_id not in known for span in spans) == 1
        for span in spans:
            assert 0 < span.start_time_unix_nano <= span.end_time_unix_nano
            if span.parent_span_id in known:
                assert known[span.parent_span_id].start_time_unix_nano <= span.start_time_unix_nano


def test_posts_weigh_what_real_clients_were_measured_to_send():
    """512 spans of a real client, 8 resource and 10 span attributes: 453 bytes each, 101 gzipped."""
    posts = ten_span_posts(MEASURING, 5, 300)
    sizes = [len(post.SerializeToString()) / 10 for post in posts]
    attributes = [len(span.attributes) for post in posts for span in spans_of(post)]
    resource = [len(post.resource_spans[0].resource.attributes) for post in posts]
    assert 420 < sum(sizes) / len(sizes) < 500
    assert 7 < sum(attributes) / len(attributes) < 11
    assert 8 <= min(resource) <= max(resource) <= 14


def test_a_collector_post_has_a_thousand_spans_of_a_hundred_traces_by_resource():
    post = collector_post(MEASURING, 7)
    grouped = payloads_by_trace(post)
    assert len(grouped) == 100
    assert sum(count for _, count in grouped) == len(spans_of(post)) == 1000
    resources = [each.resource.SerializeToString() for each in post.resource_spans]
    assert 10 < len(resources) == len(set(resources))


def test_a_large_trace_is_the_same_spans_as_one_message_or_as_the_posts_it_came_in():
    whole, posts = spans_of(large_trace(MEASURING, 9, 1234)), large_trace_posts(MEASURING, 9, 1234)
    assert len(whole) == 1234
    assert len({span.trace_id for span in whole}) == 1
    assert all(len(spans_of(post)) <= 10 for post in posts)
    parts = sorted(span.SerializeToString() for post in posts for span in spans_of(post))
    assert parts == sorted(span.SerializeToString() for span in whole)


def test_some_spans_fail_with_an_exception_and_some_functions_start_cold():
    spans = [span for post in ten_span_posts(MEASURING, 4, 200) for span in spans_of(post)]
    failed = [span for span in spans if span.status.code == 2]
    assert 0.01 < len(failed) / len(spans) < 0.04
    assert all(span.events[0].name == "exception" for span in failed)
    assert any(span.name == "init" for span in spans)
