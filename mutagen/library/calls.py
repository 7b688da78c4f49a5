"""``mutagen.plan`` and ``mutagen.apply``: look, prove, and write only when told to."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from mutagen.config.find import config_for, entry_for, patterns
from mutagen.config.settings import settings_of
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
    scope: Scope | None = None,
    style: Style | None = None,
    timeout: float = 120.0,
    device: Device | None = None,
    memory: int | None = None,
    config: str | os.PathLike[str] | None = None,
    isolated: bool = False,
    host: Host | None = None,
) -> Planned:
    """What rules would change in a target, without proof; nothing is written.

    ``rules`` is a rule file, a folder of them, or the name of a shipped rule set; ``target`` a Python file, a dotted
    module, or a module, class or function that was imported from a file. The other arguments are the flags of
    `mutagen plan`; ``timeout`` is in seconds, ``memory`` in bytes. What they leave open is taken from [tool.mutagen].
    ``host`` is a ``mutagen.Host`` that several calls share, so that torch is imported once. Raises MutagenError.
    """
    options = _options(
        rules,
        target,
        config=config,
        isolated=isolated,
        model=model,
        scope=scope,
        style=style,
        select=_texts(select),
        ignore=_texts(ignore),
        inputs=_texts(input),
        inputs_from=inputs_from,
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
    scope: Scope | None = None,
    style: Style | None = None,
    timeout: float = 120.0,
    device: Device | None = None,
    memory: int | None = None,
    prove_with: str | None = None,
    prove_input: _Texts = (),
    vendor: bool = False,
    lock: bool = False,
    cache: bool = True,
    config: str | os.PathLike[str] | None = None,
    isolated: bool = False,
    host: Host | None = None,
) -> Result:
    """What rules change in a target, with proof; nothing is written before ``write()`` of the result is called.

    Arguments are those of ``plan`` and the flags of `mutagen apply`; ``cache`` false is `--no-cache`. Targets that are
    refused and proofs that fail are results, with ``status``; what cannot be run at all raises MutagenError.
    """
    options = _options(
        rules,
        target,
        config=config,
        isolated=isolated,
        model=model,
        scope=scope,
        style=style,
        select=_texts(select),
        ignore=_texts(ignore),
        inputs=_texts(input),
        inputs_from=inputs_from,
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


def _options(
    rules: str | os.PathLike[str],
    target: Given,
    *,
    config: str | os.PathLike[str] | None,
    isolated: bool,
    model: str | None,
    scope: Scope | None,
    style: Style | None,
    **more: Any,
) -> Options:
    """The options of a run; what the arguments leave open is taken from the configuration."""
    file, built = place_of(target)
    options = Options(os.fspath(rules), file, model=model or built, write=False, isolated=isolated, **more)
    given = None if config is None else os.fspath(config)
    found = None if isolated else config_for(file, given=given)
    if found is None:
        return replace(options, scope=scope or "file", style=style)
    exclude, ignores = patterns(found)
    return replace(
        options,
        scope=scope or found.scope or "file",
        style=style or found.style,
        entry=entry_for(found, file),
        exclude=exclude,
        per_file_ignores=ignores,
        settings=settings_of(found, file),
        config_file=given,
    )


def _texts(given: _Texts) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given)
