"""Which sign a command is, and how it stands to its neighbours."""

from llmq.latex.nodes import Atom, Kind


def _pairs(words: str) -> dict[str, str]:
    found = words.split()
    return dict(zip(found[::2], found[1::2], strict=True))


LETTERS = _pairs(
    "alpha α beta β gamma γ delta δ epsilon ε varepsilon ε zeta ζ eta η theta θ vartheta θ iota ι "
    "kappa κ lambda λ mu μ nu ν xi ξ omicron ο pi π varpi π rho ρ varrho ρ sigma σ varsigma ς "
    "tau τ upsilon υ phi φ varphi φ chi χ psi ψ omega ω Gamma Γ Delta Δ Theta Θ Lambda Λ Xi Ξ "
    "Pi Π Sigma Σ Upsilon Υ Phi Φ Psi Ψ Omega Ω infty ∞ partial ∂ nabla ∇ ell ℓ hbar ℏ Re ℜ Im ℑ "
    "aleph ℵ emptyset ∅ varnothing ∅ forall ∀ exists ∃ nexists ∄ angle ∠ measuredangle ∡ "
    "triangle △ square □ Box □ blacksquare ■ bigstar ★ ldots … dots … cdots … dotsc … dotsb … "
    "vdots ⋮ ddots ⋱ neg ¬ lnot ¬ top ⊤ bot ⊥ pounds £ euro € yen ¥ cent ¢ textdollar $ "
    "copyright © dagger † checkmark ✓ bullet • diamond ⋄ clubsuit ♣ heartsuit ♥ imath ı jmath ȷ "
    "N ℕ R ℝ Z ℤ Q ℚ"
)
SIGNS = _pairs(
    "times × cdot · div ÷ pm ± mp ∓ ast ∗ star ⋆ circ ∘ oplus ⊕ ominus ⊖ otimes ⊗ cup ∪ cap ∩ "
    "setminus ∖ smallsetminus ∖ wedge ∧ land ∧ vee ∨ lor ∨ bmod mod mod mod"
)
RELATIONS = _pairs(
    "le ≤ leq ≤ leqslant ≤ ge ≥ geq ≥ geqslant ≥ lt < gt > ne ≠ neq ≠ approx ≈ equiv ≡ cong ≅ "
    "sim ∼ simeq ≃ propto ∝ ll ≪ gg ≫ in ∈ notin ∉ ni ∋ subset ⊂ subseteq ⊆ supset ⊃ supseteq ⊇ "
    "nsubseteq ⊈ perp ⊥ parallel ∥ nparallel ∦ mid | nmid ∤ to → rightarrow → leftarrow ← gets ← "
    "leftrightarrow ↔ Rightarrow ⇒ Leftarrow ⇐ Leftrightarrow ⇔ implies ⇒ impliedby ⇐ iff ⇔ "
    "longrightarrow → longleftarrow ← Longrightarrow ⇒ Longleftrightarrow ⇔ mapsto ↦ longmapsto ↦ "
    "uparrow ↑ downarrow ↓ therefore ∴ because ∵ colon : coloneqq := vdash ⊢ models ⊨ doteq ≐ "
    "xrightarrow → xleftarrow ← rightleftharpoons ⇌ hookrightarrow ↪ nearrow ↗ searrow ↘ asymp ≍"
)
OPENING = _pairs("{ { lbrace { lbrack [ langle ⟨ lfloor ⌊ lceil ⌈ lparen (")
CLOSING = _pairs("} } rbrace } rbrack ] rangle ⟩ rfloor ⌋ rceil ⌉ rparen )")
BARS = _pairs("| ‖ Vert ‖ vert | lvert | rvert | lVert ‖ rVert ‖")
AFTER = _pairs("% % prime ′ degree ° textdegree ° celsius °C")
LARGE = _pairs(
    "sum ∑ prod ∏ int ∫ iint ∬ oint ∮ bigcup ⋃ bigcap ⋂ lim lim limsup limsup liminf liminf"
)
FUNCTIONS = frozenset(
    [
        "sin",
        "cos",
        "tan",
        "cot",
        "sec",
        "csc",
        "sinh",
        "cosh",
        "tanh",
        "coth",
        "arcsin",
        "arccos",
        "arctan",
        "log",
        "ln",
        "lg",
        "exp",
        "det",
        "dim",
        "ker",
        "gcd",
        "lcm",
        "max",
        "min",
        "sup",
        "inf",
        "deg",
        "arg",
        "hom",
        "Pr",
        "sgn",
    ]
)
TEXTS = {"#": "#", "&": "&", "_": "_", "$": "$", "S": "§", "LaTeX": "LaTeX", "TeX": "TeX"}
SPACES = dict.fromkeys(",:;> ", " ") | {
    "!": "", "quad": " ", "qquad": " ", "enspace": " ", "thinspace": " ", "space": " ",
    "nobreakspace": " ", "hfill": " ",
}  # fmt: skip

