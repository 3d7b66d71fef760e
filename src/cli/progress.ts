/** A progress bar on the terminal. @module */
import { Presets, SingleBar } from 'cli-progress'
import type { Display } from './patient.js'

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
