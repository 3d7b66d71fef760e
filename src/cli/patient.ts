/** Progress that is shown only of work that takes long, on whatever display. @module */
import type { Bar } from './io.js'

/** How long work may take before a bar appears on a terminal, in milliseconds. */
const PATIENCE = 1000

/** A bar on show: where it stands, as a fraction from 0 to 1, and how many seconds are left at the pace so far. */
export interface Display {
  readonly show: (fraction: number, secondsLeft: number) => void
  readonly stop: () => void
}

/**
 * A bar that `open`s its display only once the work has taken so long by the clock `now`, in milliseconds; work that is
 * quicker leaves no trace.
 */
export const patient =
  (now: () => number, open: () => Display, patience = PATIENCE) =>
  (total: number): Bar => {
    const began = now()
    let done = 0
    let display: Display | null = null
    return {
      advance: (amount) => {
        done += amount
        const elapsed = now() - began
        if (elapsed < patience) return
        display ??= open()
        display.show(done / total, ((elapsed / done) * (total - done)) / 1000)
      },
      stop: () => display?.stop(),
    }
  }

/** A display where nothing can be drawn over, such as a file: a line each time another tenth of the work is done. */
export const lineDisplay = (write: (text: string) => unknown) => (): Display => {
  let told = 0
  return {
    show: (fraction, secondsLeft) => {
      const tenths = Math.floor(fraction * 10)
      if (tenths <= told || tenths >= 10) return
      told = tenths
      write(`${10 * tenths} %, ${Math.ceil(Math.max(0, secondsLeft))} s left\n`)
    },
    stop: () => {},
  }
}
