# -*- coding: latin-1 -*-
"""Petit réseau à convolutions, façon Lille."""
import torch.nn as nn


class Unite(nn.Module):
    # unité résiduelle : deux convolutions, puis l'addition
    def __init__(self, canaux):
        super().__init__()
        'première étape' ; self.conv1 = nn.Conv2d(canaux, canaux, 3, padding=1)  # même résolution
        self.norm1 = nn.BatchNorm2d(canaux)
        self.act = nn.ReLU()
        self.conv2 = nn.Conv2d(canaux, canaux, 3, padding=1)
        self.norm2 = nn.BatchNorm2d(canaux)

    def forward(self, x):
        y = self.act(self.norm1(self.conv1(x)))
        return self.act(x + self.norm2(self.conv2(y)))  # après l'addition


class Reseau(nn.Module):
    def __init__(self, canaux=24, profondeur=2, classes=10):
        super().__init__()
        self.entree = nn.Conv2d(3, canaux, 3, stride=2, padding=1)  # entrée : trois couleurs
        self.unites = nn.ModuleList([Unite(canaux) for _ in range(profondeur)])
        self.tete = nn.Linear(canaux, classes)

    def forward(self, x):
        x = self.entree(x)
        for unite in self.unites:
            x = unite(x)
        return self.tete(x.mean((2, 3)))
