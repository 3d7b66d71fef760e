// How time grows with the steps, the image, the channels and the firing rate: it should follow the synaptic operations.
import { median, runnerOf, SOPS, sopsOf, subject, timed } from './subject.mjs'

const square = (side) => ({ image: { height: side, width: side } })

/** [what, variant, changes to its configuration, steps] */
const points = [
  ...[1, 2, 4, 8].map((steps) => [`T = ${steps}`, 'ti', {}, steps]),
  ...[96, 160, 224, 288].map((side) => [`image ${side}`, 'ti', square(side), 4]),
  ...['ti', 's', 'm', 'l'].map((variant) => [`channels of ${variant}`, variant, {}, 4]),
  ...[2, 1.5, 1, 0.75].map((threshold) => [`threshold ${threshold}`, 'ti', { threshold }, 4]),
]

export const growth = async (kernels, runs) => {
  const rows = []
  for (const [what, variant, changes, steps] of points) {
    const given = subject(variant, changes)
    const known = steps === 4 && Object.keys(changes).length === 0
    const sops = known ? SOPS[variant] : sopsOf(given, steps)
    const ms = median(await timed(await runnerOf(given, kernels, 1, steps), runs, 2))
    rows.push({ what, sops, ms })
  }
  return rows
}
