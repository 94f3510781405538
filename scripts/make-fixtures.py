#!/usr/bin/env python3
"""Write what the tests compare with, computed by PyTorch.

    python3 scripts/make-fixtures.py      # needs torch and safetensors

test/fixtures/nasbench201-tiny.json: a NAS-Bench-201 supernet (Dong and Yang 2020) with C=4 and one cell per stage on
8x8 images: logits of some paths, then four SGD steps in both treatments of unsampled weights. The network is written
here in plain PyTorch, in float64, so that the numbers are exact for a float32 implementation. Weights and images come
from a generator of a few lines that the test repeats, so the file holds results only.

test/fixtures/state-dict*.pt, tensors.safetensors: small files by torch.save and safetensors for the readers' tests.
"""
import collections
import json
import math

import safetensors.torch
import torch
import torch.nn.functional as F

from fixtures import FIXTURES, float32_tensor, random_numbers, rounded

CHANNELS, SIZE, BATCH, CLASSES = 4, 8, 6, 10
EDGES = [(1, 0), (2, 0), (2, 1), (3, 0), (3, 1), (3, 2)]  # (target, source)
NONE, SKIP, CONV1, CONV3, POOL = range(5)
KERNEL = {CONV1: 1, CONV3: 3}
LEARNING_RATE, MOMENTUM, WEIGHT_DECAY, CLIP = 0.05, 0.9, 2.5e-4, 4.5
SEED = 201

LOGIT_PATHS = [
    [3, 3, 3, 3, 3, 3],
    [1, 1, 1, 1, 1, 1],
    [4, 0, 3, 3, 3, 1],
    [1, 4, 0, 4, 2, 2],
    [4, 4, 1, 3, 1, 2],
    # With dead edges: node 1 gets no signal; node 1 goes nowhere; nothing arrives at all.
    [0, 2, 3, 3, 2, 1],
    [3, 1, 0, 2, 0, 3],
    [0, 0, 3, 0, 2, 3],
]
STEP_PATHS = [
    [4, 0, 3, 3, 3, 1],
    [3, 2, 2, 1, 4, 3],
    [0, 2, 3, 3, 2, 1],
    [3, 3, 3, 3, 3, 3],
]


