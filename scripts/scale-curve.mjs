// The trained digits network with every attention scale multiplied: docs/data/scale.json, and the same as a table.
// Run after `npm run build`: node scripts/scale-curve.mjs
import { readFile, writeFile } from 'node:fs/promises'
import * as api from 'spikingresformer'
import { laws, runLaws, select } from 'spikingresformer/laws'
import { bundledCheckpoint, bundledDigits } from 'spikingresformer/node'

const DIGITS = 300
const DIAL = [
  1 / 16,
  1 / 11,
  1 / 8,
  1 / 7,
  1 / 5.6,
  1 / 4,
  1 / 2.8,
  1 / 2,
  1 / 1.4,
  0.8,
  0.9,
  1,
  1.1,
  1.25,
  1.4,
  2,
  2.8,
  4,
  5.6,
  8,
  11,
  16,
]

const right = (either) => {
  if (either._tag === 'Left') throw new Error(either.left.map(api.describe).join('\n'))
  return either.right
}

const { test } = api.splitDigits(right(await bundledDigits()))
const { tensors } = right(api.decodeSafetensors(new Uint8Array(await readFile(right(await bundledCheckpoint())))))
const parameters = right(api.parse(api.variants.digits)(tensors))

/** The scale c = 1 / sqrt(f m) is multiplied by `by` where the rate f is divided by its square. */
const dialled = (by) => ({
  ...parameters,
  stages: parameters.stages.map((stage) => ({
    ...stage,
    blocks: stage.blocks.map((block) => ({
      ...block,
      attention: {
        ...block.attention,
        firingRateX: block.attention.firingRateX.map((f) => f / by ** 2),
        firingRateAttn: block.attention.firingRateAttn.map((f) => f / by ** 2),
      },
    })),
  })),
})

const images = test
  .slice(0, DIGITS)
  .map(({ values, label }) => ({ label, image: api.tensor([1, 1, 1, 16, 16], right(api.digitsInput(values)).data) }))

const accuracy = (by) => {
  const run = api.compile()(dialled(by)).still(4)
  const correct = images.filter(({ label, image }) => {
    const { data } = right(run(image))
    const sums = Array.from({ length: 10 }, (_, k) => data[k] + data[10 + k] + data[20 + k] + data[30 + k])
    return sums.indexOf(Math.max(...sums)) === label
  })
  return correct.length / images.length
}

/** What the laws of the scale say of it. */
const verdict = (by) => {
  const c1 = ({ firingRateX, planes }) => firingRateX.map((f) => api.headScale(f, planes / firingRateX.length) * by)
  const c2 = ({ firingRateAttn, tokens }) => firingRateAttn.map((f) => api.headScale(f, tokens) * by)
  const { dstT, dst } = api.reference('float64')
  const rows = runLaws(
    { kernels: { dstT, dst, c1, c2 } },
    select('scale.value')(laws).concat(select('scale.invariance.scores')(laws)),
    { runs: 20 },
  )
  return rows.map((row) => ({ id: row.id, status: row.status, sentence: row.status === 'fail' ? row.sentence : '' }))
}

const places = DIAL.map((by) => ({ by: Math.round(by * 10000) / 10000, accuracy: accuracy(by), verdict: verdict(by) }))
for (const { by, accuracy: share, verdict: rows } of places)
  console.log(
    `| ${by} | ${(share * 100).toFixed(1)} % | ${rows.map(({ id, status }) => `${id}: ${status}`).join(', ')} |`,
  )
await writeFile(
  new URL('../docs/data/scale.json', import.meta.url),
  `${JSON.stringify({ digits: DIGITS, places }, null, 1)}\n`,
)
