"""Where a config repo is published to, from what the caller and the environment say."""

import os
from dataclasses import dataclass, replace
from pathlib import Path

from kubeaid_ci.edges import environment, forges
from kubeaid_ci.edges.forges.detection import detect
from kubeaid_ci.edges.forges.interface import Forge
from kubeaid_ci.edges.git import Repository
from kubeaid_ci.edges.git_access import GitAccess, split_address
from kubeaid_ci.edges.git_workshop import lender
from kubeaid_ci.errors import UserError
from kubeaid_ci.jobs.repositories import is_address
from kubeaid_ci.model.commit import CommitStyle, Identity, Signing
from kubeaid_ci.model.credentials import Token
from kubeaid_ci.model.forge import ForgeAddress, ForgeKind
from kubeaid_ci.model.publication import Wishes
from kubeaid_ci.model.remote import Remote
from kubeaid_ci.plan import body

_AUTHOR = Identity("kubeaid-ci", "kubeaid-ci@users.noreply.github.com")
# What the publisher puts around the text: markers, state and the box to hand the branch back.
_FRAME = 1000


@dataclass(frozen=True, slots=True)
class Target:
    """The config repo to publish to, and how. Nothing has been asked over the network yet.

    `base` is nothing where it is the remote's default branch; `objects` is the folder of a local
    checkout's objects, which need not be fetched.
    """

    address: ForgeAddress
    access: GitAccess
    forge: Forge | None
    base: str | None
    wishes: Wishes
    style: CommitStyle
    objects: Path | None = None

    @property
    def limit(self) -> int:
        """How many characters of text there is room for."""
        return (self.forge.body_limit if self.forge else body.NO_LIMIT) - _FRAME


def resolve(config_repo: str, wishes: Wishes) -> Target:
    """The target that an address, or the ``origin`` of a checkout, leads to.

    Raises `UserError` where it leads nowhere, the forge cannot be told, or a token is missing.
    """
    environ, named = os.environ, is_address(config_repo)
    url, held = split_address(config_repo if named else _origin(Path(config_repo)))
    # The origin of a job's checkout holds the job's own token, which seldom may do more than read.
    given = held if named else None
    remote = Remote.parse(url)
    address = detect(remote, environ, kind=ForgeKind.parse(wishes.forge), forge_url=wishes.forge_url)
    bundle = Path(wishes.ca_bundle) if wishes.ca_bundle else None
    token = given or environment.git_token(remote, address.kind, environ) or held
    forge = None
    if not wishes.dry_run:
        api_token = given or environment.forge_token(remote, address.kind, environ) or _for_api(held)
        forge = forges.connect(address, api_token, environ=environ, ca_bundle=bundle)
    base = environment.base_branch(environ)
    return Target(
        address,
        forges.git_access(address, url, token, ca_bundle=bundle),
        forge,
        wishes.base or (base.value if base else None),
        _with_reviewers(wishes),
        _style(wishes),
        None if named else lender(Path(config_repo)),
    )


def _for_api(token: Token | None) -> Token | None:
    """The token, but for a GitLab job's: that one opens no merge requests, and the error shall ask for another."""
    return None if token and token.user == "gitlab-ci-token" else token


def _origin(folder: Path) -> str:
    repository = Repository.at(folder.resolve())
    address = repository.address() if repository else None
    if address is None:
        raise UserError(f"{folder}: not a checkout with a remote origin, so there is nowhere to publish to")
    return address


def _with_reviewers(wishes: Wishes) -> Wishes:
    found = environment.reviewers(os.environ)
    if found is None or wishes.reviewers or wishes.team_reviewers:
        return wishes
    people, teams = found.value
    return replace(wishes, reviewers=people, team_reviewers=teams)


def _style(wishes: Wishes) -> CommitStyle:
    found = environment.committer(os.environ)
    author = Identity.parse(wishes.author) if wishes.author else found.value if found else _AUTHOR
    return CommitStyle(author, sign_off=wishes.sign_off, signing=Signing(wishes.sign) if wishes.sign else None)
