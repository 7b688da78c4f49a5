"""The lock file over whole runs: made, kept up, and right about what the rules still say of the files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mutagen.cli.outcomes import known_outcome
from mutagen.errors import ClashError
from mutagen.records.options import Options
from mutagen.tracked.check import check
from mutagen.tracked.lockfile import parse

ROOT = Path(__file__).parents[2]
UNET = ("UNet(3, 2)", ("1x3x64x64",))
RULES = """\
version: 1
rules:
  - id: gelu
    match: {op: relu}
    replace: {with: gelu}
"""


@pytest.fixture
def unet(bench: Any, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The target, in the current folder, beside a rule file."""
    bench.write("rules.yaml", RULES)
    monkeypatch.chdir(bench.folder)
    return bench.copy(ROOT / "samples/unet") / "unet_model.py"


def codes() -> list[tuple[str, str]]:
    return [(error.code, Path(error.place.file).name) for error in check([]).errors if error.place]


def test_from_the_first_run_to_the_last(bench: Any, unet: Path) -> None:
    lock = bench.folder / "mutagen.lock"
    looked = bench.run("rules.yaml", unet, *UNET, write=False, lock=True)
    assert looked.status == "would_change"
    assert not lock.exists(), "looking writes nothing"

    assert bench.run("rules.yaml", unet, *UNET, lock=True).status == "applied"
    assert {line.file for line in parse(lock.read_bytes(), "")} == {"unet/unet_model.py", "unet/unet_parts.py"}
    assert codes() == []

    assert bench.run("conv-to-dsc", unet, *UNET).status == "applied"
    assert len(parse(lock.read_bytes(), "")) == 4
    assert codes() == [], "the other rule goes on from what the first one left"

    parts = unet.parent / "unet_parts.py"
    parts.write_text(parts.read_text() + "\n# formatted\n")
    assert codes() == [("L101", "unet_parts.py")]
    for rules in ("rules.yaml", "conv-to-dsc"):
        assert bench.run(rules, unet, *UNET).status == "unchanged"
    assert codes() == []

    (bench.folder / "rules.yaml").write_text(RULES + "# why\n")
    assert codes() == [("L102", "rules.yaml")]
    assert bench.run("rules.yaml", unet, *UNET).status == "unchanged"
    assert codes() == []


def test_a_kept_answer_is_put_down_too(bench: Any, unet: Path) -> None:
    options = Options("rules.yaml", str(unet), model=UNET[0], inputs=UNET[1], cache=True)
    assert bench.run("rules.yaml", unet, *UNET, cache=True).status == "applied"
    assert bench.run("rules.yaml", unet, *UNET, cache=True).status == "unchanged"
    assert known_outcome(options) is not None
    asked = Options(**{**vars(options), "lock": True})
    assert known_outcome(asked) is None, "where nobody looked for the files, a run has to"

    assert bench.run("rules.yaml", unet, *UNET, cache=True, lock=True).status == "unchanged"
    lock = bench.folder / "mutagen.lock"
    before = lock.read_bytes()
    lock.write_text("")
    outcome = known_outcome(options)
    assert outcome is not None and outcome.error is None
    assert lock.read_bytes() == before


def test_a_rule_file_that_changes_during_the_run_proves_nothing(
    bench: Any, unet: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import mutagen.api as api

    real = api.keep

    def late(*given: Any, **more: Any) -> None:
        (bench.folder / "rules.yaml").write_text(RULES + "# changed meanwhile\n")
        real(*given, **more)

    monkeypatch.setattr(api, "keep", late)
    with pytest.raises(ClashError) as raised:
        bench.run("rules.yaml", unet, *UNET, lock=True)
    assert raised.value.code == "W005"
    assert bench.bytes() == {path: data for path, data in bench.original.items() if path.endswith(".py")}
    assert not (bench.folder / "mutagen.lock").exists()
