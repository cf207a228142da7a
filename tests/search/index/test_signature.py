from chalicelib.search.index.bitmaps import rows_of
from chalicelib.search.index.signature import Signature, hashed, write


def values(row, count):
    return [hashed(f"{row} {number}".encode()) for number in range(count)]


def test_a_value_is_hashed_alike_in_every_process():
    assert hashed(b"span.http.route=/orders") == (3058916778, 2948259780, 1377689231, 2884148373, 1252549942)


def test_every_value_of_every_row_is_found():
    counts = [0, 1, 7, 40, 2000, 0, 12]
    rows = [values(row, count) for row, count in enumerate(counts)]
    signature = Signature(write(rows), len(rows))
    for row, found in enumerate(rows):
        assert all(row in rows_of(signature.rows_with(value)) for value in found)


def test_a_row_of_thousands_of_values_does_not_drown_the_others():
    rows = [values(row, 15) for row in range(200)]
    drowned = [*rows[:-1], values(199, 5000)]
    signature = Signature(write(drowned), len(drowned))
    strangers = [signature.rows_with(hashed(f"stranger {number}".encode())) for number in range(300)]
    small = sum((found & (1 << 199) - 1).bit_count() for found in strangers)
    assert small / 300 / 199 < 0.015
    assert len(write(drowned)) < len(write(rows)) + 5000 * 1.5


def test_rows_without_values_take_no_room():
    assert write([[], [], []]) == b""
    assert Signature(b"", 3).rows_with(hashed(b"x")) == 0
    lone = write([values(0, 20)])
    assert len(write([values(0, 20), *([[]] * 1000)])) < len(lone) + 40
