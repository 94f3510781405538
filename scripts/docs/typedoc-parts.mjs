// Tells typedoc which part of the house everything exported belongs to: by the folder that it comes from.
import { Application, CommentTag, Converter } from 'typedoc'

/** Parts in the order of the reference, each with the beginnings of the files that make it up. */
const PARTS = {
  'Searches from beginning to end': ['search/', 'runs/', 'base/errors.ts'],
  Settings: ['config/'],
  'Setting up': ['setup/', 'native/diagnosis.ts'],
  'Search spaces': ['spaces/', 'conformance/'],
  Programs: ['programs/'],
  'Methods and sampling': ['methods/', 'sampling/', 'base/random.ts'],
  Training: ['training/'],
  'Several processes': ['distributed/'],
  'The native supernet': ['native/'],
  'Ranking, costs and latency': ['evaluation/', 'ground-truth/'],
  'Finding sub-models': ['finding/'],
  Retraining: ['retraining/'],
  Experiments: ['experiment/', 'base/statistics.ts'],
  Benchmarks: ['benchmark/'],
  Pictures: ['report/', 'watch/', 'tensorboard/'],
  'Data and weights': ['data/', 'formats/', 'weights/', 'onnx/'],
}

/** @param {import('typedoc').Application} app */
export function load(app) {
  app.on(Application.EVENT_BOOTSTRAP_END, () => app.options.setValue('categoryOrder', Object.keys(PARTS)))
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    for (const reflection of project.children ?? []) {
      const file = project.getSymbolIdFromReflection(reflection)?.packagePath ?? ''
      const [part] = Object.entries(PARTS).find(([, places]) => places.some((at) => file.startsWith(`src/${at}`))) ?? []
      if (part === undefined) throw new Error(`Expected a part for ${reflection.name} of ${file} but found none`)
      // The documentation of a function is that of its signatures.
      for (const { comment } of reflection.signatures ?? [reflection]) {
        comment?.blockTags.push(new CommentTag('@category', [{ kind: 'text', text: part }]))
      }
    }
  })
}
