#!/usr/bin/env python3
"""Write what the tests of the DARTS space and its stand-alone networks compare with, computed by PyTorch.

    python3 scripts/make-darts-fixture.py      # needs torch

test/fixtures/darts-tiny.json: a supernet (Liu, Simonyan and Yang 2019) with C=2 and 3 cells on 8x8 images, and the
logits of some genotypes in it; a network of one genotype, trained alone, with C=2, 3 cells and an auxiliary head on
32x32 images, and its logits by running statistics and by those of the batch; sizes of published networks. Everything
is in float64. Modules are nested as in the authors' code, so that PyTorch names the tensors; of names and shapes the
file holds digests. In the supernet all batch norms use batch statistics and have no parameters.
Weights, statistics and images come from the generator of fixtures.py, which the tests repeat.
"""
import hashlib
import json
import math
from collections import namedtuple

import torch
from torch import nn

from fixtures import FIXTURES, float32_tensor, random_numbers, rounded

CHANNELS, CELLS, CLASSES, SEED = 2, 3, 3, 2019
SUPERNET = {"size": 8, "batch": 3}
ALONE = {"size": 32, "batch": 2}

Genotype = namedtuple("Genotype", "normal normal_concat reduce reduce_concat")
OPERATIONS = "none max_pool_3x3 avg_pool_3x3 skip_connect sep_conv_3x3 sep_conv_5x5 dil_conv_3x3 dil_conv_5x5".split()
CONCAT = range(2, 6)


def genotype(normal, reduce):
    """From texts such as '4:0 5:1 …': an index in OPERATIONS and a node per edge."""
    cell = lambda text: [(OPERATIONS[int(edge[0])], int(edge[2])) for edge in text.split()]
    return Genotype(cell(normal), CONCAT, cell(reduce), CONCAT)


# Between them, every operation at both strides.
GENOTYPES = [
    genotype("4:0 5:1 6:0 7:2 1:1 2:3 3:0 4:4", "1:0 2:1 3:0 4:1 5:0 6:2 7:1 3:3"),
    genotype("3:0 3:1 3:0 3:1 1:0 7:1 5:2 6:3", "6:0 5:1 7:0 1:2 4:1 2:3 3:1 2:4"),
    genotype("1:0 2:1 2:0 1:1 3:2 1:3 3:3 2:4", "1:0 1:1 2:0 2:1 1:2 3:3 3:0 3:1"),
]
# The order within nodes is not the ascending one: it decides which weights are whose.
ALONE_GENOTYPE = genotype("4:1 3:0 5:2 6:0 7:1 1:0 2:4 3:2", "1:0 3:1 6:2 3:0 4:0 7:1 5:1 2:0")
DARTS_V1 = genotype("4:1 4:0 3:0 4:1 3:0 4:1 4:0 3:2", "1:0 1:1 3:2 1:0 1:0 3:2 3:2 2:0")
DARTS_V2 = genotype("4:0 4:1 4:0 4:1 4:1 3:0 3:0 6:2", "1:0 1:1 3:2 1:1 1:0 3:2 3:2 1:1")


class Norms:
    """alone: as in a network trained from scratch."""

    alone = False

    def __new__(cls, channels):
        return nn.BatchNorm2d(channels, affine=cls.alone, track_running_stats=cls.alone)


def conv(inputs, outputs, kernel, **options):
    return nn.Conv2d(inputs, outputs, kernel, bias=False, **options)


