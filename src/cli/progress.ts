/** A progress bar on the terminal, for work that takes longer than a second. @module */
import { Presets, SingleBar } from 'cli-progress'
import type { Bar } from './io.js'

/** How long work may take before a bar appears, in milliseconds. */
const PATIENCE = 1000

/** A bar on show: where it stands, as a fraction from 0 to 1, and how many seconds are left at the pace so far. */
export interface Display {
  readonly show: (fraction: number, secondsLeft: number) => void
  readonly stop: () => void
}

/**
 * A bar that `open`s its display only once the work has taken a second by the clock `now`, in milliseconds; work that
 * is quicker leaves no trace.
 */
export const patient =
  (now: () => number, open: () => Display) =>
  (total: number): Bar => {
    const began = now()
    let done = 0
    let display: Display | null = null
    return {
      advance: (amount) => {
        done += amount
        const elapsed = now() - began
        if (elapsed < PATIENCE) return
        display ??= open()
        display.show(done / total, ((elapsed / done) * (total - done)) / 1000)
      },
      stop: () => display?.stop(),
    }
  }

/**
 * A display on a terminal stream, wiped when it stops. It is redrawn when it is told to, without a timer, so it also
 * moves during one long computation; it changes no setting of the terminal, so that Ctrl-C is left to the system.
 */
export const terminalDisplay = (stream: NodeJS.WriteStream) => (): Display => {
  const bar = new SingleBar(
    {
      stream,
      format: '{bar} {percentage} %, {left} s left',
      barsize: 32,
      clearOnComplete: true,
      gracefulExit: false,
      hideCursor: null,
      linewrap: true,
    },
    Presets.shades_classic,
  )
  bar.start(1, 0, { left: '' })
  return {
    show: (fraction, secondsLeft) => bar.update(fraction, { left: Math.ceil(Math.max(0, secondsLeft)) }),
    stop: () => bar.stop(),
  }
}
