/**
 * The event files of TensorBoard: TFRecords of `Event` messages, as in tensorboard/compat/proto/event.proto and
 * summary.proto, and plugins/hparams/plugin_data.proto.
 */
import { PbfWriter } from 'pbf'
import { writeTfRecord } from '../formats/tfrecord.js'

/** The version of the format, which the first event of a file names. */
const VERSION = 'brain.Event:2'
/** Tag and plugin of hyperparameters. */
const HPARAMS_TAG = '_hparams_/session_start_info'
const HPARAMS_PLUGIN = 'hparams'
/** DT_FLOAT in types.proto. */
const FLOAT = 1

export type Hyperparameter = number | string | boolean

/** One event: when it was, in seconds since 1970, the step that it belongs to, and what it has. */
export interface TensorboardEvent {
  readonly time: number
  readonly step: number
  /** Numbers by tag. */
  readonly scalars?: ReadonlyMap<string, number>
  /** Settings by name, which the tab of hyperparameters shows; once in a file. */
  readonly hyperparameters?: ReadonlyMap<string, Hyperparameter>
}

/** The bytes of an event file. */
export function encodeEventFile(events: readonly TensorboardEvent[]): Buffer {
  const first = writeTfRecord(
    message((pbf) => {
      pbf.writeDoubleField(1, events[0]?.time ?? 0)
      pbf.writeStringField(3, VERSION)
    }),
  )
  return Buffer.concat([first, ...events.map((event) => writeTfRecord(encodeEvent(event)))])
}

function encodeEvent({ time, step, scalars = new Map(), hyperparameters }: TensorboardEvent): Uint8Array {
  return message((pbf) => {
    pbf.writeDoubleField(1, time)
    pbf.writeVarintField(2, step)
    pbf.writeMessage(
      5,
      (_, summary) => {
        for (const [tag, value] of scalars) {
          summary.writeMessage(
            1,
            (_, one) => {
              one.writeStringField(1, tag)
              one.writeFloatField(2, value)
            },
            undefined,
          )
        }
        if (hyperparameters !== undefined)
          summary.writeMessage(1, (_, one) => writeSession(one, time, hyperparameters), undefined)
      },
      undefined,
    )
  })
}

/** A `Summary.Value` whose metadata has a `SessionStartInfo`, and a tensor of no elements in the place of a value. */
function writeSession(pbf: PbfWriter, time: number, parameters: ReadonlyMap<string, Hyperparameter>): void {
  const content = message((data) => {
    data.writeMessage(
      3,
      (_, start) => {
        for (const [name, value] of parameters) {
          start.writeMessage(
            1,
            (_, entry) => {
              entry.writeStringField(1, name)
              entry.writeMessage(2, (_, any) => writeAny(any, value), undefined)
            },
            undefined,
          )
        }
        start.writeDoubleField(5, time)
      },
      undefined,
    )
  })
  pbf.writeStringField(1, HPARAMS_TAG)
  pbf.writeMessage(
    8,
    (_, tensor) => {
      tensor.writeVarintField(1, FLOAT)
      tensor.writeMessage(2, (_, shape) => shape.writeMessage(2, () => {}, undefined), undefined)
    },
    undefined,
  )
  pbf.writeMessage(
    9,
    (_, metadata) => {
      metadata.writeMessage(
        1,
        (_, plugin) => {
          plugin.writeStringField(1, HPARAMS_PLUGIN)
          plugin.writeBytesField(2, content)
        },
        undefined,
      )
    },
    undefined,
  )
}

/** A `google.protobuf.Value`. */
function writeAny(pbf: PbfWriter, value: Hyperparameter): void {
  if (typeof value === 'number') pbf.writeDoubleField(2, value)
  else if (typeof value === 'string') pbf.writeStringField(3, value)
  else pbf.writeBooleanField(4, value)
}

function message(write: (pbf: PbfWriter) => void): Uint8Array {
  const pbf = new PbfWriter()
  write(pbf)
  return pbf.finish()
}
