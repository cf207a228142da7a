"""Train the dictionary of block format 1 on the TRAINING world: `python -m benchmarks.dictionary.train`.

The same sources give the same bytes (zstandard 0.25.0, libzstd 1.5.7, COVER with fixed parameters, one thread); a
test trains it again and compares. A published dictionary is never changed: blocks that were packed with it must
stay readable. To train a better one, add a format with a new number and file (chalicelib/codecs/blocks).
"""

from hashlib import sha256
from pathlib import Path

import zstandard

from benchmarks.measures.costs import blocks_of
from benchmarks.workloads.posts import collector_post, ten_span_posts
from benchmarks.workloads.worlds import TRAINING, World
from chalicelib.codecs.blocks import columns
from chalicelib.model.block import Block

DICTIONARY = Path(__file__).parents[2] / "chalicelib" / "codecs" / "blocks" / "format_1.dict"
ZSTANDARD = "0.25.0"

SIZE_BYTES = 64 * 1024
SEGMENT_BYTES = 1024  # COVER's k
DMER_BYTES = 8  # COVER's d
ENTROPY_LEVEL = 6  # whose statistics the tables in the dictionary's head are for
SEED = 1


def samples(world: World, seed: int, post_count: int = 3000, collector_count: int = 10) -> list[Block]:
    """Blocks as the facts table would keep them: of single invocations, and of whole traces out of Collectors."""
    posts = [*ten_span_posts(world, seed, post_count)]
    posts += [collector_post(world, seed + number) for number in range(collector_count)]
    return [block for post in posts for block in blocks_of(post.SerializeToString())]


def text(block: Block) -> bytes:
    """What of a block the dictionary gets to see: the payload without ids and times."""
    return columns.split(block.payload, bytes.fromhex(block.trace_id))[1]


def train(texts: list[bytes], size_bytes: int = SIZE_BYTES, level: int = ENTROPY_LEVEL) -> bytes:
    """A zstd dictionary of about `size_bytes` from `texts`."""
    made = zstandard.train_dictionary(size_bytes, texts, k=SEGMENT_BYTES, d=DMER_BYTES, level=level)
    return made.as_bytes()


def main() -> None:
    """Write the dictionary and say what it is."""
    if zstandard.__version__ != ZSTANDARD:
        print(f"note: zstandard is {zstandard.__version__}; the shipped dictionary was made with {ZSTANDARD}")
    made = train([text(block) for block in samples(TRAINING, SEED)])
    DICTIONARY.write_bytes(made)
    print(f"{DICTIONARY.name}: {len(made)} bytes, sha256 {sha256(made).hexdigest()}")


if __name__ == "__main__":
    main()
