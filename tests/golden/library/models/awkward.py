"""Networks that no subclass in this file could change exactly."""

from blockzoo import ResNet, awkward


def asking(**kwargs):
    return ResNet(awkward.Asking, [1, 1], **kwargs)


def decorated(**kwargs):
    return ResNet(awkward.Decorated, [1, 1], **kwargs)


def mangled(**kwargs):
    return ResNet(awkward.Mangled, [1, 1], **kwargs)


def twice(**kwargs):
    return ResNet(awkward.Twice, [1, 1], **kwargs)


def inside(**kwargs):
    return awkward.decorated_small(**kwargs)
