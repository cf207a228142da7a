"""When what is due. All in epoch seconds; windows and hours are their starts.

A window is sealed once it is over (`seal_window_s`), its traces had time to go quiet (`seal_quiet_s`) and no write
that began in that time can be under way any more (`seal_grace_s`). From then on its seal is a function of facts that
do not change, unless a sender repeats itself (views/index.py).
"""

from chalicelib.model.windows import HOUR_S, NS_PER_S
from chalicelib.settings import Settings
from chalicelib.storage.view_names import DAY_S, hour_start

# The stream keeps its records for a day, so that segments come up to a day late; and a late one may seal its window
# again, for which the others of that window must still be there.
SEGMENT_KEPT_S = 2 * DAY_S

# A seal replaces all that was sealed before. It must not when what it was made of is gone: segments after
# SEGMENT_KEPT_S, and blocks that tail sampling let go after `undecided_hours`.
_SEALED_AGAIN_S = 20 * HOUR_S
_UNDECIDED_SHARE = 5 / 6

# An hour is merged a while after its end, for spans that took that long, and once more after a day.
MERGE_AGES_S = (15 * 60, DAY_S)


def lag_s(settings: Settings) -> int:
    """From the start of a window to its seal."""
    return settings.seal_window_s + settings.seal_quiet_s + settings.seal_grace_s


def is_due(window: int, settings: Settings, now_ns: int, early_s: int = 0) -> bool:
    """Whether `window` may be sealed; with `early_s`, whether it may be so soon."""
    return now_ns // NS_PER_S + early_s >= window + lag_s(settings)


def newest_due(settings: Settings, now_ns: int) -> int:
    """The last window that may be sealed."""
    return (now_ns // NS_PER_S - lag_s(settings)) // settings.seal_window_s * settings.seal_window_s


def may_seal_again(window: int, settings: Settings, now_ns: int) -> bool:
    """Whether everything that a seal of `window` was made of is still there."""
    undecided_s = int(settings.undecided_hours * HOUR_S * _UNDECIDED_SHARE)
    return now_ns // NS_PER_S - window <= min(_SEALED_AGAIN_S, undecided_s)


def merge_untils(hour: int, settings: Settings, now_ns: int) -> list[int]:
    """For each merge of `hour` that is due, ascending: the moment before which windows are in it."""
    untils = [hour + HOUR_S + age_s for age_s in MERGE_AGES_S]
    return [until for until in untils if now_ns // NS_PER_S >= until + lag_s(settings)]


def hours_to_merge(settings: Settings, now_ns: int, within_s: int) -> list[int]:
    """The hours of which a merge has become due in the last `within_s` seconds, ascending."""
    now_s = now_ns // NS_PER_S
    found: set[int] = set()
    for age_s in MERGE_AGES_S:
        newest = hour_start(now_s - lag_s(settings) - age_s - HOUR_S)
        due_s = newest + HOUR_S + age_s + lag_s(settings)
        found.update(newest - back_s for back_s in range(0, within_s - (now_s - due_s), HOUR_S))
    return sorted(found)
