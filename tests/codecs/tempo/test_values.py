import pytest

from chalicelib.codecs.tempo.values import any_value, go_duration, key_value

SECOND = 1_000_000_000


@pytest.mark.parametrize(
    ("duration_ns", "text"),
    [
        (0, "0s"),
        (1, "1ns"),
        (999, "999ns"),
        (1_000, "1µs"),
        (1_500, "1.5µs"),
        (999_999, "999.999µs"),
        (1_000_000, "1ms"),
        (1_200_000, "1.2ms"),
        (SECOND - 1, "999.999999ms"),
        (SECOND, "1s"),
        (SECOND + 1, "1.000000001s"),
        (90 * SECOND + SECOND // 2, "1m30.5s"),
        (26 * 3600 * SECOND, "26h0m0s"),
        (-1_500, "-1.5µs"),
    ],
)
def test_durations_are_told_as_go_prints_them(duration_ns, text):
    assert go_duration(duration_ns) == text


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("x", {"stringValue": "x"}),
        (True, {"boolValue": True}),
        (3, {"intValue": 3}),
        (2**63, {"stringValue": str(2**63)}),
        (0.5, {"doubleValue": 0.5}),
        (None, {"stringValue": "nil"}),
        (b"\x01\xff", {"stringValue": "01ff"}),
        (["a", 1], {"stringValue": '["a", 1]'}),
        ({"a": b"x"}, {"stringValue": '{"a": "b\'x\'"}'}),
    ],
)
def test_every_value_has_its_any_value(value, expected):
    assert any_value(value) == expected


def test_a_duration_is_known_by_its_key():
    assert key_value("duration", 1_500_000)["value"] == {"stringValue": "1.5ms"}
    assert key_value("size", 1_500_000)["value"] == {"intValue": 1_500_000}
    assert key_value("duration", "long")["value"] == {"stringValue": "long"}
