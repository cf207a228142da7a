import datetime as dt
import gzip
import ipaddress
import json
import os
import ssl
import threading
from contextlib import suppress
from dataclasses import replace

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from chalicelib.codecs.otlp import json as otlp_json
from chalicelib.tracing.exporters import http
from chalicelib.tracing.exporters.errors import ExportError
from chalicelib.tracing.exporters.http import HttpExporter
from chalicelib.tracing.suppression import is_suppressed
from tests.clocks import Clock
from tests.tracing.exporters.faulty_backend import backend, close, drip, garbage, hang, reply
from tests.tracing.exporters.recorded import batch, span, spans

SECOND_NS = 10**9


def exporter_to(url, clock, **options):
    return HttpExporter(url, now_ns=clock.now_ns, sleep=clock.sleep, **options)


def sent(exporter, clock, *names, in_s=60):
    """Export spans of these names, which the function has `in_s` for."""
    recorded = [span(name, number) for number, name in enumerate(names, 1)]
    exporter.export(batch(*recorded, until_ns=clock.at_ns + round(in_s * SECOND_NS)))


def account(exporter):
    return (*exporter.counts.values(), exporter.spans_waiting)


def refused_url():
    with backend() as gone:
        return gone.url


def test_a_post_is_otlp_json_in_gzip(clock):
    with backend() as running:
        exporter = exporter_to(running.url, clock, headers=[("x-api-key", "sfk_1")])
        sent(exporter, clock, "one", "two")
    [(headers, body)] = running.requests
    assert headers[""] == "POST /v1/traces HTTP/1.1"
    wanted = ("content-type", "content-encoding", "x-api-key", "user-agent")
    assert [headers[name] for name in wanted] == ["application/json", "gzip", "sfk_1", "spanfold"]
    assert otlp_json.decode(gzip.decompress(body), 32).rejections == ()
    assert running.names() == ["one", "two"]
    assert account(exporter) == (2, 0, 0, 0)


def test_one_connection_serves_every_flush(clock):
    with backend() as running:
        exporter = exporter_to(running.url, clock)
        for name in ("one", "two", "three"):
            sent(exporter, clock, name)
    assert (running.connections, running.names()) == (1, ["one", "two", "three"])


def test_a_connection_that_the_server_closed_meanwhile_is_made_anew(clock):
    with backend() as running:
        exporter = exporter_to(running.url, clock)
        sent(exporter, clock, "one")
        running.hang_up()
        sent(exporter, clock, "two")
    assert (running.connections, running.names()) == (2, ["one", "two"])
    assert account(exporter) == (2, 0, 0, 0)


def test_a_connection_that_closes_on_the_next_request_is_made_anew(clock):
    with backend(reply(), close) as running:
        exporter = exporter_to(running.url, clock)
        sent(exporter, clock, "one")
        sent(exporter, clock, "two")
    assert (running.connections, running.names()) == (2, ["one", "two", "two"])
    assert account(exporter) == (2, 0, 0, 0)


def test_a_connection_that_a_sandbox_slept_over_is_not_trusted(clock):
    with backend() as running:
        exporter = exporter_to(running.url, clock)
        sent(exporter, clock, "one")
        clock.advance_s(51)
        sent(exporter, clock, "two")
    assert running.connections == 2


def test_a_child_process_makes_a_connection_of_its_own(clock):
    with backend() as running:
        exporter = exporter_to(running.url, clock)
        sent(exporter, clock, "parent")
        child = os.fork()
        if not child:
            try:
                sent(exporter, clock, "child")
            finally:
                os._exit(0)
        os.waitpid(child, 0)
        sent(exporter, clock, "parent again")
    assert sorted(running.names()) == ["child", "parent", "parent again"]
    assert running.connections == 2


@pytest.mark.parametrize(("act", "why"), [(close, "RemoteDisconnected"), (garbage, "BadStatusLine")])
def test_a_broken_answer_leaves_the_spans_for_the_next_flush(clock, act, why):
    with backend(act) as running:
        exporter = exporter_to(running.url, clock)
        with pytest.raises(ExportError, match=f"1 spans wait for the next flush: .*{why}"):
            sent(exporter, clock, "one")
        assert account(exporter) == (0, 0, 0, 1)
        clock.advance_s(10)
        sent(exporter, clock, "two")
    assert running.names()[-2:] == ["one", "two"]
    assert account(exporter) == (2, 0, 0, 0)


