"""What a PromQL query asks for, by its syntax tree: selectors, functions, labels of the answer."""

from collections.abc import Iterator
from dataclasses import dataclass

import promql_parser as promql

# Grafana fills these in; a parser knows nothing of them.
VARIABLES = {"$__rate_interval": "5m", "$generator": ".*"}
COUNTING = {"rate", "increase", "irate", "resets"}


@dataclass(frozen=True)
class Selector:
    """A series that a query reads.

    Attributes:
        matchers: label → (operator, value).
        functions: that it stands in, the innermost first: ["rate", "histogram_quantile"].
        grouped: labels that sums around it keep; None: no sum takes any away.
    """

    name: str
    matchers: dict[str, tuple[str, str]]
    functions: tuple[str, ...]
    grouped: frozenset[str] | None


def parsed(query: str) -> promql.Expr:
    """The tree. Raises ValueError: no such query, with the parser's words."""
    for name, value in VARIABLES.items():
        query = query.replace(name, value)
    return promql.parse(query)


def selectors(query: str) -> list[Selector]:
    """All series that it reads."""
    return list(_walk(parsed(query), (), None))


def labels(query: str) -> set[str] | None:
    """Labels that the answer can have; None: all of its series'."""
    return _labels(parsed(query))


def _walk(
    node: promql.Expr, functions: tuple[str, ...], grouped: frozenset[str] | None
) -> Iterator[Selector]:
    match node:
        case promql.VectorSelector():
            found = {m.name: (str(m.op), m.value) for m in node.matchers.matchers}
            yield Selector(node.name or "", found, functions, grouped)
        case promql.MatrixSelector():
            yield from _walk(node.vector_selector, functions, grouped)
        case promql.Call():
            for inner in node.args:
                yield from _walk(inner, (node.func.name, *functions), grouped)
        case promql.AggregateExpr():
            kept = _by(node)
            yield from _walk(node.expr, functions, grouped if kept is None else frozenset(kept))
        case promql.BinaryExpr():
            yield from _walk(node.lhs, functions, grouped)
            yield from _walk(node.rhs, functions, grouped)
        case promql.ParenExpr() | promql.UnaryExpr():
            yield from _walk(node.expr, functions, grouped)
        case promql.NumberLiteral() | promql.StringLiteral():
            return
        case _:
            raise AssertionError(f"what is {node!r}?")


def _by(node: promql.AggregateExpr) -> set[str] | None:
    """Labels that a sum keeps; None: it picks whole series (topk)."""
    if node.param is not None:
        return None
    if node.modifier is None:
        return set()
    assert node.modifier.type == promql.AggModifierType.By, "say by, not without"
    return set(node.modifier.labels)


def _labels(node: promql.Expr) -> set[str] | None:
    match node:
        case promql.AggregateExpr():
            kept = _by(node)
            return _labels(node.expr) if kept is None else kept
        case promql.Call():
            inner = [_labels(arg) for arg in node.args if not isinstance(arg, promql.NumberLiteral)]
            gone = {"le"} if node.func.name == "histogram_quantile" else set()
            return None if inner[0] is None else inner[0] - gone
        case promql.BinaryExpr():
            sides = (node.lhs, node.rhs)
            return _labels(next(s for s in sides if not isinstance(s, promql.NumberLiteral)))
        case promql.ParenExpr() | promql.UnaryExpr():
            return _labels(node.expr)
        case _:
            return None
