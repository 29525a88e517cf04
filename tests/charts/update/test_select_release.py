from datetime import date, timedelta

import pytest

from kubeaid_ci.charts.ledger.ledger import Sighting
from kubeaid_ci.charts.update import select_release
from kubeaid_ci.charts.update.select_release import SelectionContext
from kubeaid_ci.helm.published import Release
from kubeaid_ci.semver.range import VersionRange
from kubeaid_ci.semver.version import Version
from kubeaid_ci.settings.policy import ChartPolicy, Step

DAY = date(2026, 3, 10)
WEEK = timedelta(days=7)


def releases(*written):
    """Releases by ``version``, or ``version@day`` that the index gives."""
    return tuple(Release(one.partition("@")[0], created=one.partition("@")[2] or None) for one in written)


def choose(current, *written, policy=None, **context):
    found = select_release.choose(
        current, releases(*written), policy or ChartPolicy(), SelectionContext(context.pop("today", DAY), **context)
    )
    return (
        found.newest.version if found.newest else None,
        found.latest.version if found.latest else None,
        [(one.version, one.reason) for one in found.held],
    )


def test_the_newest_release_is_taken_and_an_older_one_never():
    assert choose("1.2.0", "2.0.0", "1.2.1", "1.2.0") == ("2.0.0", "2.0.0", [])
    assert choose("1.2.0", "1.2.0", "1.1.0") == (None, None, [])
    assert choose("1.2.0") == (None, None, [])
    assert choose("", "1.1.0") == ("1.1.0", "1.1.0", [])


def test_a_leading_v_and_build_metadata_order_as_helm_does():
    assert choose("v1.2.0", "v1.10.0", "v1.9.0")[0] == "v1.10.0"
    assert choose("1.2.0", "v1.2.0", "1.2.0+5") == (None, None, [])


@pytest.mark.parametrize(
    ("allow", "taken", "held"),
    [
        (None, "2.0.0", []),
        (Step.MAJOR, "2.0.0", []),
        (Step.MINOR, "1.3.0", [("2.0.0", "a major step, and minor is allowed")]),
        (
            Step.PATCH,
            "1.2.1",
            [("2.0.0", "a major step, and patch is allowed"), ("1.3.0", "a minor step, and patch is allowed")],
        ),
    ],
)
def test_no_larger_step_than_allowed_is_taken(allow, taken, held):
    found = choose("1.2.0", "2.0.0", "1.3.0", "1.2.1", policy=ChartPolicy(allow=allow))
    assert found == (taken, "2.0.0", held)


ALL = ("2.0.0", "1.3.0", "1.2.1", "1.2.0", "1.1.0")
PATCH, MINOR = ChartPolicy(allow=Step.PATCH), ChartPolicy(allow=Step.MINOR)
BASES = {
    # vendored, declared, policy, what is taken of ALL
    "not vendored, patch": ("", ["1.2.0"], PATCH, "1.2.1"),
    "not vendored, minor": ("", ["v1.2.0"], MINOR, "1.3.0"),
    "not vendored, nothing newer is allowed": ("", ["1.3.0"], PATCH, "1.3.0"),
    "not vendored, no limit": ("", ["1.2.0"], ChartPolicy(), "2.0.0"),
    "not vendored, a range": ("", ["^1.2.0"], PATCH, "1.2.1"),
    "not vendored, a short range": ("", ["1.2"], PATCH, "1.2.1"),
    "not vendored, a tilde": ("", ["~1.2.1"], MINOR, "1.2.1"),
    "not vendored, a lower bound": ("", [">=1.2.0"], MINOR, "1.3.0"),
    "not vendored, no lower bound": ("", ["<1.3"], PATCH, None),
    "not vendored, any version": ("", ["*"], MINOR, None),
    "not vendored, any version without a limit": ("", ["*"], ChartPolicy(), "2.0.0"),
    "not vendored, no version declared": ("", [""], PATCH, None),
    "not vendored, several ranges": ("", ["^1.2 || ^2"], PATCH, None),
    "not vendored, never below what is declared": ("", ["2.1.0"], ChartPolicy(), None),
    "declared above what is vendored": ("1.1.0", ["1.2.0"], PATCH, "1.2.1"),
    "declared below what is vendored": ("1.2.0", ["1.1.0"], PATCH, "1.2.1"),
    "a range below what is vendored": ("1.2.0", ["^1.0.0"], PATCH, "1.2.1"),
    "aliases share a folder": ("1.2.0", ["1.2.0", "~1.2.0"], ChartPolicy(), "1.2.1"),
    "aliases with ranges that exclude each other": ("1.2.0", ["~1.2.0", "~1.3.0"], ChartPolicy(), None),
}


@pytest.mark.parametrize(("current", "declared", "policy", "taken"), BASES.values(), ids=BASES)
def test_a_step_counts_from_the_vendored_or_the_declared_version(current, declared, policy, taken):
    assert choose(current, *ALL, policy=policy, declared=tuple(declared))[0] == taken


