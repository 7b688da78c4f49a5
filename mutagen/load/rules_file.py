"""Rule files: found by path, folder or shipped name, and read into records with all their errors at once.

Codes: R100 not found, R101 unreadable, R102 not UTF-8, R103 not YAML, R104 key twice, R105 too large or deep, R106 tag
or key of a wrong kind, R110 empty or not a mapping, R111 version, R112 unknown key, R113 not supported yet, R114 value
of a wrong kind, R115 key missing, R116 value not allowed, R120 id, R121 id twice, R122 subject, R123 action, R124
position, R125 test, R126 pattern, R127 unknown block or operation, R128 unknown argument, R129 model, R130 action that
does not fit the subject.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from pydantic import ValidationError

from mutagen.errors import ErrorGroup, MutagenError, Place, RuleError
from mutagen.load.rules_checks import ABOUT_KEYS, findings
from mutagen.load.rules_model import model_text
from mutagen.load.rules_problems import excused_rules, problems
from mutagen.load.rules_schema import FilePart, as_rule
from mutagen.load.rules_words import KnownBlocks, listed, suggestion
from mutagen.load.rules_yaml import Document, parse
from mutagen.records.rules import Rule, RuleSet
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


def read_rules(path: str, known: KnownBlocks | None = None) -> RuleSet:
    """The rules of a file, or of all YAML files of a folder in the order of their names.

    ``known`` maps the names of catalogue blocks to the names of their arguments; without it names of blocks are taken
    as they are. Raises RuleError, or ErrorGroup with everything that is wrong.
    """
    files = files_of(Path(path))
    sets: list[RuleSet] = []
    errors: list[MutagenError] = []
    for file in files:
        try:
            sets.append(_read(file, known))
        except ErrorGroup as group:
            errors += group.errors
        except RuleError as error:
            errors.append(error)
    errors += _clashes(sets)
    if errors:
        raise errors[0] if len(errors) == 1 else ErrorGroup(tuple(errors))
    model = next((each for each in sets if each.model), sets[0])
    rules = tuple(rule for each in sets for rule in each.rules)
    return replace(model, rules=rules, file=path)


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


def _read(path: Path, known: KnownBlocks | None) -> RuleSet:
    document = parse(_bytes(path), str(path))
    if not isinstance(document.data, dict):
        message = "a rule file is a mapping with the keys version, rules and model"
        raise RuleError("R110", message, place=document.place(()), hint="start with `version: 1` and `rules:`")
    errors: list[RuleError] = list(document.errors)
    part = _validated(document, errors)
    excused = excused_rules(document)
    for code, loc, message, hint in findings(document, known):
        if not (len(loc) > 1 and loc[1] in excused and code in ("R122", "R123")):
            place = document.place(loc, key=code in ABOUT_KEYS)
            errors.append(RuleError(code, message, place=place, hint=hint))
    model = model_text(part.model, document, errors) if part and part.model else None
    if errors or part is None:
        raise _gathered(errors)
    rules = tuple(as_rule(rule, document.place(("rules", i, "id")), part.where) for i, rule in enumerate(part.rules))
    if part.model is None:
        return RuleSet(rules, file=str(path))
    return RuleSet(
        rules,
        file=str(path),
        model=model,
        inputs=tuple(part.model.inputs),
        prove_with=part.model.prove_with,
        prove_inputs=tuple(part.model.prove_inputs),
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


def _clashes(sets: list[RuleSet]) -> list[RuleError]:
    """Rule ids that several files of a folder use, and model sections that differ."""
    found: list[RuleError] = []
    first: dict[str, Rule] = {}
    for rule in (rule for each in sets for rule in each.rules):
        other = first.setdefault(rule.id, rule)
        if other is not rule:
            message = f"rule id {rule.id!r} is used in two files (first at {other.place})"
            found.append(RuleError("R121", message, place=rule.place, hint="give each rule its own id"))
    models = [each for each in sets if each.model]
    for each in models[1:]:
        if replace(each, rules=(), file="") != replace(models[0], rules=(), file=""):
            message = f"two files of the folder describe different models (the other is {models[0].file})"
            found.append(RuleError("R129", message, place=Place(each.file), hint="keep one `model:` section"))
    return found
