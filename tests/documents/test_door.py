import pytest

from kubeaid_ci import documents


@pytest.mark.parametrize("name", documents.__all__)
def test_every_name_of_the_door_is_a_function(name: str) -> None:
    assert getattr(documents, name).__name__ == name


def test_another_name_is_not_there() -> None:
    with pytest.raises(AttributeError, match="no attribute 'safe_load'"):
        _ = documents.safe_load
