"""Which inputs the proof uses: both modes, two batch sizes and two spatial sizes, as far as the original takes them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import torch

from mutagen.records.proof import Mode
from mutagen.verify.observe import Leaves

Shapes = tuple[tuple[int, ...], ...]
Make = Callable[[int | None, float], Leaves]
Accepts = Callable[[Mode, Leaves, Shapes], bool]

_SMALL = {4: (64, 96), 5: (32, 64)}
_STEP = 32
_NARROWEST = 4
_EVAL_BATCHES: tuple[tuple[int | None, ...], ...] = ((2, 1, None), (1, 3, None))
_TRAIN_BATCHES: tuple[tuple[int | None, ...], ...] = ((2, 3, None), (1, 2, 3, None))


@dataclass(frozen=True, slots=True)
class CaseInput:
    """One case to run."""

    mode: Mode
    leaves: Leaves

    @property
    def shapes(self) -> Shapes:
        """Shapes of the tensors among the inputs."""
        return tuple(tuple(leaf.shape) for leaf in self.leaves if isinstance(leaf, torch.Tensor))


def choose_cases(make: Make, accepts: Accepts, *, roomy: bool = False) -> tuple[list[CaseInput], list[str]]:
    """Return the cases and notes on what the model would not take; the cases of eval come first.

    ``roomy`` says that inputs of half the described size tell something: all images inside stay images. They are for
    the first case then, the described size for the second.
    """
    smaller = list(_halves(make)) if roomy else []
    sizes = [*smaller, *_sizes(make)]
    left = list(range(len(sizes)))
    chosen: list[CaseInput] = []
    places: list[int] = []
    for batches in _EVAL_BATCHES:
        case, tried = _first("eval", [*left, *places], sizes, batches, accepts, unlike=chosen)
        if case is not None:
            chosen.append(case)
            # A size that was refused with a batch that another is taken with is never taken.
            left = sorted((place for place in left if place not in tried), key=lambda place: place < len(smaller))
            places.append(tried[-1])
    # Shapes that ran in eval are quick by then.
    for place, batches in zip(places, _TRAIN_BATCHES, strict=False):
        case, _ = _first("train", [place], sizes, batches, accepts, unlike=chosen[2:])
        chosen.extend([case] if case is not None else [])
    return chosen, _notes(chosen)


Size = Callable[[int | None], Leaves]


def _first(
    mode: Mode,
    places: list[int],
    sizes: list[Size],
    batches: tuple[int | None, ...],
    accepts: Accepts,
    *,
    unlike: list[CaseInput],
) -> tuple[CaseInput | None, list[int]]:
    """Return the first case that is taken, and the sizes tried with its batch, the one taken last."""
    known = {case.shapes for case in unlike if case.mode == mode}
    for batch in batches:
        tried = []
        for place in places:
            case = CaseInput(mode, sizes[place](batch))
            if case.shapes in known:
                continue
            known.add(case.shapes)  # what was not taken once is not taken the next time
            tried.append(place)
            if accepts(mode, case.leaves, case.shapes):
                return case, tried
    return None, []


def _sizes(make: Make) -> Iterator[Size]:
    """Sizes in the order to try: small ones if the described size is large, one not square, the described, others."""
    side, small, middle, large = _scale(make)
    if large:
        yield lambda batch: make(batch, small / side)
        yield lambda batch: _oblong(make(batch, small / side), make(batch, middle / side))
        yield lambda batch: make(batch, middle / side)
    yield lambda batch: make(batch, 1.0)
    if side and not large:  # what a model takes beside a large size is not worth the time of larger ones
        larger = 1 + _STEP / side
        yield lambda batch: _oblong(make(batch, 1.0), make(batch, larger))
        yield lambda batch: make(batch, larger)
    if side:
        yield lambda batch: make(batch, 0.5)
    if side and not large:
        yield lambda batch: make(batch, 2.0)


def _halves(make: Make) -> Iterator[Size]:
    """Half the described height, and half the size along all axes, where the described one is not large."""
    side, _, _, large = _scale(make)
    if side and not large:
        yield lambda batch: _halved(make(batch, 1.0), axes=1)
        yield lambda batch: _halved(make(batch, 1.0))


def _scale(make: Make) -> tuple[int, int, int, bool]:
    """The side of the largest images, a small and a middle size for such, and whether the described one is large."""
    side, rank = max(((t.shape[2], t.dim()) for t in _images(make(None, 1.0))), default=(0, 0))
    small, middle = _SMALL.get(rank, (0, 0))
    return side, small, middle, side >= 2 * small > 0


def _images(leaves: Leaves) -> list[torch.Tensor]:
    return [leaf for leaf in leaves if isinstance(leaf, torch.Tensor) and leaf.is_floating_point() and leaf.dim() > 3]


def _oblong(small: Leaves, large: Leaves) -> Leaves:
    """The larger inputs cut to the smaller ones' size along all axes behind the third."""
    return tuple(
        _cut(leaf, to) if isinstance(leaf, torch.Tensor) else leaf for to, leaf in zip(small, large, strict=True)
    )


def _halved(leaves: Leaves, *, axes: int | None = None) -> Leaves:
    """The inputs cut to half the size along all axes behind the second, or the first few of these."""
    return tuple(_half(leaf, axes) if isinstance(leaf, torch.Tensor) else leaf for leaf in leaves)


def _half(tensor: torch.Tensor, axes: int | None) -> torch.Tensor:
    if tensor.dim() < 4 or not tensor.is_floating_point():
        return tensor
    return tensor[(slice(None), slice(None), *(slice(0, size // 2) for size in tensor.shape[2:][:axes]))].contiguous()


def stay_images(shapes: Iterable[tuple[int, ...]]) -> bool:
    """Whether no image among tensors of these shapes gets narrower than four at half its size; points stay points."""
    sides = [side for shape in shapes if len(shape) in _SMALL for side in shape[2:] if side > 1]
    return bool(sides) and min(sides) >= 2 * _NARROWEST


def _cut(tensor: torch.Tensor, to: torch.Tensor) -> torch.Tensor:
    if tensor.dim() < 4 or tensor.shape == to.shape:
        return tensor
    return tensor[(slice(None), slice(None), slice(None), *(slice(0, size) for size in to.shape[3:]))].contiguous()


def _notes(chosen: list[CaseInput]) -> list[str]:
    notes = []
    evaluated = [case for case in chosen if case.mode == "eval"]
    images = any(_images(case.leaves) for case in evaluated)
    if images and len({tuple(shape[2:] for shape in case.shapes) for case in evaluated}) < 2:
        notes.append("one spatial size only: the model takes no other")
    if len({tuple(shape[:1] for shape in case.shapes) for case in evaluated}) < 2:
        notes.append("one batch size only: the model takes no other")
    return notes
