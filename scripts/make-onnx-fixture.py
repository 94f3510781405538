#!/usr/bin/env python3
"""Write test/fixtures/tiny.onnx: a model as the onnx package makes and encodes it.

    python3 scripts/make-onnx-fixture.py      # needs numpy and onnx

test/unit/onnx/model.test.ts has the same network as a program, whose model must have the same bytes.
"""
import math
import pathlib

import numpy as np
from onnx import TensorProto, checker, helper

FILE = pathlib.Path(__file__).resolve().parent.parent / "test" / "fixtures" / "tiny.onnx"


def weight(name, *shape):
    """Multiples of a quarter, positive as variances are."""
    values = (np.arange(math.prod(shape)) % 7 + 1) / 4
    return helper.make_tensor(name, TensorProto.FLOAT, shape, values.astype("<f4").tobytes(), raw=True)


def integers(name, *values):
    return helper.make_tensor(name, TensorProto.INT64, [len(values)], np.array(values, "<i8").tobytes(), raw=True)


def node(name, *inputs, output=None, **attributes):
    made = helper.make_node(name.split("/")[-1], inputs, [output or name], name=name)
    # make_node itself would sort them by name.
    made.attribute.extend(helper.make_attribute(key, value) for key, value in attributes.items())
    return made


graph = helper.make_graph(
    [
        node(
            "/1/Conv", "images", "conv.weight", "conv.bias",
            kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1], dilations=[1, 1], group=2,
        ),
        node(
            "/2/BatchNormalization", "/1/Conv", "norm.weight", "norm.bias", "norm.running_mean", "norm.running_var",
            epsilon=1e-5,
        ),
        node("/3/Slice", "/2/BatchNormalization", "/3/starts", "/3/ends", "/axes/image"),
        node("/4/GlobalAveragePool", "/3/Slice"),
        node("/4/Flatten", "/4/GlobalAveragePool", axis=1),
        node("/5/Gemm", "/4/Flatten", "head.weight", "head.bias", output="logits", transB=1),
    ],
    "tiny",
    [helper.make_tensor_value_info("images", TensorProto.FLOAT, ["N", 2, 300, 8])],
    [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["N", 3])],
    [
        weight("conv.weight", 4, 1, 3, 3), weight("conv.bias", 4),
        weight("norm.weight", 4), weight("norm.bias", 4),
        weight("norm.running_mean", 4), weight("norm.running_var", 4),
        integers("/3/starts", 1, 0), integers("/3/ends", 150, 4), integers("/axes/image", 2, 3),
        weight("head.weight", 3, 4), weight("head.bias", 3),
    ],
)  # fmt: skip
model = helper.make_model(
    graph,
    ir_version=8,
    opset_imports=[helper.make_opsetid("", 17)],
    producer_name="pada-native",
    producer_version="1.2.3",
    doc_string="Übung",
)
helper.set_model_props(model, {"space": "tiny", "path": "0,1"})
checker.check_model(model, full_check=True)
FILE.write_bytes(model.SerializeToString(deterministic=True))
