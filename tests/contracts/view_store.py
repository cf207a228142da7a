"""What every view store must do. A store's tests subclass this and give the fixture `store`, made with `clock`."""

import random
from collections.abc import Sequence

import pytest

from chalicelib.model.errors import StoreError
from chalicelib.model.view import MAX_BODY_BYTES, SYSTEM_TENANT, View
from chalicelib.storage.port import ViewStore
from tests.clocks import NOON_NS, Clock

TENANT = "default"
LASTS_S = 3600
EXPIRES_AT_S = NOON_NS // 1_000_000_000 + LASTS_S


def view(
    sort: str, body: bytes = b"packed", partition: str = "seg#1767265200", expires_at_s: int = EXPIRES_AT_S
) -> View:
    return View(partition=partition, sort=sort, body=body, expires_at_s=expires_at_s)


class ViewStoreContract:
    @pytest.fixture
    def clock(self) -> Clock:
        return Clock()

    def read(
        self,
        store: ViewStore,
        clock: Clock,
        first: str = "",
        last: str | None = None,
        partition: str = "seg#1767265200",
        tenant: str = TENANT,
    ) -> list[View]:
        return list(store.read(tenant, partition, clock.deadline(), first=first, last=last))

    def put(self, store: ViewStore, clock: Clock, views: Sequence[View], tenant: str = TENANT) -> None:
        store.put(tenant, views, clock.deadline())

    def test_an_empty_store_has_no_view(self, store: ViewStore, clock: Clock) -> None:
        assert self.read(store, clock) == []
        assert store.drop() == 0

    @pytest.mark.parametrize("body", [b"", b"\x00", bytes(range(256))])
    def test_a_view_comes_back_as_it_was_put(self, store: ViewStore, clock: Clock, body: bytes) -> None:
        self.put(store, clock, [view("0001", body)])
        assert self.read(store, clock) == [view("0001", body)]
        surely = store.read(TENANT, "seg#1767265200", clock.deadline(), consistent=True)
        assert list(surely) == [view("0001", body)]

    def test_putting_nothing_is_no_work_even_after_the_deadline(self, store: ViewStore, clock: Clock) -> None:
        store.put(TENANT, [], clock.deadline(in_s=-1))

    def test_a_view_takes_the_place_of_the_one_with_its_keys(self, store: ViewStore, clock: Clock) -> None:
        self.put(store, clock, [view("0001", b"before"), view("0002", b"beside")])
        self.put(store, clock, [view("0001", b"", expires_at_s=EXPIRES_AT_S + 5)])
        assert self.read(store, clock) == [view("0001", b"", expires_at_s=EXPIRES_AT_S + 5), view("0002", b"beside")]

    def test_views_come_in_the_order_of_their_sort_keys(self, store: ViewStore, clock: Clock) -> None:
        sorts = [f"{window:010d}#{piece}" for window in range(0, 600, 60) for piece in ("-", "-0", "-01", "-1", "é")]
        views = [view(sort) for sort in sorts]
        random.Random(7).shuffle(views)
        self.put(store, clock, views)
        assert [one.sort for one in self.read(store, clock)] == sorted(sorts)

    @pytest.mark.parametrize(
        ("first", "last", "expected"),
        [
            ("", None, "abcde"),
            ("b", None, "bcde"),
            ("", "c", "abc"),
            ("b", "d", "bcd"),
            ("c", "c", "c"),
            ("bb", "d", "cd"),
            ("d", "b", ""),
            ("f", None, ""),
            ("", "A", ""),
            ("", "", ""),
            ("a", "", ""),
        ],
    )
    def test_a_range_holds_both_its_ends(
        self, store: ViewStore, clock: Clock, first: str, last: str | None, expected: str
    ) -> None:
        self.put(store, clock, [view(sort) for sort in "abcde"])
        assert [one.sort for one in self.read(store, clock, first, last)] == list(expected)

    def test_partitions_and_tenants_do_not_meet(self, store: ViewStore, clock: Clock) -> None:
        self.put(store, clock, [view("1", b"ours"), view("1", b"hour", partition="seg#17672652001")])
        self.put(store, clock, [view("1", b"theirs")], "default-2")
        self.put(store, clock, [view("default", b"", partition="tenants#1767225600")], SYSTEM_TENANT)
        assert [one.body for one in self.read(store, clock)] == [b"ours"]
        assert [one.body for one in self.read(store, clock, tenant="default-2")] == [b"theirs"]
        [active] = self.read(store, clock, partition="tenants#1767225600", tenant=SYSTEM_TENANT)
        assert (active.sort, active.body) == ("default", b"")
        assert self.read(store, clock, partition="tenants#1767225600") == []

    def test_an_expired_view_is_not_shown(self, store: ViewStore, clock: Clock) -> None:
        self.put(store, clock, [view("soon"), view("later", expires_at_s=EXPIRES_AT_S + 1)])
        clock.advance_s(LASTS_S - 1)
        assert [one.sort for one in self.read(store, clock)] == ["later", "soon"]
        clock.advance_s(1)
        assert [one.sort for one in self.read(store, clock)] == ["later"]

    def test_views_over_several_calls_and_pages_come_back_whole(self, store: ViewStore, clock: Clock) -> None:
        """4 MB: DynamoDB takes 25 at a time and gives 1 MB."""
        views = [view(f"{n:04d}", random.Random(n).randbytes(60_000)) for n in range(70)]
        self.put(store, clock, views)
        assert self.read(store, clock) == views
        assert self.read(store, clock, "0010", "0059") == views[10:60]

    def test_the_largest_view_is_kept(self, store: ViewStore, clock: Clock) -> None:
        largest = view("1" * 60, random.Random(1).randbytes(MAX_BODY_BYTES))
        self.put(store, clock, [largest])
        assert self.read(store, clock) == [largest]

    def test_dropping_leaves_nothing_of_anybody(self, store: ViewStore, clock: Clock) -> None:
        self.put(store, clock, [view(f"{n:04d}", b"x" * 20_000) for n in range(60)])  # more than a page
        self.put(store, clock, [view("1", partition="rol#0", expires_at_s=1)], "other")
        self.put(store, clock, [view("1", partition="dead#0")], SYSTEM_TENANT)
        assert store.drop() == 62
        assert self.read(store, clock) == []
        assert self.read(store, clock, tenant=SYSTEM_TENANT, partition="dead#0") == []
        assert store.drop() == 0

    def test_past_the_deadline_nothing_is_begun(self, store: ViewStore, clock: Clock) -> None:
        with pytest.raises(StoreError):
            store.put(TENANT, [view("1")], clock.deadline(in_s=0))
        with pytest.raises(StoreError):
            list(store.read(TENANT, "seg#1767265200", clock.deadline(in_s=-1)))
        assert self.read(store, clock) == []
