"""A played forge, its real repository, and the publisher set up for both as a user would have it."""

from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from kubeaid_ci.forge import connect, git_access
from kubeaid_ci.forge.change_request import Proposal, Published
from kubeaid_ci.forge.detection import detect
from kubeaid_ci.forge.forge import ForgeAddress, ForgeKind
from kubeaid_ci.git.access import GitAccess
from kubeaid_ci.git.commit import CommitStyle, Identity
from kubeaid_ci.git.commit_repository import CommitRepository, create_commit_repository
from kubeaid_ci.net.address import Remote
from kubeaid_ci.net.credentials import Token
from kubeaid_ci.net.retries import RetryPolicy
from kubeaid_ci.publishing.proposal import publish_proposal
from kubeaid_ci.settings.publish import PublishOptions
from tests.servers.forge import Forge

BRANCH = "kubeaid-ci/kube-prometheus"
SECRET = "ghp_S3cretT0kenThatMustNeverShow0123456789"
STYLE = CommitStyle(Identity("kubeaid-ci", "bot@example.com"))
PROPOSAL = Proposal(BRANCH, "main", "Update kube-prometheus", "What changes.", {"k8s/prod/new.yaml": b"new\n"})
# The branch that is proposed to and the title are fields of the proposal.
_PUBLISH_OPTIONS = {option.name for option in fields(PublishOptions)} - {"base", "title"}


@dataclass
class World:
    """`waits` are the seconds that the publisher would have waited."""

    forge: Forge
    kind: ForgeKind
    folder: Path
    token: Token = field(default_factory=lambda: Token(SECRET, "KUBEAID_CI_TOKEN"))
    waits: list[float] = field(default_factory=list)
    ca_bundle: Path | None = None
    workshops: int = 0

    @property
    def retries(self) -> RetryPolicy:
        return RetryPolicy(attempts=4, first=0.001, longest=60, between_writes=0, sleep=self.waits.append)

    @property
    def access(self) -> GitAccess:
        url, bundle = self.forge.git_url, self.ca_bundle
        return git_access(self.address, url, self.token, ca_bundle=bundle, retries=self.retries)

    @property
    def address(self) -> ForgeAddress:
        remote = Remote.parse(self.forge.git_url)
        return detect(remote, {}, kind=self.kind, forge_url=self.forge.api_url)

    def client(self) -> Any:
        return connect(self.address, self.token, environ={}, ca_bundle=self.ca_bundle, retries=self.retries)

    def repository(self, checkout: Path | None = None) -> CommitRepository:
        self.workshops += 1
        return create_commit_repository(self.folder / f"repository-{self.workshops}.git", self.access, checkout)

    def publish(self, text: str | None = "new\n", **options: Any) -> Published:
        """Publish one file with this text (nothing: publish no file at all)."""
        chosen = PublishOptions(**{name: options.pop(name) for name in _PUBLISH_OPTIONS & set(options)})
        own = set(Proposal.__dataclass_fields__) & set(options)
        files = {"k8s/prod/new.yaml": text.encode()} if text is not None else {}
        given = {"files": files, **{name: options.pop(name) for name in own}}
        style = options.pop("style", STYLE)
        repository = options.pop("repository", None) or self.repository()
        wanted = replace(PROPOSAL, **given)
        return publish_proposal(wanted, repository, self.client(), style=style, options=chosen, **options)

    def the_change(self) -> Any:
        """The one open change request; fails where there are two or none."""
        (only,) = self.forge.open_changes(BRANCH)
        return only
