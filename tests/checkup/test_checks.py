import pytest

from kubeaid_ci.checkup import checks as doctor
from kubeaid_ci.checkup import rules
from kubeaid_ci.checkup.result import Area, Checkup, State, Tool
from kubeaid_ci.findings.finding import Severity


def tool(version: str | None, *, needed: bool = False) -> Tool:
    return Tool("git", version, "push", "install git", needed=needed, at_least="2.31")


@pytest.mark.parametrize(
    ("version", "needed", "state"),
    [
        ("2.31", True, State.OK),
        ("2.31.0.rc1", True, State.OK),
        ("10.0", True, State.OK),
        ("of an unknown version", True, State.OK),
        ("2.4.1", True, State.WRONG),
        ("2.4.1", False, State.MISSING),
        (None, True, State.WRONG),
        (None, False, State.MISSING),
    ],
)
def test_version_is_compared_by_its_numbers(version: str | None, needed: bool, state: State) -> None:
    assert doctor.tool(tool(version, needed=needed)).state is state


def test_many_names_are_cut_and_counted() -> None:
    clusters = [f"cluster-{number}" for number in range(1, 9)]
    check = doctor.releases(["v0.17.0"], {"v0.1.0": clusters})
    assert check.detail == "no library for v0.1.0 (cluster-1, cluster-2, cluster-3, cluster-4, cluster-5 and 3 more)"


def test_finding_says_what_and_what_to_do_and_keeps_its_fingerprint_when_details_change() -> None:
    one, other = (doctor.history(tags, shallow=True, folder="kubeaid") for tags in (0, 7))
    (first,), (second,) = rules.findings([one]), rules.findings([other])
    assert first.message == "0 tags, a shallow clone; git -C kubeaid fetch --unshallow --tags origin"
    assert first.fingerprint == second.fingerprint
    assert (first.subject, first.severity) == ("KubeAid repo: history", Severity.WARNING)


def test_warning_that_keeps_something_from_working_is_an_error() -> None:
    check = rules.as_error(doctor.history(0, shallow=False, folder="kubeaid"))
    (finding,) = rules.findings([check])
    assert finding.severity is Severity.ERROR


def test_exit_code_says_whose_fault_it_is() -> None:
    well = doctor.charts(1)
    wrong = doctor.no_repository(Area.CONFIG_REPO, "none")
    away = rules.failed(rules.NOT_REACHED, Area.FORGE, "remote", "away")
    assert [Checkup(found, ()).failure for found in ((well,), (well, wrong), (wrong, away))] == [0, 2, 3]
