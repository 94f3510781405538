#!/usr/bin/env python3
"""Write what the tests of imported weights compare with, computed by PyTorch.

    python3 scripts/make-import-fixtures.py      # needs torch, torchvision and timm

test/fixtures/import.json: small networks whose modules are nested as in the reference implementations, each with a digest
of the names and shapes of its state dict and the logits of some paths, in float64. torchvision's and timm's networks are
built by these libraries; the others by the modules here. Values come from a generator that the tests repeat, seeded by
the name of each tensor, so that their order does not matter.
"""
import hashlib
import importlib
import json
import math
import zlib
from collections import OrderedDict
from functools import partial

import torch
from timm.models._efficientnet_builder import decode_arch_def, round_channels
from timm.models.efficientnet import EfficientNet
from torch import nn
from torchvision.models import MobileNetV2

from fixtures import FIXTURES, float32_tensor, random_numbers, rounded

darts = importlib.import_module("make-darts-fixture")

CLASSES, SEED = 3, 2021


def conv(inputs, outputs, kernel=1, stride=1, groups=1, bias=False):
    return nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=bias)


class ReLUConvBN(nn.Module):
    """AutoDL-Projects: a bias where the norm has none."""

    def __init__(self, inputs, outputs, kernel, stride=1, affine=True):
        super().__init__()
        norm = nn.BatchNorm2d(outputs, affine=affine)
        self.op = nn.Sequential(nn.ReLU(), conv(inputs, outputs, kernel, stride, bias=not affine), norm)

    def forward(self, x):
        return self.op(x)


