"""fastcore.explanation: what .explain() answers with."""

from fastcore.explanation import Explanation, Node

NODES = [Node("a", "int", True), Node("b<c", "date", False, "by pydantic")]


def test_iterates_in_order_and_knows_whether_all_is_native():
    e = Explanation(NODES, "T")
    assert list(e) == NODES
    assert len(e) == 2
    assert not e.native
    assert Explanation(NODES[:1]).native


def test_to_dict_is_plain_data():
    assert Explanation(NODES, "T").to_dict() == {
        "title": "T",
        "native": False,
        "nodes": [
            {"path": "a", "kind": "int", "native": True, "reason": ""},
            {"path": "b<c", "kind": "date", "native": False, "reason": "by pydantic"},
        ],
    }


def test_repr_names_every_node_and_html_is_escaped():
    e = Explanation(NODES, "T")
    assert "1 of 2 nodes native" in repr(e)
    assert "by pydantic" in repr(e)
    assert "b&lt;c" in e._repr_html_()


def test_compares_by_value():
    assert Explanation(NODES, "T") == Explanation(list(NODES), "T")
    assert Explanation(NODES, "T") != Explanation(NODES, "U")
