import type { RawHandle } from './raw.js'

/** What an attempt to post a handle to another thread is refused with, by name. */
function handlesStayInTheirThread() {}

/**
 * What JavaScript holds of something native. It belongs to the thread that made it: posting it to another one throws a
 * DataCloneError. What is not disposed is given back when it can no longer be reached, or when its thread ends.
 */
export abstract class Handle<Raw extends RawHandle> implements Disposable {
  /** @internal */
  readonly raw: Raw
  /**
   * A copy would be an empty shell; an object that holds a function is never copied.
   *
   * @internal
   */
  readonly thread = handlesStayInTheirThread

  /** @internal */
  constructor(raw: Raw) {
    this.raw = raw
  }

  /** Gives the native memory back; calls under way keep it until they are done. Disposing again does nothing. */
  dispose(): void {
    this.raw.dispose()
  }

  /** {@link dispose}, for `using`. */
  [Symbol.dispose](): void {
    this.dispose()
  }
}
