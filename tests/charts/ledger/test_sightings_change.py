from datetime import date, timedelta

import pytest

from kubeaid_ci.charts.ledger import change
from kubeaid_ci.charts.ledger.ledger import Ledger, Sighting
from tests import repos, umbrellas
from tests.umbrellas import verify

BASE = date(2026, 3, 1)
TODAY = date(2026, 3, 10)
OLD = Sighting(date(2026, 2, 1), "a" * 64)
EARLY, AT_BASE, NOW = (Sighting(day, "a" * 64) for day in (BASE - timedelta(days=1), BASE, TODAY))


def check(before, now, *, base_day=BASE):
    base = Ledger(seen={"web/web": before} if before is not None else None)
    ledger = Ledger(seen={"web/web": now} if now is not None else None)
    return list(change.check_sightings(ledger, base, base_day=base_day, today=TODAY))


@pytest.mark.parametrize(
    ("before", "now", "severities"),
    [
        ({"1.1": OLD}, {"1.1": OLD}, []),
        ({"1.1": OLD}, {}, []),
        (None, None, []),
        ({"1.1": OLD}, None, ["error"]),
        (None, {"1.1": EARLY}, ["error"]),
        ({}, {"1.1": EARLY}, ["error"]),
        ({}, {"1.1": AT_BASE}, ["warning"]),
        ({}, {"1.1": NOW}, ["info"]),
        ({}, {"1.1": EARLY, "1.2": NOW}, ["error", "info"]),
        ({"1.1": NOW}, {"1.1": EARLY}, ["error"]),
        ({"1.1": NOW}, {"1.1": AT_BASE}, ["warning"]),
        ({"1.1": OLD}, {"1.1": Sighting(OLD.day, "b" * 64)}, ["error"]),
        ({"1.1": OLD}, {"1.1": Sighting(OLD.day)}, ["error"]),
        ({"1.1": OLD}, {"1.1": Sighting(TODAY, "b" * 64)}, ["info"]),
        ({"1.1": Sighting(OLD.day)}, {"1.1": OLD}, []),
        ({"1.1": Sighting(OLD.day)}, {"1.1": Sighting(BASE, "a" * 64)}, []),
        ({"1.1": Sighting(OLD.day)}, {"1.1": Sighting(date(2026, 1, 1), "a" * 64)}, ["error"]),
        ({}, {f"1.{number}": EARLY for number in range(60)}, ["error"]),
    ],
)
def test_a_sighting_that_the_base_lacks_is_found(before, now, severities):
    found = check(before, now)
    assert [one.severity for one in found] == severities
    assert {one.rule.id for one in found} <= {"chart/ledger-changed"}


def test_without_the_day_of_the_base_nothing_is_impossible():
    assert [one.severity for one in check({}, {"1.1": EARLY}, base_day=None)] == ["warning"]


def test_another_invented_day_is_another_finding():
    first, second = (check({}, {"1.1": Sighting(day)})[0] for day in (EARLY.day, OLD.day))
    assert first.fingerprint != second.fingerprint


def test_a_day_before_the_commit_of_the_base_is_an_error(tmp_path):
    root = umbrellas.recorded(umbrellas.web(tmp_path))
    ledger = root / "charts.ledger.yaml"
    ledger.write_text(ledger.read_text() + 'seen:\n  web/web:\n    1.3.0: "2001-01-01"\n')
    (finding,) = verify(root, base="HEAD", today=date.today()).findings
    assert (finding.rule.id, finding.severity, finding.subject) == ("chart/ledger-changed", "error", "web/web")
    assert "1.3.0 2001-01-01" in finding.message
    (finding,) = verify(root, base="HEAD", charts=["web"], today=date.today()).findings
    assert finding.severity == "error"
    repos.commit(root, "accept it")
    assert verify(root, base="HEAD", today=date.today()).findings == ()
