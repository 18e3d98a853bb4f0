"""Types with fields: models, dataclasses, TypedDicts, named tuples, unions with a tag."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Annotated, Any, Generic, NamedTuple, NotRequired, TypeVar, Union

import pydantic
from pydantic import (
    AliasChoices,
    AliasPath,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    PrivateAttr,
    RootModel,
    Tag,
    ValidationInfo,
    create_model,
    field_validator,
    model_validator,
)
from typing_extensions import TypedDict

from .making import Plainly, act, make, note
from .plans import Plan

Fields = dict[str, tuple[Plan, str, Any]]


def default(plan: Plan) -> Any:
    """A default that need not fit: pydantic does not look at it unless it is asked to."""
    return {"list": [1], "dict": {"k": [2]}, "int": 4, "str": "dflt"}.get(plan[0])


def alias(given: Any) -> dict[str, Any]:
    """The arguments of `Field` for an alias."""
    if given is None:
        return {}
    how, what = given
    if how == "alias":
        return {"alias": what}
    if how == "validation":
        return {"validation_alias": what}
    if how == "path":
        return {"validation_alias": AliasPath(*what)}
    choices = [AliasPath(*choice) if isinstance(choice, list) else choice for choice in what]
    return {"validation_alias": AliasChoices(*choices)}


def _annotated(plan: Plan, given: Any) -> Any:
    return Annotated[make(plan), Field(**alias(given))] if given else make(plan)


def _distinct(fields: Fields) -> Fields:
    """Of aliases that are alike, the first."""
    seen: set[str] = set()
    kept: Fields = {}
    for name, (inner, presence, given) in fields.items():
        given = None if repr(given) in seen else given
        seen.add(repr(given))
        kept[name] = (inner, presence, given)
    return kept


# ---- Models --------------------------------------------------------------------------------------


def _model_fields(fields: Fields) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for name, (inner, presence, given) in fields.items():
        options = alias(given)
        if presence in ("default", "validated"):
            options["default"] = default(inner)
        if presence == "validated":
            options["validate_default"] = True
        if presence == "factory":
            options["default_factory"] = lambda inner=inner: note("factory", None) or default(inner)
        if presence == "data":
            options["default_factory"] = lambda data: note("data", data) or len(data)
        made[name] = (make(inner), Field(**options))
    return made


def model(fields: Fields, config: dict[str, Any], twist: str, name: str = "Made") -> Any:
    options = ConfigDict(**config)
    body: dict[str, Any] = {"model_config": options, "__module__": __name__}
    first = next(iter(fields), None)
    validators: dict[str, Any] = _validators(twist, first)
    if twist == "private":
        body |= {"_seen": PrivateAttr(3), "_list": PrivateAttr(default_factory=list)}
        body["__annotations__"] = {"_seen": int, "_list": list}
    if twist == "extras":
        body["__annotations__"] = {"__pydantic_extra__": dict[str, int]}
    if twist == "post_init":
        body["model_post_init"] = lambda self, context: note("post_init", dict(self.__dict__))
    if twist == "init":
        body["__init__"] = _init
    if twist == "new":
        body["__new__"] = _new
    base = type("Base", (Plainly if twist == "inherits" else BaseModel,), body)
    made = _model_fields(_distinct(fields))
    return create_model(name, __base__=base, __validators__=validators, **made)


def _init(self: Any, /, **data: Any) -> None:
    note("init", data)
    BaseModel.__init__(self, **data)


def _new(cls: Any, *args: Any, **kwargs: Any) -> Any:
    note("new", kwargs)
    return BaseModel.__new__(cls)


def _validators(twist: str, first: str | None) -> dict[str, Any]:
    def after(self: Any) -> Any:
        note("model after", dict(self.__dict__))
        act("value", len(self.__dict__))
        return self

    def before(cls: Any, value: Any) -> Any:
        note("model before", value)
        return act("assert", value)

    def wrap(cls: Any, value: Any, handler: Any, info: ValidationInfo) -> Any:
        note("model wrap", value, info)
        return handler(value)

    if twist == "after":
        return {"whole": model_validator(mode="after")(after)}
    if twist in ("before", "wrap"):
        function: Any = {"before": before, "wrap": wrap}[twist]
        return {"whole": model_validator(mode=twist)(classmethod(function))}  # type: ignore[call-overload]
    if first is None or not twist.endswith(("after", "before", "wrap", "plain", "info", "fields")):
        return {}
    return {"one": _field_validator(twist, first)}


def _field_validator(twist: str, first: str) -> Any:
    def informed(cls: Any, value: Any, info: ValidationInfo) -> Any:
        note(twist, value, info)
        return act("value", value)

    def plain(cls: Any, value: Any) -> Any:
        note(twist, value)
        return act("custom", value)

    def around(cls: Any, value: Any, handler: Any) -> Any:
        note(twist, value)
        return handler(act("value", value))

    if twist == "all fields":
        return field_validator("*")(classmethod(plain))
    mode: Any = twist.removeprefix("field ")
    if mode == "info":
        return field_validator(first)(classmethod(informed))
    return field_validator(first, mode=mode)(classmethod(around if mode == "wrap" else plain))


def root(inner: Plan, frozen: bool) -> Any:
    base = RootModel[make(inner)]  # type: ignore[misc]
    return type("Rooted", (base,), {"model_config": ConfigDict(frozen=frozen)})


T = TypeVar("T")
S = TypeVar("S")


class Box(BaseModel, Generic[T, S]):
    item: T
    others: list[S] = []
    inside: Box[T, S] | None = None


def generic(first: Plan, second: Plan) -> Any:
    return Box[make(first), make(second)]  # type: ignore[misc]


def recursive(shape: str, inner: Plan) -> Any:
    value = make(inner)
    if shape == "model":
        made = create_model(
            "Node",
            value=(value, ...),
            next=("Node | None", None),
            kids=("list[Node]", Field(default_factory=list)),
        )
        made.model_rebuild(_types_namespace={"Node": made})
        return made
    body = {"value": value, "next": "Node | None", "kids": "list[Node]"}
    if shape == "typed":
        Node: Any = TypedDict("Node", body, total=False)  # type: ignore[misc]
        Node.__annotations__ = {
            "value": value, "next": Union[Node, None], "kids": list[Node],  # noqa: UP007
        }  # fmt: skip
        return Node
    Node = type("Node", (), {"__annotations__": body, "next": None, "__module__": __name__,
                             "kids": dataclasses.field(default_factory=list)})  # fmt: skip
    Node.__annotations__ |= {"next": Union[Node, None], "kids": list[Node]}  # noqa: UP007
    return dataclasses.dataclass(Node)


def mutual(first: Plan, second: Plan) -> Any:
    even = create_model("Even", value=(make(first), ...), odd=("Odd | None", None))
    odd = create_model("Odd", value=(make(second), ...), even=("list[Even]", []))
    names = {"Even": even, "Odd": odd}
    odd.model_rebuild(_types_namespace=names)
    even.model_rebuild(_types_namespace=names)
    return even


# ---- Others --------------------------------------------------------------------------------------


def typed(fields: Fields, config: dict[str, Any], total: bool, name: str = "Typed") -> Any:
    annotations: dict[str, Any] = {}
    for key, (inner, presence, given) in _distinct(fields).items():
        type_ = _annotated(inner, given)
        annotations[key] = type_ if presence == "required" else NotRequired[type_]
    made: Any = TypedDict(name, annotations, total=total)  # type: ignore[operator]
    made.__pydantic_config__ = ConfigDict(**config)
    return made


def dataclass(fields: Fields, config: dict[str, Any], twists: list[str], name: str = "Data") -> Any:
    options: dict[str, Any] = {key: True for key in ("slots", "frozen", "kw_only") if key in twists}
    ordered = sorted(_distinct(fields).items(), key=lambda field: field[1][1] != "required")
    annotations: dict[str, Any] = {}
    body: dict[str, Any] = {"__module__": __name__}
    for key, (inner, presence, given) in ordered:
        annotations[key] = _annotated(inner, given)
        if presence == "default":
            body[key] = dataclasses.field(default=3)
        elif presence == "factory":
            body[key] = dataclasses.field(default_factory=lambda: note("factory", None) or [])
    if "no init" in twists:
        annotations["unasked"] = int
        body["unasked"] = dataclasses.field(default=5, init=False)
    if "initvar" in twists:
        annotations["only"] = dataclasses.InitVar[int]
        body["only"] = 7
    if "post_init" in twists:
        body["__post_init__"] = lambda self, *given: note("post_init", given)
    elif "initvar" in twists:
        body["__post_init__"] = lambda self, only: None
    body["__annotations__"] = annotations
    cls = type(name, (), body)
    if "pydantic" in twists:
        return pydantic.dataclasses.dataclass(config=ConfigDict(**config), **options)(cls)
    made: Any = dataclasses.dataclass(**options)(cls)
    made.__pydantic_config__ = ConfigDict(**config)
    return made


def named(fields: Fields) -> Any:
    ordered = sorted(fields.items(), key=lambda field: field[1][1] != "required")
    made: Any = NamedTuple("Named", [(name, make(inner)) for name, (inner, _, _) in ordered])  # type: ignore[misc]
    usual = {name: 3 for name, (_, presence, _) in ordered if presence != "required"}
    made._field_defaults = usual
    made.__new__.__defaults__ = tuple(usual.values())
    return made


def tagged(choices: dict[Any, dict[str, Plan]], shape: str, how: str) -> Any:
    made = []
    for tag, inner in choices.items():
        fields: Fields = {name: (plan, "required", None) for name, plan in inner.items()}
        name = f"Tagged_{tag}"
        given = ("alias", "k") if how == "alias" else None
        fields = {"kind": (("literal", [tag]), "required", given), **fields}
        config = {"strict": True} if how == "strict" else {}
        if shape == "model":
            choice = model(fields, config, "", name)
        elif shape == "typed":
            choice = typed(fields, config, True, name)
        else:
            choice = dataclass(fields, config, [], name)
        made.append(Annotated[choice, Tag(str(tag))] if how == "function" else choice)
    joined = Union[tuple(made)]  # type: ignore[return-value]  # noqa: UP007
    chooser: Any = Discriminator(_tag) if how == "function" else "kind"
    return Annotated[joined, Field(discriminator=chooser)]


def _tag(value: Any) -> Any:
    note("tag", value)
    tag = value.get("kind") if isinstance(value, dict) else getattr(value, "kind", None)
    return None if tag is None else str(tag)


MAKERS: dict[str, Callable[..., Any]] = {
    "model": model,
    "root": root,
    "generic": generic,
    "recursive": recursive,
    "mutual": mutual,
    "typed": typed,
    "dataclass": dataclass,
    "named": named,
    "tagged": tagged,
}
