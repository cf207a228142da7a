from itertools import islice

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.storage.dynamodb.writer import CALL_BYTES, CALL_ITEMS, LONGEST_PAUSE_S, batches, pauses_s, unprocessed


def item(number, size_bytes):
    return {"sk": {"B": number.to_bytes(4, "big")}, "b": {"B": bytes(size_bytes)}}


@given(st.lists(st.sampled_from([0, 900, 200_000, 400_000]), max_size=120))
def test_batches_hold_every_item_once_in_order_and_keep_both_limits(sizes):
    items = [item(number, size) for number, size in enumerate(sizes)]
    made = list(batches(items))
    assert [one for batch in made for one in batch] == items
    assert all(1 <= len(batch) <= CALL_ITEMS for batch in made)
    assert all(sum(len(one["b"]["B"]) for one in batch) <= CALL_BYTES for batch in made)


def test_small_items_make_full_batches():
    assert [len(batch) for batch in batches(item(n, 900) for n in range(60))] == [25, 25, 10]


def test_large_items_make_batches_of_four_megabytes():
    assert [len(batch) for batch in batches(item(n, 400_000) for n in range(12))] == [10, 2]


def test_pauses_double_up_to_a_limit():
    assert list(islice(pauses_s(), 8)) == [0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 2.0, 2.0]
    assert LONGEST_PAUSE_S == 2.0


def test_items_that_are_handed_back_are_found_whether_the_answer_has_the_tables_name_or_its_arn():
    requests = [{"PutRequest": {"Item": item(1, 10)}}]
    for table in ("facts", "arn:aws:dynamodb:eu-central-1:000000000000:table/facts"):
        assert unprocessed({"UnprocessedItems": {table: requests}}) == requests
    assert unprocessed({"UnprocessedItems": {}}) == []
