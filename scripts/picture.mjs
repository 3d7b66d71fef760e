// Draws docs/images/digit.svg: the bundled network looking at a digit of the test set, layer by layer and step by step.
// Every dot is a value of the float64 trace. Run after `npm run build`: node scripts/picture.mjs
import { writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import {
  decodeSafetensors,
  describe,
  digitsInput,
  forward,
  network,
  parse,
  reference,
  splitDigits,
  tensor,
  variants,
} from '../dist/entry/index.js'
import { tensors as plain, trace, unobserved } from '../dist/entry/interpreters.js'
import { bundledCheckpoint, bundledDigits } from '../dist/node/bundled.js'

const right = (either) => {
  if (either._tag === 'Left') throw new Error(either.left.map(describe).join('\n'))
  return either.right
}

const { test } = splitDigits(right(await bundledDigits()))
const digit = test[0]
const { tensors } = right(decodeSafetensors(new Uint8Array(await readFile(right(await bundledCheckpoint())))))
const parameters = right(parse(variants.digits)(tensors))
const { data: pixels } = right(digitsInput(digit.values))

const kernels = trace(plain, (operation) => operation === 'fire')(reference('float64'))
const steps = 4
const run = forward(network(kernels)(parameters))(steps)
const { value: logits, notes } = run(unobserved(tensor([1, 1, 1, 16, 16], pixels)))

const ink = '#1b3a57'
const spike = '#d1495b'
const round = (x) => Number(x.toFixed(2))
const text = (x, y, words, size = 12, anchor = 'middle') =>
  `<text x="${x}" y="${y}" font-size="${size}" text-anchor="${anchor}" fill="${ink}">${words}</text>`

/** A grid of cells, each as opaque as `value(row, column)` in [0, 1]. */
const grid = (left, top, side, rows, columns, colour, value) => {
  const [w, h] = [side / columns, side / rows]
  const cells = []
  for (let r = 0; r < rows; r++)
    for (let c = 0; c < columns; c++) {
      const opacity = round(value(r, c))
      if (opacity > 0)
        cells.push(
          `<rect x="${round(left + c * w)}" y="${round(top + r * h)}" width="${round(w)}" height="${round(h)}" fill="${colour}" fill-opacity="${opacity}"/>`,
        )
    }
  return `<rect x="${left}" y="${top}" width="${side}" height="${side}" fill="none" stroke="${ink}" stroke-opacity="0.3"/>${cells.join('')}`
}

/** The firing rate over the channels at each position of a feature map, or an attention map's spikes as they are. */
const layers = [
  ['stage 1, neurons', 'layers.0.0.activation_in', 'map'],
  ['attention 16 x 256', 'layers.0.0.activation_attn', 'attention'],
  ['stage 2, neurons', 'layers.1.1.activation_in', 'map'],
  ['stage 3, neurons', 'layers.2.5.activation_in', 'map'],
]

const [side, gap, top] = [92, 28, 64]
const column = (i) => 170 + i * (side + gap)
const parts = [text(72, 40, 'input', 13)]
parts.push(grid(26, top + 1.5 * (side + 12), side, 16, 16, ink, (r, c) => (pixels[r * 16 + c] + 1) / 2))
parts.push(...layers.map(([title], i) => text(column(i) + side / 2, 40, title, 11.5)))
parts.push(text(column(4) + 70, 40, 'logits', 13))
for (let t = 0; t < steps; t++) {
  const y = top + t * (side + 12)
  parts.push(text(column(0) - 8, y + side / 2 + 4, `t = ${t + 1}`, 12, 'end'))
  layers.forEach(([, key, kind], i) => {
    const { shape, data } = notes.get(key).output[0]
    const spikes = /** @type {Uint8Array} */ (data)
    if (kind === 'attention') {
      const [, , , n, positions] = shape
      const dots = []
      for (let r = 0; r < n; r++)
        for (let c = 0; c < positions; c++)
          if (spikes[(t * n + r) * positions + c])
            dots.push(`M${round(column(i) + (c * side) / positions)} ${round(y + (r * side) / n)}v${round(side / n)}`)
      parts.push(grid(column(i), y, side, 1, 1, ink, () => 0))
      parts.push(`<path d="${dots.join('')}" stroke="${spike}" stroke-width="0.5" fill="none"/>`)
    } else {
      const [, , channels, height, width] = shape
      const rate = (r, c) => {
        let sum = 0
        for (let k = 0; k < channels; k++) sum += spikes[((t * channels + k) * height + r) * width + c]
        return Math.min(1, (3 * sum) / channels)
      }
      parts.push(grid(column(i), y, side, height, width, spike, rate))
    }
  })
  const row = logits.data.slice(t * 10, (t + 1) * 10)
  row.forEach((logit, k) => {
    const [x, middle] = [column(4) + 14 + k * 13, y + side * 0.7]
    const height = Math.abs(logit) * 9
    parts.push(
      `<rect x="${x}" y="${round(logit > 0 ? middle - height : middle)}" width="9" height="${round(height)}" fill="${k === digit.label ? spike : ink}"/>`,
    )
    if (t === steps - 1) parts.push(text(x + 4.5, y + side + 2, String(k), 10))
  })
}
const [width, height] = [column(4) + 160, top + steps * (side + 12) + 8]
const title = `The bundled network reads a handwritten ${digit.label}: spikes at four time steps`
writeFileSync(
  new URL('../docs/images/digit.svg', import.meta.url),
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="system-ui, sans-serif" role="img" aria-label="${title}"><title>${title}</title><rect width="100%" height="100%" fill="#fffdf8"/>${parts.join('\n')}</svg>\n`,
)