class ReLUConvBN(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.op = nn.Sequential(nn.ReLU(), conv(inputs, outputs, 1), Norms(outputs))

    def forward(self, x):
        return self.op(x)


class FactorizedReduce(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.conv_1 = conv(inputs, outputs // 2, 1, stride=2)
        self.conv_2 = conv(inputs, outputs // 2, 1, stride=2)
        self.bn = Norms(outputs)

    def forward(self, x):
        x = x.relu()
        return self.bn(torch.cat([self.conv_1(x), self.conv_2(x[:, :, 1:, 1:])], dim=1))


class SepConv(nn.Module):
    def __init__(self, channels, kernel, stride):
        super().__init__()
        layers = []
        for step in (stride, 1):
            spatial = conv(channels, channels, kernel, stride=step, padding=kernel // 2, groups=channels)
            layers += [nn.ReLU(), spatial, conv(channels, channels, 1), Norms(channels)]
        self.op = nn.Sequential(*layers)

    def forward(self, x):
        return self.op(x)


class DilConv(nn.Module):
    def __init__(self, channels, kernel, stride):
        super().__init__()
        options = {"stride": stride, "padding": kernel - 1, "dilation": 2, "groups": channels}
        spatial = conv(channels, channels, kernel, **options)
        self.op = nn.Sequential(nn.ReLU(), spatial, conv(channels, channels, 1), Norms(channels))

    def forward(self, x):
        return self.op(x)


class Zero(nn.Module):
    pass


def operation(name, channels, stride):
    if name == "none":
        return Zero()
    if name == "max_pool_3x3":
        return nn.MaxPool2d(3, stride=stride, padding=1)
    if name == "avg_pool_3x3":
        return nn.AvgPool2d(3, stride=stride, padding=1, count_include_pad=False)
    if name == "skip_connect":
        return nn.Identity() if stride == 1 else FactorizedReduce(channels, channels)
    return {"sep": SepConv, "dil": DilConv}[name[:3]](channels, int(name[-1]), stride)


class MixedOp(nn.Module):
    def __init__(self, channels, stride):
        super().__init__()
        self._ops = nn.ModuleList(operation(name, channels, stride) for name in OPERATIONS)
        for i, name in enumerate(OPERATIONS):
            if "pool" in name:
                self._ops[i] = nn.Sequential(self._ops[i], Norms(channels))


class Cell(nn.Module):
    """Without a genotype it has every operation on every edge."""

    def __init__(self, before, last, channels, reduction, after_reduction, alone=None):
        super().__init__()
        self.reduction, self.alone = reduction, alone
        self.preprocess0 = (FactorizedReduce if after_reduction else ReLUConvBN)(before, channels)
        self.preprocess1 = ReLUConvBN(last, channels)
        stride = lambda node: 2 if reduction and node < 2 else 1
        if alone is None:
            self._ops = nn.ModuleList(MixedOp(channels, stride(j)) for i in range(4) for j in range(2 + i))
        else:
            self._ops = nn.ModuleList(operation(name, channels, stride(node)) for name, node in self.edges(alone))

    def edges(self, genotype):
        return genotype.reduce if self.reduction else genotype.normal

    def forward(self, s0, s1, genotype):
        states = [self.preprocess0(s0), self.preprocess1(s1)]
        edges, offset = self.edges(genotype), 0
        for i in range(4):
            total = 0
            for k in (2 * i, 2 * i + 1):
                name, node = edges[k]
                op = self._ops[offset + node]._ops[OPERATIONS.index(name)] if self.alone is None else self._ops[k]
                total = total + op(states[node])
            offset += len(states)
            states.append(total)
        return torch.cat(states[2:], dim=1)


class AuxiliaryHead(nn.Module):
    def __init__(self, inputs, classes):
        super().__init__()
        pool = nn.AvgPool2d(5, stride=3, padding=0, count_include_pad=False)
        narrow = [conv(inputs, 128, 1), Norms(128), nn.ReLU()]
        self.features = nn.Sequential(nn.ReLU(), pool, *narrow, conv(128, 768, 2), Norms(768), nn.ReLU())
        self.classifier = nn.Linear(768, classes)

    def forward(self, x):
        return self.classifier(self.features(x).flatten(1))


class Network(nn.Module):
    def __init__(self, channels, cells, classes, alone=None, auxiliary=False):
        super().__init__()
        Norms.alone = alone is not None
        self.alone = alone
        self.stem = nn.Sequential(conv(3, 3 * channels, 3, padding=1), Norms(3 * channels))
        before, last, reduced = 3 * channels, 3 * channels, False
        self.cells = nn.ModuleList()
        self.second_reduction = 2 * cells // 3
        for i in range(cells):
            reduction = i in (cells // 3, self.second_reduction)
            channels *= 2 if reduction else 1
            self.cells.append(Cell(before, last, channels, reduction, reduced, alone))
            before, last, reduced = last, 4 * channels, reduction
            if auxiliary and i == self.second_reduction:
                self.auxiliary_head = AuxiliaryHead(last, classes)
        self.classifier = nn.Linear(last, classes)

    def forward(self, x, genotype=None):
        """Logits, and what the auxiliary head reads."""
        before = last = self.stem(x)
        for i, cell in enumerate(self.cells):
            before, last = last, cell(before, last, genotype or self.alone)
            if i == self.second_reduction:
                aside = last
        return self.classifier(last.mean((2, 3))), aside


def parameters(network):
    return list(network.named_parameters())


def buffers(network):
    return [(name, buffer) for name, buffer in network.named_buffers() if not name.endswith("num_batches_tracked")]


def digest(tensors):
    lines = [f"{name} {'x'.join(map(str, tensor.shape))}" for name, tensor in tensors]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def set_state(network):
    numbers, fan_in = random_numbers(SEED), 1
    for name, tensor in parameters(network) + buffers(network):
        if tensor.ndim > 1:
            fan_in = math.prod(tensor.shape[1:])
        linear = tensor.ndim > 1 or name.endswith("classifier.bias")
        # PyTorch's bound for convolutions and linear layers; norms and their statistics vary around where they begin.
        tensor.data = float32_tensor(numbers, tensor.shape, 1 / math.sqrt(fan_in) if linear else 0.5)
        if not linear and name.endswith(("weight", "running_var")):
            tensor.data = (tensor.data + 1).float().double()


def images(size, batch):
    return float32_tensor(random_numbers(SEED + 1), (batch, 3, size, size), 2.0)


def values(logits):
    return rounded(logits.flatten().tolist())


def count(network):
    return sum(p.numel() for name, p in parameters(network) if "auxiliary" not in name)


@torch.no_grad()
def supernet():
    network = Network(CHANNELS, CELLS, CLASSES)
    set_state(network)
    logits = [{"genotype": str(g), "values": values(network(images(**SUPERNET), g)[0])} for g in GENOTYPES]
    return {**SUPERNET, "parameters": digest(parameters(network)), "logits": logits}


@torch.no_grad()
def alone():
    network = Network(CHANNELS, CELLS, CLASSES, ALONE_GENOTYPE, auxiliary=True)
    set_state(network)
    result = {**ALONE, "genotype": str(ALONE_GENOTYPE)}
    result |= {"parameters": digest(parameters(network)), "buffers": digest(buffers(network))}
    logits, aside = network.eval()(images(**ALONE))
    result |= {"running": values(logits), "auxiliary": values(network.auxiliary_head(aside))}
    # Last, because it moves the running statistics.
    return result | {"batchStatistics": values(network.train()(images(**ALONE))[0])}


def published():
    search = Network(16, 8, 10)
    sizes = {"supernet": {"count": count(search), "parameters": digest(parameters(search))}}
    for name, known in {"DARTS_V1": DARTS_V1, "DARTS_V2": DARTS_V2}.items():
        network = Network(36, 20, 10, known, auxiliary=True)
        tensors = {"parameters": digest(parameters(network)), "buffers": digest(buffers(network))}
        sizes[name] = {"count": count(network), **tensors}
    return sizes


if __name__ == "__main__":
    fixture = {"channels": CHANNELS, "cells": CELLS, "classes": CLASSES, "seed": SEED}
    fixture |= {"supernet": supernet(), "alone": alone(), "published": published()}
    text = json.dumps(fixture, separators=(",", ":")).replace('},"', '},\n"').replace('},{"', '},\n{"')
    target = FIXTURES / "darts-tiny.json"
    target.write_text(text + "\n")
    print(f"wrote {target.name}: {target.stat().st_size} bytes")
    print({name: entry["count"] for name, entry in fixture["published"].items()})
