/** Which runs and experiments there are in a folder. Both are named by their paths below it. */
import { readdir, readFile, stat } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { PLAN_FILE } from '../experiment/plan-file.js'
import type { PlanOverview } from './messages.js'
import { planOf } from './shapes.js'

/** Folders below the watched one that are looked into: `experiments/NAME/cells/CELL` and one more. */
const DEPTH = 5

/** The runs in a folder, or the folder itself if it is one, and the plans of experiments. */
export async function findRuns(root: string): Promise<{ runs: string[]; plans: PlanOverview[] }> {
  const runs: string[] = []
  const plans: PlanOverview[] = []
  const look = async (folder: string, depth: number) => {
    const entries = await readdir(folder, { withFileTypes: true }).catch(() => [])
    const id = relative(root, folder) || '.'
    const has = (name: string) => entries.some((entry) => entry.name === name)
    if (has('config.yaml') && (has('events.jsonl') || has('checkpoint'))) {
      runs.push(id)
      return
    }
    if (has(PLAN_FILE) && has('cells')) plans.push(...(await readPlan(join(folder, PLAN_FILE), id)))
    if (depth === DEPTH) return
    for (const entry of entries) {
      if (!entry.isDirectory() || entry.name.startsWith('.') || entry.name === 'node_modules') continue
      await look(join(folder, entry.name), depth + 1)
    }
  }
  await look(root, 0)
  return { runs, plans }
}

/** Runs by when they last wrote, the latest first. */
export async function latestFirst(root: string, runs: readonly string[]): Promise<string[]> {
  const timeOf = async (run: string) => (await stat(join(root, run, 'events.jsonl')).catch(() => undefined))?.mtimeMs
  const timed = await Promise.all(runs.map(async (run) => ({ run, time: (await timeOf(run)) ?? 0 })))
  return timed.toSorted((a, b) => b.time - a.time).map(({ run }) => run)
}

/** Whether there is a folder at a place. */
export async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() ?? false
}

async function readPlan(file: string, id: string): Promise<PlanOverview[]> {
  const plan = planOf(await readFile(file, 'utf8').catch(() => ''))
  return plan === undefined ? [] : [{ ...plan, id }]
}
