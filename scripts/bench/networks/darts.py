"""DARTS_V2 with its auxiliary head, as the code of its authors (Liu, Simonyan and Yang 2019) builds and trains it."""
import torch
import torch.nn as nn
import torch.nn.functional as F

CLASSES, IMAGE_CHANNELS, AUXILIARY_WEIGHT = 10, 3, 0.4
# An operation and a predecessor per edge, two edges per node.
NORMAL = [("sep", 0), ("sep", 1), ("sep", 0), ("sep", 1), ("sep", 1), ("skip", 0), ("skip", 0), ("dil", 2)]
REDUCE = [("pool", 0), ("pool", 1), ("skip", 2), ("pool", 1), ("pool", 0), ("skip", 2), ("skip", 2), ("pool", 1)]


def convolution(inputs, outputs, kernel, **options):
    return nn.Conv2d(inputs, outputs, kernel, bias=False, **options)


def relu_conv_norm(inputs, outputs):
    return Op(nn.ReLU(inplace=False), convolution(inputs, outputs, 1), nn.BatchNorm2d(outputs))


class Op(nn.Module):
    def __init__(self, *layers):
        super().__init__()
        self.op = nn.Sequential(*layers)

    def forward(self, x):
        return self.op(x)


class FactorizedReduce(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.relu = nn.ReLU(inplace=False)
        self.conv_1 = convolution(inputs, outputs // 2, 1, stride=2)
        self.conv_2 = convolution(inputs, outputs // 2, 1, stride=2)
        self.bn = nn.BatchNorm2d(outputs)

    def forward(self, x):
        x = self.relu(x)
        return self.bn(torch.cat([self.conv_1(x), self.conv_2(x[:, :, 1:, 1:])], dim=1))


def separable(channels, stride, dilation):
    """ReLU, a depthwise 3x3, a pointwise convolution and a norm."""
    depthwise = {"stride": stride, "padding": dilation, "dilation": dilation, "groups": channels}
    pair = [convolution(channels, channels, 3, **depthwise), convolution(channels, channels, 1)]
    return [nn.ReLU(inplace=False), *pair, nn.BatchNorm2d(channels)]


def operation(name, channels, stride):
    if name == "sep":
        return Op(*separable(channels, stride, 1), *separable(channels, 1, 1))
    if name == "dil":
        return Op(*separable(channels, stride, 2))
    if name == "pool":
        return nn.MaxPool2d(3, stride=stride, padding=1)
    return nn.Identity() if stride == 1 else FactorizedReduce(channels, channels)


def drop_path(x, probability):
    keep = torch.empty(len(x), 1, 1, 1, dtype=x.dtype, device=x.device).bernoulli_(1 - probability)
    return x.div_(1 - probability).mul_(keep)


class Cell(nn.Module):
    def __init__(self, before, last, channels, reduction, after_reduction):
        super().__init__()
        self.preprocess0 = (FactorizedReduce if after_reduction else relu_conv_norm)(before, channels)
        self.preprocess1 = relu_conv_norm(last, channels)
        self.edges = REDUCE if reduction else NORMAL
        strides = [2 if reduction and node < 2 else 1 for _, node in self.edges]
        self._ops = nn.ModuleList(operation(name, channels, s) for (name, _), s in zip(self.edges, strides))

    def forward(self, s0, s1, drop):
        states = [self.preprocess0(s0), self.preprocess1(s1)]
        for i in range(0, len(self.edges), 2):
            terms = []
            for op, (_, node) in zip(self._ops[i : i + 2], self.edges[i : i + 2]):
                value = op(states[node])
                terms.append(drop_path(value, drop) if drop and not isinstance(op, nn.Identity) else value)
            states.append(terms[0] + terms[1])
        return torch.cat(states[2:], dim=1)


class AuxiliaryHead(nn.Module):
    def __init__(self, inputs):
        super().__init__()
        pool = nn.AvgPool2d(5, stride=3, padding=0, count_include_pad=False)
        narrow = [convolution(inputs, 128, 1), nn.BatchNorm2d(128), nn.ReLU(inplace=True)]
        wide = [convolution(128, 768, 2), nn.BatchNorm2d(768), nn.ReLU(inplace=True)]
        self.features = nn.Sequential(nn.ReLU(inplace=False), pool, *narrow, *wide)
        self.classifier = nn.Linear(768, CLASSES)

    def forward(self, x):
        return self.classifier(self.features(x).flatten(1))


class Network(nn.Module):
    """`drop` is the probability of drop path, which the code of the authors sets before every epoch."""

    def __init__(self, channels, cells):
        super().__init__()
        self.drop = 0
        self.stem = nn.Sequential(convolution(IMAGE_CHANNELS, 3 * channels, 3, padding=1), nn.BatchNorm2d(3 * channels))
        before, last, reduced = 3 * channels, 3 * channels, False
        self.cells, self.last_reduction = nn.ModuleList(), 2 * cells // 3
        for i in range(cells):
            reduction = i in (cells // 3, self.last_reduction)
            channels *= 2 if reduction else 1
            self.cells.append(Cell(before, last, channels, reduction, reduced))
            before, last, reduced = last, 4 * channels, reduction
            if i == self.last_reduction:
                self.auxiliary_head = AuxiliaryHead(last)
        self.classifier = nn.Linear(last, CLASSES)

    def forward(self, x, path):
        before = last = self.stem(x)
        for i, cell in enumerate(self.cells):
            before, last = last, cell(before, last, self.drop if self.training else 0)
            if i == self.last_reduction and self.training:
                aside = self.auxiliary_head(last)
        outputs = [(self.classifier(F.adaptive_avg_pool2d(last, 1).flatten(1)), 1)]
        return outputs + [(aside, AUXILIARY_WEIGHT)] if self.training else outputs
