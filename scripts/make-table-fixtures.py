"""Makes test/fixtures/tables: ground-truth tables of a few architectures, in the forms that Python projects publish.

    pip install numpy torch nats_bench nas-bench-201
    python scripts/make-table-fixtures.py test/fixtures/tables

The values are random. `nasbench201_dict.npy` has the form of the file that PA&DA's release reads; `NATS-tss.pickle.pbz2`
and the folder `NATS-tss-simple` are written with the classes and the `pickle_save` of nats_bench, `NAS-Bench-201.pth`
with those of nas_201_api. `expected.json` is what the two packages themselves answer about their files, so that a test
compares two readers. Learning curves have 3 and 5 epochs in place of 12 and 200.
"""

import json
import pickle
import random
import sys
from collections import OrderedDict
from pathlib import Path

import numpy as np
import torch

OPS = ["none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3"]
OUT = Path(sys.argv[1])
COUNT = 12
random.seed(7)
torch.manual_seed(7)
PATHS = random.sample([[i // 5**k % 5 for k in range(6)] for i in range(5**6)], COUNT)
COLUMNS = [f"{data}_{split}" for data in ("cifar10", "cifar100", "imagenet16") for split in ("train", "valid", "test")]


def arch(path):
    a, b, c, d, e, f = (OPS[i] for i in path)
    return f"|{a}~0|+|{b}~0|{c}~1|+|{d}~0|{e}~1|{f}~2|"


def accuracy():
    return round(random.uniform(10, 95), 2)


def adjacency(path):
    matrix = np.triu(np.ones((4, 4)), 1)
    for op, (source, target) in zip(path, [(0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3)]):
        matrix[source][target] = op != 0
    return matrix


def numpy_dictionary():
    table = {}
    for i, path in enumerate(PATHS):
        # The release's script leaves the line feed of the text that it was made from.
        entry = {"arch": arch(path) + "\n", "adj_matrix": adjacency(path), "operation": path}
        entry.update({column: accuracy() for column in COLUMNS})
        table[str(i)] = entry
    np.save(OUT / "nasbench201_dict.npy", table)
    scalars = {
        str(i): {"operation": np.array(entry["operation"]), "cifar10_test": np.float64(entry["cifar10_test"])}
        for i, entry in table.items()
    }
    np.save(OUT / "nasbench201_scalars.npy", scalars)
    return [[entry["operation"], entry["cifar10_test"], entry["imagenet16_valid"]] for entry in table.values()]


def dictionaries():
    """Pickles with an entry per architecture, as smaller tables of NAS-Bench-201 are passed around."""
    plain = {arch(path): {"cifar10_test": accuracy(), "params": 0.5} for path in PATHS}
    nested = {
        arch(path): {
            "cifar10": {"test": np.float32(accuracy()), "eval_acc1es": [1.0, 2.0, accuracy()], "config": {"C": 16, "name": "x"}},
            "cifar10-valid": {"eval_acc1es": np.array([1.0, accuracy()])},
        }
        for path in PATHS
    }
    numbers = {tuple(path): accuracy() for path in PATHS}
    for name, table in (("plain", plain), ("nested", nested), ("numbers", numbers)):
        for protocol in (2, 4):
            with open(OUT / f"{name}-protocol{protocol}.pickle", "wb") as file:
                pickle.dump(table, file, protocol=protocol)
    torch.save(OrderedDict(plain), OUT / "plain.pth")
    return {
        "plain": [[path, plain[arch(path)]["cifar10_test"]] for path in PATHS],
        "nested": [
            [
                path,
                float(nested[arch(path)]["cifar10"]["test"]),
                nested[arch(path)]["cifar10"]["eval_acc1es"][-1],
                float(nested[arch(path)]["cifar10-valid"]["eval_acc1es"][-1]),
            ]
            for path in PATHS
        ],
        "numbers": [[path, numbers[tuple(path)]] for path in PATHS],
    }


SETS = {
    "cifar10-valid": ["x-valid", "ori-test"],
    "cifar10": ["ori-test"],
    "cifar100": ["x-valid", "x-test", "ori-test"],
    "ImageNet16-120": ["x-valid", "x-test", "ori-test"],
}


def results(utils, index, path, epochs, seeds):
    """The results of one architecture under one schedule, built as the benchmark's own scripts build them."""
    info = utils.ArchResults(index, arch(path))
    for dataset, sets in SETS.items():
        for seed in seeds:
            curve = lambda: {epoch: random.uniform(0, 100) for epoch in range(epochs)}
            config = {"channel": 16, "num_cells": 5, "arch_str": arch(path), "class_num": 10}
            one = utils.ResultsCount(dataset, None, curve(), curve(), 0.5, 40.25, config, seed, epochs, [0.01, 0.02])
            one.update_train_info(curve(), curve(), curve(), OrderedDict(curve()))
            names = [f"{name}@{epoch}" for name in sets for epoch in range(epochs)]
            one.update_eval(*({name: random.uniform(0, 100) for name in names} for _ in range(3)))
            info.update(dataset, seed, one)
    return info.state_dict()


def asked(api, paths, schedules):
    """What the package answers: mean accuracies of the last epoch by schedule, data set and split."""
    answers = []
    for index, path in enumerate(paths):
        answer = {"path": path}
        for suffix, schedule in schedules.items():
            for dataset, name in (("cifar10", "cifar10"), ("cifar100", "cifar100"), ("ImageNet16-120", "imagenet16_120")):
                info = schedule(api, index, dataset)
                answer[f"{name}_train{suffix}"] = info["train-accuracy"]
                answer[f"{name}_test{suffix}"] = info["test-accuracy"]
                valid = schedule(api, index, "cifar10-valid" if dataset == "cifar10" else dataset)
                answer[f"{name}_valid{suffix}"] = valid["valid-accuracy"]
        answers.append(answer)
    return answers


def nats_bench():
    import nats_bench
    from nats_bench import api_utils

    paths = PATHS[:3]
    infos = {
        index: OrderedDict(
            (("12", results(api_utils, index, path, 3, [777])), ("200", results(api_utils, index, path, 5, [777, 888][: 1 + index % 2])))
        )
        for index, path in enumerate(paths)
    }
    archs = [arch(path) for path in paths]
    whole = {"meta_archs": archs, "arch2infos": infos, "evaluated_indexes": set(infos)}
    api_utils.pickle_save(whole, OUT / "NATS-tss.pickle")
    folder = OUT / "NATS-tss-simple"
    folder.mkdir(exist_ok=True)
    api_utils.pickle_save({"meta_archs": archs}, folder / "meta.pickle")
    for index, info in infos.items():
        api_utils.pickle_save(info, folder / f"{index:06d}.pickle")
    api = nats_bench.create(str(OUT / "NATS-tss.pickle.pbz2"), "tss", fast_mode=False, verbose=False)
    schedule = lambda hp: lambda api, index, dataset: api.get_more_info(index, dataset, hp=hp, is_random=False)
    return asked(api, paths, {"": schedule("200"), "_3epochs": schedule("12")})


def nas_bench_201():
    from nas_201_api import NASBench201API
    from nas_201_api import api_utils

    paths = PATHS[:3]
    infos = {
        index: {"full": results(api_utils, index, path, 5, [777, 999]), "less": results(api_utils, index, path, 3, [777])}
        for index, path in enumerate(paths)
    }
    whole = {"meta_archs": [arch(path) for path in paths], "arch2infos": infos, "evaluated_indexes": set(infos)}
    file = OUT / "NAS-Bench-201.pth"
    # The published files are older than PyTorch's zip format.
    torch.save(whole, file, _use_new_zipfile_serialization=False)
    api = NASBench201API(torch.load(file, weights_only=False), verbose=False)
    schedule = lambda hp: lambda api, index, dataset: api.get_more_info(index, dataset, hp=hp, is_random=False)
    return asked(api, paths, {"": schedule("200"), "_3epochs": schedule("12")})


OUT.mkdir(parents=True, exist_ok=True)
expected = {"dictionary": numpy_dictionary(), **dictionaries(), "nats": nats_bench(), "nasBench201": nas_bench_201()}
(OUT / "expected.json").write_text(json.dumps(expected) + "\n")
