/** The curves of training as a drawing: the loss, and the accuracies. @module */
import type { Metrics } from './epoch.js'

const [WIDTH, HEIGHT, MARGIN] = [640, 320, 44]

/** A curve through one value an epoch, between the ends of its axis. */
const curve = (values: readonly number[], most: number, colour: string, dashes: string): string => {
  const x = (epoch: number): number => MARGIN + ((WIDTH - 2 * MARGIN) * epoch) / Math.max(1, values.length - 1)
  const y = (value: number): number => HEIGHT - MARGIN - ((HEIGHT - 2 * MARGIN) * value) / most
  const points = values.map((value, epoch) => `${x(epoch).toFixed(1)},${y(value).toFixed(1)}`).join(' ')
  return `<polyline points="${points}" fill="none" stroke="${colour}" stroke-width="2"${dashes}/>`
}

const label = (x: number, y: number, anchor: string, colour: string, text: string): string =>
  `<text x="${x}" y="${y}" text-anchor="${anchor}" fill="${colour}">${text}</text>`

/**
 * The loss (left axis) and the accuracies on training and test data (right axis) over the epochs, as SVG.
 *
 * @example
 * curves([{ epoch: 1, rate: 1e-3, loss: 2, accuracy: 0.5, testAccuracy: null }]).startsWith('<svg') // => true
 */
export const curves = (history: readonly Metrics[]): string => {
  const most = Math.max(...history.map(({ loss }) => loss), 0) || 1
  const tested = history.flatMap(({ testAccuracy }) => (testAccuracy === null ? [] : [testAccuracy]))
  const [red, blue, grey, end, base] = ['#b3261e', '#1f5fa8', '#666', WIDTH - MARGIN, HEIGHT - MARGIN]
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">
<title>Loss and accuracy over ${history.length} epochs</title>
<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>
<path d="M${MARGIN} ${MARGIN}V${base}H${end}V${MARGIN}" fill="none" stroke="${grey}"/>
${curve(
  history.map(({ loss }) => loss),
  most,
  red,
  '',
)}
${curve(
  history.map(({ accuracy }) => accuracy),
  1,
  blue,
  ' stroke-dasharray="4 3"',
)}
${tested.length === 0 ? '' : curve(tested, 1, blue, '')}
${label(MARGIN - 6, MARGIN + 4, 'end', red, most.toFixed(2))}
${label(MARGIN - 6, base + 4, 'end', red, '0')}
${label(end + 6, MARGIN + 4, 'start', blue, '100 %')}
${label(end + 6, base + 4, 'start', blue, '0 %')}
${label(MARGIN, MARGIN - 14, 'start', red, 'loss')}
${label(end, MARGIN - 14, 'end', blue, tested.length === 0 ? 'accuracy' : 'accuracy on test data; dashed: on training data')}
${label(WIDTH / 2, HEIGHT - 14, 'middle', grey, `epoch 1 to ${history.length}`)}
</svg>
`
}