@pytest.mark.parametrize("act", [hang, drip])
def test_a_backend_that_does_not_answer_in_time_is_given_up(act):
    with backend(act) as running:
        exporter = HttpExporter(running.url, timeout_ns=SECOND_NS // 20)
        with pytest.raises(ExportError, match="it took too long"):
            exporter.export(batch(span(), until_ns=2**62))
    assert exporter.spans_waiting == 1


def test_the_functions_own_time_is_shorter_than_the_time_out():
    with backend(hang) as running:
        clock = Clock()
        exporter = exporter_to(running.url, clock, timeout_ns=3600 * SECOND_NS)
        with pytest.raises(ExportError, match="it took too long"):
            sent(exporter, clock, "one", in_s=0.05)


def test_without_time_left_nothing_is_sent(clock):
    with backend() as running:
        exporter = exporter_to(running.url, clock)
        with pytest.raises(ExportError, match="no time left to send 1 spans"):
            sent(exporter, clock, "one", in_s=0)
        sent(exporter, clock, "two")
    assert (len(running.requests), running.names()) == (1, ["one", "two"])


def test_after_a_failure_the_backend_is_left_alone_for_ten_seconds(clock):
    exporter = exporter_to(refused_url(), clock)
    with pytest.raises(ExportError, match="ConnectionRefusedError"):
        sent(exporter, clock, "one")
    clock.advance_s(9.9)
    sent(exporter, clock, "two")  # says nothing, tries nothing
    assert account(exporter) == (0, 0, 0, 2)
    clock.advance_s(0.1)
    with pytest.raises(ExportError, match=r"3 spans wait for the next flush: .*ConnectionRefusedError"):
        sent(exporter, clock, "three")


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_what_may_be_repeated_is_repeated_while_there_is_time(clock, status):
    with backend(reply(status), reply(status)) as running:
        exporter = exporter_to(running.url, clock)
        sent(exporter, clock, "one")
    assert (running.connections, running.names()) == (1, ["one"] * 3)
    first_s, second_s = clock.naps_s
    assert 0.05 <= first_s <= 0.1 <= second_s <= 0.2
    assert account(exporter) == (1, 0, 0, 0)


@pytest.mark.parametrize(
    ("header", "nap_s"),
    [("Retry-After: 3", 3), ("Retry-After: Thu, 01 Jan 2026 12:00:03 GMT", 3), ("Retry-After: 0", 0)],
)
def test_the_backend_says_when_to_come_again(clock, header, nap_s):
    with backend(reply(503, b"", header)) as running:
        sent(exporter_to(running.url, clock, timeout_ns=10 * SECOND_NS), clock, "one")
    assert clock.naps_s == [nap_s]


@pytest.mark.parametrize("header", ["Retry-After: soon", "Retry-After: -1", "Retry-After: ٣", "X-Other: 1"])
def test_a_wait_that_cannot_be_read_is_our_own(clock, header):
    with backend(reply(503, b"", header.encode().decode("latin-1"))) as running:
        sent(exporter_to(running.url, clock), clock, "one")
    [nap_s] = clock.naps_s
    assert 0.05 <= nap_s <= 0.1


def test_who_asks_for_more_time_than_there_is_gets_the_rest_it_asked_for(clock):
    with backend(reply(429, b"", "Retry-After: 40")) as running:
        exporter = exporter_to(running.url, clock, timeout_ns=5 * SECOND_NS)
        with pytest.raises(ExportError, match="answered 429"):
            sent(exporter, clock, "one")
        clock.advance_s(39)
        sent(exporter, clock, "two")
        assert (len(running.requests), clock.naps_s) == (1, [])
        clock.advance_s(1)
        sent(exporter, clock, "three")
    assert running.names() == ["one", "one", "two", "three"]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 500, 301])
def test_what_may_not_be_repeated_is_counted_and_told(clock, status):
    body = json.dumps({"code": 3, "message": "no such key"}).encode()
    with backend(reply(status, body)) as running:
        exporter = exporter_to(running.url, clock)
        with pytest.raises(ExportError, match=f"2 spans rejected: .* answered {status}: no such key"):
            sent(exporter, clock, "one", "two")
        assert account(exporter) == (0, 2, 0, 0)
        sent(exporter, clock, "three")
        assert len(running.requests) == 1  # rests after any failure
        clock.advance_s(10)
        sent(exporter, clock, "four")
    assert running.names() == ["one", "two", "three", "four"]


