// What training tells about the scale: docs/data/theory-training.json, which docs/theory-training.md draws.
// Run after `npm run build`: npm run theory -- [--epochs N] [--seeds 1,2] [--scales rates,constant,none] [--folder FOLDER] [--out FILE]
// The digits network is trained with the paper's scale, with the constant 0.125 and with none. After every epoch, and before
// the first, it runs the test digits, and what attention's products make of them is written. Batch norm is as in training, by
// the statistics of a batch: those that it records lag behind in the first epochs. What was done lies in FOLDER (.training):
// a command that was stopped goes on from there, and several may run beside each other, each with seeds or scales of its own.
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { digitsData } from '../dist/cli/dataset.js'
import { wasm } from '../dist/compiled/interpreter.js'
import { describe } from '../dist/core/fault.js'
import { fixedScale, rateKey, scaledBy } from '../dist/interpreters/gradient/training.js'
import { digits as config } from '../dist/model/config.js'
import { forward, network } from '../dist/model/network.js'
import { applyOf, kernelsOf } from '../dist/model/operation.js'
import { parse } from '../dist/model/parameters.js'
import { headScale } from '../dist/model/scaling.js'
import { readSafetensors, writeSafetensors } from '../dist/node/files.js'
import { makeFolder } from '../dist/node/folder.js'
import { writeFileAtomically } from '../dist/node/write.js'
import { gathered } from '../dist/tasks/training/batches.js'
import { epoch, heard, untrained } from '../dist/tasks/training/epoch.js'
import { recipes } from '../dist/tasks/training/recipe.js'
import { resumed, stateFile } from '../dist/tasks/training/state.js'
import { freshWeights } from '../dist/tasks/training/weights.js'
import { engine, right, rounded, withStatistics } from './statistics.mjs'

const SCALES = [
  { name: 'rates', scaling: { kind: 'rates' } },
  { name: 'constant', scaling: { kind: 'constant', factor: 0.125 } },
  { name: 'none', scaling: { kind: 'constant', factor: 1 } },
]

/** Digits that are run together. */
const TOGETHER = 60

const { values } = parseArgs({
  options: {
    epochs: { type: 'string', default: '5' },
    seeds: { type: 'string', default: '1,2' },
    scales: { type: 'string', default: 'rates,constant,none' },
    folder: { type: 'string', default: '.training' },
    out: { type: 'string', default: fileURLToPath(new URL('../docs/data/theory-training.json', import.meta.url)) },
  },
})

/** Kernels that keep what every product takes and gives. */
const noting = (K, notes) => {
  const apply = applyOf(K)
  return kernelsOf((operation, parameters, path) => {
    const run = apply(operation, parameters, path)
    return (...inputs) => {
      const outputs = run(...inputs)
      if (operation === 'dstT' || operation === 'dst')
        notes.push({ operation, path, y: inputs[0], spikes: inputs[1], drive: outputs[0] })
      return outputs
    }
  })
}

/**
 * Sums of a value's numbers and of their squares, one a head; a sample's heads lie one after the other.
 * @param {ReturnType<typeof fresh>} sums
 * @param {import('../dist/entry/index.js').Currents | import('../dist/entry/index.js').Spikes} value
 */
const added = (sums, { shape: [T, B], data }) => {
  const size = data.length / (T * B * sums.length)
  for (let i = 0; i < data.length; i++) {
    const sum = sums[Math.floor(i / size) % sums.length]
    sum.count++
    sum.sum += data[i]
    sum.squares += data[i] * data[i]
  }
}

const fresh = (heads) => Array.from({ length: heads }, () => ({ count: 0, sum: 0, squares: 0 }))

const mean = (numbers) => numbers.reduce((a, b) => a + b, 0) / numbers.length

