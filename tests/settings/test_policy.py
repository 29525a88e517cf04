import pytest

from kubeaid_ci.semver.version import Version
from kubeaid_ci.settings.policy import Step


@pytest.mark.parametrize(
    ("before", "after", "step"),
    [
        ("1.2.3", "2.0.0", "major"),
        ("1.2.3", "1.10.0", "minor"),
        ("v1.2.3", "1.2.4", "patch"),
        ("1.2.3-rc.1", "1.2.3", "patch"),
        ("1.2.3", "2.0.0-rc.1", "major"),
        ("2.0.0", "1.9.0", "major"),
        ("1.2.3+1", "1.2.3+2", "patch"),
        ("1.2", "1.2.0", "patch"),
    ],
)
def test_a_step_is_told_by_the_first_number_that_differs(before, after, step):
    """The script before this cut strings, and took pre-releases and steps back for no step at all."""
    assert Step.between(Version.parse(before), Version.parse(after)) == step
