import os

import pytest

from tests import helm_binaries
from tests.helm_versions import version_of


@pytest.mark.skipif(not os.environ.get("CI"), reason="a laptop may lack the helm programs; CI may not")
def test_every_helm_program_is_here_in_ci():
    assert {version_of(path) for path in helm_binaries.programs()} >= set(helm_binaries.VERSIONS)
