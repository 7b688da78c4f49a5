"""The host as it is used: torch imported once, shared by sessions that compute at the same time."""

import time

from mutagen.sandbox.runner import Host

TRAINING = """
import torch
torch.set_num_threads(2)
net = torch.nn.Sequential(torch.nn.Conv2d(3, 64, 3), torch.nn.ReLU(), torch.nn.Conv2d(64, 64, 3))
net(torch.randn(8, 3, 48, 48)).square().mean().backward()
assert all(p.grad is not None for p in net.parameters())
"""


def test_sessions_share_one_import_and_compute_on_threads():
    with Host(timeout=60.0) as host:
        first = host.session("first")
        first.call("os:getpid")
        begun = time.monotonic()
        second = host.session("second")
        second.call("builtins:exec", "import torch")
        assert time.monotonic() - begun < 0.5, "the second session does not import torch again"
        first.start("builtins:exec", TRAINING)
        second.start("builtins:exec", TRAINING)
        first.result()
        second.result()
