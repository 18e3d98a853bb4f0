"""A plan drawn for notebooks: input columns, steps, output columns. Plain HTML of bounded size."""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from ._plan_tree import Chain, Parallel, Tree
from .explanation import Node

if TYPE_CHECKING:
    from .plan import Plan

#: Names in a box, characters of a name, branches side by side, and boxes in all.
NAMES, LETTERS, BRANCHES, BOXES = 8, 40, 12, 120

#: Colours that are legible on light and on dark ground; no scripts, nothing from elsewhere.
_STYLE = (
    "<style>.fc-plan,.fc-plan .fc-row{display:flex;align-items:center;gap:.4em;flex-wrap:wrap}"
    ".fc-plan .fc-col{display:flex;flex-direction:column;gap:.3em;border-left:1px solid #8888;"
    "padding-left:.5em}.fc-plan .fc-box{border:1px solid #8888;border-radius:.3em;"
    "padding:.15em .5em;background:#8882}.fc-plan .fc-own{border-color:#2a9d5c}"
    ".fc-plan .fc-foreign{border-color:#d9822b;border-style:dashed}"
    ".fc-plan small{opacity:.75}</style>"
)


def _short(name: object) -> str:
    text = str(name)
    return html.escape(text if len(text) <= LETTERS else text[: LETTERS - 1] + "…")


def _names(names: Sequence[object] | None, count: int | None, what: str) -> str:
    """A box that lists the first names, and says how many there are."""
    total = f"{len(names) if names is not None else '?' if count is None else count} {what}"
    some = "" if names is None else ", ".join(map(_short, names[:NAMES]))
    if names is not None and len(names) > NAMES:
        some += ", …"
    return f'<span class="fc-box"><small>{html.escape(total)}</small> {some}</span>'


def _step(node: Node | None) -> str:
    if node is None:
        return '<span class="fc-box">…</span>'
    kind = "fc-own" if node.native else "fc-foreign"
    said = node.reason or ("in C" if node.native else "")
    if not node.native:
        said = f"scikit-learn's own, Python at each call: {said}"
    return (
        f'<span class="fc-box {kind}" title="{html.escape(said[:400])}">{_short(node.kind)}</span>'
    )


class _Picture:
    """One use. ``nodes`` are those of the tree's leaves, in order."""

    def __init__(self, nodes: Iterator[Node], names: list[str]) -> None:
        self.nodes = nodes
        self.names = names
        self.boxes = 0

    def leaf(self) -> str:
        node = next(self.nodes, None)
        self.boxes += 1
        return "" if self.boxes > BOXES else _step(node)

    def draw(self, tree: Tree, names: list[str] | None) -> str:
        if isinstance(tree, Chain):
            if not tree.steps:
                return self.leaf()
            parts = []
            for step in tree.steps:
                parts.append(self.draw(step, names))
                names = None  # a step's output has other names
            return " → ".join(part for part in parts if part)
        if isinstance(tree, Parallel):
            return self.branches(tree, names)
        return self.leaf()

    def branches(self, tree: Parallel, names: list[str] | None) -> str:
        rows = []
        for number, part in enumerate(tree.parts):
            inner = self.draw(part.tree, names if part.columns is None else None)
            if number >= BRANCHES or self.boxes > BOXES:
                continue
            given = ""
            if part.columns is not None:
                known = None if names is None else [names[i] for i in part.columns]
                given = _names(known, len(part.columns), "columns") + " → "
            rows.append(
                f'<span class="fc-row"><small>{_short(part.name)}</small> {given}{inner}</span>'
            )
        if len(rows) < len(tree.parts):
            rows.append(f"<small>… and {len(tree.parts) - len(rows)} more branches</small>")
        return f'<span class="fc-col">{"".join(rows)}</span>'


def picture(plan: Plan) -> str:
    """The plan as HTML; what each step is, in a table below where that is not too long."""
    explained = plan.explain()
    nodes, recipe = explained.nodes, plan._recipe
    names_in = [str(name) for name in getattr(plan, "feature_names_in_", ())] or None
    count = getattr(plan, "n_features_in_", None)
    try:
        names_out = list(plan.get_feature_names_out())
    except Exception:  # of an estimator of any kind: a picture does without
        names_out = None
    if recipe is not None:
        leaves = nodes[1:] if plan._stored is not None else nodes
        given = names_in or [f"x{i}" for i in range(recipe.columns)]
        middle = _Picture(iter(leaves), given).draw(recipe.tree, given)
    else:
        middle = " ".join(_step(node) for node in nodes[:BOXES])
    ends = _names(names_in, count, "columns in"), _names(names_out, None, "columns out")
    table = explained._repr_html_() if len(nodes) <= BOXES else ""
    return (
        f'{_STYLE}<div class="fc-plan"><b>{_short(explained.title)}</b> {ends[0]} → {middle} → '
        f"{ends[1]}</div>{table}"
    )
