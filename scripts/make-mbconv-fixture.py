#!/usr/bin/env python3
"""Write what the tests of ProxylessNAS and NAS-Bench-Macro compare with, computed by PyTorch.

    python3 scripts/make-mbconv-fixture.py      # needs torch

test/fixtures/mbconv-spaces.json, for each of the two spaces (Cai, Zhu and Han 2019; Su et al. 2021):
- costs: parameters, multiply-adds and FLOPs of ten random paths of the full network, for one image. Each is built as a
  network of its own, without the candidates it did not choose, and hooks on its modules count by the conventions of
  src/evaluation/cost.ts.
- tiny: a small supernet, its parameters' and buffers' names (as a digest), and for some paths the logits by given
  running statistics and by those of the batch, with the loss and the norm of its gradient, in float64. Weights, running
  statistics and images come from a generator of a few lines that the tests repeat.
"""
import hashlib
import json
import math

import torch
import torch.nn.functional as F
from torch import nn

from fixtures import FIXTURES, float32_tensor, random_numbers, rounded

SEED, BATCH = 2019, 4
KERNELS, EXPANSIONS = (3, 5, 7), (3, 6)
PROXYLESS = [f"k{kernel}e{expansion}" for kernel in KERNELS for expansion in EXPANSIONS] + ["id"]


class Sum(nn.Module):
    def forward(self, x, y):
        return x + y


def conv(inputs, outputs, kernel=1, stride=1, groups=1):
    return nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False)


class Timm(nn.Module):
    """An inverted residual with timm's names."""

    def __init__(self, inputs, outputs, kernel, expansion, stride):
        super().__init__()
        hidden = inputs * expansion
        self.conv_pw, self.bn1 = conv(inputs, hidden), nn.BatchNorm2d(hidden)
        self.conv_dw, self.bn2 = conv(hidden, hidden, kernel, stride, hidden), nn.BatchNorm2d(hidden)
        self.conv_pwl, self.bn3 = conv(hidden, outputs), nn.BatchNorm2d(outputs)
        self.sum = Sum() if stride == 1 and inputs == outputs else None

    def forward(self, x):
        y = F.relu6(self.bn1(self.conv_pw(x)))
        y = F.relu6(self.bn2(self.conv_dw(y)))
        y = self.bn3(self.conv_pwl(y))
        return self.sum(x, y) if self.sum else y


class Separable(nn.Module):
    """Expansion 1: depthwise, then 1x1."""

    def __init__(self, inputs, outputs):
        super().__init__()
        self.conv_dw, self.bn1 = conv(inputs, inputs, 3, 1, inputs), nn.BatchNorm2d(inputs)
        self.conv_pw, self.bn2 = conv(inputs, outputs), nn.BatchNorm2d(outputs)
        # Narrow networks make the two widths equal.
        self.sum = Sum() if inputs == outputs else None

    def forward(self, x):
        y = self.bn2(self.conv_pw(F.relu6(self.bn1(self.conv_dw(x)))))
        return self.sum(x, y) if self.sum else y


