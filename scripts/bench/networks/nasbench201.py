"""PA&DA's NAS-Bench-201 supernet as the released code builds and runs it.

One module per candidate operation, `none` multiplies by zero, dead edges are computed, nodes are Python sums.
"""
import torch.nn as nn
import torch.nn.functional as F

STAGES, NODES, CLASSES, IMAGE_CHANNELS = 3, 4, 10, 3


def batch_norm(channels):
    """Without parameters and running statistics: it uses the batch's in evaluation too."""
    return nn.BatchNorm2d(channels, affine=False, track_running_stats=False)


class Zero(nn.Module):
    def forward(self, x):
        return x.mul(0.0)


class ReluConvNorm(nn.Module):
    def __init__(self, inputs, outputs, kernel, stride=1):
        super().__init__()
        convolution = nn.Conv2d(inputs, outputs, kernel, stride, padding=kernel // 2, bias=True)
        self.op = nn.Sequential(nn.ReLU(inplace=False), convolution, batch_norm(outputs))

    def forward(self, x):
        return self.op(x)


class Cell(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.edges = nn.ModuleDict()
        for target in range(1, NODES):
            for source in range(target):
                # In NAS-Bench-201's order of operations: none, skip, 1×1, 3×3, pool.
                pool = nn.AvgPool2d(3, stride=1, padding=1, count_include_pad=False)
                convolutions = [ReluConvNorm(channels, channels, kernel) for kernel in (1, 3)]
                self.edges[f"{target}<-{source}"] = nn.ModuleList([Zero(), nn.Identity(), *convolutions, pool])

    def forward(self, x, path):
        operations, nodes = iter(path), [x]
        for target in range(1, NODES):
            terms = [self.edges[f"{target}<-{source}"][next(operations)](nodes[source]) for source in range(target)]
            nodes.append(sum(terms))
        return nodes[-1]


class Residual(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.conv_a = ReluConvNorm(inputs, outputs, 3, stride=2)
        self.conv_b = ReluConvNorm(outputs, outputs, 3)
        self.downsample = nn.Sequential(nn.AvgPool2d(2), nn.Conv2d(inputs, outputs, 1, bias=False))

    def forward(self, x, path):
        return self.downsample(x) + self.conv_b(self.conv_a(x))


class Network(nn.Module):
    def __init__(self, channels, cells):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(IMAGE_CHANNELS, channels, 3, padding=1, bias=False), batch_norm(channels))
        self.cells = nn.ModuleList()
        for stage in range(STAGES):
            width = channels << stage
            if stage > 0:
                self.cells.append(Residual(width >> 1, width))
            self.cells.extend(Cell(width) for _ in range(cells))
        self.lastact = nn.Sequential(batch_norm(width), nn.ReLU(inplace=True))
        self.classifier = nn.Linear(width, CLASSES)

    def forward(self, x, path):
        x = self.stem(x)
        for cell in self.cells:
            x = cell(x, path)
        x = F.adaptive_avg_pool2d(self.lastact(x), 1)
        return [(self.classifier(x.flatten(1)), 1)]
