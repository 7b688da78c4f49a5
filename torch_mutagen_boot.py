"""Starts the command line after checking that the ``mutagen`` about to be imported is this one.

Other distributions install an import package of the same name (``mutagen`` for audio tags, ``mutagen-ai``), and pip
lets the last one win without a word. This module stands beside the package, under a name that nobody overwrites: the
console script, ``python -m mutagen`` and ``python -m torch_mutagen_boot`` start here and can still say what is wrong.
Standard library only, and nothing slow on the good path.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterable, Iterator

OURS = "torch-mutagen"
FOREIGN = ("mutagen", "mutagen-ai")
"""Distributions known to install an import package called ``mutagen``."""

SILENCE = "MUTAGEN_NO_CLASH_WARNING"


def installed(folders: Iterable[str] | None = None) -> dict[str, tuple[str, str]]:
    """Return name -> (version, folder) of this and the foreign distributions, by the names of metadata folders."""
    found: dict[str, tuple[str, str]] = {}
    for folder in sys.path if folders is None else folders:
        try:
            entries = os.listdir(folder or ".")
        except OSError:
            continue
        for entry in entries:
            stem, dot, _ = entry.rpartition(".")
            if dot and entry.endswith((".dist-info", ".egg-info")):
                name, _, version = stem.partition("-")
                name = name.replace("_", "-").lower()
                if name == OURS or name in FOREIGN:
                    found.setdefault(name, (version.partition("-")[0], folder))
    return found


def broken() -> str:
    """Return one sentence on why ``import mutagen`` does not give this package, or an empty string when it does."""
    try:
        import mutagen
    except Exception as error:  # a foreign package may fail in any way
        return f"the package that 'import mutagen' finds cannot be imported: {error}"
    if getattr(mutagen, "__distribution__", None) == OURS:
        return ""
    place = getattr(mutagen, "__file__", None)
    if place is None:
        return "mutagen/__init__.py is missing; another package of the same name was removed and took it along"
    return f"another package has overwritten or shadows ours: {place}"


def requirers(name: str) -> Iterator[str]:
    """Yield the installed distributions that ask for the distribution ``name``."""
    from importlib.metadata import distributions

    for distribution in distributions():
        for requirement in distribution.requires or ():
            asked = requirement.split(";")[0].split("[")[0].strip()
            end = next((i for i, c in enumerate(asked) if not (c.isalnum() or c in "-_.")), len(asked))
            if asked[:end].replace("_", "-").lower() == name:
                yield str(distribution.metadata["Name"])


def explain(cause: str) -> str:
    """Return the whole message for a broken state: cause, who is installed, cure."""
    there = installed()
    foreign = [name for name in FOREIGN if name in there]
    lines = [f"error[I001]: {cause}"]
    for name in [OURS, *foreign]:
        if name in there:
            version, folder = there[name]
            lines.append(f"  {name} {version} is installed in {folder}")
    if foreign:
        lines.append("  They install the same import package and cannot share an environment.")
    gone = " ".join([*(foreign or ["mutagen"]), OURS])
    lines += [
        f" help: keep torch-mutagen:  pip uninstall -y {gone} && pip install {OURS}",
        "       need both:           two virtual environments, or uv tool / pipx for one of them",
    ]
    asking = sorted({who for name in foreign for who in requirers(name)} - {OURS})
    if asking:
        lines.append(f"       who asked for it:    {', '.join(asking)}")
    return "\n".join(lines)


def warning() -> str:
    """Return one line when a foreign package of the same name is installed beside a working one of ours, else ''."""
    foreign = [name for name in FOREIGN if name in installed()]
    if not foreign:
        return ""
    names = ", ".join(foreign)
    return (
        f"warning[I002]: {names} is installed too, and its import package 'mutagen' is overwritten by {OURS}: "
        f"that library does not work in this environment (silence: {SILENCE}=1)"
    )


def main() -> int:
    """Check, then run the command line; return 2 with the reason and the cure when the package is not ours."""
    cause = broken()
    if cause:
        print(explain(cause), file=sys.stderr)
        return 2
    if not os.environ.get(SILENCE):
        line = warning()
        if line:
            print(line, file=sys.stderr)
    gc.set_threshold(100_000)  # the facts of a large model are many objects that stay until the end
    from mutagen.cli.main import main as run

    return _leave(run())


def _leave(code: int) -> int:
    """End the process at once: taking down thousands of objects one by one takes its time.

    Returns the code where something watches the process to its end, or the output cannot be written.
    """
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except (OSError, ValueError):
        return code
    if sys.gettrace() is None and sys.getprofile() is None:
        os._exit(code)
    return code


if __name__ == "__main__":
    sys.exit(main())
