/** Milliseconds before the page tries again after the server refused it. The browser tries again by itself otherwise. */
const RETRY = 2000
/** Requests at a time: browsers open six connections, and the stream of events has one. */
const AT_ONCE = 4

/**
 * Keeps a store up to date.
 *
 * @param {import('./store.js').Store} store
 * @param {{ wanted: () => Iterable<string>, changed: () => void, status: (connected: boolean) => void }} page
 * @returns {{ refresh: () => void }} `refresh` asks for what the wanted runs lack.
 */
export function connect(store, { wanted, changed, status }) {
  /** @type {Set<string>} */
  const asked = new Set()

  const refresh = () => {
    for (const lack of store.lacks(wanted())) {
      if (asked.size >= AT_ONCE) return
      const key = `${lack.series} ${lack.run}`
      if (asked.has(key)) continue
      asked.add(key)
      const query = new URLSearchParams({ run: lack.run, series: lack.series, from: String(lack.from) })
      fetch(`/api/series?${query}`)
        .then(async (response) => {
          if (response.ok) store.fill(lack, await response.arrayBuffer())
          asked.delete(key)
          changed()
          // A run that has just gone lacks nothing; anything else is asked for again by the next message.
          if (response.ok) refresh()
        })
        .catch(() => asked.delete(key))
    }
  }

  const open = () => {
    const events = new EventSource('/api/events')
    events.onmessage = ({ data }) => {
      store.apply(JSON.parse(data))
      refresh()
      changed()
    }
    events.onopen = () => status(true)
    events.onerror = () => {
      status(false)
      if (events.readyState === EventSource.CLOSED) setTimeout(open, RETRY)
    }
  }
  open()
  return { refresh }
}
