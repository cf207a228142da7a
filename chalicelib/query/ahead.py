"""Reading ahead: a few reads are under way while the last one's answer is being looked at."""

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from itertools import islice
from typing import TypeVar

_Item = TypeVar("_Item")
_Answer = TypeVar("_Answer")

READERS = 8


@contextmanager
def readers() -> Iterator[ThreadPoolExecutor]:
    """READERS threads for one request. On leaving, reads not begun never are, and nobody waits for the others."""
    pool = ThreadPoolExecutor(READERS, thread_name_prefix="reading")
    try:
        yield pool
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def read_ahead(
    pool: ThreadPoolExecutor,
    items: Iterable[_Item],
    read: Callable[[_Item], _Answer],
    ahead: Callable[[int], int],
) -> Generator[tuple[_Item, _Answer], None, None]:
    """Each item with what `read` gives for it, in order; what it raises is raised when its turn comes.

    `ahead` is told how many items are done, and says how many reads may be under way beside the one waited for.
    `items` is asked for no more than that, from this thread.
    """
    waiting: deque[tuple[_Item, Future[_Answer]]] = deque()
    upcoming = iter(items)
    done = 0
    try:
        while True:
            room = 1 + ahead(done) - len(waiting)
            waiting.extend((item, pool.submit(read, item)) for item in islice(upcoming, max(0, room)))
            if not waiting:
                return
            first, future = waiting.popleft()
            yield first, future.result()
            done += 1
    finally:
        for _, future in waiting:
            future.cancel()
