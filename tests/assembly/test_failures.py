from chalicelib.assembly.steps import assemble
from chalicelib.model.span import StatusCode
from tests.actors import NOON_NS, exception, failure, named, span


def test_an_error_is_listed_with_its_exceptions():
    (error,) = assemble([span("charge", events=(exception(), exception("Retry", "again")), **failure())]).errors
    assert (error.name, error.service, error.status_message) == ("charge", "checkout", "card declined")
    assert [(each.type, each.message) for each in error.exceptions] == [
        ("CardDeclined", "no funds"),
        ("Retry", "again"),
    ]
    assert error.exceptions[0].stacktrace == "Traceback ..."
    assert error.exceptions[0].time_unix_nano == str(NOON_NS + 5_000_000)


def test_an_error_without_an_exception_is_listed_too():
    (error,) = assemble([span("charge", attributes={"error.type": "timeout"}, **failure())]).errors
    assert (error.error_type, error.exceptions) == ("timeout", ())


def test_an_exception_in_the_spans_own_attributes_counts():
    attributes = {"exception.type": "KeyError", "exception.message": 404}
    (error,) = assemble([span("charge", attributes=attributes, **failure())]).errors
    assert [(each.type, each.message, each.time_unix_nano) for each in error.exceptions] == [("KeyError", "404", None)]


def test_an_exception_that_was_caught_is_listed_as_handled_and_fails_nothing():
    trace = assemble([span("charge", events=(exception(),), status_code=StatusCode.OK)])
    assert trace.errors[0].handled
    assert trace.summary.error_count == 0
    assert (trace.spans[0].error, trace.spans[0].status) == (False, "ok")


def test_an_error_says_whether_it_began_there():
    root = span("root", at=(0, 10), **failure())
    middle = span("middle", parent=root, at=(1, 9))
    trace = assemble([root, middle, span("leaf", parent=middle, at=(2, 8), **failure())])
    assert {error.name: error.origin for error in trace.errors} == {"root": False, "leaf": True}
    assert {name: row.errors_below for name, row in named(trace.spans).items()} == {"root": 1, "middle": 1, "leaf": 0}


def test_an_unknown_status_is_kept_as_a_number_and_is_no_error():
    trace = assemble([span("odd", status_code=7, kind=42)])
    assert (trace.spans[0].status, trace.spans[0].kind, trace.errors) == ("7", "42", ())