_BY_KIND = (
    (LETTERS, Kind.LETTER), (SIGNS, Kind.SIGN), (RELATIONS, Kind.RELATION), (OPENING, Kind.OPEN),
    (CLOSING, Kind.CLOSE), (BARS, Kind.BAR), (AFTER, Kind.AFTER), (LARGE, Kind.LARGE),
    (TEXTS, Kind.LETTER), (SPACES, Kind.SPACE), (dict.fromkeys(FUNCTIONS, ""), Kind.FUNCTION),
)  # fmt: skip
COMMANDS = {
    name: Atom(sign or (name if kind is Kind.FUNCTION else ""), kind)
    for table, kind in _BY_KIND
    for name, sign in table.items()
}
PLAIN = {
    "+": Kind.SIGN, "-": Kind.SIGN, "*": Kind.SIGN, "/": Kind.SIGN, "=": Kind.RELATION,
    "<": Kind.RELATION, ">": Kind.RELATION, ":=": Kind.RELATION, "(": Kind.OPEN, "[": Kind.OPEN,
    ")": Kind.CLOSE, "]": Kind.CLOSE, "|": Kind.BAR, ",": Kind.PUNCTUATION, ";": Kind.PUNCTUATION,
    "!": Kind.AFTER, "%": Kind.AFTER, "°": Kind.AFTER, "'": Kind.AFTER, "′": Kind.AFTER,
    ".": Kind.AFTER, "?": Kind.AFTER, "\u2212": Kind.SIGN,
    **{sign: kind for table, kind in _BY_KIND[1:6] for sign in table.values() if len(sign) == 1},
    ":": Kind.AFTER,
}  # fmt: skip
SAME = {"*": "·", "\u2212": "-", "'": "′"}  # one sign for each meaning


def plain_atom(sign: str) -> Atom:
    """The atom of a character that is no command.

    >>> plain_atom("*").text, plain_atom("x").kind.name, plain_atom("≤").kind.name
    ('·', 'LETTER', 'RELATION')
    """
    return Atom(SAME.get(sign, sign), PLAIN.get(sign, Kind.LETTER))


WITHOUT_SHOW = {  # commands that show nothing, by how many arguments they swallow
    "displaystyle": 0, "textstyle": 0, "scriptstyle": 0, "limits": 0, "nolimits": 0, "big": 0,
    "Big": 0, "bigg": 0, "Bigg": 0, "bigl": 0, "bigr": 0, "Bigl": 0, "Bigr": 0, "biggl": 0,
    "biggr": 0, "middle": 0, "nonumber": 0, "notag": 0, "hline": 0, "centering": 0, "rm": 0,
    "bf": 0, "it": 0, "strut": 0, "mathstrut": 0, "hspace": 1, "vspace": 1, "label": 1,
    "phantom": 1, "hphantom": 1, "vphantom": 1, "color": 1, "cline": 1, "mkern": 0,
    "mathopen": 0, "mathclose": 0, "noindent": 0,
}  # fmt: skip
AS_THEY_ARE = frozenset(
    [
        "mathbf",
        "mathit",
        "mathsf",
        "mathtt",
        "mathcal",
        "mathscr",
        "mathfrak",
        "boldsymbol",
        "bm",
        "pmb",
        "ensuremath",
        "mathop",
        "mathrel",
        "mathbin",
        "mathord",
        "smash",
        "underbrace",
        "overbrace",
    ]
)
AS_TEXT = frozenset(
    [
        "text",
        "textrm",
        "textbf",
        "textit",
        "textsf",
        "texttt",
        "textnormal",
        "mbox",
        "hbox",
        "mathrm",
        "emph",
        "textup",
        "unit",
    ]
)
DOUBLE_STRUCK = _pairs("R ℝ N ℕ Z ℤ Q ℚ C ℂ P ℙ H ℍ")
MARKS = {  # the combining character, and the name where it cannot span what it marks
    "overline": ("\u0305", ""), "bar": ("\u0304", "bar"), "hat": ("\u0302", "hat"),
    "widehat": ("\u0302", "hat"), "tilde": ("\u0303", "tilde"), "widetilde": ("\u0303", "tilde"),
    "vec": ("\u20d7", "vec"), "overrightarrow": ("\u20d7", "vec"), "dot": ("\u0307", "dot"),
    "ddot": ("\u0308", "ddot"), "underline": ("\u0332", ""), "cancel": ("\u0336", ""),
    "bcancel": ("\u0336", ""), "xcancel": ("\u0336", ""), "sout": ("\u0336", ""),
    "overleftrightarrow": ("\u20e1", "line"), "overarc": ("\u0311", "arc"),
}  # fmt: skip
