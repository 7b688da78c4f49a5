"""``mutagen.plan`` and ``mutagen.apply``: look, prove, and write only when told to."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence

from mutagen.library.result import Planned, Result
from mutagen.library.target import Given, place_of
from mutagen.records.options import Options, Scope
from mutagen.records.rules import Style
from mutagen.records.target import Device
from mutagen.sandbox.runner import Host

_LOG = logging.getLogger("mutagen")
_Texts = str | Sequence[str]


def plan(
    rules: str | os.PathLike[str],
    target: Given,
    *,
    model: str | None = None,
    select: _Texts = (),
    ignore: _Texts = (),
    input: _Texts = (),  # noqa: A002  the flag is called so
    inputs_from: str | None = None,
    scope: Scope = "file",
    style: Style | None = None,
    timeout: float = 120.0,
    device: Device | None = None,
    memory: int | None = None,
    host: Host | None = None,
) -> Planned:
    """What rules would change in a target, without proof; nothing is written.

    ``rules`` is a rule file, a folder of them, or the name of a shipped rule set; ``target`` a Python file, a dotted
    module, or a module, class or function that was imported from a file. The other arguments are the flags of
    `mutagen plan`; ``timeout`` is in seconds, ``memory`` in bytes. ``host`` is a ``mutagen.Host`` that several calls
    share, so that torch is imported once. Raises MutagenError.
    """
    options = _options(
        rules,
        target,
        model=model,
        select=_texts(select),
        ignore=_texts(ignore),
        inputs=_texts(input),
        inputs_from=inputs_from,
        scope=scope,
        style=style,
        timeout=timeout,
        device=device,
        memory=memory,
    )
    return Planned.of(options, host)


def apply(
    rules: str | os.PathLike[str],
    target: Given,
    *,
    model: str | None = None,
    select: _Texts = (),
    ignore: _Texts = (),
    input: _Texts = (),  # noqa: A002  the flag is called so
    inputs_from: str | None = None,
    scope: Scope = "file",
    style: Style | None = None,
    timeout: float = 120.0,
    device: Device | None = None,
    memory: int | None = None,
    prove_with: str | None = None,
    prove_input: _Texts = (),
    vendor: bool = False,
    lock: bool = False,
    cache: bool = True,
    host: Host | None = None,
) -> Result:
    """What rules change in a target, with proof; nothing is written before ``write()`` of the result is called.

    Arguments are those of ``plan`` and the flags of `mutagen apply`; ``cache`` false is `--no-cache`. Targets that are
    refused and proofs that fail are results, with ``status``; what cannot be run at all raises MutagenError.
    """
    options = _options(
        rules,
        target,
        model=model,
        select=_texts(select),
        ignore=_texts(ignore),
        inputs=_texts(input),
        inputs_from=inputs_from,
        scope=scope,
        style=style,
        timeout=timeout,
        device=device,
        memory=memory,
        prove_with=prove_with,
        prove_inputs=_texts(prove_input),
        vendor=vendor,
        lock=lock,
        cache=cache,
    )
    result = Result.of(options, host)
    _LOG.info("%s on %s: %s", options.rules, options.target, result.status)
    return result


def _options(rules: str | os.PathLike[str], target: Given, *, model: str | None, **more: object) -> Options:
    file, built = place_of(target)
    return Options(os.fspath(rules), file, model=model or built, write=False, **more)  # type: ignore[arg-type]


def _texts(given: _Texts) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given)
