import { describe, expect, it } from 'vitest'
import { DataImportance, mixWithUniform } from '../../../src/sampling/importance.js'

describe('mixWithUniform', () => {
  it('mixes normalised importance and the uniform distribution', () => {
    expect([...mixWithUniform([0, 0, 1, 3, 0], 0.5)]).toEqual([0.1, 0.1, 0.225, 0.475, 0.1])
    expect([...mixWithUniform([5, 1], 0)]).toEqual([0.5, 0.5])
    expect([...mixWithUniform([3, 1], 1)]).toEqual([0.75, 0.25])
  })

  it('is uniform where nothing was observed', () => {
    expect([...mixWithUniform([0, 0, 0, 0], 0.9)]).toEqual([0.25, 0.25, 0.25, 0.25])
  })
})

describe('DataImportance', () => {
  it('keeps the running mean of two, the first sighting as it is', () => {
    const importance = new DataImportance(3, 'running')
    importance.add(Int32Array.of(1), [1])
    importance.add(Int32Array.of(1, 2), [0.5, 0.8])
    importance.add(Int32Array.of(1, 1), [0.25, 0])
    expect([...importance.values]).toEqual([0, (((1 + 0.5) / 2 + 0.25) / 2 + 0) / 2, 0.8])
  })

  it('keeps the arithmetic mean', () => {
    const importance = new DataImportance(2, 'mean')
    importance.add(Int32Array.of(0, 0), [1, 0.5])
    importance.add(Int32Array.of(0), [0.3])
    expect([...importance.values]).toEqual([expect.closeTo(0.6, 12), 0])
  })

  it('starts every epoch from nothing', () => {
    const importance = new DataImportance(1, 'running')
    importance.add(Int32Array.of(0), [1])
    importance.reset()
    importance.add(Int32Array.of(0), [0.5])
    expect([...importance.values]).toEqual([0.5])
  })
})
