"""Renders Applications with candidate values, and compares them with what they are."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from kubeaid_ci.images.chart_defaults import ChartFiles
from kubeaid_ci.images.mirror_names import Mirror
from kubeaid_ci.images.override_proof import Kinds, Proof, compare, uses_of
from kubeaid_ci.images.override_values import (
    ALLOW_INSECURE,
    Candidate,
    ImageTexts,
    candidates,
    empty_candidates,
    has_value,
    null_candidates,
    override_text,
)
from kubeaid_ci.render.cluster_state import SideApp
from kubeaid_ci.render.renderer import Renderer
from kubeaid_ci.render.rendering import RenderedApp, RenderStatus, ValuesLayer
from kubeaid_ci.render.task import ChartTask, Note

_LAYER = "image overrides"
_MOST_TRIES = 60
"""Candidates of one chart that are rendered one by one, if all together change more than images."""


@dataclass(slots=True)
class Trial:
    """A chart source of an Application: its merged values, what is tried, and what is proven so far."""

    app: SideApp
    index: int
    task: ChartTask
    values: Mapping[str, Any]
    before: RenderedApp
    candidates: tuple[Candidate, ...]
    nulls: tuple[Candidate, ...] = ()
    chosen: tuple[Candidate, ...] = ()
    dropped: dict[str, str] = field(default_factory=dict)
    proof: Proof | None = None

    def with_values(self, chosen: Sequence[Candidate]) -> SideApp:
        """Return the Application with the candidates as its last values file, below its inline values."""
        layers = list(self.task.layers)
        place = next((at for at, layer in enumerate(layers) if layer.path == self.app.target.path), len(layers))
        layers.insert(place, ValuesLayer(_LAYER, override_text(self.values, chosen)))
        parts = list(self.app.parts)
        parts[self.index] = (replace(self.task, layers=tuple(layers)), parts[self.index][1])
        return replace(self.app, parts=tuple(parts))


@dataclass(frozen=True, slots=True)
class Prover:
    """Renders Applications with candidates, and compares them with what they are."""

    renderer: Renderer
    mirror: Mirror
    kinds: Kinds
    files: ChartFiles

    def prove(self, apps: Iterable[SideApp]) -> Iterator[tuple[SideApp, RenderedApp, list[Trial]]]:
        """Yield each Application as it is, with a finished trial for each of its charts."""
        every = [(app, app.result(self.renderer)[0]) for app in apps]
        trials = {id(app): self._trials(app, before) for app, before in every}
        flat = [trial for each in trials.values() for trial in each]
        self._round([(trial, trial.candidates) for trial in flat])
        self._allow_insecure(flat)
        self._with_nulls([trial for trial in flat if trial.proof and not trial.proof.is_clean])
        self._one_by_one([trial for trial in flat if trial.proof is None or not trial.proof.is_clean])
        self._empty_registries(flat)
        for app, before in every:
            yield app, before, trials[id(app)]

    def _trials(self, app: SideApp, before: RenderedApp) -> list[Trial]:
        texts = ImageTexts.of(use.text for use in uses_of(before.manifests, self.kinds, self.mirror))
        trials = []
        for index, (part, _) in enumerate(app.parts):
            if isinstance(part, ChartTask) and texts.texts and before.status is RenderStatus.RENDERED:
                values = self.files.values(part)
                trials.append(Trial(app, index, part, values, before, candidates(values, texts, self.mirror)))
        return trials

    def _round(self, rounds: Sequence[tuple[Trial, Sequence[Candidate]]]) -> None:
        """Render several trials at once, and note the proof of each; a trial that fails to render has none."""
        tried = [(trial, tuple(chosen), trial.with_values(chosen)) for trial, chosen in rounds if chosen]
        self.renderer.render(part for _, _, app in tried for part, _ in app.parts if not isinstance(part, Note))
        for trial, chosen, app in tried:
            trial.chosen, trial.proof = chosen, self._proof(trial, app)

    def _proof(self, trial: Trial, app: SideApp) -> Proof | None:
        after = app.result(self.renderer)[0]
        if after.status is not RenderStatus.RENDERED:
            return None
        return compare(trial.before.manifests, after.manifests, self.mirror, self.kinds)

    def _allow_insecure(self, trials: Sequence[Trial]) -> None:
        """Set the value that charts of Bitnami want, where the rendering fails without it."""
        failed = [trial for trial in trials if trial.candidates and trial.proof is None]
        able = [trial for trial in failed if has_value(trial.values, ALLOW_INSECURE)]
        allow = Candidate(ALLOW_INSECURE, "", after=True)
        self._round([(trial, (*trial.candidates, allow)) for trial in able])
        for trial in able:
            trial.candidates = (*trial.candidates, allow)

    def _with_nulls(self, trials: Sequence[Trial]) -> None:
        """Keep the values that nulls in default values hide.

        Helm treats a null in the default values of a chart differently as soon as the values of the subchart are set.
        """
        rounds = []
        for trial in trials:
            trial.nulls = null_candidates(trial.values, self.files.nulls(trial.task), trial.candidates)
            rounds.append((trial, (*trial.candidates, *trial.nulls)))
        self._round(rounds)

    def _one_by_one(self, trials: Sequence[Trial]) -> None:
        """Keep the candidates that, each by itself, render and change nothing but images."""
        pairs = [
            (trial, each) for trial in trials for each in trial.candidates[:_MOST_TRIES] if each.path != ALLOW_INSECURE
        ]
        apps = [(trial, each, trial.with_values(self._alone(trial, each))) for trial, each in pairs]
        self.renderer.render(part for _, _, app in apps for part, _ in app.parts if not isinstance(part, Note))
        good: dict[int, list[Candidate]] = {}
        for trial, each, app in apps:
            proof = self._proof(trial, app)
            if proof is not None and proof.is_clean:
                good.setdefault(id(trial), []).append(each)
            else:
                trial.dropped[each.key] = (
                    "the chart does not render" if proof is None else f"{proof.others[0]} changes too"
                )
        self._round([(trial, self._alone(trial, *good.get(id(trial), ()))) for trial in trials if id(trial) in good])
        for trial in trials:
            if id(trial) not in good or trial.proof is None or not trial.proof.is_clean:
                trial.chosen, trial.proof = (), None

    def _alone(self, trial: Trial, *chosen: Candidate) -> tuple[Candidate, ...]:
        allow = tuple(each for each in trial.candidates if each.path == ALLOW_INSECURE)
        return (*chosen, *allow, *trial.nulls)

    def _empty_registries(self, trials: Sequence[Trial]) -> None:
        """Try values that are empty and could take a registry, for images whose registry is a default of a template."""
        rounds = []
        for trial in trials:
            uses = uses_of(trial.before.manifests, self.kinds, self.mirror)
            left = {use.image for use in (trial.proof.left if trial.proof else uses)}
            nulls = self.files.nulls(trial.task) if left else ()
            sets = {each for image in left for each in empty_candidates(trial.values, nulls, image, self.mirror)}
            ordered = sorted(sets, key=lambda each: [str(candidate) for candidate in each])
            rounds += [(trial, each) for each in ordered[:_MOST_TRIES]]
        apps = [(trial, each, trial.with_values((*trial.chosen, *each))) for trial, each in rounds]
        self.renderer.render(part for _, _, app in apps for part, _ in app.parts if not isinstance(part, Note))
        for trial, each, app in apps:
            proof, moved = self._proof(trial, app), len(trial.proof.moved) if trial.proof else 0
            if proof is not None and proof.is_clean and len(proof.moved) > moved:
                trial.chosen, trial.proof = (*trial.chosen, *each), proof
