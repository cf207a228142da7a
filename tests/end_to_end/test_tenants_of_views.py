"""Two customers who send the same trace ids, and ask every question about what was derived from them."""

from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.model.access import Scope
from chalicelib.model.windows import Window
from chalicelib.query import cursors
from chalicelib.query.cursors import Cursor, Position
from tests.clocks import NOON_NS
from tests.end_to_end.backend import Backend, Keys, unpacked
from tests.end_to_end.questions import EVERY, LINKED, S, around, shop, trace_id
from tests.engines import moto_tables

ONLY_ACMES = trace_id(0x16)  # the last that acme posts, and none of its rival's


class Two:
    """A deployment with two tenants, whose names begin alike, and a tenant that has sent nothing."""

    def __init__(self, connection) -> None:
        clock = Backend(connection).clock
        self.keys = Keys(connection, clock)
        self.acme = self.keys.make("acme", Scope.INGEST, Scope.READ)
        self.rival = self.keys.make("acme-2", Scope.INGEST, Scope.READ)
        self.nobody = self.keys.make("nobody", Scope.READ)
        self.backend = Backend(connection, clock=clock, gate=self.keys.gate)
        acmes, rivals = shop("acme", count=6), shop("rival", count=5)
        self.post(acmes[:3], self.acme)
        self.post(rivals[:3], self.rival)
        self.backend.index()
        self.backend.seal(8)
        self.post(acmes[3:], self.acme)
        self.post(rivals[3:], self.rival)
        self.backend.index()
        self.range = around(clock.at_ns)

    def post(self, posts, key) -> None:
        for each in posts:
            assert self.backend.post(each, **key).status == 200

    def ask(self, question: str, key, more: str = ""):
        return self.backend.get(question.replace("20shop", "20acme") + self.range + more, **key)


@pytest.fixture(scope="module")
def two():
    with moto_tables() as connection:
        yield Two(connection)


@pytest.mark.parametrize("question", EVERY)
def test_each_tenant_is_answered_from_its_own_and_nothing_else(two, question):
    acmes, rivals = (two.ask(question, key) for key in (two.acme, two.rival))
    assert acmes.status == rivals.status == 200
    assert b"rival" not in acmes.body
    assert b"acme" not in rivals.body
    if "/operations" not in question:
        assert b"acme" in acmes.body or b"traces/" in question.encode(), acmes
        assert b"rival" in rivals.body or b"traces/" in question.encode(), rivals


@pytest.mark.parametrize("question", EVERY)
def test_who_has_sent_nothing_finds_nothing(two, question):
    reply = two.ask(question, two.nobody)
    assert reply.status in {200, 404}
    assert b"acme" not in reply.body
    assert b"rival" not in reply.body
    assert LINKED.encode() not in reply.body or reply.status == 404


@pytest.mark.parametrize(
    "path",
    ["/v1/traces/{}/links?", "/tempo/api/traces/{}?", "/tempo/api/v2/traces/{}?", "/tempo/api/v2/traces/{}?q={{}}&"],
)
def test_a_trace_of_another_tenant_is_like_one_that_nobody_sent(two, path):
    theirs, nobodys = (two.ask(path.format(each), two.rival) for each in (ONLY_ACMES, "e" * 32))
    assert two.ask(path.format(ONLY_ACMES), two.acme).status == 200
    assert theirs.status == nobodys.status
    assert theirs.body.replace(ONLY_ACMES.encode(), b"") == nobodys.body.replace(b"e" * 32, b"")


@pytest.mark.parametrize(
    "question",
    ["{ trace:id = `%s` }", "{ link:traceID = `%s` }", "{ span:id = `000000000000002c` } || { trace:id = `%s` }"],
)
def test_a_search_for_another_tenants_ids_finds_nothing(two, question):
    asked = f"/v1/search?q={quote(question % ONLY_ACMES)}&"
    assert two.ask(asked, two.rival).json()["traces"] == []