class ResNetBasicblock(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.conv_a = ReLUConvBN(inputs, outputs, 3, 2)
        self.conv_b = ReLUConvBN(outputs, outputs, 3)
        self.downsample = nn.Sequential(nn.AvgPool2d(2), conv(inputs, outputs))

    def forward(self, x, path):
        return self.downsample(x) + self.conv_b(self.conv_a(x))


class Zero(nn.Module):
    def forward(self, x):
        return 0 * x


class SearchCell(nn.Module):
    def __init__(self, channels):
        super().__init__()
        make = [
            Zero,
            nn.Identity,
            partial(ReLUConvBN, channels, channels, 1, affine=False),
            partial(ReLUConvBN, channels, channels, 3, affine=False),
            partial(nn.AvgPool2d, 3, 1, 1, count_include_pad=False),
        ]
        names = [f"{target}<-{source}" for target in range(1, 4) for source in range(target)]
        self.edges = nn.ModuleDict({name: nn.ModuleList(operation() for operation in make) for name in names})

    def forward(self, x, path):
        nodes = [x, 0, 0, 0]
        for (name, operations), chosen in zip(self.edges.items(), path, strict=True):
            nodes[int(name[0])] = nodes[int(name[0])] + operations[chosen](nodes[int(name[-1])])
        return nodes[3]


class NAS201Model(nn.Module):
    """GenericNAS201Model, or a TinyNetwork: without underscores, and the last norm has parameters too."""

    def __init__(self, channels, cells_per_stage, tiny):
        super().__init__()
        self.prefix = "" if tiny else "_"
        setattr(self, f"{self.prefix}stem", nn.Sequential(conv(3, channels, 3), nn.BatchNorm2d(channels)))
        cells = []
        for stage in range(3):
            if stage > 0:
                cells.append(ResNetBasicblock(channels, 2 * channels))
                channels *= 2
            cells += [SearchCell(channels) for _ in range(cells_per_stage)]
        setattr(self, f"{self.prefix}cells", nn.ModuleList(cells))
        self.lastact = nn.Sequential(nn.BatchNorm2d(channels, affine=tiny), nn.ReLU())
        self.classifier = nn.Linear(channels, CLASSES)
        self.arch_parameters = nn.Parameter(torch.zeros(6, 5))

    def forward(self, x, path):
        x = getattr(self, f"{self.prefix}stem")(x)
        for cell in getattr(self, f"{self.prefix}cells"):
            x = cell(x, path)
        return self.classifier(self.lastact(x).mean((2, 3)))


def sequence(**modules):
    return nn.Sequential(OrderedDict(modules))


def conv_layer(*args):
    return sequence(conv=conv(*args), bn=nn.BatchNorm2d(args[1]), activation=nn.ReLU6())


class MBInvertedConvLayer(nn.Module):
    def __init__(self, inputs, outputs, kernel, expansion, stride):
        super().__init__()
        hidden = inputs * expansion
        if expansion > 1:
            self.inverted_bottleneck = sequence(conv=conv(inputs, hidden), bn=nn.BatchNorm2d(hidden), act=nn.ReLU6())
        depthwise = conv(hidden, hidden, kernel, stride, hidden)
        self.depth_conv = sequence(conv=depthwise, bn=nn.BatchNorm2d(hidden), act=nn.ReLU6())
        self.point_linear = sequence(conv=conv(hidden, outputs), bn=nn.BatchNorm2d(outputs))

    def forward(self, x):
        x = self.inverted_bottleneck(x) if hasattr(self, "inverted_bottleneck") else x
        return self.point_linear(self.depth_conv(x))


class ZeroLayer(nn.Module):
    def forward(self, x):
        return 0 * x


class MixedEdge(nn.Module):
    def __init__(self, candidates):
        super().__init__()
        self.candidate_ops = nn.ModuleList(candidates)
        self.AP_path_alpha = nn.Parameter(torch.zeros(len(candidates)))
        self.AP_path_wb = nn.Parameter(torch.zeros(len(candidates)))
        self.chosen = 0

    def forward(self, x):
        return self.candidate_ops[self.chosen](x)


class MobileInvertedResidualBlock(nn.Module):
    def __init__(self, mobile_inverted_conv, shortcut):
        super().__init__()
        self.mobile_inverted_conv, self.shortcut = mobile_inverted_conv, shortcut

    def forward(self, x):
        y = self.mobile_inverted_conv(x)
        return x + y if self.shortcut else y


class LinearLayer(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.linear = nn.Linear(inputs, outputs)

    def forward(self, x):
        return self.linear(x)


WIDTH, LAYERS = 0.5, [3, 2, 1, 1, 1, 1]
STAGES = list(zip((24, 40, 80, 96, 192, 320), (2, 2, 2, 1, 2, 1), LAYERS))
CANDIDATES = [f"k{kernel}e{expansion}" for kernel in (3, 5, 7) for expansion in (3, 6)] + ["id"]
width = partial(round_channels, multiplier=WIDTH)


def mb_conv(name, inputs, outputs, stride):
    return ZeroLayer() if name == "id" else MBInvertedConvLayer(inputs, outputs, int(name[1]), int(name[3]), stride)


class ProxylessNASNets(nn.Module):
    """Of one path, or with all candidates where there is none."""

    def __init__(self, path=None):
        super().__init__()
        inputs, names = width(16), path and iter(path.split("|"))
        self.first_conv = conv_layer(3, width(32), 3, 2)
        blocks = [MobileInvertedResidualBlock(MBInvertedConvLayer(width(32), inputs, 3, 1, 1), False)]
        for channels, stride, depth in STAGES:
            for i in range(depth):
                shape = (inputs, width(channels), stride if i == 0 else 1)
                known = CANDIDATES if i > 0 else CANDIDATES[:-1]
                shortcut = shape[2] == 1 and inputs == width(channels)
                layer = mb_conv(next(names), *shape) if names else MixedEdge([mb_conv(name, *shape) for name in known])
                blocks.append(MobileInvertedResidualBlock(layer, shortcut))
                inputs = width(channels)
        self.blocks = nn.ModuleList(blocks)
        self.feature_mix_layer = conv_layer(inputs, 1280)
        self.classifier = LinearLayer(1280, CLASSES)

    def forward(self, x, path):
        for block, name in zip(self.blocks[1:], path.split("|"), strict=True):
            if isinstance(block.mobile_inverted_conv, MixedEdge):
                block.mobile_inverted_conv.chosen = CANDIDATES.index(name)
        x = self.first_conv(x)
        for block in self.blocks:
            x = block(x)
        return self.classifier(self.feature_mix_layer(x).mean((2, 3)))


def by_layer(path):
    """Per stage, its channels, its stride and its candidates that are no identities, as kernel and expansion."""
    names = iter(path.split("|"))
    for channels, stride, depth in STAGES:
        candidates = [next(names) for _ in range(depth)]
        yield channels, stride, [(int(name[1]), int(name[3])) for name in candidates if name != "id"]


def torchvision_network(path):
    """Blocks of a stage differ in expansion, which a setting of several blocks cannot say."""
    setting = [[1, 16, 1, 1]]
    for channels, stride, candidates in by_layer(path):
        setting += [[expansion, channels, 1, stride if i == 0 else 1] for i, (_, expansion) in enumerate(candidates)]
    return MobileNetV2(num_classes=CLASSES, width_mult=WIDTH, inverted_residual_setting=setting)


def timm_network(path):
    stages = [["ds_r1_k3_s1_c16"]]
    for channels, stride, candidates in by_layer(path):
        blocks = enumerate(candidates)
        stages.append([f"ir_r1_k{k}_s{stride if i == 0 else 1}_e{e}_c{channels}" for i, (k, e) in blocks])
    options = {"num_features": 1280, "stem_size": 32, "round_chs_fn": width}
    return EfficientNet(decode_arch_def(stages), num_classes=CLASSES, act_layer=nn.ReLU6, **options)


def without_parameters(network):
    """DARTS' norms in a search: the stem's has parameters, and all keep running statistics."""
    for module in list(network.modules()):
        for name, child in module.named_children():
            if isinstance(child, nn.BatchNorm2d):
                setattr(module, name, nn.BatchNorm2d(child.num_features, affine=module is network.stem))
    return network


def is_norm(name, state):
    return name.endswith(("weight", "bias")) and state[name.rsplit(".", 1)[0] + ".weight"].ndim == 1


def set_state(network, identity_norms=False):
    """identity_norms: all scales are 1 and all shifts 0."""
    state = network.state_dict()
    for name, tensor in state.items():
        numbers = random_numbers(zlib.crc32(name.encode()))
        if name.endswith("num_batches_tracked"):
            tensor.fill_(3)
        elif name.endswith("running_mean"):
            tensor.copy_(float32_tensor(numbers, tensor.shape, 0.1))
        elif name.endswith("running_var"):
            tensor.copy_((float32_tensor(numbers, tensor.shape, 0.1) + 0.2).float())
        elif is_norm(name, state):
            scale = 1 if name.endswith("weight") else 0
            spread = 0 if identity_norms else 0.5
            tensor.copy_((float32_tensor(numbers, tensor.shape, spread) + scale).float())
        else:
            bound = 1 / math.sqrt(math.prod(tensor.shape[1:])) if tensor.ndim > 1 else 0.5
            tensor.copy_(float32_tensor(numbers, tensor.shape, bound))


def digest(network):
    lines = [f"{name} {'x'.join(map(str, tensor.shape))}" for name, tensor in network.state_dict().items()]
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()


def order(network):
    """Digest of the names of parameters but for those of architectures, without the underscore before them."""
    names = [name.removeprefix("_") for name, _ in network.named_parameters() if name != "arch_parameters"]
    return {"order": hashlib.sha256("\n".join(names).encode()).hexdigest()}


@torch.no_grad()
def case(network, size, paths, forward, batch_statistics=False, **set_options):
    """Digest and logits; each path with batch statistics, where the running ones are not used."""
    network.double()
    set_state(network, **set_options)
    result = {"size": size, "digest": digest(network)}
    network.train(batch_statistics)
    images = float32_tensor(random_numbers(SEED), (BATCH, 3, size, size), 2.0)
    results = [{"path": path, "logits": forward(network, images, path).flatten().tolist()} for path in paths]
    return result | {"paths": rounded(results)}


BATCH = 4
FULL = "k3e3|id|k5e6|k7e3|k3e6|k5e3|k7e6|k3e6|k5e6"
SHORT = "k3e3|k5e6|id|k7e3|id|k5e3|k7e6|k3e6|k5e6"
KERNELS_OF_3 = "k3e3|k3e6|id|k3e3|id|k3e6|k3e3|k3e6|k3e6"


# Cells without dead edges; then with one that leads nowhere, with some that no signal enters, and two that none passes.
ALIVE = [[2, 3, 4, 1, 3, 2], [3, 3, 1, 2, 4, 3]]
DEAD = [[3, 2, 0, 0, 0, 1], [0, 3, 3, 1, 2, 0], [0, 0, 0, 0, 0, 0], [3, 0, 0, 0, 0, 2]]


def autodl(tiny, paths, **set_options):
    network = NAS201Model(2, 1, tiny)
    forward = lambda net, x, path: net(x, path)
    return case(network, 8, paths, forward, batch_statistics=True, **set_options) | order(network)


def darts_supernet(known, **set_options):
    network = without_parameters(darts.Network(2, 3, CLASSES))
    genotypes = {str(genotype): genotype for genotype in known}
    forward = lambda net, x, path: net(x, genotypes[path])[0]
    return case(network, 8, list(genotypes), forward, batch_statistics=True, **set_options) | order(network)


def darts_network():
    network = darts.Network(2, 3, CLASSES, darts.ALONE_GENOTYPE, auxiliary=True)
    return case(network, 32, [str(darts.ALONE_GENOTYPE)], lambda net, x, path: net(x)[0])


def darts_network_in_supernet():
    """The convolutions of that network as those of a supernet, whose norms have no parameters."""
    genotype = darts.ALONE_GENOTYPE
    network = darts.Network(2, 3, CLASSES, genotype, auxiliary=True).double()
    set_state(network)
    supernet = darts.Network(2, 3, CLASSES).double()
    supernet.stem[0].load_state_dict(network.stem[0].state_dict())
    supernet.classifier.load_state_dict(network.classifier.state_dict())
    for theirs, ours in zip(network.cells, supernet.cells, strict=True):
        ours.preprocess0.load_state_dict(theirs.preprocess0.state_dict(), strict=False)
        ours.preprocess1.load_state_dict(theirs.preprocess1.state_dict(), strict=False)
        for k, (name, source) in enumerate(theirs.edges(genotype)):
            offset = sum(range(2, 2 + k // 2))
            operation = ours._ops[offset + source]._ops[darts.OPERATIONS.index(name)]
            operation = operation[0] if "pool" in name else operation
            operation.load_state_dict(theirs._ops[k].state_dict(), strict=False)
    images = float32_tensor(random_numbers(SEED), (BATCH, 3, 8, 8), 2.0)
    with torch.no_grad():
        logits = supernet(images, genotype)[0]
    return {"size": 8, "paths": [{"path": str(genotype), "logits": rounded(logits.flatten().tolist())}]}


def one(network, path):
    return case(network, 32, [path], lambda net, x, _: net(x))


fixture = {
    "classes": CLASSES,
    "batch": BATCH,
    "seed": SEED,
    "proxylessnas": {"width": WIDTH, "layers": LAYERS},
    "cases": {
        "autodl": autodl(False, ALIVE, identity_norms=True),
        "autodlTiny": autodl(True, ALIVE, identity_norms=True),
        "autodlTrained": autodl(False, ALIVE[:1] + DEAD[-1:]),
        "autodlTinyTrained": autodl(True, ALIVE[:1] + DEAD),
        "dartsSupernet": darts_supernet(darts.GENOTYPES, identity_norms=True),
        "dartsSupernetTrained": darts_supernet(darts.GENOTYPES[:2]),
        "dartsNetwork": darts_network(),
        "dartsNetworkInSupernet": darts_network_in_supernet(),
        "proxylessSupernet": case(ProxylessNASNets(), 32, [FULL, SHORT], lambda net, x, path: net(x, path)),
        "proxylessNetwork": case(ProxylessNASNets(FULL), 32, [FULL], lambda net, x, path: net(x, path)),
        "timm": one(timm_network(SHORT), SHORT),
        "torchvision": one(torchvision_network(KERNELS_OF_3), KERNELS_OF_3),
    },
}
target = FIXTURES / "import.json"
target.write_text(json.dumps(fixture, separators=(",", ":")).replace('},"', '},\n"') + "\n")
print(f"wrote {target.name}: {target.stat().st_size} bytes")