def test_without_a_version_to_count_from_a_limit_holds_everything_back():
    held = choose("", "1.2.0", policy=PATCH, declared=("*",))[2]
    assert held == [("1.2.0", "of unknown step: no version is declared or vendored, and patch is allowed")]


BUILDS = ("5.0.0+b", "5.0.0+a", "4.0.0")


def test_a_build_is_a_release_of_its_own():
    assert choose("", *BUILDS, declared=("5.0.0+a",))[0] == "5.0.0+a"
    assert choose("", *BUILDS, declared=("5.0.0+c",))[0] is None
    assert choose("", *BUILDS, declared=("5.0.0",))[0] == "5.0.0+b"
    pinned = ChartPolicy(pin=Version.parse("5.0.0+a"))
    assert choose("5.0.0+b", *BUILDS, policy=pinned)[0] == "5.0.0+a"
    assert choose("5.0.0+a", *BUILDS, policy=pinned)[0] is None
    absent = choose("5.0.0+a", *BUILDS, policy=ChartPolicy(pin=Version.parse("5.0.0+c")))
    assert absent == (None, None, [("5.0.0+c", "pinned, and upstream does not have it")])


@pytest.mark.parametrize(
    ("wanted", "published", "same"),
    [
        ("1.2.0", "1.2.0", True),
        ("1.2.0", "v1.2.0", True),
        ("v1.2", "1.2.0", True),
        ("1.2.0", "1.2.0+5", True),
        ("1.2.0+5", "1.2.0", False),
        ("1.2.0+5", "1.2.0+6", False),
        ("1.2.0+5", "v1.2.0+5", True),
        ("1.2.0", "1.2.0-rc.1", False),
        ("main", "main", True),
        ("main", "1.0.0", False),
    ],
)
def test_releases_are_the_same_by_number_and_by_build(wanted, published, same):
    assert select_release.is_same_release(wanted, published) is same


def test_an_unreadable_kube_version_excludes_every_cluster():
    kubernetes = (Version.parse("1.30.0"),)
    assert select_release.refuses("nonsense", kubernetes) == kubernetes[0]
    assert (
        select_release.refuses("", kubernetes)
        is select_release.refuses(">=1.29", kubernetes)
        is select_release.refuses("nonsense", ())
        is None
    )


def test_a_pinned_chart_stays_and_goes_to_its_pin():
    policy = ChartPolicy(pin=Version.parse("1.2.0"))
    assert choose("1.2.0", "1.3.0", "1.2.0", policy=policy) == (None, "1.3.0", [("1.3.0", "pinned to 1.2.0")])
    assert choose("1.3.0", "1.3.0", "1.2.0", policy=policy) == ("1.2.0", None, [])
    assert choose("1.1.0", "1.3.0", policy=policy)[2] == [
        ("1.3.0", "pinned to 1.2.0"),
        ("1.2.0", "pinned, and upstream does not have it"),
    ]


def test_ignored_versions_and_ranges_are_passed_over():
    policy = ChartPolicy(ignore=(VersionRange.parse("1.4.0"), VersionRange.parse(">=2")), prereleases=True)
    taken, _, held = choose("1.2.0", "2.1.0-rc.1", "2.0.0", "1.4.0", "1.4.0-rc.1", policy=policy)
    assert taken == "1.4.0-rc.1"
    assert held == [
        ("2.1.0-rc.1", "ignored by '>=2'"),
        ("2.0.0", "ignored by '>=2'"),
        ("1.4.0", "ignored by '1.4.0'"),
    ]


def test_pre_releases_are_taken_where_wanted_or_where_ours_is_one():
    assert choose("1.2.0", "1.3.0-rc.1", "1.2.1")[:2] == ("1.2.1", "1.2.1")
    assert choose("1.2.0", "1.3.0-rc.1", policy=ChartPolicy(prereleases=True))[0] == "1.3.0-rc.1"
    assert choose("1.3.0-rc.1", "1.3.0-rc.2")[0] == "1.3.0-rc.2"
    assert choose("1.3.0-rc.1", "1.3.0-rc.2", policy=ChartPolicy(prereleases=False)) == (None, None, [])


def test_a_declared_range_holds_back_what_is_outside_of_it():
    taken, _, held = choose("1.2.0", "2.0.0", "1.9.0", declared=("^1.2.0",))
    assert (taken, held) == ("1.9.0", [("2.0.0", "outside of the declared ^1.2.0")])
    assert choose("1.2.0", "2.0.0", declared=("1.2.0",))[0] == "2.0.0"


def test_a_release_that_no_longer_runs_on_a_cluster_is_held_back():
    new = Release("2.0.0", kube_version=">=1.30.0")
    known = (Version.parse("1.29.3"), Version.parse("1.31.0"))
    found = select_release.choose("1.0.0", (new,), ChartPolicy(), SelectionContext(DAY, kubernetes=known))
    assert [one.reason for one in found.held] == ["wants Kubernetes >=1.30.0, a cluster runs 1.29.3"]
    assert (
        select_release.choose("1.0.0", (new,), ChartPolicy(), SelectionContext(DAY, kubernetes=known[1:])).newest == new
    )


