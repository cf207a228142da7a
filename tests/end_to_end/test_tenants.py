"""Two customers of one deployment, told apart by their keys alone; both send the same trace ids."""

import pytest

from chalicelib.model.access import Scope
from tests.codecs.otlp.actors import message, sent_by, span, told
from tests.end_to_end.backend import JSON, MEDIA_TYPES, PROTOBUF, Backend, Keys, read_message
from tests.http_client import Reply

LOW = "53995c3f42cd8ad8"
TRACE = "0af7651916cd43dd" + LOW
SAME_LOW_HALF = "ffffffffffffffff" + LOW
ONLY_ACME = "ac3e" * 8

ENDPOINTS = ["/v1/traces/{}", "/v1/traces/{}/assembly"]


@pytest.fixture
def keys(dynamodb, clock) -> Keys:
    return Keys(dynamodb, clock)


@pytest.fixture
def acme(keys) -> dict[str, str]:
    return keys.make("acme", Scope.INGEST, Scope.READ)


@pytest.fixture
def rival(keys) -> dict[str, str]:
    """A tenant whose name begins as the other's does."""
    return keys.make("acme-2", Scope.INGEST, Scope.READ)


@pytest.fixture
def backend(dynamodb, clock, keys, acme, rival) -> Backend:
    """Eight spans of each tenant in the same trace, eight in one with the same low half; one trace of acme's own."""
    both = Backend(dynamodb, clock=clock, gate=keys.gate, max_answer_bytes=1_400)
    for who, key in (("acme", acme), ("rival", rival)):
        for trace_id in (TRACE, SAME_LOW_HALF):
            spans = [span(n, bytes.fromhex(trace_id), name=f"secret of {who}") for n in range(1, 9)]
            assert both.post(message(sent_by(f"service of {who}", *spans)), **key).status == 200
    own = span(1, bytes.fromhex(ONLY_ACME), name="secret of acme")
    assert both.post(message(sent_by("service of acme", own)), **acme).status == 200
    return both


def all_bytes(backend: Backend, path: str, **headers: str) -> bytes:
    return b"\n".join(reply.body for reply in backend.pages(path, **headers))


def span_count(page: Reply) -> int:
    if b'"summary"' in page.body:
        return len(page.json()["spans"])
    return told(read_message(page)).total()


@pytest.mark.parametrize("endpoint", ENDPOINTS)
@pytest.mark.parametrize("trace_id", [TRACE, SAME_LOW_HALF, LOW])
@pytest.mark.parametrize("accept", MEDIA_TYPES)
def test_each_tenant_reads_its_own_spans_and_no_other(backend, acme, rival, endpoint, trace_id, accept):
    for key, own, foreign in ((acme, b"acme", b"rival"), (rival, b"rival", b"acme")):
        pages = list(backend.pages(endpoint.format(trace_id), Accept=accept, **key))
        assert sum(map(span_count, pages)) == (16 if trace_id == LOW else 8)
        assert all(own in page.body and foreign not in page.body for page in pages)


@pytest.mark.parametrize("endpoint", ENDPOINTS)
@pytest.mark.parametrize("trace_id", [ONLY_ACME, ONLY_ACME[16:]])
def test_a_trace_of_another_tenant_is_like_one_that_nobody_sent(backend, acme, rival, endpoint, trace_id):
    assert backend.get(endpoint.format(trace_id), **acme).status == 200
    theirs, nobodys = (backend.get(endpoint.format(each), **rival) for each in (trace_id, "f" * len(trace_id)))
    assert theirs.status == nobodys.status == 404
    assert theirs.body.replace(trace_id.encode(), b"") == nobodys.body.replace(b"f" * len(trace_id), b"")
    assert theirs.headers == nobodys.headers


@pytest.mark.parametrize("endpoint", ENDPOINTS)
@pytest.mark.parametrize("trace_id", [TRACE, LOW])
@pytest.mark.parametrize("accept", MEDIA_TYPES)
def test_another_tenants_cursor_shows_nothing_of_that_tenant(backend, acme, rival, endpoint, trace_id, accept):
    path = endpoint.format(trace_id)
    cursors = [reply.headers.get("x-spanfold-cursor") for reply in backend.pages(path, Accept=accept, **acme)]
    assert len(cursors) > 1
    for cursor in cursors[:-1]:
        reply = backend.get(f"{path}?cursor={cursor}", Accept=accept, **rival)
        assert reply.status in {200, 400}
        assert b"acme" not in reply.body


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_a_cursor_finds_nothing_where_the_tenant_has_nothing(backend, acme, rival, endpoint):
    [*_, page] = (reply for reply in backend.pages(endpoint.format(TRACE), **acme) if "link" in reply.headers)
    cursor = page.headers["x-spanfold-cursor"]
    assert backend.get(f"{endpoint.format(ONLY_ACME)}?cursor={cursor}", **rival).status in {400, 404}


@pytest.mark.parametrize("name", ["x-tenant", "tenant", "x-scope-orgid", "x-spanfold-tenant", "x-amzn-tenant"])
def test_nothing_in_a_request_but_its_key_names_a_tenant(backend, rival, name):
    for query in ("", "?tenant=acme"):
        reply = backend.get(f"/v1/traces/{ONLY_ACME}{query}", **rival, **{name: "acme"})
        assert reply.status == 404
    named = message(sent_by("service of rival", span(2, bytes.fromhex(ONLY_ACME))))
    named.resource_spans[0].resource.attributes.add(key="tenant").value.string_value = "acme"
    assert backend.post(named, **rival, **{name: "acme"}).status == 200
    assert b"acme" in backend.get(f"/v1/traces/{ONLY_ACME}", **rival).body  # its own attribute
    assert b"secret of acme" not in backend.get(f"/v1/traces/{ONLY_ACME}", **rival).body


def test_what_one_tenant_sends_changes_no_byte_of_what_another_reads(backend, acme, rival):
    def read() -> list[bytes]:
        paths = [endpoint.format(trace_id) for endpoint in ENDPOINTS for trace_id in (TRACE, LOW, ONLY_ACME)]
        return [all_bytes(backend, path, Accept=accept, **acme) for path in paths for accept in (JSON, PROTOBUF)]

    before = read()
    more = [span(n, bytes.fromhex(each), name="noise") for n in range(1, 9) for each in (TRACE, ONLY_ACME)]
    assert backend.post(message(sent_by("service of acme", *more)), **rival).status == 200
    assert read() == before


@pytest.mark.parametrize("scopes", [[Scope.INGEST], [Scope.READ], [Scope.ADMIN], []])
def test_a_key_does_what_it_was_made_for(backend, keys, scopes):
    key = keys.make("acme", *scopes)
    post = message(sent_by("cart", span(1)))
    assert backend.post(post, **key).status == (200 if Scope.INGEST in scopes else 403)
    for endpoint in ENDPOINTS:
        assert backend.get(endpoint.format(ONLY_ACME), **key).status == (200 if Scope.READ in scopes else 403)
