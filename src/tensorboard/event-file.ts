/**
 * The event files of TensorBoard: TFRecords of `Event` messages, as in tensorboard/compat/proto/event.proto and
 * summary.proto, and plugins/hparams/plugin_data.proto.
 */
import { PbfWriter } from 'pbf'
import { writeTfRecord } from '../formats/tfrecord.js'
import type { Histogram } from './histogram.js'

/** The version of the format, which the first event of a file names. */
const VERSION = 'brain.Event:2'
/** SessionLog.START in event.proto: TensorBoard drops what it has read of the folder before. */
const START = 1
/** Tag and plugin of hyperparameters. */
const HPARAMS_TAG = '_hparams_/session_start_info'
const HPARAMS_PLUGIN = 'hparams'
/** DT_FLOAT in types.proto. */
const FLOAT = 1
/** Number of channels of an image with colours and no transparency. */
const RGB = 3

export type Hyperparameter = number | string | boolean

/** A PNG, and its size in pixels. */
export interface Picture {
  readonly png: Uint8Array
  readonly width: number
  readonly height: number
}

/** One event: when it was, in seconds since 1970, the step that it belongs to, and what it has, by tag. */
export interface TensorboardEvent {
  readonly time: number
  readonly step: number
  readonly scalars?: ReadonlyMap<string, number>
  readonly histograms?: ReadonlyMap<string, Histogram>
  readonly pictures?: ReadonlyMap<string, Picture>
  /** Settings by name, which the tab of hyperparameters shows; once in a file. */
  readonly hyperparameters?: ReadonlyMap<string, Hyperparameter>
}

/** The bytes of an event file. Records of {@link encodeEvent} may follow. */
export function encodeEventFile(events: readonly TensorboardEvent[]): Buffer {
  const time = events[0]?.time ?? 0
  const version = message((pbf) => {
    pbf.writeDoubleField(1, time)
    pbf.writeStringField(3, VERSION)
  })
  const start = message((pbf) => {
    pbf.writeDoubleField(1, time)
    write(pbf, 7, (session) => session.writeVarintField(1, START))
  })
  return Buffer.concat([writeTfRecord(version), writeTfRecord(start), ...events.map(encodeEvent)])
}

/** The record of an event. */
export function encodeEvent(event: TensorboardEvent): Buffer {
  const { time, step, scalars = new Map(), histograms = new Map(), pictures = new Map(), hyperparameters } = event
  return writeTfRecord(
    message((pbf) => {
      pbf.writeDoubleField(1, time)
      pbf.writeVarintField(2, step)
      write(pbf, 5, (summary) => {
        const add = (tag: string, content: (value: PbfWriter) => void) =>
          write(summary, 1, (value) => {
            value.writeStringField(1, tag)
            content(value)
          })
        for (const [tag, number] of scalars) add(tag, (value) => value.writeFloatField(2, number))
        for (const [tag, picture] of pictures) add(tag, (value) => write(value, 4, (pbf) => writePicture(pbf, picture)))
        for (const [tag, histogram] of histograms)
          add(tag, (value) => write(value, 5, (pbf) => writeHistogram(pbf, histogram)))
        if (hyperparameters !== undefined) {
          add(HPARAMS_TAG, (value) => writeSession(value, time, hyperparameters))
        }
      })
    }),
  )
}

/** `Summary.Image`. */
function writePicture(pbf: PbfWriter, { png, width, height }: Picture): void {
  pbf.writeVarintField(1, height)
  pbf.writeVarintField(2, width)
  pbf.writeVarintField(3, RGB)
  pbf.writeBytesField(4, png)
}

/** `HistogramProto`. */
function writeHistogram(pbf: PbfWriter, { min, max, count, sum, sumOfSquares, limits, counts }: Histogram): void {
  for (const [i, value] of [min, max, count, sum, sumOfSquares].entries()) pbf.writeDoubleField(i + 1, value)
  pbf.writePackedDouble(6, [...limits])
  pbf.writePackedDouble(7, [...counts])
}

/** A value whose metadata has a `SessionStartInfo`, and a tensor of no elements. */
function writeSession(pbf: PbfWriter, time: number, parameters: ReadonlyMap<string, Hyperparameter>): void {
  const content = message((data) =>
    write(data, 3, (start) => {
      for (const [name, value] of parameters) {
        write(start, 1, (entry) => {
          entry.writeStringField(1, name)
          write(entry, 2, (any) => writeAny(any, value))
        })
      }
      start.writeDoubleField(5, time)
    }),
  )
  write(pbf, 8, (tensor) => {
    tensor.writeVarintField(1, FLOAT)
    write(tensor, 2, (shape) => write(shape, 2, () => {}))
  })
  write(pbf, 9, (metadata) =>
    write(metadata, 1, (plugin) => {
      plugin.writeStringField(1, HPARAMS_PLUGIN)
      plugin.writeBytesField(2, content)
    }),
  )
}

/** A `google.protobuf.Value`. */
function writeAny(pbf: PbfWriter, value: Hyperparameter): void {
  if (typeof value === 'number') pbf.writeDoubleField(2, value)
  else if (typeof value === 'string') pbf.writeStringField(3, value)
  else pbf.writeBooleanField(4, value)
}

/** Writes a field that is a message. */
function write(pbf: PbfWriter, field: number, content: (inner: PbfWriter) => void): void {
  pbf.writeMessage(field, (_, inner) => content(inner), undefined)
}

function message(content: (pbf: PbfWriter) => void): Uint8Array {
  const pbf = new PbfWriter()
  content(pbf)
  return pbf.finish()
}
