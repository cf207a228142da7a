"""What Chalice is told of the functions, and that it hands over what Lambda gives."""

from chalice.app import Chalice

from chalicelib.functions.registry import queue_name, register
from chalicelib.settings import Settings
from tests.functions.events import TICK, Context, logs_event, queue_event, stream_event
from tests.in_memory import services_in_memory


def registered(**settings):
    app = Chalice("spanfold", env={})
    services = services_in_memory(settings=Settings(**settings))
    return app, register(app, services)


def sources(app):
    return {source.name: source for source in app.event_sources}


def test_each_function_has_its_source_and_the_name_by_which_lambda_finds_it():
    app, functions = registered()
    on_demand = {function.name: function for function in app.pure_lambda_functions}
    assert set(sources(app)) == {"index_stream", "seal", "work"}
    assert set(on_demand) == {"receive_logs", "receive_queue", "receive_stream"}
    assert {name: one.handler_string for name, one in (sources(app) | on_demand).items()} == {
        name: f"app.{name}" for name in functions._fields
    }


def test_the_stream_is_read_as_the_settings_say():
    arn = "arn:aws:dynamodb:eu-central-1:123456789012:table/facts/stream/2026"
    app, _ = registered(facts_stream_arn=arn, index_batch_size=500, index_batch_window_s=2)
    stream = sources(app)["index_stream"]
    assert (stream.stream_arn, stream.batch_size, stream.maximum_batching_window_in_seconds) == (arn, 500, 2)
    assert stream.starting_position == "TRIM_HORIZON"


def test_the_queue_is_the_one_of_the_settings_one_message_at_a_time():
    app, _ = registered(work_queue_url="https://sqs.eu-central-1.amazonaws.com/123456789012/spanfold-dev-work")
    assert (sources(app)["work"].queue, sources(app)["work"].batch_size) == ("spanfold-dev-work", 1)


def test_a_tick_comes_every_minute():
    app, _ = registered()
    assert sources(app)["seal"].schedule_expression.to_string() == "rate(1 minute)"


def test_without_the_tables_outputs_the_source_says_what_is_missing():
    app, _ = registered()
    assert "SPANFOLD_FACTS_STREAM_ARN" in sources(app)["index_stream"].stream_arn
    assert queue_name("") == sources(app)["work"].queue == "spanfold-work"


def test_events_as_lambda_gives_them_reach_the_functions_through_chalice(clock):
    _, functions = registered()
    functions.index_stream(stream_event([]), Context(clock))
    functions.seal(TICK, Context(clock))
    assert functions.work(queue_event(), Context(clock)) == {"batchItemFailures": []}
    assert functions.receive_logs(logs_event(), Context(clock)) is None
    assert functions.receive_queue(queue_event(), Context(clock)) == {"batchItemFailures": []}
    assert functions.receive_stream({"Records": []}, Context(clock)) == {"batchItemFailures": []}
