"""The text of a new rule file."""

from __future__ import annotations

_START = """\
# yaml-language-server: $schema=rules.schema.json
#
# What this changes, in a sentence.
#
# Why one would want it, and what is left alone.
#
# Paper: authors, title, where and when, with a link.
#
# Checkpoints: which keys stay, which are lost, and what trained weights need.
version: 1
rules:
  - id: {id}
    why: a smooth activation          # what it is for; `mutagen rules list` shows it
    safety: fine-tune                 # what trained weights need: exact, fine-tune or train
    # What the rule speaks of: one of type and path, block, op, edge. `mutagen inspect model.py` shows what there is.
    match:
      type: ReLU
      # where: {{inplace: true}}        # tests of the running model: {{kernel_size: {{gt: 1}}, channels: 64}}
      # inside: {{path: "layer4.*"}}    # a module around it
      # not: {{inside: {{type: "*Stem*"}}}}
    # What happens: replace, insert or set.
    replace: {{with: gelu}}
    # insert: {{block: ECA, at: after}}
    # set: {{inplace: false}}
    # What must come of it on your model, or nothing is written.
    # expect: {{instances: 8, sites: 1, params: same, keys_lost: 0}}

# budget: {{params: +2%}}              # what all rules of the file together may add

# `mutagen rules test {id}.yaml` applies the rules to a copy of each model, twice.
tests:
  - name: one activation
    source: |                         # or `model: file.py`, as seen from this file
      import torch.nn as nn

      class Net(nn.Module):
          def __init__(self):
              super().__init__()
              self.conv = nn.Conv2d(3, 8, 3, padding=1)
              self.act = nn.ReLU(inplace=True)

          def forward(self, x):
              return self.act(self.conv(x))
    call: Net()
    inputs: [1x3x16x16]
    expect: {{instances: 2, params: same}}     # fails: there is 1
    # patch: patches/{id}.patch       # the change as it must be; --update writes the file
"""


def start_of(identity: str) -> str:
    """A commented rule file with a rule of that id, and a test that fails until its number is corrected."""
    return _START.format(id=identity)
