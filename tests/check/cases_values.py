from tests.check.cases import Case
from tests.renders import application, helm


def values(text: str) -> dict[str, str]:
    return {"web.yaml": application("web", source=helm(values=text))}


CASES = (
    Case(
        "chart/values-unknown",
        firing=values("replicas: 2\nreplcas: 3\n"),
        at="argocd-apps/templates/web.yaml:14",
        says="did you mean replicas?",
        quiet=values("replicas: 2\nglobal: {a: 1}\n"),
        hostile=values("null\n"),
    ),
    Case(
        "chart/values-repeated",
        firing=values("name: a\nname: b\n"),
        at="argocd-apps/templates/web.yaml:14",
        quiet=values("name: a\n"),
        hostile=values("name: |\n  name: a\n  name: b\n"),
    ),
)