@pytest.mark.parametrize("body", [b"", b"<html>gateway</html>", b"\xff", b"[]", b'{"message":7}'])
def test_an_error_of_any_form_is_told(clock, body):
    with backend(reply(400, body)) as running, pytest.raises(ExportError, match="answered 400"):
        sent(exporter_to(running.url, clock), clock, "one")


def test_a_partial_success_is_counted_and_not_repeated(clock):
    body = json.dumps({"partialSuccess": {"rejectedSpans": "1", "errorMessage": "span id is zero"}}).encode()
    with backend(reply(200, body)) as running:
        exporter = exporter_to(running.url, clock)
        with pytest.raises(ExportError, match="1 of 3 spans rejected: span id is zero"):
            sent(exporter, clock, "one", "two", "three")
        sent(exporter, clock, "four")
    assert account(exporter) == (3, 1, 0, 0)
    assert running.names() == ["one", "two", "three", "four"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"[1]",
        b"\x00\xff",
        b'{"partialSuccess":null}',
        b'{"partialSuccess":{"errorMessage":"a value was cut"}}',
        b'{"partialSuccess":{"rejectedSpans":"many"}}',
        b'{"partialSuccess":{"rejectedSpans":-4}}',
    ],
)
def test_any_other_answer_of_200_is_success(clock, body):
    with backend(reply(200, body)) as running:
        exporter = exporter_to(running.url, clock)
        sent(exporter, clock, "one")
    assert account(exporter) == (1, 0, 0, 0)


def test_an_answer_cut_short_costs_the_connection_and_no_more(clock):
    with backend(reply(200, b"{}", length=99, then_close=True)) as running:
        exporter = exporter_to(running.url, clock)
        sent(exporter, clock, "one")
        sent(exporter, clock, "two")
    assert (running.connections, running.names()) == (2, ["one", "two"])


def test_an_answer_without_end_costs_the_connection_and_no_more(clock):
    with backend(reply(200, b" " * 200_000)) as running:
        exporter = exporter_to(running.url, clock)
        sent(exporter, clock, "one")
        sent(exporter, clock, "two")
    assert (running.connections, running.names()) == (2, ["one", "two"])


