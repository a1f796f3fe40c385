"""Tokens into nodes, by recursive descent: what stands on its own line below is all there is.

things     = relation ("," relation)*
relation   = sum (("=" | "<" | ...) sum)*
sum        = product (("+" | "-") product)*
product    = signed (("*" | "/" | nothing) signed)*
signed     = "-" signed | power
power      = atom ("!" | "%" | "°")* ["^" signed]
atom       = number | letter | function atom | brackets | "|" sum "|" | frac {sum}{sum}
"""

from collections.abc import Sequence
from fractions import Fraction

from llmq.answers.nodes import Group, Node, Num, Op, Rel, Sym
from llmq.answers.tokens import FUNCTIONS, NotMathError, Token

MOST_DEPTH = 30
RELATIONS = ("=", "<", ">", "<=", ">=", "!=")
CLOSING = {"(": ")]", "[": "])", "{": "}"}
STARTS = ("num", "name", "(", "{", "[")  # of what can be multiplied without a sign
PERCENT = Num(Fraction(1, 100))
HALF_TURN = Num(Fraction(180))
END = Token("end")


def parse(tokens: Sequence[Token]) -> Node:
    """The node of all tokens together. Raises NotMathError where they are none."""
    parser = _Parser(tokens)
    node = parser.things(stop=("end",))
    parser.expect("end")
    return node


class _Parser:
    def __init__(self, tokens: Sequence[Token]) -> None:
        self._tokens = [*tokens, END]
        self._at = 0
        self._depth = 0

    @property
    def _kind(self) -> str:
        return self._tokens[self._at].kind

    def _take(self) -> Token:
        token = self._tokens[self._at]
        self._at += token is not END
        return token

    def expect(self, kind: str) -> None:
        if self._take().kind != kind:
            raise NotMathError

    def things(self, stop: Sequence[str]) -> Node:
        items = [self._ratio()]
        while self._kind in (",", ";"):
            self._take()
            if self._kind in (",", ";"):  # "2, and 3"
                self._take()
            items.append(self._ratio())
        if self._kind not in stop:
            raise NotMathError
        return items[0] if len(items) == 1 else Group(",", tuple(items))

    def _ratio(self) -> Node:
        items = [self._relation()]
        while self._kind == ":":
            self._take()
            items.append(self._relation())
        return items[0] if len(items) == 1 else Group(":", tuple(items))

    def _relation(self) -> Node:
        left, steps = self._sum(), []
        while self._kind in RELATIONS:
            sign, right = self._take().kind, self._sum()
            steps.append(Rel(sign, left, right))
            left = right
        if len(steps) < 2:
            return steps[0] if steps else left
        # Of a chain of equations the last says where it ends; inequalities hold all together.
        is_chain = all(step.name == "=" for step in steps)
        return steps[-1] if is_chain else Group(",", tuple(steps))

    def _sum(self) -> Node:
        self._depth += 1
        if self._depth > MOST_DEPTH:
            raise NotMathError
        node = self._product()
        while self._kind in ("+", "-"):
            sign, term = self._take().kind, self._product()
            node = Op("+", (node, term if sign == "+" else Op("neg", (term,))))
        self._depth -= 1
        return node

    def _product(self) -> Node:
        node = self._signed()
        while True:
            if self._kind in ("*", "/"):
                node = Op(self._take().kind, (node, self._signed()))
            elif self._kind in STARTS and not self._follows_number():
                node = self._beside(node, self._power())
            else:
                return node

    def _follows_number(self) -> bool:
        """Two numbers side by side are no product."""
        return self._kind == "num" and self._tokens[self._at - 1].kind == "num"

    def _beside(self, node: Node, factor: Node) -> Node:
        """What stands side by side is multiplied; a whole number and a fraction are added."""
        is_whole = isinstance(node, Num) and node.value.denominator == 1
        if is_whole and isinstance(factor, Op) and factor.name == "frac":
            return Op("+", (node, Op("/", factor.args)))
        return Op("*", (node, _fraction(factor)))

    def _signed(self) -> Node:
        if self._kind not in ("-", "+"):
            return _fraction(self._power())
        sign = self._take().kind
        self._depth += 1
        if self._depth > MOST_DEPTH:
            raise NotMathError
        node = self._signed()
        self._depth -= 1
        return Op("neg", (node,)) if sign == "-" else node

    def _power(self) -> Node:
        node = self._atom()
        while self._kind in ("!", "%", "°"):
            node = _after(self._take().kind, _fraction(node))
        if self._kind != "^":
            return node
        self._take()
        return Op("^", (_fraction(node), self._braced() if self._kind == "{" else self._signed()))

    def _atom(self) -> Node:
        token = self._take()
        if token.number is not None:
            return token.number
        if token.kind == "name":
            return self._named(token.text)
        if token.kind == "|":
            inside = self._sum()
            self.expect("|")
            return Op("abs", (inside,))
        if token.kind in CLOSING:
            return self._bracketed(token.kind)
        raise NotMathError

    def _named(self, name: str) -> Node:
        if name == "frac":
            return Op("frac", (self._argument(), self._argument()))
        if name == "sqrt" and self._kind == "[":
            self._take()
            root = self._sum()
            self.expect("]")
            return Op("^", (self._argument(), Op("/", (Num(Fraction(1)), root))))
        if name in FUNCTIONS:
            return self._function(name.replace("arc", "a"))
        return Sym(name)

    def _function(self, name: str) -> Node:
        if self._kind != "^":
            return Op(name, (self._argument(),))
        self._take()  # sin^2 x
        exponent = self._braced() if self._kind == "{" else self._atom()
        return Op("^", (Op(name, (self._argument(),)), exponent))

    def _argument(self) -> Node:
        """What a function is of: braces, brackets, or the next power."""
        if self._kind == "{":
            return self._braced()
        if self._kind == "(":
            return _fraction(self._atom())
        self._depth += 1
        if self._depth > MOST_DEPTH:
            raise NotMathError
        node = _fraction(self._power())
        self._depth -= 1
        return node

    def _braced(self) -> Node:
        self.expect("{")
        node = self._sum()
        self.expect("}")
        return node

    def _bracketed(self, opening: str) -> Node:
        if opening == "{" and self._kind == "}":
            self._take()
            return Group("{}", ())
        self._depth += 1
        if self._depth > MOST_DEPTH:
            raise NotMathError
        inside = self.things(stop=CLOSING[opening])
        closing = self._take().kind
        self._depth -= 1
        if isinstance(inside, Group) and inside.brackets == ",":
            return Group(opening + closing, inside.items)
        is_alone = opening == "{" and self._kind == "end" and len(self._tokens) > 3
        if is_alone and self._tokens[0].kind == "{":
            return Group("{}", (inside,))
        if opening + closing not in ("()", "[]", "{}"):
            raise NotMathError
        return inside


def _fraction(node: Node) -> Node:
    return Op("/", node.args) if isinstance(node, Op) and node.name == "frac" else node


def _after(sign: str, node: Node) -> Node:
    """A factorial, a percentage, an angle in degrees."""
    if sign == "!":
        return Op("factorial", (node,))
    if sign == "%":
        return Op("*", (node, PERCENT))
    return Op("/", (Op("*", (node, Sym("pi"))), HALF_TURN))
