#!/usr/bin/env python3
"""Write test/fixtures/cost.json: what PyTorch counts for some NAS-Bench-201 networks (Dong and Yang 2020).

    python3 scripts/make-cost-fixture.py      # needs torch

The networks are modules that run one image. Multiply-adds are half of what torch.utils.flop_counter counts, which knows
convolutions and matrix products; hooks on modules add the FLOPs of norms, pools, sums and biases by the conventions of
src/evaluation/cost.ts; parameters are the modules' own. `published` is the network that the benchmark trains alone,
dead edges included; `supernet` has plain norms, biases, and live edges only.
"""
import json
import pathlib

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

FILE = pathlib.Path(__file__).resolve().parent.parent / "test" / "fixtures" / "cost.json"
EDGES = [(1, 0), (2, 0), (2, 1), (3, 0), (3, 1), (3, 2)]  # (target, source)
NONE, SKIP, CONV1, CONV3, POOL = range(5)

NETWORKS = [
    {"channels": 16, "cellsPerStage": 5, "input": [3, 32, 32], "classes": 10},
    {"channels": 4, "cellsPerStage": 1, "input": [1, 16, 12], "classes": 3},
]
PATHS = [
    [3, 3, 3, 3, 3, 3],
    [1, 1, 1, 1, 1, 1],
    [4, 0, 3, 3, 3, 1],
    [1, 4, 0, 4, 2, 2],
    # With dead edges: node 1 gets no signal; node 1 goes nowhere; nothing arrives; nothing at all.
    [0, 2, 3, 3, 2, 1],
    [3, 1, 0, 2, 0, 3],
    [3, 0, 0, 0, 0, 2],
    [0, 0, 0, 0, 0, 0],
]


class Sum(nn.Module):
    def forward(self, terms):
        return sum(terms[1:], terms[0])


class Zeros(nn.Module):
    def forward(self, like):
        return torch.zeros_like(like)


def conv_bn(inputs, outputs, kernel, stride, published):
    return nn.Sequential(
        nn.ReLU(),
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=not published),
        nn.BatchNorm2d(outputs, affine=published),
    )


def operation(op, width, published):
    if op in (CONV1, CONV3):
        return conv_bn(width, width, 1 if op == CONV1 else 3, 1, published)
    return nn.AvgPool2d(3, 1, 1, count_include_pad=False) if op == POOL else nn.Identity()


class Cell(nn.Module):
    def __init__(self, width, path, published):
        super().__init__()
        self.edges = nn.ModuleList(operation(op, width, published) for op in path)
        self.path, self.sum, self.zeros = path, Sum(), Zeros()

    def forward(self, x):
        nodes = [x]
        for node in (1, 2, 3):
            terms = []
            for (target, source), op, module in zip(EDGES, self.path, self.edges):
                if target == node and op != NONE:
                    terms.append(module(nodes[source]))
            nodes.append(self.sum(terms) if terms else self.zeros(x))
        return nodes[3]


class Residual(nn.Module):
    def __init__(self, inputs, outputs, published):
        super().__init__()
        self.deep = nn.Sequential(
            conv_bn(inputs, outputs, 3, 2, published), conv_bn(outputs, outputs, 3, 1, published)
        )
        self.shortcut = nn.Sequential(nn.AvgPool2d(2, 2), nn.Conv2d(inputs, outputs, 1, bias=False))
        self.sum = Sum()

    def forward(self, x):
        return self.sum([self.deep(x), self.shortcut(x)])


def without_dead_edges(path):
    carries, reaches = {0}, {3}
    for (target, source), op in zip(EDGES, path):
        if op != NONE and source in carries:
            carries.add(target)
    for (target, source), op in reversed(list(zip(EDGES, path))):
        if op != NONE and target in reaches:
            reaches.add(source)
    return [op if s in carries and t in reaches else NONE for (t, s), op in zip(EDGES, path)]


def network(shape, path, published):
    channels, (planes, height, width) = shape["channels"], shape["input"]
    path = path if published else without_dead_edges(path)
    head = [nn.BatchNorm2d(4 * channels, affine=published), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()]
    head.append(nn.Linear(4 * channels, shape["classes"]))
    if not published and all(op == NONE for op in path):
        # The supernet computes the head of zeros, and nothing before it.
        return nn.Sequential(*head), torch.zeros(1, 4 * channels, height // 4, width // 4)
    layers = [nn.Conv2d(planes, channels, 3, 1, 1, bias=False), nn.BatchNorm2d(channels, affine=published)]
    for stage in range(3):
        if stage > 0:
            layers.append(Residual(channels << (stage - 1), channels << stage, published))
        layers += [Cell(channels << stage, path, published) for _ in range(shape["cellsPerStage"])]
    return nn.Sequential(*layers, *head), torch.zeros(1, planes, height, width)


def additions(module, inputs, output):
    """FLOPs of one call beside multiply-adds."""
    if isinstance(module, (nn.Conv2d, nn.Linear)):
        return output.numel() if module.bias is not None else 0
    if isinstance(module, nn.BatchNorm2d):
        return 2 * output.numel()
    if isinstance(module, nn.AvgPool2d):
        return module.kernel_size**2 * output.numel()
    if isinstance(module, nn.AdaptiveAvgPool2d):
        return inputs[0].numel()
    return (len(inputs[0]) - 1) * output.numel() if isinstance(module, Sum) else 0


def count(shape, path, published):
    model, image = network(shape, path, published)
    model.eval()
    others = []
    for module in model.modules():
        module.register_forward_hook(lambda *call: others.append(additions(*call)))
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        model(image)
    products = counter.get_total_flops()
    parameters = sum(parameter.numel() for parameter in model.parameters())
    return {"parameters": parameters, "multiplyAdds": products // 2, "flops": products + sum(others)}


if __name__ == "__main__":
    lines = []
    for shape in NETWORKS:
        for path in PATHS:
            counts = {"published": count(shape, path, True), "supernet": count(shape, path, False)}
            lines.append(json.dumps({**shape, "path": path, **counts}, separators=(",", ":")))
    FILE.write_text("[\n" + ",\n".join(lines) + "\n]\n")