def test_of_too_many_spans_that_wait_the_oldest_are_dropped_and_counted(clock):
    exporter = exporter_to(refused_url(), clock)
    recorded = spans(http.PIECE_SPANS)
    with pytest.raises(ExportError, match="ConnectionRefusedError"):
        exporter.export(batch(*recorded))
    for _ in range(http.MAX_WAITING_SPANS // http.PIECE_SPANS - 1):
        exporter.export(batch(*recorded))
    assert account(exporter) == (0, 0, 0, http.MAX_WAITING_SPANS)
    with pytest.raises(ExportError, match=r"256 spans dropped, as too many wait: .*ConnectionRefusedError"):
        exporter.export(batch(span("last")))
    assert account(exporter) == (0, 0, http.PIECE_SPANS, http.MAX_WAITING_SPANS - http.PIECE_SPANS + 1)


def test_spans_that_wait_are_bounded_in_bytes_too(clock):
    exporter = exporter_to(refused_url(), clock)
    with pytest.raises(ExportError, match="ConnectionRefusedError"):
        exporter.export(batch(span("small")))
    large = [span("large", n, attributes={"body": "x" * 100_000}) for n in range(1, 31)]
    exporter.export(batch(*large))
    with pytest.raises(ExportError, match="31 spans dropped"):
        exporter.export(batch(*large))
    assert account(exporter) == (0, 0, 31, 30)


def test_many_spans_leave_in_several_posts_over_one_connection(clock):
    large = [span(f"large {n}", n, attributes={"body": "x" * 20_000}) for n in range(1, 301)]
    with backend() as running:
        exporter = exporter_to(running.url, clock)
        exporter.export(batch(*large))
    assert (running.connections, len(running.requests)) == (1, 2)
    assert running.names() == [one.name for one in large]
    assert account(exporter) == (300, 0, 0, 0)


class Unprintable:
    def __str__(self):
        raise RuntimeError("never")


def test_a_span_that_cannot_be_written_is_told_of_and_the_others_are_sent(clock):
    with backend() as running:
        exporter = exporter_to(running.url, clock)
        with pytest.raises(ExportError, match="1 spans cannot be written: RuntimeError: never"):
            exporter.export(batch(span("bad", attributes={"o": Unprintable()}), span("good", 2)))
    assert running.names() == ["good"]
    assert account(exporter) == (1, 0, 1, 0)


def test_its_own_calls_are_not_traced(clock):
    seen = []

    def now_ns():
        seen.append(is_suppressed())
        return clock.now_ns()

    with backend() as running:
        HttpExporter(running.url, now_ns=now_ns).export(batch(span(), until_ns=2**62))
    assert True in seen
    assert not is_suppressed()


def test_a_flush_that_interrupts_another_does_not_wait_for_it(clock):
    """A time-out's signal comes on the thread that is posting."""
    with backend() as running:

        def sleep(_seconds):
            with pytest.raises(ExportError, match="another flush is under way"):
                sent(exporter, clock, "interrupting")

        exporter = HttpExporter(running.url, now_ns=clock.now_ns, sleep=sleep)
        running._script.append(reply(503))
        sent(exporter, clock, "first")
    assert running.names() == ["first", "first", "interrupting"]
    assert account(exporter) == (2, 0, 0, 0)


def test_many_threads_share_one_exporter(clock):
    with backend() as running:
        exporter = exporter_to(running.url, clock)

        def export(number):
            with suppress(ExportError):  # if another was at it for long, the last takes them along
                sent(exporter, clock, f"{number}")

        threads = [threading.Thread(target=export, args=(n,)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        sent(exporter, clock, "last")
    assert sorted(running.names()) == sorted([*map(str, range(8)), "last"])


@pytest.mark.parametrize("url", ["", "nonsense", "http://", "ftp://localhost/", "http://[::1", "http://host:port/"])
def test_an_endpoint_that_is_none_is_an_error_and_no_more(clock, url):
    exporter = exporter_to(url, clock)
    with pytest.raises(ExportError, match="1 spans wait"):
        sent(exporter, clock, "one")


def test_the_begin_of_an_invocation_is_not_posted(clock):
    with backend() as running:
        exporter_to(running.url, clock).start(batch(span()))
    assert running.connections == 0


@pytest.fixture
def certificate(tmp_path):
    """A self-signed certificate of localhost, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    noon = dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC)
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(noon - dt.timedelta(days=3650))
        .not_valid_after(noon + dt.timedelta(days=36500))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = tmp_path / "localhost.pem"
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM) + private)
    return path


@pytest.fixture
def tls(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def test_https_is_spoken_to_whom_the_system_trusts(clock, tls, certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with backend(tls=tls) as running:
        exporter = exporter_to(running.url, clock)
        sent(exporter, clock, "one")
        sent(exporter, clock, "two")
    assert (running.connections, running.names()) == (1, ["one", "two"])


def test_https_is_not_spoken_to_anybody_else(clock, tls):
    with backend(tls=tls) as running, pytest.raises(ExportError, match="CERTIFICATE_VERIFY_FAILED"):
        sent(exporter_to(running.url, clock), clock, "one")
    assert running.requests == []


def test_the_real_backend_takes_what_is_posted_and_gives_it_back(client):
    recorded = spans(20)
    exporter = HttpExporter(f"{client.url}/v1/traces")
    exporter.export(batch(*recorded, until_ns=2**62))
    assert account(exporter) == (20, 0, 0, 0)
    found = client.get(f"/v1/traces/{recorded[0].trace_id}", {"accept": "application/json"}).json()
    names = [
        one["name"]
        for resource_spans in found["resourceSpans"]
        for scope_spans in resource_spans["scopeSpans"]
        for one in scope_spans["spans"]
    ]
    assert sorted(names) == sorted(one.name for one in recorded)


def test_the_real_backend_says_which_spans_it_rejects(client):
    exporter = HttpExporter(f"{client.url}/v1/traces")
    with pytest.raises(ExportError, match=r"1 of 2 spans rejected: a span id in trace .* is all zero"):
        exporter.export(batch(span("good", 1), span("bad", 0), until_ns=2**62))
    assert account(exporter) == (1, 1, 0, 0)


def test_the_real_backend_without_a_key_is_told_of(client_of, services, key_gate):
    client = client_of(replace(services, gate=key_gate))
    exporter = HttpExporter(f"{client.url}/v1/traces")
    with pytest.raises(ExportError, match=r"1 spans rejected: .* answered 401"):
        exporter.export(batch(span(), until_ns=2**62))
