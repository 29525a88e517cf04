import re

import pytest

from kubeaid_ci.errors import UserError
from kubeaid_ci.helm.release_name import check_release_name
from tests import helm_binaries
from tests.helm_charts import chart
from tests.helm_versions import written

GOOD = ["a", "0", "web", "web-1", "a.b", "a-b.c-d", "a" * 53, "a--b", "1.2"]
BAD = [
    "a" * 54,
    "a" * 67,
    "Web",
    "web_1",
    "-web",
    "web-",
    ".web",
    "web.",
    "a..b",
    "a.-b",
    "wéb",
    "web ",
    "web\n",
    "a/b",
]


@pytest.mark.parametrize("name", GOOD)
def test_a_name_that_helm_allows(name):
    check_release_name(name)


@pytest.mark.parametrize("name", BAD)
def test_a_name_that_helm_refuses(name):
    with pytest.raises(UserError, match=re.escape(name)):
        check_release_name(name)


@helm_binaries.needs_helm
@pytest.mark.parametrize("program", helm_binaries.programs(), ids=lambda path: path.name)
def test_names_are_judged_as_real_helm_does(program, tmp_path):
    folder = written(tmp_path / "chart", chart("c", {"templates/a.yaml": "a: 1\n"}))
    for name in (*GOOD, *BAD):
        made = helm_binaries.run("template", folder, f"--name-template={name}", program=program)
        assert (made.returncode == 0) == (name in GOOD), name
