// What a network that knows digits is worth on clothes: docs/data/transfer.json, and the same as a table.
// Run after `npm run build`: npm run transfer -- [--steps N] [--seeds 1,2,3,4,5] [--from FOLDER] [--out FILE]
// The digits network is trained on Fashion-MNIST, its images made 16 x 16 by a bilinear filter (what the bundled weights were
// trained for: as many tokens, a third of the work), once from fresh weights and once from the bundled ones with a fresh
// classifier: the same steps on the same samples in the same order. It is tested on the first 500 test images, batch norm's
// statistics taken from one batch: those that it records need more steps than these. FOLDER has the four files, as Debian's
// package dataset-fashion-mnist puts them. What is in the file already is not done again.
import { access, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { folderData } from '../dist/cli/dataset.js'
import { wasm } from '../dist/compiled/interpreter.js'
import { resizePlanes } from '../dist/input/resample.js'
import { digits as config } from '../dist/model/config.js'
import { bundledCheckpoint } from '../dist/node/bundled.js'
import { readSafetensors } from '../dist/node/files.js'
import { writeFileAtomically } from '../dist/node/write.js'
import { batchOf, gathered } from '../dist/tasks/training/batches.js'
import { descend } from '../dist/tasks/training/descent.js'
import { draws, shuffled } from '../dist/tasks/training/draws.js'
import { accuracyOf } from '../dist/tasks/training/epoch.js'
import { noMoments } from '../dist/tasks/training/optimiser.js'
import { rateOf, recipes } from '../dist/tasks/training/recipe.js'
import { learnBy } from '../dist/tasks/training/step.js'
import { freshWeights, transferred } from '../dist/tasks/training/weights.js'
import { engine, right, rounded, withStatistics } from './statistics.mjs'

const { values } = parseArgs({
  options: {
    steps: { type: 'string', default: '45' },
    seeds: { type: 'string', default: '1,2,3,4,5' },
    from: { type: 'string', default: '/usr/share/datasets/fashion-mnist' },
    out: { type: 'string', default: fileURLToPath(new URL('../docs/data/transfer.json', import.meta.url)) },
  },
})

const [BATCH, TESTED, RATE, MEASURED] = [32, 500, 1e-3, 256]
const steps = Number(values.steps)
/** After how many steps it is tested. */
const places = [Math.round(steps / 3), Math.round((2 * steps) / 3), steps]

if (
  !(await access(values.from).then(
    () => true,
    () => false,
  ))
) {
  console.error(
    `${values.from} is not there: install Debian's dataset-fashion-mnist, or say where its files are with --from`,
  )
  process.exit(1)
}

const { training, test } = right(await right(await folderData(values.from)()).load(config)())

/** Samples of a data set at the network's size. */
const reduced = ({ shape, data, labels }, samples) => {
  const [, height, width] = shape
  const size = height * width
  const resize = resizePlanes({ height, width }, config.image)
  const small = samples.map((i) => resize(Float64Array.from(data.subarray(i * size, (i + 1) * size))))
  return {
    shape: [1, config.image.height, config.image.width],
    data: Float32Array.from(small.flatMap((image) => [...image])),
    labels: samples.map((i) => labels[i]),
  }
}

const range = (length) => Array.from({ length }, (_, i) => i)
const tested = reduced(test, range(TESTED))
const measuring = gathered(reduced(training, range(MEASURED)), range(MEASURED))
const bundled = right(await readSafetensors(right(await bundledCheckpoint()))()).tensors
const recipe = {
  ...recipes.digits,
  epochs: steps,
  batch: BATCH,
  rate: RATE,
  warmup: { epochs: 5, from: 1e-5 },
  shift: 0,
}

/** The accuracy after some steps, from these weights. */
const trained = (seed, beginning) => {
  const order = shuffled(training.labels.length, draws('transfer order', seed)).slice(0, steps * BATCH)
  const met = reduced(training, order)
  const learning = learnBy(engine.trace, config, recipe.loss)
  const stepping = descend(config, recipe.optimiser)
  const batch = batchOf(config, recipe.smoothing)
  const accuracies = []
  let state = { weights: beginning, moments: noMoments }
  for (let step = 0; step < steps; step++) {
    const samples = range(BATCH).map((i) => step * BATCH + i)
    const learned = learning(state.weights, right(batch(met, samples)))
    state = right(stepping(rateOf(recipe)(step), state.weights, state.moments, right(learned)))
    if (places.includes(step + 1)) {
      const weights = withStatistics(config, recipe.scaling, state.weights, measuring)
      accuracies.push(rounded(right(accuracyOf(wasm(), config)(weights, tested))))
    }
  }
  return accuracies
}

const settings = { steps: places, batch: BATCH, rate: RATE, tested: TESTED }
const before = JSON.parse(await readFile(values.out, 'utf8').catch(() => '{"runs":[]}'))
const same = Object.entries(settings).every(([key, value]) => JSON.stringify(before[key]) === JSON.stringify(value))
const runs = same ? before.runs : []
for (const seed of values.seeds.split(',').map(Number))
  for (const from of ['digits', 'scratch']) {
    if (runs.some((run) => run.seed === seed && run.from === from)) continue
    const beginning = from === 'scratch' ? freshWeights(config, seed) : right(transferred(config, seed)(bundled))
    runs.push({ seed, from, accuracies: trained(seed, beginning) })
    right(await writeFileAtomically(values.out, `${JSON.stringify({ ...settings, runs }, null, 1)}\n`)())
    console.error(`seed ${seed} from ${from}: ${runs.at(-1).accuracies.join(', ')}`)
  }

/** Mean and spread: the deviation over n - 1. */
const cell = (shares) => {
  const mean = shares.reduce((a, b) => a + b, 0) / shares.length
  const spread = Math.sqrt(shares.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (shares.length - 1))
  return `${(100 * mean).toFixed(1)} ± ${(100 * spread).toFixed(1)} %`
}
console.log(`| steps | ${places.join(' | ')} |`)
console.log(`|---|${places.map(() => '---').join('|')}|`)
for (const from of ['digits', 'scratch']) {
  const own = runs.filter((run) => run.from === from)
  const cells = places.map((_, i) => cell(own.map(({ accuracies }) => accuracies[i])))
  console.log(`| from ${from === 'digits' ? 'the bundled digits' : 'scratch'} | ${cells.join(' | ')} |`)
}
