"""Why format 1 is as it is: `python -m benchmarks.dictionary.sweep` prints the table of docs/adr/006-block-format.md.

Dictionaries are trained on the TRAINING world and measured on the MEASURING one. Money is what a million ten-span
posts cost at list prices (us-east-1, November 2026): write units, two weeks of storage, and the CPU of packing.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from time import process_time

import zstandard

from benchmarks.dictionary.train import samples, train
from benchmarks.workloads.worlds import MEASURING, TRAINING
from chalicelib.codecs.blocks import columns
from chalicelib.model.block import Block

ITEM_OVERHEAD_BYTES = 78  # names, keys and numbers beside the packed bytes; held by tests/benchmarks
WRITE_UNIT_BYTES = 1024
WRITE_UNIT_USD = 0.625e-6
STORED_GB_MONTH_USD = 0.25
RETENTION_MONTHS = 14 / 30
VCPU_SECOND_USD = 1.769 * 1.33334e-5  # arm64; 1,769 MB buy one vCPU
SIZES_KIB = (8, 16, 32, 64)
LEVELS = (1, 3, 6, 9, 12, 15, 19)


@dataclass(frozen=True, kw_only=True)
class Figures:
    """One setting, measured."""

    bytes_per_span: float
    fitting_share: float
    units_per_span: float
    collector_units_per_span: float
    pack_us: float
    ready_ms: float

    @property
    def usd_per_million_posts(self) -> float:
        """Write units, storage and CPU of a million ten-span posts."""
        stored_gb = self.bytes_per_span * 10 * 1e6 / 1e9
        return (
            self.units_per_span * 10 * 1e6 * WRITE_UNIT_USD
            + stored_gb * STORED_GB_MONTH_USD * RETENTION_MONTHS
            + self.pack_us * VCPU_SECOND_USD
        )


@dataclass(frozen=True, kw_only=True)
class Part:
    """What of a block goes past zstd, as a number of bytes, and what goes into it."""

    apart_bytes: int
    text: bytes


@dataclass(frozen=True, kw_only=True)
class Sample:
    """Held-out blocks: of ten-span posts, and of the traces in collector posts, with how many spans those have."""

    posts: list[Part]
    traces: list[Part]
    trace_spans: int


def whole(block: Block) -> Part:
    """A payload as it is."""
    return Part(apart_bytes=0, text=block.payload)


def in_columns(block: Block) -> Part:
    """A payload of which ids and times are set apart."""
    apart, text = columns.split(block.payload, bytes.fromhex(block.trace_id))
    return Part(apart_bytes=len(apart) + 1, text=text)


def held_out(seed: int, part: Callable[[Block], Part], post_count: int = 1000, collector_count: int = 4) -> Sample:
    """Blocks that no dictionary was trained on."""
    collected = samples(MEASURING, seed, post_count=0, collector_count=collector_count)
    return Sample(
        posts=[part(block) for block in samples(MEASURING, seed, post_count, collector_count=0)],
        traces=[part(block) for block in collected],
        trace_spans=sum(block.span_count for block in collected),
    )


def parameters(level: int, **frame: bool | int) -> zstandard.ZstdCompressionParameters:
    """The frame of format 1 at `level`, or another frame where `frame` says so."""
    lean = {"format": zstandard.FORMAT_ZSTD1_MAGICLESS, "write_content_size": True}
    return zstandard.ZstdCompressionParameters.from_level(
        level, **(lean | {"write_checksum": False, "write_dict_id": False} | frame)
    )


def measure(make: Callable[[], zstandard.ZstdCompressor], sample: Sample) -> Figures:
    """`make`'s compressor over `sample`; CPU is the median of three passes."""
    started = process_time()
    compressor = make()
    compressor.compress(sample.posts[0].text)
    ready_ms = (process_time() - started) * 1e3
    passes = []
    for _ in range(3):
        started = process_time()
        packed = [part.apart_bytes + len(compressor.compress(part.text)) for part in sample.posts]
        passes.append((process_time() - started) / len(packed) * 1e6)
    collected = [part.apart_bytes + len(compressor.compress(part.text)) for part in sample.traces]
    items = [size + ITEM_OVERHEAD_BYTES for size in packed]
    return Figures(
        bytes_per_span=sum(items) / len(items) / 10,
        fitting_share=sum(size <= WRITE_UNIT_BYTES for size in items) / len(items),
        units_per_span=sum(map(_units, items)) / len(items) / 10,
        collector_units_per_span=sum(_units(size + ITEM_OVERHEAD_BYTES) for size in collected) / sample.trace_spans,
        pack_us=sorted(passes)[1],
        ready_ms=ready_ms,
    )


