/** The page of `pada-native watch`: what the server tells goes into a store, and the views draw the store. */
import { onSchemeChange } from './colors.js'
import { connect } from './connection.js'
import { CurvesView } from './curves.js'
import { DistributionView } from './distribution.js'
import { byId, setText } from './elements.js'
import { ResultsView } from './results.js'
import { RunsTable } from './runs-table.js'
import { Selection } from './selection.js'
import { Store } from './store.js'

const store = new Store()
// The rule by which runs are chosen is in the address, so that a bookmark keeps it.
const selection = new Selection(location.hash.slice(1))
const curves = new CurvesView(byId('curves'))
const distributions = new DistributionView(byId('paths'))
const results = new ResultsView(byId('results'))
const table = new RunsTable(byId('runs'), {
  toggled: (id, on) => choose(() => selection.toggle(id, on)),
  colorOf: (id) => selection.colorOf(id),
})

/** What is known of the server. */
let server = { lost: false, words: 'Connecting …' }
/** Why the last drawing failed; empty if it did not. */
let failure = ''

const { refresh } = connect(store, {
  wanted: () => selection.update(store).map(({ id }) => id),
  changed: drawSoon,
  status(connected) {
    server = { lost: !connected, words: connected ? 'Live' : 'The server does not answer; trying again …' }
    tell()
  },
})

for (const button of document.querySelectorAll('button[data-select]')) {
  const rule = button.getAttribute('data-select') ?? ''
  button.addEventListener('click', () => {
    history.replaceState(undefined, '', `#${rule}`)
    choose(() => selection.choose(rule))
  })
}
onSchemeChange(() => {
  curves.forget()
  distributions.forget()
  drawSoon()
})

/** @param {() => void} change */
function choose(change) {
  change()
  refresh()
  drawSoon()
}

/** True from the decision to draw until it is painted. */
let due = false
/** Whether anything has changed since the last drawing began. */
let again = false
/** When the page may be drawn again: drawing takes at most half of the time. */
let rested = 0

/** Draws once per frame or less often, however many messages come. */
function drawSoon() {
  again = true
  if (due) return
  due = true
  setTimeout(() => requestAnimationFrame(drawNow), Math.max(0, rested - performance.now()))
}

function drawNow() {
  again = false
  const began = performance.now()
  try {
    draw()
    failure = ''
  } catch (error) {
    // What comes next may be drawn again.
    failure = `The page cannot be drawn: ${error instanceof Error ? error.message : error}`
    reportError(error)
  }
  tell()
  // The browser paints after this, which takes longer than what is done here: the frame after it tells how long.
  requestAnimationFrame(() => {
    const ended = performance.now()
    rested = ended + (ended - began)
    due = false
    if (again) drawSoon()
  })
}

function tell() {
  byId('status').classList.toggle('lost', server.lost || failure !== '')
  setText(byId('status'), server.lost ? server.words : failure || server.words)
}

function draw() {
  const chosen = selection.update(store)
  setText(byId('folder'), store.folder)
  const states = [...store.runs.values()].map(({ overview }) => overview.state)
  const counts = ['running', 'finished', 'stopped', 'failed'].map((state) => [
    states.filter((one) => one === state).length,
    state,
  ])
  const words = counts.filter(([count]) => count !== 0).map((count) => count.join(' '))
  setText(byId('counts'), words.join(' · '))
  document.title = `${words.join(' · ') || 'no runs'} – pada-native`
  const empty = states.length === 0 && store.plans.length === 0
  byId('empty').hidden = !empty || store.instance === ''
  byId('runs').hidden = empty
  table.draw(store)
  show('curves', curves.draw(store, chosen))
  // For those who measure: the rows that are drawn, and the runs that have some.
  const rows = chosen.map(({ id }) => store.runs.get(id)?.epochs.rows ?? 0)
  byId('curves').dataset.rows = String(rows.reduce((sum, n) => sum + n, 0))
  byId('curves').dataset.runs = String(rows.filter((n) => n > 0).length)
  show('paths', distributions.draw(store, chosen))
  show('results', results.draw(store, chosen))
}

/**
 * @param {string} id
 * @param {boolean} visible
 */
function show(id, visible) {
  const section = byId(id).closest('section')
  if (section !== null) section.hidden = !visible
}
