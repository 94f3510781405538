/**
 * The ONNX messages that a model needs, and their encoding. Names, numbers and order of fields are the same as in
 * https://github.com/onnx/onnx/blob/main/onnx/onnx.proto. Optional fields that nothing here sets are left out.
 */
import { PbfWriter } from 'pbf'

export interface OnnxModel {
  readonly irVersion: number
  readonly producerName: string
  readonly producerVersion: string
  readonly docString: string
  readonly graph: OnnxGraph
  readonly opsetImport: readonly { readonly domain: string; readonly version: number }[]
  readonly metadataProps: readonly { readonly key: string; readonly value: string }[]
}

export interface OnnxGraph {
  /** In topological order. */
  readonly node: readonly OnnxNode[]
  readonly name: string
  readonly initializer: readonly OnnxTensor[]
  readonly input: readonly OnnxValueInfo[]
  readonly output: readonly OnnxValueInfo[]
}

export interface OnnxNode {
  readonly input: readonly string[]
  readonly output: readonly string[]
  readonly name: string
  readonly opType: string
  readonly attribute: readonly OnnxAttribute[]
}

/** Has one of `f`, `i` and `ints`, according to `type`. */
export interface OnnxAttribute {
  readonly name: string
  readonly f?: number
  readonly i?: number
  readonly ints?: readonly number[]
  readonly type: (typeof ATTRIBUTE_TYPE)[keyof typeof ATTRIBUTE_TYPE]
}

export interface OnnxTensor {
  readonly dims: readonly number[]
  readonly dataType: (typeof DATA_TYPE)[keyof typeof DATA_TYPE]
  readonly name: string
  /** Row-major, little-endian. */
  readonly rawData: Uint8Array
}

export interface OnnxValueInfo {
  readonly name: string
  readonly type: { readonly tensorType: { readonly elemType: number; readonly shape: OnnxShape } }
}

interface OnnxShape {
  readonly dim: readonly OnnxDimension[]
}

/** A fixed extent, or the name of an extent that can differ from call to call. */
interface OnnxDimension {
  readonly dimValue?: number
  readonly dimParam?: string
}

/** AttributeProto.AttributeType */
export const ATTRIBUTE_TYPE = { float: 1, int: 2, ints: 7 } as const
/** TensorProto.DataType */
export const DATA_TYPE = { float: 1, int64: 7 } as const

/** Writes one value of a field under the field's number. */
type Field<T> = (value: T, pbf: PbfWriter) => void
type Item<T> = T extends readonly (infer Element)[] ? Element : T
/** A field per property of a message. If a property is a list, its items are written one by one. */
type Fields<Message> = { readonly [Name in keyof Message]-?: Field<Item<NonNullable<Message[Name]>>> }

const int =
  (number: number): Field<number> =>
  (value, pbf) =>
    pbf.writeVarintField(number, value)
const float =
  (number: number): Field<number> =>
  (value, pbf) =>
    pbf.writeFloatField(number, value)
const string =
  (number: number): Field<string> =>
  (value, pbf) =>
    pbf.writeStringField(number, value)
const bytes =
  (number: number): Field<Uint8Array> =>
  (value, pbf) =>
    pbf.writeBytesField(number, value)
const message =
  <Message extends object>(number: number, fields: Fields<Message>): Field<Message> =>
  (value, pbf) =>
    pbf.writeMessage(number, (inner, to) => writeFields(inner, fields, to), value)

const SHAPE: Fields<OnnxShape> = { dim: message<OnnxDimension>(1, { dimValue: int(1), dimParam: string(2) }) }

const VALUE_INFO: Fields<OnnxValueInfo> = {
  name: string(1),
  type: message(2, { tensorType: message(1, { elemType: int(1), shape: message(2, SHAPE) }) }),
}

const TENSOR: Fields<OnnxTensor> = { dims: int(1), dataType: int(2), name: string(8), rawData: bytes(9) }

const ATTRIBUTE: Fields<OnnxAttribute> = { name: string(1), f: float(2), i: int(3), ints: int(8), type: int(20) }

const NODE: Fields<OnnxNode> = {
  input: string(1),
  output: string(2),
  name: string(3),
  opType: string(4),
  attribute: message(5, ATTRIBUTE),
}

const GRAPH: Fields<OnnxGraph> = {
  node: message(1, NODE),
  name: string(2),
  initializer: message(5, TENSOR),
  input: message(11, VALUE_INFO),
  output: message(12, VALUE_INFO),
}

const MODEL: Fields<OnnxModel> = {
  irVersion: int(1),
  producerName: string(2),
  producerVersion: string(3),
  docString: string(6),
  graph: message(7, GRAPH),
  opsetImport: message(8, { domain: string(1), version: int(2) }),
  metadataProps: message(14, { key: string(1), value: string(2) }),
}

/** The bytes of a model's file. They are the same for the same model. */
export function encodeModel(model: OnnxModel): Uint8Array {
  const pbf = new PbfWriter()
  writeFields(model, MODEL, pbf)
  return pbf.finish()
}

function writeFields<Message extends object>(value: Message, fields: Fields<Message>, pbf: PbfWriter): void {
  for (const [name, field] of Object.entries<Field<never>>(fields)) {
    const content: unknown = value[name as keyof Message]
    if (content === undefined) continue
    for (const item of Array.isArray(content) ? content : [content]) field(item as never, pbf)
  }
}
