import pytest

from kubeaid_ci.argocd.kustomize_edit import edited
from kubeaid_ci.argocd.kustomize_source import KustomizeSource
from kubeaid_ci.errors import UserError


def images(there: list, *written: str) -> list:
    made = edited({"images": there}, KustomizeSource(images=written), lambda text: text)
    return made["images"]


def test_images_are_read_and_merged_as_kustomize_edit_does():
    there = [{"name": "b", "newTag": "1", "digest": "x"}, {"name": "z", "newName": "q"}]
    written = ["b=*:2", "a=reg:5000/x", "a2:3", "c@sha256:abc", "z=*:9", "reg:5000/n=m:1"]
    assert images(there, *written) == [
        {"name": "a", "newName": "reg:5000/x"},
        {"name": "a2", "newTag": "3"},
        {"name": "b", "newTag": "2"},
        {"name": "c", "digest": "sha256:abc"},
        {"name": "reg:5000/n", "newName": "m", "newTag": "1"},
        {"name": "z", "newName": "q", "newTag": "9"},
    ]
    assert images([{"name": "b", "newTag": "1"}], "b=x:*") == [{"name": "b", "newName": "x", "newTag": "1"}]


@pytest.mark.parametrize("text", ["b", "=b", ""])
def test_image_that_says_nothing_new_is_refused(text):
    with pytest.raises(UserError, match="expected name=new:tag"):
        images([], text)


def test_replicas_and_patches_are_added_to_those_that_are_there():
    said = {"replicas": [{"name": "b", "count": 1}, {"name": "c", "count": 1}], "patches": [{"path": "a.yaml"}]}
    source = KustomizeSource(replicas={"b": 2, "a": 3}, patches=({"path": "b.yaml"},))
    made = edited(said, source, lambda text: text)
    assert made == {
        "replicas": [{"name": "a", "count": 3}, {"name": "b", "count": 2}, {"name": "c", "count": 1}],
        "patches": [{"path": "a.yaml"}, {"path": "b.yaml"}],
    }


def test_label_without_selector_joins_those_of_its_kind():
    said = {"labels": [{"pairs": {"a": "1"}, "includeSelectors": True}, {"pairs": {"b": "1"}}]}
    source = KustomizeSource(common_labels={"c": "1"}, labels_without_selector=True)
    made = edited(said, source, lambda text: text)
    assert made["labels"] == [{"pairs": {"a": "1"}, "includeSelectors": True}, {"pairs": {"b": "1", "c": "1"}}]


def test_nothing_said_changes_nothing():
    said = {"resources": ["a.yaml"]}
    assert edited(said, KustomizeSource(), str.upper) == said
