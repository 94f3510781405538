/** Replaces the addon by the fake one, whose journal is empty at the start of each test. Import it before src/. */
import { beforeEach, vi } from 'vitest'
import { clearJournal } from './fake-journal.js'

vi.mock('../../src/native/binding.js', async () => {
  const { fakeBinding } = await import('./fake-binding.js')
  return { loadBinding: () => fakeBinding }
})

beforeEach(clearJournal)