def test_an_organization_in_a_header_opens_no_door(two):
    for question in EVERY:
        own = two.ask(question, two.rival)
        for name in ("x-scope-orgid", "x-tenant"):
            reply = two.ask(question, {**two.rival, name: "acme"})
            if name == "x-scope-orgid" and question.startswith("/tempo"):
                assert reply.status == 403
            else:
                assert unpacked(reply) == unpacked(own)
    for question in EVERY:
        assert two.ask(question, {**two.rival, "x-scope-orgid": "acme-2"}).status == 200


@pytest.mark.parametrize("scopes", [[Scope.INGEST], [Scope.ADMIN], []])
def test_a_key_without_the_scope_reads_nothing(two, scopes):
    key = two.keys.make("acme", *scopes)
    for question in EVERY:
        reply = two.ask(question, key)
        assert reply.status == 403
        assert b"shop" not in reply.body
        assert b"of acme" not in reply.body
    for question in EVERY:
        assert two.ask(question, {}).status == 401


SEARCH = "/v1/search?limit=1&"
LINKS = f"/v1/traces/{LINKED}/links?limit=1&"


@pytest.mark.parametrize("question", [SEARCH, LINKS])
def test_another_tenants_cursor_leads_to_ones_own(two, question):
    theirs = two.ask(question, two.acme).json()["cursor"]
    reply = two.ask(question, two.rival, f"&cursor={theirs}")
    assert reply.status in {200, 400}
    assert b"acme" not in reply.body
    for other in (
        SEARCH.replace("limit", "q={status=ok}&limit"),
        LINKS.replace(LINKED, trace_id(0x12)),
        *(EVERY[9:11]),
    ):
        assert two.ask(other, two.rival, f"&cursor={theirs}").status == 400


TIMES = st.sampled_from([0, -1, NOON_NS, NOON_NS + S, -(2**90), 2**90, 2**63]) | st.integers(-(2**95), 2**95 - 1)
IDENTITIES = {
    "/v1/search?limit=1&": "search ",
    LINKS: f"links {LINKED}",
    "/v1/metrics/query?step=60&q={}|rate()by(span.user)&": "series 60000000000 False {}|rate()by(span.user)",
}


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    question=st.sampled_from(sorted(IDENTITIES)),
    times=st.tuples(TIMES, TIMES, TIMES),
    named=st.sampled_from(["", ONLY_ACMES, LINKED, "f" * 32]),
)
def test_a_cursor_that_somebody_made_up_leads_nowhere_else(two, question, times, named):
    """The digest in a cursor is no secret: whoever reads our code can make any."""
    start_ns, end_ns, position_ns = times
    made_up = cursors.encode(IDENTITIES[question], Cursor(Window(start_ns, end_ns), Position(position_ns, named)))
    reply = two.ask(question, two.rival, f"&cursor={made_up}")
    assert reply.status in {200, 400}, reply
    assert b"acme" not in reply.body


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data(), question=st.sampled_from([SEARCH, LINKS]))
def test_a_cursor_that_was_tampered_with_is_refused(two, data, question):
    cursor = two.ask(question, two.acme).json()["cursor"]
    at = data.draw(st.integers(0, len(cursor) - 1))
    other = data.draw(st.sampled_from("ABCxyz019-_=%\u00e9 "))
    spoilt = cursor[:at] + other + cursor[at + data.draw(st.integers(0, 3)) :]
    reply = two.ask(question, two.acme, f"&cursor={quote(spoilt)}")
    assert reply.status == (200 if spoilt == cursor else 400)


def test_what_one_tenant_sends_changes_no_byte_of_what_another_reads():
    with moto_tables() as connection:
        two = Two(connection)
        before = [two.ask(question, two.acme).body for question in EVERY]
        two.post(shop("rival", count=20, first=0x13), two.rival)
        two.backend.index()
        assert [two.ask(question, two.acme).body for question in EVERY] == before
