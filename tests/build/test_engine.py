import pytest

from kubeaid_ci.build.jsonnet import engine as jsonnet
from kubeaid_ci.build.jsonnet.engine import EvaluationError, Importer
from kubeaid_ci.git.source_files import FolderSource


@pytest.mark.parametrize("engine", jsonnet.ENGINES)
def test_a_failed_import_is_always_an_evaluation_error(engine, tmp_path):
    # gojsonnet reads past the end of the callback's text: what stands there differs from run to run.
    for length in range(1, 400, 7):
        importer = Importer([FolderSource(str(tmp_path))])
        with pytest.raises(EvaluationError):
            jsonnet.evaluate(engine, jsonnet.imported(f"{tmp_path}/{'x' * (length % 200)}"), importer)
        assert importer.failure is not None
