"""What verifies a hand-written key: a comparison in `answer`, on exact numbers.

`answer == 2*(9+6.5)` holds for the text "31 cm", and `3*answer + 5 == 26` for "7". Texts with
variables are compared at a few points: `answer == (x+3)**2` holds for "x^2 + 6x + 9".
"""

import ast
import operator
import re
from collections.abc import Callable, Mapping
from fractions import Fraction
from math import gcd
from types import MappingProxyType

UNITS = (
    "%|°|cm³|cm²|cm|m²|m/s²|m/s|m|km/h|km|g/cm³|g|kWh|kJ|J|N|W|Pa|ohms|euros|days|times"
    "|minutes|litres"
)
_QUANTITY = re.compile(rf"(-?\d+(?: \d{{3}})*(?:\.\d+)?(?:/\d+)?) ?(?:{UNITS})?")
_TERM = re.compile(r"[0-9abntxy+\-*/^(). ]+")
_PRODUCT = re.compile(r"(?<=[0-9a-z)])(?=[a-z(])")  # 3x and 2(x + 1) leave out their sign

POINTS = tuple(
    dict(zip("abntxy", map(Fraction, values), strict=True))
    for values in ((2, 3, 5, 7, 11, 13), (-3, 5, 4, -2, 7, 1), (9, -4, 8, 3, -5, 6))
)

_OPERATIONS: Mapping[type[ast.AST], Callable[[Fraction, Fraction], object]] = MappingProxyType(
    {
        ast.Add: operator.add,
        ast.Sub: operator.sub,
        ast.Mult: operator.mul,
        ast.Div: operator.truediv,
        ast.Pow: operator.pow,
        ast.Eq: operator.eq,
        ast.Lt: operator.lt,
        ast.LtE: operator.le,
        ast.Gt: operator.gt,
        ast.GtE: operator.ge,
    }
)


def holds(check: str, answer: str) -> bool:
    """Whether `check` is true of the text `answer`; of one that is no term it is not.

    >>> holds("answer == 2*(9+6.5)", "31 cm"), holds("answer == 3*x+12", "3(x + 4)")
    (True, True)
    >>> holds("answer == 3*x+12", "3(x + 12)"), holds("answer == 12", "twelve")
    (False, False)
    """
    for point in POINTS:
        value = _value(answer, point)
        if value is None or not _evaluated(check, {**point, "answer": value}):
            return False
    return True


def _value(text: str, point: Mapping[str, Fraction]) -> object:
    quantity = _QUANTITY.fullmatch(text)
    if quantity:
        return Fraction(quantity[1].replace(" ", ""))
    if not _TERM.fullmatch(text):
        return None
    try:
        return _evaluated(_PRODUCT.sub("*", text).replace("^", "**"), point)
    except SyntaxError:
        return None


def _evaluated(expression: str, names: Mapping[str, object]) -> object:
    def value(node: ast.expr) -> object:
        match node:
            case ast.Constant(value=number):
                return Fraction(str(number))
            case ast.Name(id=name):
                return names[name]
            case ast.UnaryOp(op=ast.USub(), operand=one):
                return -value(one)  # type: ignore[operator]
            case ast.BinOp(left=left, op=op, right=right):
                return _OPERATIONS[type(op)](value(left), value(right))  # type: ignore[arg-type]
            case ast.Compare(left=left, ops=[op], comparators=[right]):
                return _OPERATIONS[type(op)](value(left), value(right))  # type: ignore[arg-type]
            case ast.BoolOp(op=ast.And(), values=parts):
                return all(map(value, parts))
            case ast.Call(func=ast.Name(id="gcd"), args=[one, two]):
                return gcd(int(value(one)), int(value(two)))  # type: ignore[call-overload]
        raise ValueError(f"{ast.unparse(node)} is nothing that a check may say")

    return value(ast.parse(expression.strip(), mode="eval").body)
