/** A progress bar on the terminal, for work that takes longer than a second. @module */
import { Presets, SingleBar } from 'cli-progress'
import type { Bar } from './io.js'

/** How long work may take before a bar appears, in milliseconds. */
const PATIENCE = 1000

/** A bar that shows nothing. */
export const silent: Bar = { advance: () => {}, stop: () => {} }

/**
 * A bar that `start` draws only once the work has taken a second by the clock `now`; work that is quicker leaves no
 * trace.
 */
export const patient =
  (now: () => number, start: (total: number, value: number) => Bar) =>
  (total: number): Bar => {
    const began = now()
    let done = 0
    let bar: Bar | null = null
    return {
      advance: (amount) => {
        done += amount
        if (bar !== null) bar.advance(amount)
        else if (now() - began >= PATIENCE) bar = start(total, done)
      },
      stop: () => bar?.stop(),
    }
  }

/**
 * A bar on a terminal stream, wiped when it stops. It redraws as it advances, without a timer, so it also moves during
 * one long computation; Ctrl-C is left to the system for the same reason.
 */
export const terminalBar =
  (stream: NodeJS.WriteStream) =>
  (total: number, value: number): Bar => {
    const format = '{bar} {percentage} % | {duration_formatted}, {eta_formatted} left'
    const bar = new SingleBar(
      { stream, format, barsize: 32, clearOnComplete: true, gracefulExit: false, hideCursor: null, etaBuffer: 50 },
      Presets.shades_classic,
    )
    bar.start(total, value)
    return { advance: (amount) => bar.increment(amount), stop: () => bar.stop() }
  }
