"""The judge compares in double precision wherever the model allows it."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from corpus.judge import survey


class Fixed(nn.Module):
    """Insists on single precision."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 4)

    def forward(self, x):
        return self.fc(x.float())


@pytest.mark.parametrize(("build", "precise"), [(lambda: nn.Sequential(nn.Linear(4, 4)), True), (Fixed, False)])
def test_precision(build, precise):
    assert survey(build, lambda batch: [torch.ones(batch, 4)]).precise is precise
