"""What runs natively, and why the rest does not: the answer of ``.explain()``."""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from . import _identity as _identity

__all__ = ["Explanation", "Node"]


@dataclass(frozen=True, slots=True)
class Node:
    """One field of a schema, or one step of a plan.

    Attributes
    ----------
    path : str
        Where the node is, outermost first, joined by dots (``""`` for the whole).
    kind : str
        What it is: the type of a field, the class of a step.
    native : bool
        True if C decides alone in the common case.
    reason : str
        Why it does not, or a remark; empty where there is nothing to say.
    """

    path: str
    kind: str
    native: bool
    reason: str = ""


class Explanation:
    """The nodes of a schema or a plan, in order.

    Parameters
    ----------
    nodes : iterable of Node
        Outermost first.
    title : str
        What is explained; used by ``repr`` and in notebooks.

    Examples
    --------
    >>> e = Explanation([Node("age", "int", True), Node("when", "date", False, "by pydantic")])
    >>> e.native
    False
    >>> [node.path for node in e if not node.native]
    ['when']
    """

    __slots__ = ("nodes", "title")

    def __init__(self, nodes: Iterable[Node], title: str = "") -> None:
        self.nodes = tuple(nodes)
        self.title = title

    @property
    def native(self) -> bool:
        """True if every node is native."""
        return all(node.native for node in self.nodes)

    def to_dict(self) -> dict[str, Any]:
        """The same as plain data: ``{"title", "native", "nodes": [{"path", "kind", ...}]}``."""
        return {
            "title": self.title,
            "native": self.native,
            "nodes": [asdict(node) for node in self.nodes],
        }

    def __iter__(self) -> Iterator[Node]:
        return iter(self.nodes)

    def __len__(self) -> int:
        return len(self.nodes)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Explanation):
            return NotImplemented
        return self.nodes == other.nodes and self.title == other.title

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        native = sum(node.native for node in self.nodes)
        lines = [f"<Explanation{' of ' + self.title if self.title else ''}: "]
        lines[0] += f"{native} of {len(self.nodes)} nodes native>"
        width = max((len(node.path) for node in self.nodes), default=0)
        for node in self.nodes:
            mark = "native  " if node.native else "original"
            tail = f"  ({node.reason})" if node.reason else ""
            lines.append(f"  {mark}  {node.path:<{width}}  {node.kind}{tail}")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        rows = "".join(
            "<tr>"
            f"<td>{html.escape(node.path)}</td><td>{html.escape(node.kind)}</td>"
            f"<td>{'native' if node.native else 'original'}</td>"
            f"<td>{html.escape(node.reason)}</td></tr>"
            for node in self.nodes
        )
        return (
            f"<table><caption>{html.escape(self.title)}</caption><thead><tr><th>path</th>"
            f"<th>kind</th><th>decided by</th><th>remark</th></tr></thead><tbody>{rows}</tbody>"
            "</table>"
        )
