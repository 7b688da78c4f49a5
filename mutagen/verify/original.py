"""The unedited model, run to find out which inputs it takes and what it returns."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from torch import Tensor, nn
from torch.nn.modules.dropout import _DropoutNd as _Dropout

from mutagen.records.proof import Mode
from mutagen.trace.mode import set_mode
from mutagen.verify.observe import Leaves, Observed, observe
from mutagen.verify.streams import Streams, foreign_state, module_paths, streams, with_chance
from mutagen.verify.tensors import edited_tensors

Shapes = tuple[tuple[int, ...], ...]
_Case = tuple[Mode, Shapes]

_FOREIGN = "forward draws from the random generator of Python or numpy"


class Original:
    """Runs the original once for each case; remembers what came out, and in ``why`` what last spoke against a case.

    ``graded`` says that gradients are recorded, with which some models do not run; ``picky``, that sizes at which the
    outputs say nothing are not taken. ``untelling`` says that there was one.
    """

    def __init__(
        self, model: nn.Module, layout: Any, *, seed: int, gain: float, graded: bool = True, picky: bool = False
    ) -> None:
        self.model = model
        self.layout = layout
        self.seed = seed
        self.gain = gain
        self.graded = graded
        self.seen: dict[_Case, Observed] = {}
        self.blocks: dict[str, nn.Module] = {}
        self.why = ""
        self.untelling = False
        self._picky = picky
        self._chance: set[_Case] = set()
        self._by_value: bool | None = None
        self._own = edited_tensors(model, str)
        self._paths = module_paths(model)

    def accepts(self, mode: Mode, leaves: Leaves, shapes: Shapes) -> bool:
        """Whether the model runs in that mode with these inputs, and by torch's randomness alone."""
        set_mode(self.model, mode)
        try:
            observed, drew, drawn = self._seen(leaves, chance=not self._plain(mode))
        except Exception as error:  # whatever a model raises says that it does not take these inputs
            self.why = f"{type(error).__name__}: {error}"
            return False
        if drawn and mode == "train":
            self.why = _FOREIGN
            return False
        if self._picky and mode == "eval" and not observed.telling:
            self.why, self.untelling = "its outputs are not finite, or constant", True
            return False
        # Without the history that autograd keeps with them: it holds all activations.
        kept = {name: tensor.detach() for name, tensor in observed.outputs.tensors.items()}
        self.seen[mode, shapes] = replace(observed, outputs=replace(observed.outputs, tensors=kept))
        if drawn or drew:
            self._chance.add((mode, shapes))
        return True

    def _plain(self, mode: Mode) -> bool:
        """Whether the model will hardly draw numbers in that mode, by its runs so far or else by its layers."""
        if any(case[0] == mode for case in self.seen):
            return not any(case[0] == mode for case in self._chance)
        return mode == "eval" or not any(isinstance(it, _Dropout) and it.p for it in self.model.modules())

    def _seen(self, leaves: Leaves, *, chance: bool) -> tuple[Observed, bool, bool]:
        """A run, whether it drew from torch, and whether from others; without ``chance`` at first in the quick way."""
        found: list[tuple[bool, bool]] = []

        def look(active: Streams | None) -> Observed:
            state = foreign_state()
            wanted = {"graded": self.graded, "backward": False, "compared": False}
            observed = observe(self.call, leaves, self._own, seed=self.seed, **wanted)
            found[:] = [(active is not None and active.drew, foreign_state() != state)]
            return observed

        observed = with_chance(look, seed=self.seed, modules=self._paths, chance=chance)
        return observed, *found[0]

    def has_chance(self, mode: Mode, shapes: Shapes) -> bool:
        """Whether random numbers were drawn in a case."""
        return (mode, shapes) in self._chance

    def follows_values(self, mode: Mode, leaves: Leaves, shapes: Shapes) -> bool:
        """Whether the shapes of the outputs follow from values of the inputs: as many key points as were found."""
        if self._by_value is None:
            set_mode(self.model, mode)
            self._by_value = any(self._other_shapes(leaves, (mode, shapes), factor) for factor in (0.75, -1.0))
        return self._by_value

    def _other_shapes(self, leaves: Leaves, case: _Case, factor: float) -> bool:
        real = [isinstance(it, Tensor) and it.is_floating_point() for it in leaves]
        other = tuple(it * factor if scaled else it for it, scaled in zip(leaves, real, strict=True))
        try:
            found = self._seen(other, chance=case in self._chance)[0].outputs.tensors
        except Exception:  # a model that takes these values alone says nothing about its shapes
            return False
        before = self.seen[case].outputs.tensors
        return {name: it.shape for name, it in found.items()} != {name: it.shape for name, it in before.items()}

    def fails_backward(self, mode: Mode, leaves: Leaves) -> bool:
        """Whether the model itself cannot be differentiated in a mode."""
        set_mode(self.model, mode)
        with streams(self.seed, self._paths):
            try:
                observe(self.call, leaves, self._own, seed=self.seed)
            except Exception:  # whatever it is, the edit is not to blame
                return True
        return False

    @property
    def telling(self) -> bool:
        """Whether the outputs of all cases say something about how they came about."""
        return all(observed.telling for observed in self.seen.values())

    def call(self, *leaves: Any) -> Any:
        """The model with flat inputs."""
        args, kwargs = self.layout.arguments(leaves)
        return self.model(*args, **kwargs)