def raw_content(payloads: list[bytes], size_bytes: int) -> bytes:
    """A dictionary without tables: the strings that save most (length times posts that have them), best last."""
    found: Counter[bytes] = Counter()
    for payload in payloads:
        found.update(set(_strings(payload)))
    ranked = sorted(found, key=lambda text: (found[text] - 1) * len(text), reverse=True)
    kept, used = [], 0
    for text in ranked:
        if used + len(text) > size_bytes:
            break
        kept.append(text)
        used += len(text)
    return b"".join(reversed(kept))


def _strings(payload: bytes) -> Iterator[bytes]:
    """Runs between the bytes that vary: what a person would underline in a dump of the payload."""
    run = bytearray()
    for byte in payload:
        if 0x20 <= byte < 0x7F:
            run.append(byte)
            continue
        if len(run) > 4:
            yield bytes(run)
        run = bytearray()


def _units(item_bytes: int) -> int:
    return -(-item_bytes // WRITE_UNIT_BYTES)


def main() -> None:
    """Print every row: first with payloads as they are, then with ids and times set apart."""
    print("| setting | B/span, whole item | ≤ 1 KiB | units/span, posts | collector | zstd, µs/post | ready, ms | $ |")
    print("|---|---|---|---|---|---|---|---|")
    trained_on = samples(TRAINING, seed=1)
    for title, part in (("whole", whole), ("columns", in_columns)):
        texts = [part(block).text for block in trained_on]
        sample = held_out(7, part)
        for name, make in _settings(texts):
            row = measure(make, sample)
            print(
                f"| {title}: {name} | {row.bytes_per_span:.1f} | {row.fitting_share:.0%} | {row.units_per_span:.3f} "
                f"| {row.collector_units_per_span:.3f} | {row.pack_us:.0f} | {row.ready_ms:.1f} "
                f"| {row.usd_per_million_posts:.3f} |",
                flush=True,
            )


def _settings(payloads: list[bytes]) -> Iterator[tuple[str, Callable[[], zstandard.ZstdCompressor]]]:
    yield "no dictionary, level 3 (format 0)", lambda: zstandard.ZstdCompressor(level=3)
    yield "no dictionary, level 19", lambda: zstandard.ZstdCompressor(level=19)
    yield "raw content 64 KiB, level 6", _with(raw_content(payloads, 64 * 1024), parameters(6), trained=False)
    for size_kib in SIZES_KIB:
        content = train(payloads, size_kib * 1024)
        for level in LEVELS:
            yield f"{size_kib} KiB, level {level}", _with(content, parameters(level))
    content = train(payloads, 64 * 1024)
    full = parameters(6, format=zstandard.FORMAT_ZSTD1, write_dict_id=True, write_checksum=True)
    yield "64 KiB, level 6, whole frame header and checksum", _with(content, full)
    yield "64 KiB, level 6, no content size", _with(content, parameters(6, write_content_size=False))
    cheap_optimal = zstandard.ZstdCompressionParameters(
        window_log=17, hash_log=15, chain_log=16, search_log=3, min_match=4, target_length=24,
        strategy=zstandard.STRATEGY_BTOPT, format=zstandard.FORMAT_ZSTD1_MAGICLESS,
        write_content_size=True, write_checksum=False, write_dict_id=False,
    )  # fmt: skip
    yield "64 KiB, shallow optimal parser", _with(content, cheap_optimal)


def _with(
    content: bytes, chosen: zstandard.ZstdCompressionParameters, *, trained: bool = True
) -> Callable[[], zstandard.ZstdCompressor]:
    kind = zstandard.DICT_TYPE_FULLDICT if trained else zstandard.DICT_TYPE_RAWCONTENT
    return lambda: zstandard.ZstdCompressor(
        dict_data=zstandard.ZstdCompressionDict(content, dict_type=kind), compression_params=chosen
    )


if __name__ == "__main__":
    main()
