"""Muon: momentum whose matrix update is orthogonalised (Jordan et al. 2024, "Muon: An optimizer for
hidden layers in neural networks").

All matrices of one shape are stacked and orthogonalised together, in float32: a CPU without
bfloat16 units gains nothing from half precision. Embeddings and norms are left to AdamW.
torch.optim.Muon is the same update, but orthogonalises in bfloat16, and would not train the same
model again.
"""

from collections import defaultdict
from collections.abc import Iterable

import torch
from torch import Tensor

# The quintic iteration's coefficients, from the reference implementation.
_A, _B, _C = 3.4445, -4.7750, 2.0315
_ITERATIONS = 5


def orthogonalised(stack: Tensor) -> Tensor:
    """Nearly orthogonal matrices with the singular vectors of `stack` (n, rows, columns)."""
    wide = stack if stack.size(1) <= stack.size(2) else stack.transpose(1, 2)
    x: Tensor = wide / (wide.norm(dim=(1, 2), keepdim=True) + 1e-7)
    for _ in range(_ITERATIONS):
        gram = x @ x.transpose(1, 2)
        x = _A * x + (_B * gram + _C * gram @ gram) @ x
    return x if wide is stack else x.transpose(1, 2)


class Muon:
    """Nesterov momentum, orthogonalised, with decoupled weight decay."""

    def __init__(
        self, matrices: Iterable[Tensor], *, momentum: float = 0.95, decay: float = 0.01
    ) -> None:
        """Take over `matrices`, all of them two-dimensional."""
        groups: dict[torch.Size, list[Tensor]] = defaultdict(list)
        for matrix in matrices:
            groups[matrix.shape].append(matrix)
        self.groups = list(groups.values())
        self.momenta = [torch.zeros(len(group), *group[0].shape) for group in self.groups]
        self.momentum, self.decay = momentum, decay

    @torch.no_grad()
    def step(self, rate: float) -> None:
        """One update at learning rate `rate`, in units of a matrix of root-mean-square 0.2."""
        for group, momentum in zip(self.groups, self.momenta, strict=True):
            gradients = torch.stack(
                [p.grad for p in group if p.grad is not None]
            )  # (n, rows, columns)
            momentum.lerp_(gradients, 1 - self.momentum)
            update = orthogonalised(gradients.lerp_(momentum, self.momentum))
            # Updates of AdamW's root mean square: Liu et al. 2025, "Muon is Scalable".
            scale = 0.2 * max(update.shape[1:]) ** 0.5
            for parameter, change in zip(group, update, strict=True):
                parameter.mul_(1 - rate * self.decay).add_(change, alpha=-rate * scale)
                parameter.grad = None
