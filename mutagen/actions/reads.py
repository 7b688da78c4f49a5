"""What the source reads of modules that are replaced.

An attribute that the new class lacks, read in a method of the owner's class, is a reason to refuse: the method may not
have run. Questions after the class (init loops, parameter groups, momentum) are answered otherwise from now on; these
are told in a note each, save where they only begin the weights as norms do anyway.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence

from mutagen.actions.classes import class_sources
from mutagen.actions.scene import Scene
from mutagen.blocks.catalogue import Names, render
from mutagen.blocks.replacement import Replacement, find_replacement
from mutagen.blocks.text import class_of
from mutagen.records.rules import Rule
from mutagen.records.span import Span
from mutagen.records.trace import Instance
from mutagen.source.file import SourceFile
from mutagen.source.names import canonical, imported_names, resolve
from mutagen.source.reads import Read, TypeTest, reads_of_children, starts_plainly, type_tests

_ASKED = frozenset(
    {"weight", "bias", "in_channels", "out_channels", "kernel_size", "stride", "padding", "dilation", "groups"}
    | {"padding_mode", "transposed", "output_padding", "num_features", "eps", "momentum", "affine"}
    | {"track_running_stats", "running_mean", "running_var", "num_batches_tracked", "reset_running_stats"}
    | {"reset_parameters", "inplace"}
)
_TORCH = {
    "nn.GroupNorm": frozenset({"weight", "bias", "num_groups", "num_channels", "eps", "affine", "reset_parameters"}),
    "nn.GELU": frozenset({"approximate"}),
    "nn.Identity": frozenset(),
}
_MOST_TOLD = 5


def lost_read(rule: Rule, instance: Instance, scene: Scene) -> tuple[Read, Span] | None:
    """A read of an attribute that the instance has and its replacement lacks, in a method of a class that holds it."""
    found = [it for it in _reads(instance, scene) if it[0].attribute in _ASKED]
    way = find_replacement(instance, rule.action.block, scene.blocks) if found else None
    known = _attributes(way, scene) if way is not None else None
    return next((it for it in found if known is not None and it[0].attribute not in known), None)


def _reads(instance: Instance, scene: Scene) -> Iterator[tuple[Read, Span]]:
    for alias in instance.aliases or (instance.path,):
        parts = alias.split(".")
        for length in range(len(parts)):
            owner = scene.by_path.get(".".join(parts[:length]))
            for source in class_sources(owner, scene) if owner is not None else ():
                if source is not None:
                    file, node = source
                    wanted = ".".join(parts[length:])
                    yield from ((it, file.span(it.node)) for it in reads_of_children(node) if it.path == wanted)


def _attributes(way: Replacement, scene: Scene) -> frozenset[str] | None:
    if way.block is None:
        return _TORCH.get(str(way.torch_name))
    text = _class_text(way.block, scene)
    stored = (it for it in ast.walk(ast.parse(text)) if isinstance(it, ast.Attribute) and isinstance(it.ctx, ast.Store))
    return frozenset(it.attr for it in stored)


def type_notes(rule: Rule, instances: Sequence[Instance], files: Sequence[str], scene: Scene) -> tuple[str, ...]:
    """One sentence for each question after a class whose answer changes with the replacement of the instances."""
    told: list[str] = []
    for kind in dict.fromkeys(it.type for it in instances):
        group = [it for it in instances if it.type == kind]
        way = find_replacement(group[0], rule.action.block, scene.blocks)
        if way is None:
            continue
        product = _product_names(way, scene)
        for path in files:
            file = scene.project.file(path)
            names = imported_names(file)
            tests = (it for it in type_tests(file.tree) if _changes(it, group[0], product, names))
            told.extend(_sentence(it, file, group, way) for it in tests)
            told.extend(_trap(it, file, way) for it in type_tests(file.tree) if _traps(it, group[0], way, scene))
    rest = len(told) - _MOST_TOLD
    return (*told[:_MOST_TOLD], *([f"{rest} more places ask for the class of what is replaced"] if rest > 0 else []))


def _class_text(name: str, scene: Scene) -> str:
    block = scene.blocks[name]
    if block.borrowed is not None and block.borrowed.how == "import":
        return ""
    return render(block, Names(), name) if block.text else ast.unparse(class_of(block, blocks=scene.blocks))


def _product_names(way: Replacement, scene: Scene) -> frozenset[str]:
    """Bare names of the new class and of the modules that it holds."""
    if way.block is None:
        return frozenset({str(way.torch_name).rpartition(".")[2]})
    tree = ast.parse(_class_text(way.block, scene))
    called = (it.func for it in ast.walk(tree) if isinstance(it, ast.Call))
    return frozenset({way.block, *(it.attr for it in called if isinstance(it, ast.Attribute))})


def _changes(test: TypeTest, instance: Instance, product: frozenset[str], names: Mapping[str, str]) -> bool:
    if test.body is not None and test.subject and starts_plainly(test.body, test.subject):
        return False
    if test.word:
        return test.word[:1].isupper() and test.word in instance.name and not any(test.word in it for it in product)
    asked = {canonical(it) for node in test.classes if (it := resolve(node, names))}
    holds = asked & {canonical(it) for it in instance.bases if it != "torch.nn.Module"}
    return bool(holds) and not any(it.rpartition(".")[2] in product for it in asked)


def _traps(test: TypeTest, instance: Instance, way: Replacement, scene: Scene) -> bool:
    """Whether a word that is looked for stands in the new class's name too, and what it lacks is read then."""
    if not test.word[:1].isupper() or test.word not in instance.name or way.block is None or test.word not in way.block:
        return False
    known = _attributes(way, scene) or frozenset()
    read = (it for statement in test.body or () for it in ast.walk(statement) if isinstance(it, ast.Attribute))
    return any(it.attr in _ASKED - known for it in read)


def _trap(test: TypeTest, file: SourceFile, way: Replacement) -> str:
    text = file.text(test.node).partition("\n")[0]
    return f"{file.path}:{test.node.lineno}: `{text}` holds for {way.block} too, which lacks what is read there"


def _sentence(test: TypeTest, file: SourceFile, group: Sequence[Instance], way: Replacement) -> str:
    new = way.block or str(way.torch_name).rpartition(".")[2]
    what = "the module that becomes" if len(group) == 1 else f"the {len(group)} modules that become"
    text = file.text(test.node).partition("\n")[0]
    return f"{file.path}:{test.node.lineno}: `{text}` no longer holds for {what} {new}"
