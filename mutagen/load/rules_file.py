"""Rule files: found by path, folder or shipped name, and read into records with all their errors at once.

Codes: R100 not found, R101 unreadable, R102 not UTF-8, R103 not YAML, R104 key twice, R105 too large or deep, R106 tag
or key of a wrong kind, R110 empty or not a mapping, R111 version, R112 unknown key, R113 not supported yet, R114 value
of a wrong kind, R115 key missing, R116 value not allowed, R120 id, R121 id twice, R122 subject, R123 action, R124
position, R125 test, R126 pattern, R127 unknown block or operation, R128 unknown argument, R129 model, R130 action that
does not fit the subject, R131 claim, R132 circle of files, R133 switch, R134 test.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from pydantic import ValidationError

from mutagen.errors import ErrorGroup, MutagenError, Place, RuleError
from mutagen.load.rules_block_checks import block_findings
from mutagen.load.rules_blocks import ReadTemplate, own_blocks, with_own
from mutagen.load.rules_checks import ABOUT_KEYS, findings
from mutagen.load.rules_claims import claims as _claims
from mutagen.load.rules_include import FileRules, Reading, Switch, clashes, models_apart
from mutagen.load.rules_model import model_text
from mutagen.load.rules_problems import excused_rules, problems
from mutagen.load.rules_schema import FilePart, as_rule
from mutagen.load.rules_tests import as_tests, errors_of_tests
from mutagen.load.rules_words import KnownBlocks, listed, suggestion
from mutagen.load.rules_yaml import Document, parse
from mutagen.records.blocks import Block, OwnBlock
from mutagen.records.rules import RuleSet
from mutagen.resources import rules_dir

SUFFIXES = (".yaml", ".yml")
MAX_MESSAGE = 300


def find_rules(name_or_path: str) -> str:
    """The path of a rule file or folder: one that exists, else the shipped rule set of that name."""
    given = Path(name_or_path)
    if given.is_file() or given.is_dir():
        return str(given)
    shipped = shipped_rules()
    if name_or_path in shipped:
        return str(shipped[name_or_path])
    what = "rule file" if given.suffix in SUFFIXES or len(given.parts) > 1 else "rule set"
    hint = f"{suggestion(given.stem, shipped)} shipped rule sets: {listed(shipped)}".strip()
    raise RuleError("R100", f"there is no {what} {name_or_path!r}", hint=hint)


def shipped_rules() -> dict[str, Path]:
    """Paths of the shipped rule sets by name, sorted."""
    return {path.stem: path for path in sorted(rules_dir().glob("*.yaml"))}


def read_rules(path: str, known: KnownBlocks | None = None, *, read_template: ReadTemplate | None = None) -> RuleSet:
    """The rules of a file, or of all YAML files of a folder in the order of their names.

    ``known`` maps the names of catalogue blocks to the names of their arguments; without it names of blocks are taken
    as they are. ``read_template`` reads templates of the user's; without it they are not looked at.

    Raises RuleError, or ErrorGroup with everything that is wrong.
    """
    opened = partial(_opened, read_template=read_template)
    reading = Reading(opened, partial(_checked, known=known), _included)
    files = files_of(Path(path))
    for file in files:
        reading.add(file)
    apart = models_apart([each for each in reading.sets if Path(each.file) in files])
    errors = (*reading.errors, *clashes(reading.sets), *apart)
    if errors:
        raise errors[0] if len(errors) == 1 else ErrorGroup(errors)
    return reading.whole(path)


def files_of(path: Path) -> list[Path]:
    """The file itself, or the YAML files of a folder by name. Raises RuleError R101 where a folder holds none."""
    if not path.is_dir():
        return [path]
    found = sorted(each for each in path.iterdir() if each.suffix in SUFFIXES and each.is_file())
    if not found:
        raise RuleError(
            "R101",
            f"the folder {path} holds no .yaml file",
            place=Place(str(path)),
            hint="name a rule file, or another folder",
        )
    return found


def _included(text: str, folder: Path) -> list[Path]:
    """The files that an ``include`` means: a path as seen from the folder of its file, else a shipped rule set."""
    beside = folder / text
    return files_of(beside if beside.exists() else Path(find_rules(text)))


@dataclass(frozen=True, slots=True)
class _Opened:
    """A file as it was read: ``part`` is None where its shape is wrong, ``own`` are the blocks that it brings along."""

    document: Document
    part: FilePart | None
    own: tuple[OwnBlock, ...]
    errors: list[RuleError]

    @property
    def includes(self) -> tuple[tuple[str, Place], ...]:
        """What it includes, also where something else is wrong with it."""
        given = self.document.data.get("include")
        listed = given if isinstance(given, list) else []
        places = [self.document.place(("include", index)) for index in range(len(listed))]
        return tuple((text, place) for text, place in zip(listed, places, strict=True) if isinstance(text, str))


def _opened(path: Path, read_template: ReadTemplate | None) -> _Opened:
    document = parse(_bytes(path), str(path))
    if not isinstance(document.data, dict):
        message = "a rule file is a mapping with the keys version, rules and model"
        raise RuleError("R110", message, place=document.place(()), hint="start with `version: 1` and `rules:`")
    errors: list[RuleError] = list(document.errors)
    part = _validated(document, errors)
    own = own_blocks(part, document, read_template, errors) if part is not None else ()
    return _Opened(document, part, own, errors)


def _checked(opened: _Opened, included: Sequence[OwnBlock], whole: bool, known: KnownBlocks | None) -> FileRules:
    """What a file says, by the blocks of the files that it includes too; not ``whole`` where one of these is wrong."""
    document, errors = opened.document, opened.errors
    known = with_own(known if whole else None, included)
    excused = excused_rules(document)
    templates = [it for it in opened.own if isinstance(it.made, Block)]
    found = block_findings(document, with_own(known, templates), included={it.name for it in included})
    for code, loc, message, hint in (*found, *findings(document, with_own(known, opened.own))):
        if not (len(loc) > 1 and loc[1] in excused and code in ("R122", "R123")):
            place = document.place(loc, key=code in ABOUT_KEYS)
            errors.append(RuleError(code, message, place=place, hint=hint))
    errors += errors_of_tests(document)
    part = opened.part
    model = model_text(part.model, document, errors) if part and part.model else None
    if errors or part is None:
        raise _gathered(errors)
    return _as_read(part, document, model, opened.own, included)


def _as_read(
    part: FilePart,
    document: Document,
    model: str | None,
    blocks: tuple[OwnBlock, ...],
    included: Sequence[OwnBlock],
) -> FileRules:
    """What a file without errors says."""
    given = {it.name: it.given for it in (*included, *blocks)}
    places = [document.place(("rules", index, "id")) for index in range(len(part.rules))]
    whole = [(index, rule) for index, rule in enumerate(part.rules) if rule.match is not None]
    own = RuleSet(
        tuple(
            replace(
                as_rule(rule, places[i], part.where, given),
                claims=_claims(rule.expect, ("rules", i, "expect"), document, rule.id),
            )
            for i, rule in whole
        ),
        file=document.file,
        budget=_claims(part.budget, ("budget",), document),
        files=(document.file,),
        own=blocks,
        tests=as_tests(part.tests, document),
    )
    if part.model is not None:
        described = part.model
        own = replace(
            own,
            model=model,
            inputs=tuple(described.inputs),
            prove_with=described.prove_with,
            prove_inputs=tuple(described.prove_inputs),
        )
    return FileRules(
        own,
        off=frozenset(rule.id for _, rule in whole if not rule.enabled),
        switches=tuple(
            Switch(rule.id, rule.enabled, place)
            for rule, place in zip(part.rules, places, strict=True)
            if rule.match is None
        ),
    )


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        message = f"the rule file cannot be read: {error.strerror}"
        hint = "name a file that exists and may be read"
        raise RuleError("R101", message, place=Place(str(path)), hint=hint) from error


def _validated(document: Document, errors: list[RuleError]) -> FilePart | None:
    try:
        return FilePart.model_validate(document.data)
    except ValidationError as error:
        errors += problems(error, document)
        return None


def _gathered(errors: list[RuleError]) -> MutagenError:
    unique = {(error.code, str(error.place), error.message): error for error in errors}
    ordered = sorted(unique.values(), key=lambda error: _position(error.place))
    for error in ordered:
        error.message = _short(error.message)
    return ordered[0] if len(ordered) == 1 else ErrorGroup(tuple(ordered))


def _short(message: str) -> str:
    """A message that repeats what stands in the file, without the most of it where that is long."""
    return message if len(message) <= MAX_MESSAGE else f"{message[: MAX_MESSAGE - 1]}…"


def _position(place: Place | None) -> tuple[int, int]:
    return (place.line, place.column) if place else (0, 0)
