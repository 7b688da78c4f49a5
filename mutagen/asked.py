"""What the options of a run ask for: the file, the rules, the model and the smaller configuration to prove with."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from threading import Lock

from mutagen.blocks.catalogue import load_blocks, read_block
from mutagen.blocks.own import check_importable, check_uses, completed
from mutagen.blocks.short_names import switch_name
from mutagen.errors import Place, RuleError, TargetError
from mutagen.load.candidates import choose_model, model_candidates
from mutagen.load.chosen import chosen
from mutagen.load.input_spec import parse_input
from mutagen.load.model_call import parse_call
from mutagen.load.rules_file import find_rules, read_rules
from mutagen.load.switches import switched_on
from mutagen.load.target_file import Located, find_target
from mutagen.records.blocks import Block, Borrowed, Composed, Contract
from mutagen.records.options import Options
from mutagen.records.plan import Plan
from mutagen.records.rules import Rule, RuleSet, Style, Value
from mutagen.records.target import Call, Device, InputSpec, Target
from mutagen.sandbox.runner import Host, Part
from mutagen.source.project import Project, open_project
from mutagen.write.transaction import recover

_recovering = Lock()


def locate(options: Options) -> Located:
    """Find the target and finish what an interrupted run left; raises TargetError T019 for an installed package."""
    located = find_target(options.target)
    if "site-packages" in Path(located.file).parts:
        hint = "copy the file or its package into your project and change it there"
        raise TargetError("T019", "installed packages are never edited", place=Place(located.file), hint=hint)
    with _recovering:
        recover(Path(located.root))
    return located


def devices_asked(options: Options, *, small: bool) -> tuple[Device, ...]:
    """Where to trace: with a smaller configuration for the proof, values of the full one are of no interest."""
    if options.device is not None:
        return (options.device,)
    return ("meta", "cpu") if small else ("cpu", "meta")


def smaller_asked(options: Options, rules: RuleSet | None) -> tuple[Call, tuple[InputSpec, ...]] | None:
    """The smaller configuration to prove with and its inputs: from the flags, else from the rule file."""
    text, source, inputs = options.prove_with, "--prove-with", options.prove_inputs
    if rules is None and (text or inputs):
        hint = "give RULES and TARGET instead of --plan: the rules are matched on the smaller configuration too"
        raise TargetError("T212", "a plan alone cannot be proved with a smaller configuration", hint=hint)
    if rules is not None and text is None:
        text, source = rules.prove_with, rules.file
    if rules is not None and not inputs:
        inputs = rules.prove_inputs
    if rules is not None and text is None and options.entry is not None:
        text, source = options.entry.prove_with, "[tool.mutagen]"
        inputs = inputs or options.entry.prove_inputs
    return (parse_call(text, source=source), tuple(parse_input(it) for it in inputs)) if text is not None else None


def rules_asked(options: Options) -> RuleSet:
    """The rules, in the style that the options want. Raises RuleError."""
    known = {name: tuple(block.options) for name, block in load_blocks().items()}
    read = read_rules(find_rules(options.rules), known, read_template=read_block)
    if not read.rules:
        hint = "write `rules:` with a list of rules, or apply a file that includes this one"
        raise RuleError("R115", "there are no rules to apply", place=Place(read.file), hint=hint)
    rules = chosen(read, options.select, options.ignore)
    if options.style is None:
        return rules
    return replace(rules, rules=tuple(_styled(rule, options.style) for rule in rules.rules))


def _styled(rule: Rule, style: Style) -> Rule:
    parts = {name: replace(action, style=style) for name, action in rule.parts.items()}
    return replace(rule, action=replace(rule.action, style=style), parts=parts)


def blocks_asked(asked: RuleSet | Plan | None, host: Host | Part, located: Located) -> Mapping[str, Block]:
    """The blocks of the catalogue, and those that the rules, or a plan that is replayed, bring along.

    What a borrowed class wants is found out in a process of its own. Raises RuleError.
    """
    if isinstance(asked, Plan):
        return {**load_blocks(), **{it.name: it for it in asked.blocks}}
    if asked is None or not asked.own:
        return load_blocks()
    check_importable(asked.own, located.root)

    def contract(borrowed: Borrowed, given: Mapping[str, Value]) -> Contract:
        session = host.session("the borrowed class")
        found = session.call("mutagen.blocks.contract:contract_of", borrowed, given)
        session.kill()
        assert isinstance(found, Contract)
        return found

    blocks = completed(asked.own, contract)
    check_uses(asked.rules, blocks)
    return blocks


def made_of(rules: RuleSet) -> Mapping[str, str]:
    """SHA-256 of what the rules were read from: their files, and the templates of the blocks that they name."""
    files = set(rules.files) | {it.place.file for it in rules.rules if it.place}
    blocks = load_blocks()
    files |= {blocks[name].template for name in _blocks_named(rules) if name in blocks}
    files |= {it.made.template for it in rules.own if isinstance(it.made, Block)}
    files |= {it.made.file for it in rules.own if isinstance(it.made, Borrowed) and it.made.file}
    digests = {path: sha256(Path(path).read_bytes()).hexdigest() for path in sorted(files)}
    return {os.path.abspath(path): digest for path, digest in digests.items()}  # noqa: PTH100  links stay links


def _blocks_named(rules: RuleSet) -> Iterator[str]:
    """The blocks that rules use, those that their own blocks are composed of included."""
    for rule in rules.rules:
        yield from (action.block for action in rule.actions)
    for block in rules.own:
        if isinstance(block.made, Composed):
            yield from (part.what for part in block.made.parts)


def target_asked(options: Options, located: Located, rules: RuleSet | None, plan: Plan | None) -> Target:
    """The model to build: from the flags, else from the plan or rule file, else the only one in the file."""
    call = parse_call(options.model) if options.model else None
    inputs = tuple(parse_input(text) for text in options.inputs)
    if plan is not None:
        call, inputs = call or plan.call, inputs or plan.inputs
    elif rules is not None and call is None and rules.model:
        call = parse_call(rules.model, source=rules.file)
    if rules is not None and not inputs:
        inputs = tuple(parse_input(text) for text in rules.inputs)
    entry, inputs_from = options.entry, options.inputs_from
    if plan is None and entry is not None:
        call = call or (parse_call(entry.model, source="[tool.mutagen]") if entry.model else None)
        if not inputs and inputs_from is None:
            inputs, inputs_from = tuple(parse_input(text) for text in entry.inputs), entry.inputs_from
    if call is None:
        source = Path(located.file).read_bytes()
        call = choose_model(model_candidates(source, located.file), located.file)
    if rules is not None:
        actions = [action for rule in rules.rules for action in rule.actions]
        switches = [switch_name(it.block) for it in actions if it.emit == "flag"]
        call = switched_on(call, switches, Path(located.file).read_bytes()) if switches else call
    return Target(
        file=located.file,
        module=located.module,
        paths=located.paths,
        root=located.root,
        call=call,
        inputs=inputs,
        inputs_from=_absolute(inputs_from),
        counted=rules is not None and any(it.needs_macs for it in rules.rules),
    )


def project_asked(
    options: Options, located: Located, files: tuple[str, ...], *, read: Callable[[str], bytes] | None = None
) -> Project:
    """The files around the target, ``files`` of which its model imports, and which of them may be edited."""
    return open_project(
        located.file,
        located.root,
        files,
        scope=options.scope,
        read=read,
        exclude=options.exclude,
        ignores=options.per_file_ignores,
    )


def _absolute(inputs_from: str | None) -> str | None:
    """``file.py:function`` with the file in full: models run in another folder. TargetError T113 where it is absent."""
    file, _, name = (inputs_from or "").rpartition(":")
    if not file:
        return inputs_from
    if not Path(file).is_file():
        hint = "give --inputs-from FILE:FUNC, with the file as seen from the current folder"
        raise TargetError("T113", f"there is no file {file} to make inputs from", hint=hint)
    return f"{Path(file).resolve()}:{name}"