def divisible(value):
    """MobileNet's rounding of widths."""
    rounded_value = max(8, int(value + 4) // 8 * 8)
    return rounded_value + 8 if rounded_value < 0.9 * value else rounded_value


class ProxylessNas(nn.Module):
    """Of one path if it is given, with its operations in the place of the candidates; else of all candidates."""

    def __init__(self, width, layers, planes, classes, path=None):
        super().__init__()
        self.pending = None if path is None else path.split("|")
        inputs = divisible(16 * width)
        self.conv_stem = conv(planes, divisible(32 * width), 3, 2)
        self.bn1 = nn.BatchNorm2d(divisible(32 * width))
        stages = [nn.ModuleList([Separable(divisible(32 * width), inputs)])]
        for base, stride, depth in zip((24, 40, 80, 96, 192, 320), (2, 2, 2, 1, 2, 1), layers):
            outputs = divisible(base * width)
            stages.append(nn.ModuleList())
            for layer in range(depth):
                stages[-1].append(self.layer(inputs, outputs, stride if layer == 0 else 1, layer > 0))
                inputs = outputs
        self.blocks = nn.ModuleList(stages)
        self.conv_head, self.bn2 = conv(inputs, 1280), nn.BatchNorm2d(1280)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Linear(1280, classes)

    def layer(self, inputs, outputs, stride, skippable):
        names = PROXYLESS if skippable else PROXYLESS[:-1]
        if self.pending is not None:
            names = [self.pending.pop(0)]
        make = lambda name: Timm(inputs, outputs, int(name[1]), int(name[3]), stride)
        return nn.ModuleDict({name: nn.Identity() if name == "id" else make(name) for name in names})

    def forward(self, x, path):
        x = self.blocks[0][0](F.relu6(self.bn1(self.conv_stem(x))))
        layers = [layer for stage in self.blocks[1:] for layer in stage]
        for layer, name in zip(layers, path.split("|"), strict=True):
            x = layer[name](x)
        x = self.pool(F.relu6(self.bn2(self.conv_head(x))))
        return self.classifier(x.flatten(1))

    @staticmethod
    def paths(layers, numbers, count):
        firsts = {sum(layers[:stage]) for stage in range(6)}
        options = [6 if layer in firsts else 7 for layer in range(sum(layers))]
        return ["|".join(PROXYLESS[pick(numbers, option)] for option in options) for _ in range(count)]


class Macro(nn.Module):
    """An inverted residual with the names of the benchmark's authors."""

    def __init__(self, inputs, outputs, kernel, expansion, stride):
        super().__init__()
        hidden = inputs * expansion
        expand = [conv(inputs, hidden), nn.BatchNorm2d(hidden), nn.ReLU()]
        depthwise = [conv(hidden, hidden, kernel, stride, hidden), nn.BatchNorm2d(hidden), nn.ReLU()]
        self.conv = nn.Sequential(*expand, *depthwise, conv(hidden, outputs), nn.BatchNorm2d(outputs))
        self.sum = Sum() if stride == 1 and inputs == outputs else None

    def forward(self, x):
        return self.sum(x, self.conv(x)) if self.sum else self.conv(x)


class Skip(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        strided = stride > 1
        self.downsample = nn.Sequential(conv(inputs, outputs, 1, 2), nn.BatchNorm2d(outputs)) if strided else None

    def forward(self, x):
        return self.downsample(x) if self.downsample else x


class NasBenchMacro(nn.Module):
    """As ProxylessNas, of one path or of all candidates."""

    def __init__(self, channels, planes, classes, path=None):
        super().__init__()
        self.stem = nn.Sequential(conv(planes, channels, 3), nn.BatchNorm2d(channels), nn.ReLU())
        self.features, inputs, head = nn.ModuleList(), channels, 40 * channels
        for layer in range(8):
            stride = 2 if layer in (0, 2, 5) else 1
            outputs = inputs * stride
            makers = [
                lambda: Skip(inputs, outputs, stride),
                lambda: Macro(inputs, outputs, 3, 3, stride),
                lambda: Macro(inputs, outputs, 5, 6, stride),
            ]
            chosen = range(3) if path is None else [int(path[layer])]
            self.features.append(nn.ModuleDict({str(option): makers[option]() for option in chosen}))
            inputs = outputs
        self.out = nn.Sequential(conv(inputs, head), nn.BatchNorm2d(head), nn.ReLU(), nn.AdaptiveAvgPool2d(1))
        self.classifier = nn.Linear(head, classes)

    def forward(self, x, path):
        x = self.stem(x)
        for layer, option in zip(self.features, path, strict=True):
            x = layer[option](x)
        return self.classifier(self.out(x).flatten(1))

    @staticmethod
    def paths(_layers, numbers, count):
        return ["".join(str(pick(numbers, 3)) for _ in range(8)) for _ in range(count)]


def pick(numbers, options):
    return int((next(numbers) + 1) / 2 * options)


def additions(module, inputs, output):
    """FLOPs of one call beside multiply-adds."""
    if isinstance(module, nn.BatchNorm2d):
        return 2 * output.numel()
    if isinstance(module, nn.AdaptiveAvgPool2d):
        return inputs[0].numel()
    if isinstance(module, nn.Linear):
        return output.numel()
    return output.numel() if isinstance(module, Sum) else 0


def count(model, image, path):
    """Parameters and work of a network on one image; shapes are enough for that."""
    products, others = [], []

    def hook(module, inputs, output):
        others.append(additions(module, inputs, output))
        if isinstance(module, nn.Conv2d):
            members = module.in_channels // module.groups
            products.append(output.numel() * members * math.prod(module.kernel_size))
        if isinstance(module, nn.Linear):
            products.append(output.numel() * module.in_features)

    for module in model.modules():
        module.register_forward_hook(hook)
    model.eval()(image, path)
    parameters = sum(parameter.numel() for parameter in model.parameters())
    work = sum(products)
    return {"arch": path, "parameters": parameters, "multiplyAdds": work, "flops": 2 * work + sum(others)}


def set_state(model):
    """Parameters in PyTorch's order, and buffers from a stream of their own, such that signals do not fade."""
    weights, statistics = random_numbers(SEED), random_numbers(SEED + 2)
    around = lambda centre, stream, shape: (centre + float32_tensor(stream, shape, centre / 2)).float().double()
    for module in model.modules():
        if isinstance(module, (nn.Conv2d, nn.Linear)):
            bound = 1 / math.sqrt(math.prod(module.weight.shape[1:]))
            for parameter in module.parameters():
                parameter.data = float32_tensor(weights, parameter.shape, bound)
        if isinstance(module, nn.BatchNorm2d):
            shape = module.weight.shape
            module.weight.data = around(1, weights, shape)
            module.bias.data = float32_tensor(weights, shape, 0.5)
            module.running_mean = float32_tensor(statistics, shape, 0.1)
            module.running_var = around(0.2, statistics, shape)


def digest(named):
    names = [name for name, _ in named if not name.endswith("num_batches_tracked")]
    return hashlib.sha256("\n".join(names).encode()).hexdigest()


def tiny(make, images, paths, classes):
    labels = torch.arange(BATCH) % classes
    results = []
    for path in paths:
        # Training moves the running statistics: every path starts from fresh ones.
        model = make()
        set_state(model)
        with torch.no_grad():
            evaluation = model.eval()(images, path)
        training = model.train()(images, path)
        loss = F.cross_entropy(training, labels)
        loss.backward()
        gradients = [parameter.grad.flatten() for parameter in model.parameters() if parameter.grad is not None]
        results.append(
            {
                "arch": path,
                "evaluation": evaluation.flatten().tolist(),
                "training": training.flatten().tolist(),
                "loss": loss.item(),
                "gradientNorm": torch.cat(gradients).norm().item(),
            }
        )
    digests = {"parameters": digest(model.named_parameters()), "buffers": digest(model.named_buffers())}
    return {"batch": BATCH, "seed": SEED, "digests": digests, "paths": rounded(results)}


def fixture(network, full, small, extra):
    """`full` and `small` are (options by the space's names, planes and extent, classes)."""

    def build(options, input_shape, classes, path=None):
        return network(*options.values(), input_shape[0], classes, path)

    options, input_shape, classes = full
    costs = []
    for path in network.paths(options.get("layers"), random_numbers(SEED + 3), 10):
        with torch.device("meta"):
            costs.append(count(build(options, input_shape, classes, path), torch.empty(1, *input_shape), path))
    options, input_shape, classes = small
    images = float32_tensor(random_numbers(SEED + 1), (BATCH, *input_shape), 2)
    paths = [*network.paths(options.get("layers"), random_numbers(SEED + 4), 3), *extra]
    torch.set_default_dtype(torch.float64)
    found = tiny(lambda: build(options, input_shape, classes), images, paths, classes)
    torch.set_default_dtype(torch.float32)
    return {"costs": costs, "tiny": {"options": options, "input": input_shape, "classes": classes, **found}}


if __name__ == "__main__":
    result = {
        "proxylessnas": fixture(
            ProxylessNas,
            ({"width": 1, "layers": [4, 4, 4, 4, 4, 1]}, [3, 224, 224], 1000),
            ({"width": 0.125, "layers": [1, 2, 1, 2, 1, 1]}, [3, 48, 40], 5),
            ["k3e3|k3e3|id|k3e3|k3e3|id|k3e3|k3e3"],
        ),
        "nasbench-macro": fixture(
            NasBenchMacro, ({"channels": 32}, [3, 32, 32], 10), ({"channels": 4}, [3, 16, 24], 5), ["00000000", "22222222"]
        ),
    }
    text = json.dumps(result, separators=(",", ":")).replace('},{"', '},\n{"')
    target = FIXTURES / "mbconv-spaces.json"
    target.write_text(text + "\n")
    print(f"wrote {target.name}: {target.stat().st_size} bytes")
