"""One network of ProxylessNAS (Cai, Zhu and Han 2019), with the modules and names of timm's EfficientNet."""
import torch
import torch.nn as nn
import torch.nn.functional as F

CLASSES, IMAGE_CHANNELS = 1000, 3
STAGES = [(24, 2), (40, 2), (80, 2), (96, 1), (192, 2), (320, 1)]


def width_of(value):
    """MobileNet's rounding of widths to multiples of 8."""
    rounded = max(8, int(value + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * value else rounded


def convolution(inputs, outputs, kernel=1, stride=1, groups=1):
    return nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False)


class Separable(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.conv_dw, self.bn1 = convolution(inputs, inputs, 3, 1, inputs), nn.BatchNorm2d(inputs)
        self.conv_pw, self.bn2 = convolution(inputs, outputs), nn.BatchNorm2d(outputs)
        # Only narrow networks have it.
        self.shortcut = inputs == outputs

    def forward(self, x, drop):
        y = self.bn2(self.conv_pw(F.relu6(self.bn1(self.conv_dw(x)))))
        return y + x if self.shortcut else y


class InvertedResidual(nn.Module):
    def __init__(self, inputs, outputs, kernel, expansion, stride):
        super().__init__()
        hidden = inputs * expansion
        self.conv_pw, self.bn1 = convolution(inputs, hidden), nn.BatchNorm2d(hidden)
        self.conv_dw, self.bn2 = convolution(hidden, hidden, kernel, stride, hidden), nn.BatchNorm2d(hidden)
        self.conv_pwl, self.bn3 = convolution(hidden, outputs), nn.BatchNorm2d(outputs)
        self.shortcut = stride == 1 and inputs == outputs

    def forward(self, x, drop):
        y = F.relu6(self.bn1(self.conv_pw(x)))
        y = self.bn3(self.conv_pwl(F.relu6(self.bn2(self.conv_dw(y)))))
        if not self.shortcut:
            return y
        if drop:
            y = y * torch.empty(len(y), 1, 1, 1, dtype=y.dtype, device=y.device).bernoulli_(1 - drop).div_(1 - drop)
        return y + x


class Network(nn.Module):
    """`drop` is the probability of drop path and of dropout."""

    def __init__(self, width, layers, arch):
        super().__init__()
        self.drop = 0
        names, inputs = iter(arch.split("|")), width_of(16 * width)
        self.conv_stem = convolution(IMAGE_CHANNELS, width_of(32 * width), 3, 2)
        self.bn1 = nn.BatchNorm2d(width_of(32 * width))
        stages = [[Separable(width_of(32 * width), inputs)]]
        for (base, stride), depth in zip(STAGES, layers):
            outputs, blocks = width_of(base * width), []
            for name in [next(names) for _ in range(depth)]:
                if name != "id":
                    blocks.append(InvertedResidual(inputs, outputs, int(name[1]), int(name[3]), 1 if blocks else stride))
                    inputs = outputs
            stages.append(blocks)
        self.blocks = nn.ModuleList(nn.ModuleList(blocks) for blocks in stages)
        self.conv_head, self.bn2 = convolution(inputs, 1280), nn.BatchNorm2d(1280)
        self.classifier = nn.Linear(1280, CLASSES)

    def forward(self, x, path):
        drop = self.drop if self.training else 0
        x = F.relu6(self.bn1(self.conv_stem(x)))
        for block in (block for stage in self.blocks for block in stage):
            x = block(x, drop)
        x = F.adaptive_avg_pool2d(F.relu6(self.bn2(self.conv_head(x))), 1).flatten(1)
        return [(self.classifier(F.dropout(x, drop, training=drop > 0)), 1)]
