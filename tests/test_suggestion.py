import pytest

from kubeaid_ci.suggestion import near_names, suggestion

KNOWN = ("edge", "production", "PRODUCTION-EU")


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("egde", "did you mean edge?"),
        ("EDGE", "did you mean edge?"),
        ("production-eu", "did you mean PRODUCTION-EU?"),
        ("zzz", "there are: PRODUCTION-EU, edge, production"),
    ],
)
def test_most_similar_name_is_suggested(name: str, advice: str) -> None:
    assert suggestion(name, KNOWN) == advice
    assert near_names(name, KNOWN) == (f"; {advice}" if "mean" in advice else "")
