"""Plans for small sources, made in this process."""

from __future__ import annotations

import itertools
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from mutagen.blocks.catalogue import load_blocks
from mutagen.blocks.recognise import standing_products
from mutagen.load.rules_file import find_rules, read_rules
from mutagen.match.select import select
from mutagen.planning.make import make_plan
from mutagen.records.plan import Plan
from mutagen.records.target import Call, InputSpec, Target
from mutagen.rewrite.apply import rewrite
from mutagen.source.project import open_project
from mutagen.trace.session import open_model

_numbers = itertools.count()
HEAD = "import torch\nimport torch.nn as nn\nimport torch.nn.functional as F\n\n\n"


@dataclass(frozen=True)
class Planned:
    """The plan for a source and the source as the plan leaves it."""

    plan: Plan
    text: str

    @property
    def refused(self) -> list[str]:
        """Codes of all refusals."""
        return [refusal.code for rule in self.plan.rules for refusal in rule.refused]


@pytest.fixture
def planned(tmp_path: Path) -> Callable[..., Planned]:
    """Plans a shipped rule, or the text of a rule file, for a model ``Net`` in a file of its own."""

    def planned(source: str, rules: str, shape: tuple[int, ...] = (1, 3, 16, 16)) -> Planned:
        name = f"planned_{next(_numbers)}"
        file = tmp_path / f"{name}.py"
        file.write_text(HEAD + textwrap.dedent(source))
        if "\n" in rules:
            (tmp_path / "rules.yaml").write_text(rules)
            rules = str(tmp_path / "rules.yaml")
        folder = str(tmp_path)
        trace = open_model(Target(str(file), name, (folder,), folder, Call("Net"), (InputSpec(shape),)))
        blocks = load_blocks()
        project = open_project(str(file), folder, trace.files)
        products = standing_products(trace, project.read)
        known = {block: tuple(it.options) for block, it in blocks.items()}
        found = select(read_rules(find_rules(rules), known).rules, trace, products)
        plan = make_plan(found, trace, project, blocks=blocks, products=products)
        changes = rewrite(plan, {str(file): file.read_bytes()}) if plan.edits else ()
        return Planned(plan, (changes[0].after if changes else file.read_bytes()).decode())

    return planned
