"""`POST /v1/step-functions/history`, as it is spoken."""

import gzip
import json

import pytest

from chalicelib.local.server import serve
from chalicelib.routes import gateway
from tests.codecs.step_functions.histories import ARN, History
from tests.http_client import HttpClient
from tests.views.pipeline import Pipeline

PATH = "/v1/step-functions/history"


@pytest.fixture(scope="module")
def client():
    with serve(gateway.create(Pipeline().services), log=lambda _line: None) as url:
        yield HttpClient(url)


def running():
    history = History()
    history.task("Charge", "Succeeded")
    return history


def test_a_running_execution_is_taken_and_closed_by_its_later_history(client):
    history = running()
    taken = client.post(PATH, history.body()).json()
    assert taken == {"traceId": history.read().trace_id, "spanCount": 2, "running": True}
    history.add("ExecutionSucceeded")
    assert client.post(PATH, gzip.compress(history.body()), {"Content-Encoding": "gzip"}).json() == {
        "traceId": taken["traceId"],
        "spanCount": 2,
    }
    trace = client.get(f"/v1/traces/{taken['traceId']}/assembly").json()
    assert [(span["name"], span["durationNs"]) for span in trace["spans"]] == [
        ("orders", 6 * 10**9),
        ("Charge", 4 * 10**9),
    ]
    assert trace["summary"]["spanCount"] == 2


def test_what_was_not_understood_is_noted(client):
    history = running()
    history.events.append({})
    assert client.post(PATH, history.body()).json()["notes"] == ["events[6] is not an event of a history"]


@pytest.mark.parametrize("body", [b"", b"{}", json.dumps({"executionArn": ARN, "events": []}).encode()])
def test_what_is_no_history_is_the_senders_fault(client, body):
    reply = client.post(PATH, body)
    assert (reply.status, reply.json()["error"]["code"]) == (400, "payloadError")
