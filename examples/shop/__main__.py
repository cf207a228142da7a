"""Send the shop's traffic to a running server, and say where to read it."""

import argparse
import logging
import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from random import Random
from urllib.parse import urlsplit

from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import SpanProcessor
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from examples.shop.clock import Clock
from examples.shop.scenes import Shop

DEFAULT_ENDPOINT = f"http://{os.environ.get('HOST') or '127.0.0.1'}:{os.environ.get('PORT') or '8000'}"
GAP_MS = 900  # between two customers, on the shop's own clock
SHOWN = 5


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when everything was taken, 1 when no server answers or one refuses."""
    chosen = _parse(arguments)
    problem = unreachable(chosen.endpoint)
    if problem is not None:
        print(f"{chosen.endpoint} does not answer ({problem}); is `make run` running?", file=sys.stderr)
        return 1
    began = time.monotonic()
    with complaints() as refusals:
        traces = _played(chosen)
    if refusals.first is not None:
        print(f"{chosen.endpoint} did not take everything: {refusals.first}", file=sys.stderr)
        return 1
    print(_summary(chosen.endpoint, traces, time.monotonic() - began))
    return 0


def _played(chosen: argparse.Namespace) -> list[tuple[str, str]]:
    random = Random(chosen.seed)
    clock = Clock(time.time_ns() - chosen.traces * GAP_MS * 1_000_000, random)
    shop = Shop(lambda: _sender(chosen.endpoint, chosen.key), clock, random)
    try:
        return play(shop, clock, chosen.traces, chosen.rate)
    finally:
        shop.shut_down()


def play(shop: Shop, clock: Clock, orders: int, rate: float | None = None) -> list[tuple[str, str]]:
    """(what it is, trace id) of every trace, in order. `rate` is orders a second of real time; None: at once."""
    traces: list[tuple[str, str]] = []
    for number in range(orders):
        if rate is not None and number:
            time.sleep(1 / rate)
        clock.pass_ms(GAP_MS)
        traces.append(("order", shop.order()))
        if number % 4 == 3 or number == orders - 1:
            traces += [("fulfilment", found) for found in iter(shop.fulfil, None)]
        if number % 10 == 9 or number == orders - 1:
            traces.append(("refund", shop.refund()))
    return traces


def unreachable(endpoint: str) -> str | None:
    """Why nothing at `endpoint` speaks HTTP, or None if something does."""
    address = urlsplit(endpoint)
    make = HTTPSConnection if address.scheme == "https" else HTTPConnection
    try:
        connection = make(address.hostname or "", address.port, timeout=3)
        connection.request("GET", f"{address.path.rstrip('/')}/healthz")
        connection.getresponse().read()
    except (OSError, HTTPException, ValueError) as error:
        return str(error) or type(error).__name__
    finally:
        connection.close()
    return None


def _sender(endpoint: str, key: str | None) -> SpanProcessor:
    exporter = OTLPSpanExporter(
        endpoint=f"{endpoint}/v1/traces",
        headers={"x-api-key": key} if key else None,
        compression=Compression.Gzip,
        timeout=10,
    )
    return BatchSpanProcessor(exporter, schedule_delay_millis=60_000)  # a function flushes when it is done


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m examples.shop", description=__doc__)
    parser.add_argument("--endpoint", default=DEFAULT_ENDPOINT, type=lambda text: text.rstrip("/"))
    parser.add_argument("--traces", type=_at_least_one, default=20, metavar="N", help="how many orders (default 20)")
    parser.add_argument("--rate", type=_above_zero, metavar="R", help="orders a second; as fast as possible by default")
    parser.add_argument("--key", help="sent as x-api-key")
    parser.add_argument("--seed", type=int, default=1, help="the same seed plays the same day; ids are always new")
    return parser.parse_args(arguments)


def _at_least_one(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not at least 1")
    return number


def _above_zero(text: str) -> float:
    number = float(text)
    if not number > 0:
        raise argparse.ArgumentTypeError(f"{text} is not above 0")
    return number


def _summary(endpoint: str, traces: list[tuple[str, str]], took_s: float) -> str:
    shown = traces[-SHOWN:]
    lines = [f"{len(traces)} traces of a small shop sent to {endpoint} in {took_s:.1f} s; the last {len(shown)}:"]
    for what, trace_id in shown:
        address = f"{endpoint}/v1/traces/{trace_id}"
        lines += [f"  {what:<10}  {trace_id}", f"    {address}", f"    {address}/assembly"]
    lines += [f"  all of them, in seconds  {endpoint}/v1/search", f"  who calls whom, soon     {endpoint}/v1/graph"]
    return "\n".join(lines)


@contextmanager
def complaints() -> "Iterator[Refusals]":
    """What the SDK complains of meanwhile, kept from the terminal: it logs every failure, and raises none."""
    logger, refusals = logging.getLogger("opentelemetry"), Refusals()
    propagated, logger.propagate = logger.propagate, False
    logger.addHandler(refusals)
    try:
        yield refusals
    finally:
        logger.removeHandler(refusals)
        logger.propagate = propagated


class Refusals(logging.Handler):
    """Keeps the first thing that the SDK complains of; the SDK itself only logs."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.first: str | None = None

    def emit(self, record: logging.LogRecord) -> None:
        """Keep it if it is the first."""
        self.first = self.first or record.getMessage()


if __name__ == "__main__":
    sys.exit(main())
