import { describe, expect, it } from 'vitest'
import { exposure, firstNode, placeOf } from '../../../src/distributed/place.js'

const TORCHRUN = {
  RANK: '5',
  WORLD_SIZE: '8',
  LOCAL_RANK: '1',
  LOCAL_WORLD_SIZE: '4',
  MASTER_ADDR: 'node01',
  MASTER_PORT: '29400',
}

const SLURM = {
  SLURM_PROCID: '0',
  SLURM_NTASKS: '7',
  SLURM_LOCALID: '0',
  SLURM_NODEID: '2',
  SLURM_STEP_NODELIST: 'gpu[03-05]',
  SLURM_STEP_TASKS_PER_NODE: '2(x2),3',
  SLURM_JOB_ID: '20017',
  SLURM_STEP_ID: '4',
}

describe('the place of a process', () => {
  it('is none if the process was started alone', () => {
    expect(placeOf({})).toBeUndefined()
    // An interactive job of one task.
    expect(placeOf({ ...SLURM, SLURM_NTASKS: '1' })).toBeUndefined()
    // The script of a job of seven tasks, which runs once.
    expect(placeOf({ ...SLURM, SLURM_STEP_ID: undefined })).toBeUndefined()
    expect(placeOf({ ...SLURM, SLURM_STEP_ID: undefined, SLURM_STEP_NUM_TASKS: '7' })?.size).toBe(7)
    expect(placeOf({ ...TORCHRUN, RANK: '0', WORLD_SIZE: '1' })).toBeUndefined()
  })

  it("is torchrun's, whose agent serves the store", () => {
    const place = placeOf({ ...TORCHRUN, TORCHELASTIC_USE_AGENT_STORE: 'True', TORCHELASTIC_RESTART_COUNT: '3' })
    expect(place).toEqual({
      rank: 5,
      size: 8,
      localRank: 1,
      localSize: 4,
      store: { host: 'node01', port: 29_400, isServer: false },
      attempt: '3',
      startedBy: 'torchrun',
    })
  })

  it('serves the store itself if no agent does and it is the first', () => {
    expect(placeOf({ ...TORCHRUN, RANK: '0' })?.store).toMatchObject({ isServer: true })
    expect(placeOf(TORCHRUN)?.store).toMatchObject({ isServer: false })
    expect(placeOf({ ...TORCHRUN, MASTER_PORT: undefined })?.store).toMatchObject({ port: 29_500 })
  })

  it("is SLURM's: the first node, a port of the job, and the tasks of its node", () => {
    expect(placeOf(SLURM)).toEqual({
      rank: 0,
      size: 7,
      localRank: 0,
      localSize: 3,
      store: { host: 'gpu03', port: 15_017, isServer: true },
      attempt: '20017.4',
      startedBy: 'SLURM',
    })
  })

  it("prefers torchrun's variables to those of the SLURM job around it", () => {
    expect(placeOf({ ...SLURM, ...TORCHRUN })?.startedBy).toBe('torchrun')
  })

  it.each([
    ['node1', 'node1'],
    ['node1,node2', 'node1'],
    ['node[03-05,7],other', 'node03'],
    ['a[1]-x,b', 'a1-x'],
    ['tux[7,9]', 'tux7'],
  ])('reads the first node of %s', (list, first) => {
    expect(firstNode(list)).toBe(first)
  })

  it.each([
    [{ RANK: '1' }, 'WORLD_SIZE'],
    [{ ...TORCHRUN, RANK: '8' }, 'a rank below'],
    [{ ...TORCHRUN, RANK: '-1' }, 'a whole number of at least 0'],
    [{ ...TORCHRUN, RANK: '' }, 'a whole number'],
    [{ ...TORCHRUN, MASTER_ADDR: ' ' }, 'MASTER_ADDR'],
    [{ ...SLURM, SLURM_JOB_ID: undefined }, 'SLURM_JOB_ID'],
  ])('refuses %j', (env, message) => {
    expect(() => placeOf(env)).toThrow(message)
  })

  it('warns of a store that other machines reach', () => {
    expect(exposure(placeOf(SLURM)!)).toContain('listens at gpu03:15017')
    expect(exposure(placeOf({ ...SLURM, SLURM_PROCID: '1' })!)).toBeUndefined()
    expect(exposure(placeOf({ ...SLURM, MASTER_ADDR: 'localhost' })!)).toBeUndefined()
    // torchrun's agent, or another process, has the store.
    expect(exposure(placeOf(TORCHRUN)!)).toBeUndefined()
    expect(exposure(placeOf({ ...TORCHRUN, RANK: '0' })!)).toContain('listens at node01:29400')
  })
})
