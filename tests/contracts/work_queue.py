"""What every work queue must do. A queue's tests subclass this and give the fixtures `queue`, and `taken`: everything
that waits in it, taken out."""

from collections.abc import Callable

import pytest

from chalicelib.model.errors import StoreError
from chalicelib.storage.port import WorkQueue
from tests.clocks import Clock


class WorkQueueContract:
    def test_sending_nothing_leaves_nothing(
        self, queue: WorkQueue, taken: Callable[[], list[bytes]], clock: Clock
    ) -> None:
        queue.send([], clock.deadline())
        assert taken() == []

    def test_every_message_waits_until_somebody_takes_it(
        self, queue: WorkQueue, taken: Callable[[], list[bytes]], clock: Clock
    ) -> None:
        messages = [b'{"seal": {"tenant": "default", "window": %d}}' % number for number in range(37)]
        queue.send(messages[:1], clock.deadline())
        queue.send(messages[1:], clock.deadline())
        assert sorted(taken()) == sorted(messages)
        assert taken() == []

    def test_messages_as_large_as_they_may_be_are_all_taken(
        self, queue: WorkQueue, taken: Callable[[], list[bytes]], clock: Clock
    ) -> None:
        messages = [b'"' + letter * (199 * 1024) + b'"' for letter in (b"a", b"b", b"c")]
        queue.send(messages, clock.deadline())
        assert sorted(taken()) == messages

    def test_past_the_deadline_nothing_is_begun(
        self, queue: WorkQueue, taken: Callable[[], list[bytes]], clock: Clock
    ) -> None:
        with pytest.raises(StoreError):
            queue.send([b"{}"], clock.deadline(in_s=0))
        assert taken() == []
