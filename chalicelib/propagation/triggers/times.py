"""The times that events state, as nanoseconds since the epoch; 0 for what is no time.

By hand and not by datetime, whose import costs a cold start two milliseconds.
"""

_S, _MS = 1_000_000_000, 1_000_000
_LAST_NS = 2**63 - 1
_DAYS_BEFORE_MONTH = (0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334)


def of_ms(value: object) -> int:
    """Milliseconds, as a number or as its digits."""
    return _scaled(value, _MS)


def of_s(value: object) -> int:
    """Seconds, whole or not (Kinesis, DynamoDB)."""
    return _scaled(value, _S)


def of_any(value: object) -> int:
    """Whichever of the three it looks like: a text of ISO 8601, milliseconds, or seconds (before the year 5138)."""
    if isinstance(value, str):
        return of_iso(value) or _scaled(value, _MS)
    return of_ms(value) if isinstance(value, (int, float)) and value >= 1e11 else of_s(value)


def of_iso(value: object) -> int:
    """ISO 8601 with date and time, "2026-11-22T21:04:05.678Z", any fraction and offset; UTC where it names none."""
    if not (isinstance(value, str) and 19 <= len(value) <= 40 and value.isascii()):
        return 0
    digits = value[:4] + value[5:7] + value[8:10] + value[11:13] + value[14:16] + value[17:19]
    if not digits.isdecimal() or value[10] not in "Tt ":
        return 0
    month, day = int(digits[4:6]), int(digits[6:8])
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return 0
    fraction_ns, rest = _fraction(value[19:])
    clock_s = int(digits[8:10]) * 3600 + int(digits[10:12]) * 60 + int(digits[12:14]) - _offset_s(rest)
    return _within((_days(int(digits[:4]), month, day) * 86_400 + clock_s) * _S + fraction_ns)


def _days(year: int, month: int, day: int) -> int:
    """Days since the epoch."""
    past = year - 1 if month <= 2 else year  # leap days up to this month
    leap_days = past // 4 - past // 100 + past // 400 - 477
    return (year - 1970) * 365 + leap_days + _DAYS_BEFORE_MONTH[month - 1] + day - 1


def _fraction(rest: str) -> tuple[int, str]:
    """The fraction of a second in nanoseconds, and what follows it."""
    if rest[:1] not in (".", ","):
        return 0, rest
    length = 1
    while length < len(rest) and rest[length].isdecimal():
        length += 1
    return int(f"{rest[1:length]:0<9}"[:9]), rest[length:]


def _offset_s(rest: str) -> int:
    """Seconds east of Greenwich, of "Z", "+01:00", "-0330"; 0 for anything else."""
    digits = rest[1:].replace(":", "")
    if rest[:1] not in ("+", "-") or not digits.isdecimal() or len(digits) != 4:
        return 0
    seconds = int(digits[:2]) * 3600 + int(digits[2:]) * 60
    return seconds if rest[0] == "+" else -seconds


def _scaled(value: object, unit_ns: int) -> int:
    if isinstance(value, str) and 0 < len(value) <= 19 and value.isascii() and value.isdecimal():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return 0
    if isinstance(value, float):  # NaN fails both comparisons
        return _within(round(value * 1e6) * (unit_ns // 1_000_000)) if 0 < value < 1e13 else 0
    return _within(value * unit_ns)


def _within(time_ns: int) -> int:
    return time_ns if 0 < time_ns <= _LAST_NS else 0
