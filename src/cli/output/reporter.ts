/** What commands report their work to. */
import type { RetrainEvent } from '../../retraining/events.js'
import type { SearchEvent } from '../../search/events.js'

/** An event of a search or of a retraining. */
export type ReportedEvent = SearchEvent | RetrainEvent

/** Reports a search or a retraining to a person or a program. */
export interface Reporter extends Disposable {
  /** Writes a line for people, such as the progress of the set-up. */
  say(line: string): void
  event(event: ReportedEvent): void
  /** Restores the terminal. */
  [Symbol.dispose](): void
}
