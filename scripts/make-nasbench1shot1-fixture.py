#!/usr/bin/env python3
"""Write what the tests of the NAS-Bench-1Shot1 supernet compare with, computed by PyTorch.

    python3 scripts/make-nasbench1shot1-fixture.py      # needs torch and safetensors

test/fixtures/nasbench1shot1-tiny.json: supernets of the three search spaces (Zela, Siems and Hutter 2020) with C=3 and
one cell per stack on 8x8 images: the names of parameters and the logits of some cells, in float64. Modules are nested as in the
authors' code, so that PyTorch names the parameters; all batch norms use batch statistics and have no parameters.
Weights and images come from the generator of make-fixtures.py.
"""
import importlib
import json
import math

import torch
from torch import nn

common = importlib.import_module("make-fixtures")

CHANNELS, SIZE, BATCH, CLASSES, SEED = 3, 8, 3, 10, 1011

# Space: number of intermediates, and cells: operations by index (pool, 3x3, 1x1), parents from node 1 to the output.
CELLS = {
    1: (4, [("0121", ["0", "01", "02", "13", "04"]), ("1201", ["0", "01", "12", "02", "23"])]),
    2: (4, [("1021", ["0", "0", "12", "03", "014"]), ("2110", ["0", "1", "02", "23", "123"])]),
    3: (5, [("12010", ["0", "0", "0", "12", "34", "05"]), ("01221", ["0", "1", "0", "02", "13", "24"])]),
}


def batch_norm(channels):
    return nn.BatchNorm2d(channels, affine=False, track_running_stats=False)


class ConvBnRelu(nn.Module):
    def __init__(self, inputs, outputs, kernel):
        super().__init__()
        conv = nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, bias=False)
        self.op = nn.Sequential(conv, batch_norm(outputs), nn.ReLU())

    def forward(self, x):
        return self.op(x)


class Candidate(nn.Module):
    def __init__(self, channels, kernel):
        super().__init__()
        self.op = ConvBnRelu(channels, channels, kernel)

    def forward(self, x):
        return self.op(x)


class MixedOp(nn.Module):
    def __init__(self, channels):
        super().__init__()
        pool = nn.MaxPool2d(3, stride=1, padding=1)
        self._ops = nn.ModuleList([pool, Candidate(channels, 3), Candidate(channels, 1)])


class ChoiceBlock(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.mixed_op = MixedOp(channels)

    def forward(self, x, operation):
        return self.mixed_op._ops[operation](x)


class Cell(nn.Module):
    def __init__(self, count, inputs, channels):
        super().__init__()
        self._choice_blocks = nn.ModuleList(ChoiceBlock(channels) for _ in range(count))
        widths = [channels] * count + [channels * count]
        self._input_projections = nn.ModuleList(ConvBnRelu(inputs, width, 1) for width in widths)

    def forward(self, x, operations, parents):
        """Every node is computed, and multiplied by zero where it does not feed the output."""
        states = []
        for block, operation in enumerate(operations):
            terms = [self._input_projections[block](x), *states]
            total = sum(terms[int(parent)] for parent in parents[block])
            states.append(self._choice_blocks[block](total, int(operation)))
        feeds = [float(str(node) in parents[-1]) for node in range(len(states) + 1)]
        joined = torch.cat([state * factor for state, factor in zip(states, feeds[1:])], dim=1)
        return joined + feeds[0] * self._input_projections[-1](x)


class ReluConvBn(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.op = nn.Sequential(nn.ReLU(), nn.Conv2d(inputs, outputs, 1, bias=False), batch_norm(outputs))

    def forward(self, x):
        return self.op(x)


class Network(nn.Module):
    def __init__(self, count):
        super().__init__()
        self.stem = ConvBnRelu(3, CHANNELS, 3)
        inputs = [CHANNELS, count * CHANNELS, count * CHANNELS * 2]
        self.cells = nn.ModuleList(Cell(count, inputs[i], CHANNELS << i) for i in range(3))
        self.postprocess = ReluConvBn(count * CHANNELS * 4, CHANNELS * 4)
        self.classifier = nn.Linear(CHANNELS * 4, CLASSES)

    def forward(self, x, operations, parents):
        x = self.stem(x)
        for i, cell in enumerate(self.cells):
            x = cell(nn.functional.max_pool2d(x, 2) if i > 0 else x, operations, parents)
        return self.classifier(self.postprocess(x).mean((2, 3)))


def set_weights(network):
    numbers, fan_in = common.random_numbers(SEED), 1
    for parameter in network.parameters():
        if parameter.ndim > 1:
            fan_in = math.prod(parameter.shape[1:])
        # A bias starts like the weight before it: PyTorch's default bound.
        parameter.data = common.float32_tensor(numbers, parameter.shape, 1 / math.sqrt(fan_in))


def space_of(space, count, cells, images):
    network = Network(count)
    set_weights(network)
    names = ["maxpool3x3", "conv3x3", "conv1x1"]
    logits = []
    for operations, parents in cells:
        nodes = [*(names[int(operation)] for operation in operations), "output"]
        values = network(images, operations, parents).flatten().tolist()
        logits.append({"cell": "|".join(map("~".join, zip(nodes, parents))), "values": common.rounded(values)})
    return {"space": space, "logits": logits}


images = common.float32_tensor(common.random_numbers(SEED + 1), (BATCH, 3, SIZE, SIZE), 2.0)
spaces = [space_of(space, count, cells, images) for space, (count, cells) in CELLS.items()]
# The names of the largest supernet: those of the others are among them.
names = [name for name, _ in Network(CELLS[3][0]).named_parameters()]
shapes = {"channels": CHANNELS, "size": SIZE, "batch": BATCH, "classes": CLASSES, "seed": SEED}
fixture = {**shapes, "parameters": names, "spaces": spaces}
text = json.dumps(fixture, separators=(",", ":")).replace('},{"', '},\n{"')
target = common.FIXTURES / "nasbench1shot1-tiny.json"
target.write_text(text + "\n")
print(f"wrote {target.name}: {target.stat().st_size} bytes")