AGED = ChartPolicy(minimum_age=WEEK)


def test_a_release_is_taken_once_it_is_old_enough():
    young, old = "1.3.0@2026-03-05", "1.2.9@2026-03-03"
    assert choose("1.2.0", young, old, policy=AGED) == (
        "1.2.9",
        "1.3.0",
        [("1.3.0", "5 days old; minimum-age is 7 days")],
    )
    assert choose("1.2.0", young, policy=AGED, today=date(2026, 3, 12))[0] == "1.3.0"


def test_a_release_of_unknown_age_is_held_back_until_its_first_sight_is_old_enough():
    assert choose("1.2.0", "1.3.0", policy=AGED)[2] == [
        ("1.3.0", "of unknown age; charts outdated --update-ledger records when it was first seen")
    ]
    assert choose("1.2.0", "1.3.0@0001-01-01T00:00:00Z", policy=AGED)[0] is None
    seen = {"1.3.0": Sighting(date(2026, 3, 3))}
    assert choose("1.2.0", "1.3.0", policy=AGED, seen=seen)[0] == "1.3.0"
    assert choose("1.2.0", "1.3.0", policy=AGED, seen=seen, today=date(2026, 3, 9))[0] is None


def test_an_index_that_gives_a_new_release_an_old_day_does_not_make_it_old():
    backdated = "1.4.0@2020-01-01"
    seen = {"1.3.0": Sighting(date(2026, 1, 1))}
    taken, _, held = choose("1.2.0", backdated, "1.3.0@2026-01-01", policy=AGED, seen=seen)
    assert (taken, held) == ("1.3.0", [("1.4.0", "0 days old; minimum-age is 7 days")])


def test_an_index_that_is_written_anew_makes_a_release_younger_again():
    seen = {"1.3.0": Sighting(date(2026, 1, 1))}
    assert choose("1.2.0", "1.3.0@2026-03-09", policy=AGED, seen=seen)[0] is None


SEEN = Sighting(date(2026, 1, 1), "a" * 64)


@pytest.mark.parametrize(
    ("digest", "held"),
    [
        ("a" * 64, []),
        ("sha256:" + "A" * 64, []),
        ("b" * 64, ["0 days old since it was published again; minimum-age is 7 days"]),
        (None, ["0 days old since it was published again; minimum-age is 7 days"]),
    ],
)
def test_the_day_of_the_first_sighting_counts_while_the_digest_is_the_same(digest, held):
    rewritten = Release("1.3.0", created="2026-03-10T01:00:00Z", digest=digest)
    found = select_release.choose("1.2.0", [rewritten], AGED, SelectionContext(DAY, seen={"1.3.0": SEEN}))
    assert [one.reason for one in found.held] == held


@pytest.mark.parametrize(
    ("known", "created", "digest", "sighting"),
    [
        (None, None, "a" * 64, Sighting(DAY, "a" * 64)),
        (SEEN, "2026-03-10", "a" * 64, SEEN),
        (SEEN, "2020-01-01", "b" * 64, Sighting(DAY, "b" * 64)),
        (SEEN, "2020-01-01", None, Sighting(DAY)),
        (Sighting(SEEN.day), "2026-03-05", "a" * 64, Sighting(date(2026, 3, 5), "a" * 64)),
        (Sighting(SEEN.day), "2020-01-01", "a" * 64, SEEN),
        (Sighting(SEEN.day), "2020-01-01", "md5:0", Sighting(SEEN.day)),
        (Sighting(date(2099, 1, 1), "a" * 64), None, "a" * 64, Sighting(DAY, "a" * 64)),
    ],
)
def test_a_sighting_is_one_of_a_content(known, created, digest, sighting):
    release = Release("1.3.0", created=created, digest=digest)
    context = SelectionContext(DAY, seen={"1.3.0": known} if known else {})
    assert select_release.sightings("1.2.0", [release], AGED, context) == {"1.3.0": sighting}


def test_hours_are_told_as_such():
    policy = ChartPolicy(minimum_age=timedelta(hours=36))
    assert choose("1", "2@2026-03-09", policy=policy)[2][0][1] == "1 day old; minimum-age is 36 hours"


def test_first_sights_are_kept_and_new_ones_are_of_today():
    days = {"1.3.0": date(2026, 1, 1), "1.1.0": date(2026, 1, 1), "1.4.0": date(2099, 1, 1)}
    seen = {version: Sighting(day) for version, day in days.items()}
    found = select_release.sightings(
        "1.2.0", releases("1.4.0", "1.3.0", "1.2.5", "1.2.0"), AGED, SelectionContext(DAY, seen=seen)
    )
    assert {version: one.day for version, one in found.items()} == {
        "1.4.0": DAY,
        "1.3.0": date(2026, 1, 1),
        "1.2.5": DAY,
    }
    assert (
        select_release.sightings("1.0", releases("2"), ChartPolicy(pin=Version.parse("1.0")), SelectionContext(DAY))
        == {}
    )
