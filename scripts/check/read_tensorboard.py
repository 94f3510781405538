"""Reads what TensorBoard's own reader finds in a folder, and what its own messages are as bytes.

    python scripts/check/read_tensorboard.py FOLDER     # scalars and hyperparameters as JSON
    python scripts/check/read_tensorboard.py --bytes    # base64 of the events of test/unit/tensorboard

Called by tensorboard.mjs. Needs the package tensorboard.
"""

import base64
import json
import sys

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.plugins.hparams import plugin_data_pb2
from tensorboard.plugins.hparams.metadata import SESSION_START_INFO_TAG, create_summary_metadata, parse_session_start_info_plugin_data


def read(folder):
    accumulator = EventAccumulator(folder, size_guidance={"scalars": 0})
    accumulator.Reload()
    scalars = {
        tag: [[event.step, event.wall_time, event.value] for event in accumulator.Scalars(tag)]
        for tag in accumulator.Tags()["scalars"]
    }
    content = accumulator.SummaryMetadata(SESSION_START_INFO_TAG).plugin_data.content
    session = parse_session_start_info_plugin_data(content)
    parameters = {name: getattr(value, value.WhichOneof("kind")) for name, value in session.hparams.items()}
    return {"scalars": scalars, "hyperparameters": parameters}


def serialized():
    session = plugin_data_pb2.SessionStartInfo(start_time_secs=1.5)
    session.hparams["seed"].number_value = 3
    metadata = create_summary_metadata(plugin_data_pb2.HParamsPluginData(session_start_info=session))
    # The version of the plugin's data is 0, which is not written.
    parameters = Summary.Value(tag=SESSION_START_INFO_TAG, metadata=metadata)
    parameters.tensor.dtype = 1
    parameters.tensor.tensor_shape.dim.add(size=0)
    loss = Summary.Value(tag="train/loss", simple_value=0.25)
    events = [
        Event(wall_time=1.5, file_version="brain.Event:2"),
        Event(wall_time=1.5, step=1, summary=Summary(value=[loss, parameters])),
    ]
    return [base64.b64encode(event.SerializeToString(deterministic=True)).decode() for event in events]


print(json.dumps(serialized() if sys.argv[1] == "--bytes" else read(sys.argv[1])))
