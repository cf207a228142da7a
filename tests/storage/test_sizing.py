"""Items weighed by hand, from the rules in DynamoDB's developer guide."""

import pytest

from chalicelib.storage.dynamodb.sizing import (
    item_size_bytes,
    number_size_bytes,
    read_units,
    value_size_bytes,
    write_units,
)


@pytest.mark.parametrize(
    ("number", "size"),
    [
        ("0", 1),
        ("7", 2),
        ("10", 2),  # trailing zeros do not count
        ("12", 2),
        ("123", 3),
        ("-123", 4),
        ("0.5", 2),
        ("-0.0012", 3),
        ("1733497200", 5),  # 17 33 49 72
        ("1732287600123", 8),  # 13 digits: 7 bytes and one
        ("9" * 38, 20),
    ],
)
def test_a_number_weighs_a_byte_for_two_significant_digits(number, size):
    assert number_size_bytes(number) == size


@pytest.mark.parametrize(
    ("value", "size"),
    [
        ({"S": ""}, 0),
        ({"S": "naïve"}, 6),
        ({"B": b"\x00\xff"}, 2),
        ({"BOOL": False}, 1),
        ({"NULL": True}, 1),
        ({"SS": ["read", "ingest"]}, 10),
        ({"NS": ["1", "123"]}, 5),
        ({"BS": [b"12", b"3"]}, 3),
        ({"L": []}, 3),
        ({"L": [{"S": "ab"}, {"N": "1"}]}, 3 + 1 + 2 + 1 + 2),
        ({"M": {"key": {"S": "ab"}}}, 3 + 1 + 3 + 2),
    ],
)
def test_a_value_weighs_what_the_guide_says(value, size):
    assert value_size_bytes(value) == size


def test_a_value_of_no_known_type_has_no_size():
    with pytest.raises(ValueError, match="'X'"):
        value_size_bytes({"X": 1})


def test_an_item_weighs_its_names_and_values():
    item = {
        "pk": {"B": b"default\x00" + bytes(8)},  # 2 + 16
        "sk": {"B": bytes(20)},  # 2 + 20
        "b": {"B": bytes(870)},  # 1 + 870
        "f": {"N": "1"},  # 1 + 2
        "n": {"N": "10"},  # 1 + 2
        "at": {"N": "1732287600123"},  # 2 + 8
        "expires_at": {"N": "1733497213"},  # 10 + 6
    }
    assert item_size_bytes(item) == 18 + 22 + 871 + 3 + 3 + 10 + 16


@pytest.mark.parametrize(("size", "units"), [(1, 1), (1024, 1), (1025, 2), (409_600, 400)])
def test_a_write_unit_is_a_kilobyte_of_one_item(size, units):
    assert write_units(size) == units


@pytest.mark.parametrize(
    ("size", "consistent", "eventual"), [(0, 1, 0.5), (1, 1, 0.5), (4096, 1, 0.5), (4097, 2, 1), (1 << 20, 256, 128)]
)
def test_a_read_unit_is_four_kilobytes_of_a_page(size, consistent, eventual):
    assert read_units(size) == consistent
    assert read_units(size, consistent=False) == eventual
