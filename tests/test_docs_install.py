"""Until there is a release, the docs install reviewed commits and name nothing that does not exist."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

import kubeaid_ci

ROOT = Path(kubeaid_ci.__file__).parents[1]
PAGES = {
    str(path.relative_to(ROOT)): path.read_text(encoding="utf-8")
    for path in [ROOT / "README.md", ROOT / "SECURITY.md", *sorted((ROOT / "docs").rglob("*.md"))]
}
SHIPPED = PAGES | {
    str(path.relative_to(ROOT)): path.read_text(encoding="utf-8")
    for pattern in ("actions/*/action.yml", "gitlab-ci-templates/*.yml", "templates/*.yml", "Dockerfile")
    for path in sorted(ROOT.glob(pattern))
}
COMMIT = r"(?:REPLACE_WITH_A_COMMIT|[0-9a-f]{40})"
UNRELEASED = {
    "package by its name": r"kubeaid-ci==\S|(?:pip3?|pipx|uv tool|uv pip) install (?:-\S+ )*kubeaid-ci\b",
    "run by its name": r"\b(?:uvx|pipx run) kubeaid-ci\b",
    "action or Git address at a branch or tag": rf"Obmondo/kubeaid-ci(?:\.git)?(?:/[\w./-]*)?@(?!{COMMIT})",
    "template at a branch or tag": rf"kubeaid-ci\n +ref: (?!{COMMIT})",
    "component at a branch or tag": rf"\$CI_SERVER_FQDN/[\w/-]+@(?!{COMMIT})",
    "raw file at a branch or tag": rf"raw\.githubusercontent\.com/Obmondo/kubeaid-ci/(?!{COMMIT})",
    "hook at a branch or tag": rf"Obmondo/kubeaid-ci\n +rev: (?!{COMMIT})",
    "image by its tag": r"[\w.]/kubeaid-ci:[\w.]+",
    "virtual environment in the folder of a clone": r"-m venv (?:~|\$HOME)/kubeaid-ci\s",
}
EXAMPLES = {
    "package by its name": "pip install --quiet kubeaid-ci",
    "run by its name": "uvx kubeaid-ci build",
    "action or Git address at a branch or tag": "uses: Obmondo/kubeaid-ci/actions/build@v1",
    "template at a branch or tag": "project: platform/kubeaid-ci\n    ref: v0.1.0",
    "component at a branch or tag": "$CI_SERVER_FQDN/platform/kubeaid-ci/build@v0.1.0",
    "raw file at a branch or tag": "https://raw.githubusercontent.com/Obmondo/kubeaid-ci/main/x.yml",
    "hook at a branch or tag": "repo: https://github.com/Obmondo/kubeaid-ci\n    rev: v0.1.0",
    "image by its tag": "image: registry.example.com/platform/kubeaid-ci:0.1.0",
    "virtual environment in the folder of a clone": "python3 -m venv ~/kubeaid-ci && true",
}


@pytest.mark.parametrize("what", UNRELEASED)
def test_nothing_unreleased_is_named(what: str) -> None:
    pattern = re.compile(UNRELEASED[what])
    assert pattern.search(EXAMPLES[what]), "the pattern finds nothing"
    found = {name: match[0] for name, text in SHIPPED.items() for match in pattern.finditer(text)}
    assert found == {}


def yaml_blocks() -> list[tuple[str, str]]:
    """Every YAML example of the docs with the sentence before it."""
    block = re.compile(r"([^\n]*)\n+(?:<!--[^\n]*-->\n+)?```yaml\n(.*?)```", re.DOTALL)
    return [match.groups() for text in PAGES.values() for match in block.finditer(text)]


def test_workflows_listen_to_the_default_branch_of_their_repository() -> None:
    branches = {"publish-from-kubeaid.yml": set[str](), "rebuild-config-repo.yml": set[str](), "publish": set[str]()}
    for _, text in yaml_blocks():
        if text.lstrip("# ").partition("\n")[0] and "push:" in text:
            workflow = yaml.safe_load(text)
            (called,) = re.findall(r"kubeaid-ci/(?:\.github/workflows|actions)/([\w.-]+)@", text)
            branches[called] |= set(workflow[True]["push"]["branches"])  # YAML 1.1 reads `on` as true
    assert branches == {
        "publish-from-kubeaid.yml": {"master"},
        "rebuild-config-repo.yml": {"main"},
        "publish": {"main"},
    }


def test_one_name_for_each_secret() -> None:
    secrets = {name for _, text in yaml_blocks() for name in re.findall(r"secrets\.(\w+)", text)}
    assert secrets == {"KUBEAID_CI_TOKEN", "KUBEAID_CI_READ_TOKEN"}


@pytest.mark.parametrize("page", ["docs/actions.md", "docs/github.md", "docs/install.md", "docs/security.md"])
def test_github_enterprise_server_is_named_where_workflows_are(page: str) -> None:
    assert "GitHub Enterprise\nServer" in PAGES[page] or "GitHub Enterprise Server" in PAGES[page]


@pytest.mark.parametrize("page", [name for name, text in PAGES.items() if "REPLACE_WITH_A_COMMIT" in text])
def test_pages_say_how_to_find_the_commit(page: str) -> None:
    assert page == "docs/install.md" or "(install.md)" in PAGES[page]


def links() -> list[tuple[str, str]]:
    found = re.compile(r"\]\(((?!https?:)[^)\s]+)\)")
    return [(name, link) for name, text in PAGES.items() if "rules/" not in name for link in found.findall(text)]


@pytest.mark.parametrize(("page", "link"), links())
def test_links_between_pages_lead_somewhere(page: str, link: str) -> None:
    path, _, anchor = link.partition("#")
    target = (ROOT / page).parent / path if path else ROOT / page
    assert target.exists()
    if anchor and target.suffix == ".md":
        headings = re.findall(r"^#+ (.*)$", target.read_text(encoding="utf-8"), re.MULTILINE)
        assert anchor in {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_the_locked_installation_works_as_shown(tmp_path: Path) -> None:
    (block,) = (text for text in re.findall(r"```sh\n(.*?)```", PAGES["docs/install.md"], re.DOTALL) if "venv" in text)
    lines = block.replace("~/.local", f"{tmp_path}/.local").replace("python3 ", f"{sys.executable} ")
    script = f"{lines}\nkubeaid-ci --version"
    done = subprocess.run(["bash", "-eu", "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.split() == ["kubeaid-ci", kubeaid_ci.__version__], done.stderr
