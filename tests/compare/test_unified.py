from kubeaid_ci.compare.display import unified
from tests.compare.rendered import found, obj


def test_an_object_of_very_many_lines_is_told_by_their_number() -> None:
    old, new = (obj("ConfigMap", data={f"key{number}": said for number in range(30_000)}) for said in "ab")
    (difference,) = found(old, new)
    assert unified(difference) == (
        "--- ConfigMap n/x\n+++ ConfigMap n/x\n… 30006 lines became 30006; too many to be compared by line\n"
    )
