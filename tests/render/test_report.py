import pytest

from kubeaid_ci import documents
from kubeaid_ci.k8s.manifest import Manifest, ObjectId
from kubeaid_ci.render.report import as_document, as_files


def manifest(
    name="a", *, kind="Secret", namespace="n", path="c/templates/a.yaml", cluster="one", app="web", **metadata
):
    body = {"apiVersion": "v1", "kind": kind, "metadata": {"name": name, "namespace": namespace, **metadata}}
    return Manifest(ObjectId.of(body), body, path, cluster, app)


def test_a_document_says_where_it_is_from():
    assert as_document(manifest(namespace="shop")) == (
        "---\n# one/web: c/templates/a.yaml\napiVersion: v1\nkind: Secret\nmetadata:\n  name: a\n  namespace: shop\n"
    )


def test_hooks_and_tests_are_marked():
    hook, test = ({"annotations": {"helm.sh/hook": said}} for said in ("pre-install,post-upgrade", "test"))
    assert "a.yaml (hook pre-install, post-upgrade)\n" in as_document(manifest(**hook))
    assert "a.yaml (hook test: never applied)\n" in as_document(manifest(**test))


def test_a_path_cannot_break_out_of_its_comment():
    told = as_document(manifest(path="a\n---\nkind: Evil"))
    assert documents.load_all(told, where="x") == [manifest().body]


@pytest.mark.parametrize("name", ["../../etc/passwd", "a/b", "..", ".", "", "/", "a\0b", "C:\\x", "n" * 5000, "é\n"])
def test_no_name_leads_out_of_its_folder(name):
    ((path, _),) = as_files(
        [manifest(name, cluster=name or "c", app=name or "a", kind=name or "K", namespace=name or "n")]
    )
    parts = path.split("/")
    assert len(parts) == 3
    assert all(part not in ("", ".", "..") and not part.startswith(".") and len(part.encode()) < 255 for part in parts)
    assert path.isascii()
    assert path.isprintable()


def test_two_objects_never_share_a_file():
    paths = [path for path, _ in as_files([manifest(), manifest(), manifest("A"), manifest("a", namespace="")])]
    assert paths == [
        "one/web/secret-n-a.yaml",
        "one/web/secret-n-a.2.yaml",
        "one/web/secret-n-A.3.yaml",
        "one/web/secret-a.yaml",
    ]