/** The network on the test digits: how many are right, and every product's moments. */
const measured = (scaling, weights, test) => {
  const parameters = right(parse(config)(heard(scaling, config, weights)))
  const found = new Map()
  let correct = 0
  for (let at = 0; at < test.labels.length; at += TOGETHER) {
    const samples = Array.from({ length: Math.min(TOGETHER, test.labels.length - at) }, (_, i) => at + i)
    const { images, labels } = gathered(test, samples)
    const [I, notes] = [wasm(), []]
    const net = network(noting(scaledBy(scaling)(I.kernels), notes))(parameters)
    const logits = forward(net)(config.steps)(I.fromCurrents(images))
    I.compute([logits, ...notes.flatMap(({ y, spikes, drive }) => [y, spikes, drive])])
    const { data } = I.toCurrents(logits)
    const classes = config.classes
    labels.forEach((label, b) => {
      const sums = Array.from({ length: classes }, (_, k) =>
        Array.from({ length: config.steps }, (_, t) => data[(t * labels.length + b) * classes + k]).reduce(
          (sum, value) => sum + value,
        ),
      )
      if (sums.indexOf(Math.max(...sums)) === label) correct++
    })
    for (const { operation, path, y, spikes, drive } of notes) {
      const [current, fired, product] = [I.toCurrents(y), I.toSpikes(spikes), I.toCurrents(drive)]
      const [, , heads, d, n] = current.shape
      const sums = found.get(path) ?? {
        key: rateKey(operation, path),
        terms: operation === 'dstT' ? d : n,
        ...{ y: fresh(heads), spikes: fresh(heads), drive: fresh(heads) },
      }
      added(sums.y, current)
      added(sums.spikes, fired)
      added(sums.drive, product)
      found.set(path, sums)
    }
  }
  const products = [...found].map(([path, { key, terms, y, spikes, drive }]) => {
    const recorded = Array.from(weights.get(key).data)
    const scale = fixedScale(scaling, recorded.length) ?? recorded.map((f) => headScale(f, terms))
    const average = mean(drive.map(({ sum, count }) => sum / count))
    const rates = spikes.map(({ sum, count }) => sum / count)
    const power = y.map(({ squares, count }) => squares / count)
    return {
      path,
      // Of the spikes on the test digits, and the moving average that the paper's scale is taken from.
      rate: rounded(mean(rates)),
      recorded: rounded(mean(recorded)),
      // The mean square of the currents, which the theorem takes to be 1.
      power: rounded(mean(power)),
      mean: rounded(average),
      variance: rounded(mean(drive.map(({ squares, count }) => squares / count)) - average ** 2),
      // What the mean square of the drive would be, were spikes and currents independent and the currents of mean 0.
      independent: rounded(mean(scale.map((c, head) => c * c * terms * rates[head] * power[head]))),
    }
  })
  return { testAccuracy: rounded(correct / test.labels.length), products }
}

const epochs = Number(values.epochs)
const recipe = { ...recipes.digits, epochs, batch: 32, warmup: { epochs: 0, from: 0 } }
const { version } = JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8'))
const data = right(await right(await digitsData()).load(config)())
/** The batch that batch norm's statistics are of. */
const batch = gathered(
  data.training,
  Array.from({ length: 128 }, (_, i) => i),
)
const root = join(values.folder, `theory-${epochs}`)

/** Everything that was measured, of all scales and seeds. */
const write = async () => {
  const folders = (await readdir(root)).sort()
  const runs = []
  for (const folder of folders)
    runs.push(JSON.parse(await readFile(join(root, folder, 'measured.json'), 'utf8').catch(() => 'null')))
  const whole = {
    ...{ epochs, batch: recipe.batch, rate: recipe.rate, training: data.training.labels.length },
    ...{ test: data.test.labels.length, runs: runs.filter((run) => run !== null) },
  }
  right(await writeFileAtomically(values.out, `${JSON.stringify(whole, null, 1)}\n`)())
}

const train = async ({ name, scaling }, seed) => {
  const folder = join(root, `${name}-${seed}`)
  right(await makeFolder(folder)())
  const [state, notes] = [join(folder, 'state.safetensors'), join(folder, 'measured.json')]
  const plan = { config, recipe: { ...recipe, scaling }, seed, training: data.training, test: null }
  const found = await readSafetensors(state)()
  let trained = found._tag === 'Right' ? right(resumed(plan, version)(found.right)) : null
  const run = trained === null ? { scale: name, seed, rows: [] } : JSON.parse(await readFile(notes, 'utf8'))
  const keep = async (at) => {
    const { weights } = trained
    const { loss = null, accuracy = null } = trained.history.at(-1) ?? {}
    const shares = loss === null ? { loss, accuracy } : { loss: rounded(loss), accuracy: rounded(accuracy) }
    const found = measured(scaling, withStatistics(config, scaling, weights, batch), data.test)
    const rows = [...run.rows.slice(0, at), { epoch: at, ...shares, ...found }]
    run.rows = rows
    right(await writeFileAtomically(notes, JSON.stringify(run))())
    const file = stateFile(plan, version, trained)
    right(await writeSafetensors(state, file.tensors, file.metadata)())
    await write()
    const { testAccuracy, products } = rows.at(-1)
    const variances = products.map(({ variance }) => variance).join(' ')
    console.log(`${name}, seed ${seed}, epoch ${at}: loss ${shares.loss}, test ${testAccuracy}, variances ${variances}`)
  }
  if (trained === null) {
    trained = untrained(freshWeights(config, seed))
    await keep(0)
  }
  while (trained.history.length < epochs) {
    const running = epoch(engine, plan, trained)
    let next = running.next()
    while (!next.done) next = running.next()
    if (next.value._tag === 'Left') {
      console.log(`${name}, seed ${seed} stopped: ${next.value.left.map(describe).join('; ')}`)
      return
    }
    trained = next.value.right
    await keep(trained.history.length)
  }
}

const scales = SCALES.filter(({ name }) => values.scales.split(',').includes(name))
for (const seed of values.seeds.split(',').map(Number)) for (const scale of scales) await train(scale, seed)