def parameter_shapes():
    """Names and shapes in the order of the reference's state dict."""
    shapes = {"stem.0.weight": (CHANNELS, 3, 3, 3)}
    index = 0
    for stage in range(3):
        width = CHANNELS << stage
        if stage > 0:
            for name, inputs in (("conv_a", width // 2), ("conv_b", width)):
                shapes[f"cells.{index}.{name}.op.1.weight"] = (width, inputs, 3, 3)
                shapes[f"cells.{index}.{name}.op.1.bias"] = (width,)
            shapes[f"cells.{index}.downsample.1.weight"] = (width, width // 2, 1, 1)
            index += 1
        for target, source in EDGES:
            for op, kernel in KERNEL.items():
                name = f"cells.{index}.edges.{target}<-{source}.{op}.op.1"
                shapes[f"{name}.weight"] = (width, width, kernel, kernel)
                shapes[f"{name}.bias"] = (width,)
        index += 1
    shapes["classifier.weight"] = (CLASSES, CHANNELS << 2)
    shapes["classifier.bias"] = (CLASSES,)
    return shapes


def initial_weights():
    numbers = random_numbers(SEED)
    weights, fan_in = {}, 1
    for name, shape in parameter_shapes().items():
        if len(shape) > 1:
            fan_in = math.prod(shape[1:])
        # A bias starts like the weight before it: PyTorch's default bound.
        weights[name] = float32_tensor(numbers, shape, 1 / math.sqrt(fan_in))
    return weights


def without_dead_edges(path):
    """Edges whose source carries no signal, or whose target never reaches node 3, become none."""
    carries, reaches = {0}, {3}
    for (target, source), op in zip(EDGES, path):
        if op != NONE and source in carries:
            carries.add(target)
    for (target, source), op in reversed(list(zip(EDGES, path))):
        if op != NONE and target in reaches:
            reaches.add(source)
    return [op if s in carries and t in reaches else NONE for (t, s), op in zip(EDGES, path)]


def sampled_names(path, shapes):
    """Parameters that the path chooses, on dead edges too."""
    chosen = {f".{t}<-{s}.{op}." for (t, s), op in zip(EDGES, path)}
    return [n for n in shapes if ".edges." not in n or any(c in n for c in chosen)]


def batch_norm(x):
    return F.batch_norm(x, None, None, training=True, eps=1e-5)


def relu_conv_bn(w, name, x, stride=1):
    weight = w[f"{name}.op.1.weight"]
    y = F.conv2d(F.relu(x), weight, w[f"{name}.op.1.bias"], stride=stride, padding=weight.shape[-1] // 2)
    return batch_norm(y)


def cell(w, name, x, path):
    nodes = [x, None, None, None]
    for (target, source), op in zip(EDGES, path):
        if op == NONE:
            continue
        value = nodes[source]
        if op in KERNEL:
            value = relu_conv_bn(w, f"{name}.edges.{target}<-{source}.{op}", value)
        elif op == POOL:
            value = F.avg_pool2d(value, 3, stride=1, padding=1, count_include_pad=False)
        nodes[target] = value if nodes[target] is None else nodes[target] + value
    return nodes[3]


def residual(w, name, x):
    y = relu_conv_bn(w, f"{name}.conv_b", relu_conv_bn(w, f"{name}.conv_a", x, stride=2))
    return y + F.conv2d(F.avg_pool2d(x, 2), w[f"{name}.downsample.1.weight"])


def forward(w, images, path):
    live = without_dead_edges(path)
    if all(op == NONE for op in live):
        # No signal reaches the head: batch norm of zeros is zero, and so are the pooled features.
        features = images.new_zeros(len(images), CHANNELS << 2)
    else:
        x = batch_norm(F.conv2d(images, w["stem.0.weight"], padding=1))
        for index in range(5):
            x = residual(w, f"cells.{index}", x) if index % 2 else cell(w, f"cells.{index}", x, live)
        features = F.relu(batch_norm(x)).mean((2, 3))
    return F.linear(features, w["classifier.weight"], w["classifier.bias"])


def operation_importance(w, path):
    """Sum over all edges of an operation of |dW| + |db|, divided by its occurrences in the path (PA&DA)."""
    importance = {}
    for op in KERNEL:
        if op in path:
            norms = [p.grad.norm().item() for n, p in w.items() if f".{op}.op." in n and p.grad is not None]
            importance[op] = sum(norms) / path.count(op)
    return importance


def train(images, labels, unsampled, dtype=torch.float64):
    w = {name: value.to(dtype).clone().requires_grad_() for name, value in initial_weights().items()}
    optimizer = torch.optim.SGD(w.values(), lr=LEARNING_RATE, momentum=MOMENTUM, weight_decay=WEIGHT_DECAY)
    onehot = F.one_hot(labels, CLASSES)
    gradients = collections.defaultdict(list)
    steps = []
    for path in STEP_PATHS:
        # PyTorch 1.7 left zeros where PyTorch 2 leaves nothing; with zeros, SGD goes on decaying and moving.
        optimizer.zero_grad(set_to_none=unsampled == "skip")
        logits = forward(w, images.to(dtype), path)
        loss = F.cross_entropy(logits, labels)
        loss.backward()
        sampled = sampled_names(path, w)
        for name in sampled:
            if w[name].grad is None:
                w[name].grad = torch.zeros_like(w[name])
            gradients[name].append(w[name].grad.double().clone())
        norms = {name: w[name].grad.norm().item() for name in sampled}
        total = torch.nn.utils.clip_grad_norm_(w.values(), CLIP).item()
        # The importance looks at this step's path only, not at zeros that earlier paths left.
        used = {name: w[name] for name in sampled}
        importance = operation_importance(used, path)
        optimizer.step()
        steps.append(
            {
                "path": path,
                "loss": loss.item(),
                "correct": int((logits.argmax(1) == labels).sum()),
                "sampleImportance": (logits.detach().softmax(1) - onehot).norm(dim=1).tolist(),
                "gradientNorms": [norms.get(name) for name in w],
                "globalNorm": total,
                "operationImportance": {str(op): value for op, value in importance.items()},
                "parameterNorms": [value.norm().item() for value in w.values()],
            }
        )
    return steps, variance(w, gradients)


def variance(w, gradients):
    """Mean population variance per parameter, and over all weights that were sampled."""
    means = {n: torch.stack(g).var(0, unbiased=False).mean().item() for n, g in gradients.items()}
    count = sum(w[n].numel() for n in means)
    return {
        "value": sum(means[n] * w[n].numel() for n in means) / count,
        "timesSampled": [len(gradients[n]) if n in gradients else 0 for n in w],
        "meanVariance": [means.get(n, 0) for n in w],
    }


def flattened(value):
    if isinstance(value, dict):
        value = list(value.values())
    return [x for item in value for x in flattened(item)] if isinstance(value, list) else [value or 0]


def nasbench201():
    numbers = random_numbers(SEED + 1)
    images = float32_tensor(numbers, (BATCH, 3, SIZE, SIZE), 2.0)
    labels = torch.tensor([3, 1, 4, 1, 5, 9])
    w = initial_weights()
    training = {}
    for unsampled in ("skip", "decay"):
        steps, gradient_variance = train(images, labels, unsampled)
        training[unsampled] = {"steps": steps, "gradientVariance": gradient_variance}
        exact, single = flattened(steps), flattened(train(images, labels, unsampled, torch.float32)[0])
        worst = max(abs(a - b) / max(1, abs(a)) for a, b in zip(exact, single))
        print(f"{unsampled}: float32 differs from float64 by at most {worst:.1e};", end=" ")
        print("global norms", [round(step["globalNorm"], 3) for step in steps], f"clipped at {CLIP}")
    fixture = {
        "channels": CHANNELS,
        "size": SIZE,
        "classes": CLASSES,
        "seed": SEED,
        "labels": labels.tolist(),
        "sgd": {"learningRate": LEARNING_RATE, "momentum": MOMENTUM, "weightDecay": WEIGHT_DECAY, "clipNorm": CLIP},
        "parameters": list(w),
        "logits": [{"path": p, "values": forward(w, images, p).flatten().tolist()} for p in LOGIT_PATHS],
        "training": training,
    }
    text = json.dumps(rounded(fixture), separators=(",", ":")).replace('},{"', '},\n{"')
    (FIXTURES / "nasbench201-tiny.json").write_text(text + "\n")


def state_dicts():
    """A module's state dict (with _metadata), and one of tensors of other types, strides and offsets."""
    torch.manual_seed(0)
    module = torch.nn.Sequential(torch.nn.Conv2d(2, 3, 1), torch.nn.Linear(2, 2, bias=False))
    torch.save(module.state_dict(), FIXTURES / "state-dict.pt")
    grid = torch.arange(12, dtype=torch.float32).reshape(3, 4)
    tensors = {
        "transposed": grid.T,
        "column": grid[:, 1],
        "window": grid[1:, 2:],
        "double": torch.tensor([0.1, -2.5], dtype=torch.float64),
        "half": torch.tensor([1.5, -0.0009765625, 6e-8, 65504, math.inf], dtype=torch.float16),
        "bfloat16": torch.tensor([1.5, -3e38, 1e-40], dtype=torch.bfloat16),
        "parameter": torch.nn.Parameter(torch.tensor([7.0])),
        "scalar": torch.tensor(3.25),
        "empty": torch.empty(0, 5),
    }
    torch.save(tensors, FIXTURES / "state-dict-views.pt", pickle_protocol=4)
    torch.save({"weight": torch.ones(1), "counter": torch.tensor(3)}, FIXTURES / "state-dict-integer.pt")
    torch.save(tensors, FIXTURES / "state-dict-legacy.pt", _use_new_zipfile_serialization=False)
    # What a training script saves: the state dict of a parallel module, whose second layer is the first, beside an optimizer.
    shared = torch.nn.Linear(2, 2, bias=False)
    network = torch.nn.ModuleDict({"module": torch.nn.Sequential(shared, shared, torch.nn.BatchNorm2d(2))})
    network.module[2].num_batches_tracked += 7
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1, momentum=0.9)
    network.module[2](torch.ones(1, 2, 2, 2)).sum().backward()
    optimizer.step()
    checkpoint = {"epoch": 3, "best": 0.5, "optimizer": optimizer.state_dict(), "state_dict": network.state_dict()}
    torch.save(checkpoint, FIXTURES / "checkpoint-nested.pt")
    torch.save(checkpoint, FIXTURES / "checkpoint-legacy.pt", pickle_protocol=4, _use_new_zipfile_serialization=False)
    integers = {
        "i64": torch.tensor([-(2**53) - 1, 5]),
        "i32": torch.tensor([[1], [-2]], dtype=torch.int32),
        "i16": torch.tensor([-300], dtype=torch.int16),
        "i8": torch.tensor([-3], dtype=torch.int8),
        "u8": torch.tensor([0, 255], dtype=torch.uint8),
        "bool": torch.tensor([True, False]),
    }
    torch.save(integers, FIXTURES / "state-dict-integers.pt")


def safetensors_file():
    tensors = {
        "f32": torch.tensor([[1.5, -2.0], [0.1, 3e38]]),
        "f64": torch.tensor([0.1], dtype=torch.float64),
        "f16": torch.tensor([1.5, -65504.0], dtype=torch.float16),
        "bf16": torch.tensor([1.5, -3e38], dtype=torch.bfloat16),
        "i64": torch.tensor([-(2**53) - 1]),
        "u8": torch.tensor([0, 255], dtype=torch.uint8),
        "bool": torch.tensor([True, False]),
        "scalar": torch.tensor(2, dtype=torch.int32),
    }
    safetensors.torch.save_file(tensors, FIXTURES / "tensors.safetensors", {"made-by": "safetensors"})


if __name__ == "__main__":
    FIXTURES.mkdir(parents=True, exist_ok=True)
    nasbench201()
    state_dicts()
    safetensors_file()
