from torch.nn import BatchNorm2d as Norm2d
