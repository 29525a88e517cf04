"""Cron schedules as https://github.com/robfig/cron reads them: Kubernetes' CronJobs, Velero and CloudNativePG use it.

Times are days and minutes of an endless calendar; time zones do not matter for the gap between two runs of schedules.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from kubeaid_ci.errors import UserError

_MONTHS = {
    "jan": 1,
    "feb": 2,
    "mar": 3,
    "apr": 4,
    "may": 5,
    "jun": 6,
    "jul": 7,
    "aug": 8,
    "sep": 9,
    "oct": 10,
    "nov": 11,
    "dec": 12,
}
_DAYS = {"sun": 0, "mon": 1, "tue": 2, "wed": 3, "thu": 4, "fri": 5, "sat": 6}
_NAMED: Mapping[str, str] = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_DURATION = re.compile(r"(?:[0-9]+(?:\.[0-9]*)?(?:ns|us|µs|ms|s|m|h))+")
_PART = re.compile(r"([0-9]+(?:\.[0-9]*)?)(ns|us|µs|ms|s|m|h)")
_TIME_ZONE = re.compile(r"(?:CRON_)?TZ=\S+\s+")
_MINUTES_OF_DAY = 24 * 60
# Long enough for every leap year and every weekday of a date.
_FIRST_DAY, _DAYS_LOOKED_AT = date(2024, 1, 1), 4 * 366


@dataclass(frozen=True, slots=True)
class CronSchedule:
    """A schedule. `every` is the seconds between two runs of ``@every``, 0 for any other.

    If both days of the month and days of the week are restricted, a day matches if one of the two does.
    """

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    any_day: bool
    any_weekday: bool
    every: float = 0.0

    @classmethod
    def parse(cls, text: str, *, with_seconds: bool = False) -> "CronSchedule":
        """Read a schedule; raises `UserError` with the reason.

        `with_seconds` reads a first field of seconds, and a last field that may be left out, as CloudNativePG does.
        """
        text = _TIME_ZONE.sub("", text.strip(), count=1)
        if text.startswith("@every "):
            return cls(*_NEVER, every=_seconds(text.removeprefix("@every ")))
        if text.startswith("@"):
            if text not in _NAMED:
                raise UserError(f"{text} is no schedule")
            text, with_seconds = _NAMED[text], False
        fields = text.split()
        if with_seconds:
            if len(fields) not in (5, 6):
                raise UserError(f"expected 5 or 6 fields, seconds first, not {len(fields)}")
            _field(fields[0], 0, 59)
            fields = [*fields[1:], "*"] if len(fields) == 5 else fields[1:]
        if len(fields) != 5:
            raise UserError(f"expected 5 fields, not {len(fields)}")
        minute, hour, day, month, weekday = fields
        return cls(
            _field(minute, 0, 59),
            _field(hour, 0, 23),
            _field(day, 1, 31),
            _field(month, 1, 12, _MONTHS),
            _field(weekday, 0, 6, _DAYS),
            any_day=_is_any(day),
            any_weekday=_is_any(weekday),
        )

    def runs_on(self, day: date) -> bool:
        """Return whether the schedule runs on a day."""
        if day.month not in self.months:
            return False
        in_month, in_week = day.day in self.days, day.isoweekday() % 7 in self.weekdays
        return in_month and in_week if self.any_day or self.any_weekday else in_month or in_week


_NEVER = (frozenset[int](),) * 5 + (True, True)


def longest_gap(schedules: Sequence[CronSchedule]) -> timedelta | None:
    """Return the longest time between two runs of any of the schedules; None if they never run.

    The gap is exact from one day on. Shorter ones may be reported as longer, up to one day.
    """
    shortest = min((timedelta(seconds=schedule.every) for schedule in schedules if schedule.every), default=None)
    daily = [schedule for schedule in schedules if not schedule.every and schedule.hours and schedule.minutes]
    gap = _calendar_gap(daily) if daily else None
    found = [one for one in (shortest, gap) if one is not None]
    return min(found) if found else None


def _calendar_gap(schedules: list[CronSchedule]) -> timedelta | None:
    last: int | None = None
    first: int | None = None
    longest = 0
    for number in range(_DAYS_LOOKED_AT):
        day = _FIRST_DAY + timedelta(days=number)
        running = [schedule for schedule in schedules if schedule.runs_on(day)]
        if not running:
            continue
        start = number * _MINUTES_OF_DAY
        earliest = start + min(min(schedule.hours) * 60 + min(schedule.minutes) for schedule in running)
        latest = start + max(max(schedule.hours) * 60 + max(schedule.minutes) for schedule in running)
        longest = max(longest, earliest - (earliest if last is None else last), latest - earliest)
        first, last = earliest if first is None else first, latest
    if first is None or last is None:
        return None
    around = _DAYS_LOOKED_AT * _MINUTES_OF_DAY - last + first
    return timedelta(minutes=max(longest, around if longest == 0 else 0))


def _field(text: str, low: int, high: int, names: Mapping[str, int] | None = None) -> frozenset[int]:
    found: set[int] = set()
    for part in text.split(","):
        found.update(_range(part, low, high, names or {}))
    return frozenset(found)


def _range(text: str, low: int, high: int, names: Mapping[str, int]) -> Iterable[int]:
    span, slash, step = text.partition("/")
    first, dash, last = span.partition("-")
    if first in ("*", "?"):
        begin, end = low, high
    else:
        begin = _number(first, names)
        end = _number(last, names) if dash else (high if slash else begin)
    width = _number(step, {}) if slash else 1
    if not (low <= begin <= end <= high) or width == 0:
        raise UserError(f"{text} is not within {low}-{high}")
    return range(begin, end + 1, width)


def _number(text: str, names: Mapping[str, int]) -> int:
    if text.lower() in names:
        return names[text.lower()]
    if not (text.isascii() and text.isdigit() and len(text) <= 4):
        raise UserError(f"{text or 'an empty field'} is no number")
    return int(text)


def _is_any(text: str) -> bool:
    """Return whether a field restricts nothing, in the sense of the rule about the two kinds of days."""
    return any(part.partition("/")[0] in ("*", "?") and part.partition("/")[2] in ("", "1") for part in text.split(","))


def _seconds(text: str) -> float:
    if not _DURATION.fullmatch(text):
        raise UserError(f"{text} is no duration")
    seconds = sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(text))
    # Less than a second counts as a second.
    return max(seconds, 1.0)
