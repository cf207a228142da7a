"""A large trace as the facts table would give it back: items, and the pages of a Query over them."""

from benchmarks.measures import canned
from benchmarks.measures.costs import ARRIVED_MS, blocks_of
from benchmarks.measures.handler import TENANT
from benchmarks.workloads.posts import large_trace_posts
from benchmarks.workloads.worlds import MEASURING
from chalicelib.model.block import Block
from chalicelib.storage.dynamodb.items import to_item
from chalicelib.storage.dynamodb.keys import tenant_prefix

FAR_FUTURE_S = 4_102_444_800  # 2100: the reader filters what has expired by its own clock


def large_trace_blocks(span_count: int, seed: int = 41) -> list[Block]:
    """The blocks of one trace that came in posts of ten spans, in the order of their keys, as a Query gives them."""
    posts = large_trace_posts(MEASURING, seed, span_count)
    blocks = [block for post in posts for block in blocks_of(post.SerializeToString())]
    return sorted(blocks, key=lambda block: to_item(b"", block, 0, 0)["sk"]["B"])


def query_pages(blocks: list[Block]) -> list[bytes]:
    """The bodies of DynamoDB's answers for `blocks`."""
    prefix = tenant_prefix(TENANT)
    return canned.pages([dict(to_item(prefix, block, ARRIVED_MS, FAR_FUTURE_S)) for block in blocks])
