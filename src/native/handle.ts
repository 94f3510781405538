import type { RawHandle } from './raw.js'

/** Its name appears in the error of an attempt to post a handle to another thread. */
function handlesStayInTheirThread() {}

/**
 * Handle of a native object. It belongs to the thread that made it: posting it to another thread throws a
 * DataCloneError. A handle that is not disposed is freed when it becomes unreachable, or when its thread ends.
 */
export abstract class Handle<Raw extends RawHandle> implements Disposable {
  /** @internal */
  readonly raw: Raw
  /**
   * Prevents copies, which would lack the native object: an object that holds a function cannot be cloned.
   *
   * @internal
   */
  readonly thread = handlesStayInTheirThread

  /** @internal */
  constructor(raw: Raw) {
    this.raw = raw
  }

  /** Frees the native memory. Running calls keep it until they finish. Disposing again does nothing. */
  dispose(): void {
    this.raw.dispose()
  }

  /** {@link dispose}, for `using`. */
  [Symbol.dispose](): void {
    this.dispose()
  }
}
