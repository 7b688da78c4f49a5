"""The blocks that a rule file brings along, made as complete as those of the catalogue."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from mutagen.blocks.borrow import loan_of
from mutagen.blocks.catalogue import check_options, load_blocks
from mutagen.blocks.compose import needs_channels, summary_of, used_blocks
from mutagen.errors import ErrorGroup, MutagenError, RuleError
from mutagen.load.layers import layer
from mutagen.records.blocks import BODY, Block, Borrowed, Composed, Contract, Origin, OwnBlock, Requirement
from mutagen.records.rules import Rule, Value

Ask = Callable[[Borrowed, Mapping[str, Value]], Contract]
"""Finds the contract of a borrowed class, in a child process."""

_ANY_RANK: Final = (3, 4, 5)


def completed(own: Sequence[OwnBlock], ask: Ask) -> Mapping[str, Block]:
    """All blocks that rules can name, those of a rule file among them; raises what is wrong with these, all at once."""
    blocks = dict(load_blocks())
    errors: list[MutagenError] = []
    for it in _by_depth(own):
        try:
            blocks[it.name] = _completed(it, blocks, ask)
        except MutagenError as error:
            error.place = error.place or it.place
            errors.append(error)
        except KeyError:  # a part that is wrong itself, which is told
            continue
    if errors:
        raise errors[0] if len(errors) == 1 else ErrorGroup(tuple(errors))
    return blocks


def brought(blocks: Mapping[str, Block]) -> Mapping[str, Block]:
    """Those blocks that are not the catalogue's."""
    shipped = load_blocks()
    return {name: block for name, block in blocks.items() if shipped.get(name) is not block}


def check_importable(own: Sequence[OwnBlock], root: str) -> None:
    """Raise RuleError R142 for a class that is to be imported from where the target cannot reach it."""
    for it in own:
        borrowed = it.made if isinstance(it.made, Borrowed) else None
        if borrowed is None or borrowed.how == "copy" or borrowed.module:
            continue
        if not Path(borrowed.file).is_relative_to(Path(root).resolve()):
            message = f"{borrowed.shown} stands outside of {root}, from where the target imports"
            raise RuleError("R142", message, place=it.place, hint="have it copied: leave out `how: import`")


def check_uses(rules: Sequence[Rule], blocks: Mapping[str, Block]) -> None:
    """Raise the error of the first block that is to hand on a feature map and does not."""
    for rule in rules:
        for action in rule.actions:
            block = blocks.get(action.block)
            if block is not None and block.unfit and action.kind != "replace":
                error = _unfit(block)
                error.place = rule.place
                raise error


def _unfit(block: Block) -> RuleError:
    code, message, hint = block.unfit
    return RuleError(code, message, hint=hint)


def _by_depth(own: Sequence[OwnBlock]) -> list[OwnBlock]:
    """Blocks behind those that they are composed of."""
    left, ordered = list(own), list[OwnBlock]()
    while left:
        waiting = {it.name for it in left}
        ready = [it for it in left if not (isinstance(it.made, Composed) and waiting & set(used_blocks(it.made)))]
        ordered += ready or left
        left = [it for it in left if it not in ordered]
    return ordered


def _completed(own: OwnBlock, blocks: Mapping[str, Block], ask: Ask) -> Block:
    if isinstance(own.made, Composed):
        return _composed(own, own.made, blocks)
    if isinstance(own.made, Borrowed):
        return _borrowed(own, own.made, ask)
    return own.made


def _borrowed(own: OwnBlock, borrowed: Borrowed, ask: Ask) -> Block:
    if borrowed.how == "copy":
        loan_of(borrowed)
    contract = ask(borrowed, own.given)
    if borrowed.module:
        borrowed = replace(borrowed, file=contract.file)
    return Block(
        name=own.name,
        kind="feature",
        summary=f"{borrowed.name} from {borrowed.shown}.",
        paper="",
        template=borrowed.file,
        arguments={it: "channels" if it in contract.channels else "rule" for it in contract.parameters},
        options={it: "any" for it in contract.parameters if it not in contract.channels},
        requires=_ranks(contract.ranks) if contract.ranks else (),
        class_name=borrowed.name,
        given=own.given,
        borrowed=borrowed,
        by_name=contract.by_name,
        required=contract.required,
        defaults=contract.defaults,
        unfit=contract.unfit,
    )


def _composed(own: OwnBlock, composed: Composed, blocks: Mapping[str, Block]) -> Block:
    _check_parts(composed, blocks)
    parts = [it.what for it in composed.parts if it.what != BODY]
    ranks = [it for it in _ANY_RANK if all(it in _ranks_of(what, blocks) for what in parts)]
    convs = composed.fuse in ("concat-conv1x1", "gate", "select")
    if convs and len(ranks) > 1:
        ranks = [4] if 4 in ranks else ranks[:1]
    arguments: dict[str, Origin] = {BODY: "module"} if composed.wraps else {}
    if not composed.wraps or needs_channels(composed, blocks):
        arguments["channels"] = "channels"
    return Block(
        name=own.name,
        kind="wrap" if composed.wraps else "feature",
        summary=summary_of(composed, {name: it.written for name, it in blocks.items()}),
        paper="",
        template="",
        arguments=arguments,
        requires=_ranks(ranks),
        imports=("torch", "nn"),
        given={},
        composed=composed,
        can_be_identity=composed.identity,
    )


def _check_parts(composed: Composed, blocks: Mapping[str, Block]) -> None:
    for part in composed.parts:
        block = None if layer(part.what) is not None or part.what == BODY else blocks[part.what]
        if block is not None and block.unfit:
            raise _unfit(block)
        if block is not None and block.kind not in ("feature", "scale"):
            fitting = ", ".join(name for name, it in blocks.items() if it.kind in ("feature", "scale"))
            raise RuleError(
                "R145", f"{part.what} cannot be a part: it does not hand one tensor on", hint=f"parts: {fitting}"
            )
        if block is not None:
            check_options(block, part.args)


def _ranks_of(what: str, blocks: Mapping[str, Block]) -> Sequence[Value]:
    known = layer(what)
    if known is not None:
        return (known.rank,) if known.rank else _ANY_RANK
    return next((it.values for it in blocks[what].requires if it.fact == "rank"), _ANY_RANK)


def _ranks(ranks: Sequence[int]) -> tuple[Requirement, ...]:
    shown = " or ".join(str(it) for it in ranks)
    message = f"it works on tensors with {shown} axes, (batch, channels, ...)"
    return (
        Requirement("rank", tuple(ranks), "rank", message, "leave out what is no such tensor, for instance by a path"),
    )
