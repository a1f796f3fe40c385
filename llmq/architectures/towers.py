"""The text tower of a model that also sees or hears: what its tensors are called, and the rest.

Names differ with who saved the model: `model.language_model.layers.0` by transformers 5,
`language_model.model.layers.0` by its predecessors.
"""

TEXT_TOWER = (
    (r"^language_model\.lm_head\.", "lm_head."),
    (r"^(model\.)?language_model\.(model\.)?", "model."),
)

SEES = "it belongs to the part that sees, which is not converted"
