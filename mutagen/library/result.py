"""What ``mutagen.plan`` and ``mutagen.apply`` return."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from mutagen.cache.answers import is_kept, known_answer
from mutagen.errors import ProofError
from mutagen.records.options import Options
from mutagen.records.plan import Plan, Refusal
from mutagen.records.result import FileChange, Report, Status
from mutagen.sandbox.runner import Host, Part


@dataclass(frozen=True, repr=False)
class Result:
    """What rules change in a target, proved or refused. ``report`` holds all that is known about it."""

    report: Report
    options: Options

    @classmethod
    def of(cls, options: Options, host: Host | None) -> Result:
        """The result of a run, or of an earlier one that still holds."""
        from mutagen.api import run

        known = known_answer(options)
        if known is not None:
            return cls(known, options)
        with _part(options, host) as part:
            return cls(run(options, part), options)

    @property
    def status(self) -> Status:
        """``would_change``, ``unchanged``, ``refused``, ``failed``, or after ``write()`` ``applied``."""
        return self.report.status

    @property
    def files(self) -> tuple[FileChange, ...]:
        """The changed files, with their bytes before and after; empty where nothing may be written."""
        return self.report.files if self.status in ("would_change", "applied") else ()

    @property
    def refused(self) -> tuple[Refusal, ...]:
        """What stays as it is, with reason and advice."""
        return _refused(self.report.plan)

    @property
    def patch(self) -> bytes:
        """A patch that `git apply` takes, byte for byte."""
        return _patch(self.files)

    @property
    def diff(self) -> str:
        """The patch as text; bytes that are not UTF-8 are replaced."""
        return self.patch.decode("utf-8", errors="replace")

    def write(self) -> Result:
        """Write what was proved, all files or none, and return the result with the status ``applied``.

        Where nothing is to do nothing is written, and the result is returned as it is. Raises ProofError W012 for what
        was refused or not proved, ClashError where a file is not what it was, UserError where one cannot be written.
        """
        if self.status in ("refused", "failed"):
            raise ProofError("W012", str(self), hint="see .refused and .report of the result for reasons and advice")
        options = replace(self.options, write=True)
        if self.status == "would_change":
            from mutagen.api import written

            return Result(written(self.report, options), self.options)
        if self.status == "unchanged":
            from mutagen.tracked.keep import keep

            keep(self.report, options)
        return self

    def __str__(self) -> str:
        from mutagen.report.summary import summary

        return summary(self.report)

    def __repr__(self) -> str:
        return f"<mutagen.Result {self.status}: {self}>"

    def _repr_html_(self) -> str:
        from mutagen.report.notebook import render

        return render(self.report, self.diff, root=Path.cwd())


@dataclass(frozen=True, repr=False)
class Planned:
    """What rules would change in a target; nothing of it is proved."""

    plan: Plan
    options: Options

    @classmethod
    def of(cls, options: Options, host: Host | None) -> Planned:
        """The plan for a target."""
        from mutagen.api import make_plan_only

        with _part(options, host) as part:
            return cls(make_plan_only(options, part), options)

    @property
    def refused(self) -> tuple[Refusal, ...]:
        """What would stay as it is, with reason and advice."""
        return _refused(self.plan)

    @property
    def files(self) -> tuple[FileChange, ...]:
        """The files as they would be. Raises ClashError where one is not what it was when the plan was made."""
        from mutagen.load.plan_file import check_hashes
        from mutagen.rewrite.apply import rewrite

        check_hashes(self.plan)
        return rewrite(self.plan, {path: Path(path).read_bytes() for path in self.plan.hashes})

    @property
    def diff(self) -> str:
        """The changes as a patch; bytes that are not UTF-8 are replaced."""
        return _patch(self.files).decode("utf-8", errors="replace")

    @property
    def json(self) -> str:
        """The plan as `mutagen plan` prints it, for `mutagen apply --plan`."""
        from mutagen.load.plan_file import dump_plan

        return dump_plan(self.plan)

    def prove(self, host: Host | None = None) -> Result:
        """The same asked of ``mutagen.apply``: planned anew, and proved."""
        return Result.of(self.options, host)

    def __str__(self) -> str:
        from mutagen.report.summary import counted

        refused = f", {counted(len(self.refused), 'target')} refused" if self.refused else ""
        files = {edit.span.file for edit in self.plan.edits}
        sites = {(rule.rule, site) for rule in self.plan.rules for site in rule.sites}
        return f"{counted(len(sites), 'site')} in {counted(len(files), 'file')} would change, not proved{refused}"

    def __repr__(self) -> str:
        return f"<mutagen.Planned: {self}>"

    def _repr_html_(self) -> str:
        from mutagen.report.notebook import render_plan

        return render_plan(str(self), self.refused, self.diff, root=Path.cwd())


def _refused(plan: Plan) -> tuple[Refusal, ...]:
    return tuple(refusal for rule in plan.rules for refusal in rule.refused)


def _patch(files: tuple[FileChange, ...]) -> bytes:
    from mutagen.report import diff, paths

    return diff.render(files, root=paths.report_root((it.path for it in files), Path.cwd()))


@contextmanager
def _part(options: Options, host: Host | None) -> Iterator[Part]:
    """Sessions for one call, which end with it; from a host of its own where none is given."""
    if host is None:
        with Host(timeout=options.timeout, memory_bytes=options.memory) as own:
            yield own.part(watched=is_kept(options))
        return
    part = host.part(watched=is_kept(options))
    try:
        yield part
    finally:
        part.end()
