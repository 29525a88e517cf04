from datetime import date, timedelta

import pytest

from kubeaid_ci.errors import UserError
from kubeaid_ci.k8s.cron import CronSchedule, longest_gap

DAYS = [date(2026, 1, 1) + timedelta(days=number) for number in range(366)]


def days(text: str, **options: bool) -> list[date]:
    schedule = CronSchedule.parse(text, **options)
    return [day for day in DAYS if schedule.runs_on(day)]


@pytest.mark.parametrize(
    ("text", "runs"),
    [
        ("0 3 * * *", lambda day: True),
        ("0 3 * * 1-6", lambda day: day.isoweekday() != 7),
        ("0 3 * * MON-fri", lambda day: day.isoweekday() < 6),
        ("0 3 * * 0", lambda day: day.isoweekday() == 7),
        ("0 3 1 * *", lambda day: day.day == 1),
        ("0 3 ? jan,JUN ?", lambda day: day.month in (1, 6)),
        ("0 3 */10 * *", lambda day: day.day in (1, 11, 21, 31)),
        ("0 3 25/3 * *", lambda day: day.day in (25, 28, 31)),
        # Days of the month and days of the week: one of the two is enough, unless one is any.
        ("0 3 1 * 1", lambda day: day.day == 1 or day.isoweekday() == 1),
        ("0 3 * * 1", lambda day: day.isoweekday() == 1),
        ("0 3 */1 * 1", lambda day: day.isoweekday() == 1),
        ("0 3 */2 * 1", lambda day: day.day % 2 or day.isoweekday() == 1),
        ("@daily", lambda day: True),
        ("@weekly", lambda day: day.isoweekday() == 7),
        ("@monthly", lambda day: day.day == 1),
        ("@yearly", lambda day: (day.month, day.day) == (1, 1)),
        ("CRON_TZ=Europe/Berlin 0 3 * * 0", lambda day: day.isoweekday() == 7),
        ("TZ=UTC 0 3 * * 0", lambda day: day.isoweekday() == 7),
    ],
)
def test_days_of_a_schedule(text, runs):
    assert days(text) == [day for day in DAYS if runs(day)]


def test_a_field_of_seconds_comes_first():
    assert days("0 0 3 * * 0", with_seconds=True) == days("0 3 * * 0")
    schedule = CronSchedule.parse("0 2 * * *", with_seconds=True)
    assert (schedule.minutes, schedule.hours) == ({2}, set(range(24)))
    assert CronSchedule.parse("@daily", with_seconds=True).hours == {0}


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "0 3 * *",
            "0 3 * * * *",
            "60 3 * * *",
            "0 24 * * *",
            "0 3 0 * *",
            "0 3 32 * *",
            "0 3 * 13 *",
            "0 3 * * 7",
        ),
        *("0 3 * * x", "-1 3 * * *", "5-1 3 * * *", "*/0 3 * * *", "0 3 * * 1,", "@fortnightly", "@every", "@every 1d"),
        *("@every x", "٣ 3 * * *", "0 3 * * 1.5", "99999999999999999999 3 * * *"),
    ],
)
def test_what_is_no_schedule(text):
    with pytest.raises(UserError):
        CronSchedule.parse(text)


@pytest.mark.parametrize(
    ("schedules", "hours"),
    [
        (["0 3 * * *"], 24),
        (["0 3 * * 1-6"], 48),
        (["0 3 * * 1-6", "0 3 * * 0"], 24),
        (["0 3 * * 1-6", "0 0 * * 0"], 27),
        (["0 0 * * 0"], 7 * 24),
        (["0 0 1 * *"], 31 * 24),
        (["0 0 29 2 *"], 4 * 366 * 24),
        (["0 */6 * * *"], 18),
        (["@every 6h"], 6),
        (["@every 36h"], 36),
        (["@every 36h", "0 3 * * 1"], 36),
        (["@every 1h30m"], 1.5),
        (["0 0 31 2 *"], None),
        ([], None),
    ],
)
def test_the_longest_time_without_a_run(schedules, hours):
    gap = longest_gap([CronSchedule.parse(text) for text in schedules])
    assert gap == (None if hours is None else timedelta(hours=hours))
