"""What rules were read from: every file whose change may change what they do."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from mutagen.asked import made_of, rules_asked
from mutagen.records.options import Options
from mutagen.resources import rules_dir, templates_dir

RULES = """\
version: 1
include: [more.yaml, relu-to-gelu]
templates: own
blocks:
  Theirs: {from: "theirs.py:Theirs"}
  Both: {serial: [ECA, LayerScale]}
rules:
  - id: both
    match: {type: Conv2d}
    insert: {block: Both, at: after}
  - id: theirs
    match: {type: Linear}
    insert: {block: Theirs, at: after}
  - id: chain
    match: {pattern: "relu(bn(conv(x)))", conv: {type: Conv2d}}
    replace:
      conv: {with: DepthwiseSeparableConv2d}
      bn: {with: GroupNorm}
"""
MORE = "version: 1\nrules:\n  - id: own\n    match: {type: Dropout}\n    insert: {block: SqueezeExcite2d, at: after}\n"


def test_rule_files_with_all_they_include_and_name(tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_text(RULES)
    (tmp_path / "more.yaml").write_text(MORE)
    (tmp_path / "theirs.py").write_text("class Theirs: ...\n")
    (tmp_path / "own").mkdir()
    own = (templates_dir() / "eca.py.j2").read_text().replace("name: ECA", "name: MyECA")
    (tmp_path / "own/mine.py.j2").write_text(own)
    found = made_of(rules_asked(Options(str(tmp_path / "rules.yaml"), "net.py")))
    ours = {os.path.relpath(path, tmp_path) for path in found if path.startswith(str(tmp_path))}
    assert ours == {"rules.yaml", "more.yaml", "theirs.py", "own/mine.py.j2"}
    shipped = {Path(path).name for path in found if path.startswith(str(templates_dir()))}
    blocks = {"eca", "layer_scale", "depthwise_separable_conv2d", "squeeze_excite2d"}
    assert {f"{name}.py.j2" for name in blocks} <= shipped
    assert "attention_gate2d.py.j2" not in shipped, "only those that are named"
    assert str(rules_dir() / "relu-to-gelu.yaml") in found
    assert all(sha256 == hashlib.sha256(Path(path).read_bytes()).hexdigest() for path, sha256 in found.items())
