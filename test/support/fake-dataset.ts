import type { ImageData } from '../../src/native/index.js'
import { journal } from './fake-journal.js'

/** The images of the fake addon. */
export class FakeDataset {
  readonly data: ImageData
  constructor(data: ImageData) {
    this.data = data
    journal.open.add(this)
  }

  dispose() {
    journal.open.delete(this)
  }
}
