"""Names for what is made, so that two rules that change one module are not taken for one."""

from __future__ import annotations

from dataclasses import replace

from mutagen.actions.draft import Draft


def distinct(draft: Draft, rule: str, known: set[str]) -> Draft:
    """The draft with the rule's name before the matches that rules before it have too; ``known`` gets its own."""
    made = {it.match for it in (*draft.surgery, *draft.products)}
    new = {name: f"{rule}:{name}" for name in made & known}
    known |= made | set(new.values())
    if not new:
        return draft
    return replace(
        draft,
        surgery=tuple(replace(it, match=new.get(it.match, it.match)) for it in draft.surgery),
        products=tuple(replace(it, match=new.get(it.match, it.match)) for it in draft.products),
    )
