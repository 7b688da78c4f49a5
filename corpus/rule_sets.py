"""The rules of the corpus as the command line takes them: shipped ones by name, others as files made for one model."""

from __future__ import annotations

import json
from pathlib import Path

from corpus.targets import Edge, Targets

_LAST_THIRD = """\
version: 1
rules:
  - id: conv-to-dsc-last-third
    match:
      type: Conv2d
      where: {{kernel_size: {{gt: 1}}, groups: 1, in_channels: {{ge: 16}}}}
      not: {{inside: {{type: "*Stem*"}}}}
      only: {{last: {count}}}
    replace: {{with: DepthwiseSeparableConv2d}}
"""
_ONE_BRANCH = """\
version: 1
rules:
  - id: eca-one-path
    match: {{block: residual, path: {path}}}
    insert: {{block: ECA, at: branch-end}}
"""
_ONE_MODULE = """\
version: 1
rules:
  - id: eca-one-path
    match: {{path: {path}}}
    insert: {{block: ECA, at: after}}
"""


def rule_text(rule: str, wanted: Targets) -> str | None:
    """Returns the rule file for a model in which the rule means ``wanted``; None for a shipped rule."""
    if rule == "conv-to-dsc-last-third":
        return _LAST_THIRD.format(count=wanted.count)
    if rule == "eca-one-path":
        form = _ONE_BRANCH if isinstance((wanted.must + wanted.may)[0], Edge) else _ONE_MODULE
        return form.format(path=json.dumps(wanted.named[0]))
    return None


def rule_argument(rule: str, wanted: Targets, folder: Path) -> str:
    """Returns what names the rule on the command line, a file below ``folder`` where the rule is not shipped."""
    text = rule_text(rule, wanted)
    if text is None:
        return rule
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{rule}.yaml"
    path.write_text(text, encoding="utf-8")
    return str(path)
