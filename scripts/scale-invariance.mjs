// The numbers of docs/theorem-scale-invariance.md, as tables: node scripts/scale-invariance.mjs
// Nothing to build: Vite compiles the laws as they are imported.
import { runnerImport } from 'vite'

const load = async (path) => (await runnerImport(`./${path}`, { logLevel: 'error' })).module
const { models } = await load('properties/theorems/counter-models.ts')
const { RATES, TERMS } = await load('properties/theorems/invariance.ts')
const { ACCEPTED, ENTRIES, accepted, deviation, moments } = await load('properties/theorems/decision.ts')
const { errors } = await load('properties/theorems/large-deviations.ts')
const { reference } = await load('src/interpreters/reference.ts')

const row = (...cells) => console.log(`| ${cells.join(' | ')} |`)
const table = (...heads) => {
  console.log()
  row(...heads)
  row(...heads.map(() => '---'))
}

console.log(`N = ${ENTRIES}; accepted: variance in [${ACCEPTED.variance.join(', ')}], |mean| <= ${ACCEPTED.mean}`)

table('errors, at most', 'a true claim refused', '10 % too large accepted', '10 % too small accepted')
const drawn = TERMS.flatMap((m) => RATES.filter((f) => f * m >= 1).map((f) => [f, m]))
const worst = drawn
  .map(([f, m]) => errors(f, m))
  .reduce((a, b) => ({
    refused: Math.max(a.refused, b.refused),
    large: Math.max(a.large, b.large),
    small: Math.max(a.small, b.small),
  }))
row(
  `the worst of ${drawn.length} conditions`,
  ...[worst.refused, worst.large, worst.small].map((x) => x.toExponential(1)),
)

table('f', 'm', 'standard deviation of the statistic', 'bounds, in standard deviations', 'refused', 'large', 'small')
for (const [f, m] of [
  [1 / 2, 2],
  [1 / 4, 8],
  [1 / 8, 64],
  [1 / 16, 16],
  [1 / 32, 32],
]) {
  const sd = deviation(f, m, ENTRIES)
  const sigmas = ACCEPTED.variance.map((bound) => ((bound - 1) / sd).toFixed(1)).join(' and +')
  const { refused, large, small } = errors(f, m)
  row(f, m, sd.toFixed(4), sigmas, ...[refused, large, small].map((x) => x.toExponential(1)))
}

const conditions = [
  { rates: [1 / 4], terms: 64, width: 32 },
  { rates: [1 / 8], terms: 64, width: 32 },
  { rates: [1 / 32], terms: 64, width: 32 },
  { rates: [1 / 8], terms: 16, width: 32 },
  { rates: [1 / 8], terms: 196, width: 32 },
  { rates: [1 / 8], terms: 64, width: 64 },
]
const show = (x) => (x >= 100 ? x.toFixed(0) : x.toPrecision(3))
table(
  'model',
  ...conditions.map(({ rates, terms, width }) => `f = 1/${1 / rates[0]}, m = ${terms}, width ${width}`),
  'the law',
)
for (const { id, sampler, expected } of models) {
  const found = conditions.map((condition) => {
    const at = { ...condition, seed: 1, positions: 32 }
    const [entries] = sampler(reference('float64'))(at)
    return { ...moments(entries), theory: expected(at.rates[0], at) }
  })
  const failed = found.filter((x) => !accepted(x)).length
  const verdict = failed === 0 ? 'holds' : `fails in ${failed} of ${found.length}`
  row(
    id,
    ...found.map(({ mean, variance, theory }) => {
      const off = Math.abs(mean) > ACCEPTED.mean ? `; mean ${show(mean)}` : ''
      return `${show(variance)} (${show(theory)}${off})`
    }),
    verdict,
  )
}

// Where the assumptions of the theorem meet a trained network: the currents of the digits network, first 32 test digits.
const right = (either) => either.right
const { readSafetensors } = await load('src/node/files.ts')
const { bundledCheckpoint, bundledDigits } = await load('src/node/bundled.ts')
const { digitsInput, splitDigits } = await load('src/input/digits.ts')
const { tensors } = await load('src/interpreters/interpreter.ts')
const { unobserved } = await load('src/observers/observe.ts')
const { trace } = await load('src/observers/trace.ts')
const { digits } = await load('src/model/config.ts')
const { forward, network } = await load('src/model/network.ts')
const { parse } = await load('src/model/parameters.ts')
const parameters = right(parse(digits)(right(await readSafetensors(right(await bundledCheckpoint()))()).tensors))
const test = splitDigits(right(await bundledDigits())).test.slice(0, 32)
const images = Float64Array.from(test.flatMap(({ values }) => [...right(digitsInput(values)).data]))
const K = trace(tensors, (operation) => ['splitHeads', 'dstT', 'dst'].includes(operation))(reference('float32'))
const { notes } = forward(network(K)(parameters))(digits.steps)(
  unobserved({ shape: [1, test.length, 1, 16, 16], data: images }),
)
table(
  'trained digits network',
  'f(Y), both halves: mean',
  'variance',
  'scores x c1: mean',
  'variance',
  'mix x c2: mean',
  'variance',
)
for (const [path] of notes) {
  if (!path.endsWith('.split')) continue
  const layer = path.slice(0, -'.split'.length)
  const cells = ['split', 'matmul1', 'matmul2'].flatMap((operation) => {
    const numbers = Float64Array.from(notes.get(`${layer}.${operation}`).output.flatMap(({ data }) => [...data]))
    const { mean, variance } = moments(numbers)
    return [mean.toFixed(2), (variance - mean ** 2).toFixed(2)]
  })
  row(layer, ...cells)
}
