/** Whatever is given to a public function that may refuse: no exception, a settled promise, and no result of another shape. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import * as S from '../../src/entry/index.js'
import * as N from '../../src/entry/node.js'
import * as P from '../../src/entry/pytorch.js'
import * as T from '../../src/entry/training.js'

const { digits, cifar, dvsg } = S.variants

/** A few calls of each function in every run of the tests, about five seconds in all; FC_RUNS asks for more. */
const numRuns = Math.ceil((fc.readConfigureGlobal().numRuns ?? 100) * 0.3)

/** A refusal names something, in a line. */
const readable = (faults: S.Faults): void => {
  expect(faults.length).toBeGreaterThan(0)
  for (const fault of faults) expect(S.describe(fault)).toMatch(/^[^\n]{10,2000}$/)
}

const isTensor = (value: object): value is S.Tensor =>
  'shape' in value && 'data' in value && ArrayBuffer.isView(value.data)

/** Whether every tensor inside a value has the numbers its shape says. */
const fits = (value: unknown, depth = 0): void => {
  if (typeof value !== 'object' || value === null || depth > 6 || ArrayBuffer.isView(value)) return
  if (isTensor(value)) {
    expect('view' in value ? null : value.data.length).toBe('view' in value ? null : S.sizeOf(value.shape))
    return
  }
  const inner = value instanceof Map ? [...value.values()] : Object.values(value)
  for (const item of inner) fits(item, depth + 1)
}

const settled = async (given: unknown): Promise<void> => {
  const result = (await (typeof given === 'function' ? (given as () => unknown)() : given)) as S.Either<
    S.Faults,
    unknown
  >
  if (result._tag === 'Left') readable(result.left)
  else {
    expect(result._tag).toBe('Right')
    fits(result.right)
  }
}

const extent = fc.oneof(
  { weight: 8, arbitrary: fc.nat(4) },
  { weight: 1, arbitrary: fc.constantFrom(-1, 0.5, Number.NaN, 2 ** 40, '2', null, undefined) },
)
const shape = fc.oneof(
  { weight: 4, arbitrary: fc.array(extent, { maxLength: 6 }) },
  {
    weight: 4,
    arbitrary: fc.constantFrom(
      [1, 1, 1, 16, 16],
      [1, 1, 16, 16],
      [2, 2, 1, 16, 16],
      [1, 2, 1, 16, 16],
      [3, 2, 8, 8],
      [2, 2, 3, 3],
    ),
  },
  { weight: 1, arbitrary: fc.constantFrom(null, undefined, 3, 'x', {}, Uint8Array.of(2)) },
)
const kinds = [
  Float64Array,
  Float32Array,
  Uint8Array,
  Int8Array,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Uint8ClampedArray,
]
const detached = (): Float32Array => {
  const data = new Float32Array(4)
  structuredClone(data.buffer, { transfer: [data.buffer] })
  return data
}
const value = fc.constantFrom(0, 1, -1, 0.5, 255, 1e30, Number.NaN, Number.POSITIVE_INFINITY)
const dataOf = (length: number): fc.Arbitrary<unknown> =>
  fc.oneof(
    {
      weight: 8,
      arbitrary: fc
        .tuple(fc.constantFrom(...kinds), value, value)
        .map(([Kind, a, b]) => new Kind(Array.from({ length }, (_, i) => (i === 0 ? b : a)))),
    },
    { weight: 1, arbitrary: fc.constant(new BigInt64Array(length)) },
    { weight: 1, arbitrary: fc.constant(new BigUint64Array(length)) },
    { weight: 1, arbitrary: fc.constant(Buffer.alloc(length)) },
    { weight: 1, arbitrary: fc.constant(new Float32Array(new SharedArrayBuffer(4 * length))) },
    {
      weight: 1,
      arbitrary: fc.constantFrom<unknown>(
        null,
        undefined,
        [1, 2],
        'x',
        {},
        new ArrayBuffer(8),
        detached(),
        new DataView(new ArrayBuffer(8)),
      ),
    },
  )
const sizeOf = (of: unknown): number => {
  const size = Array.isArray(of) ? of.reduce((a: number, b: unknown) => a * Number(b), 1) : 0
  return Number.isSafeInteger(size) && size >= 0 && size < 5000 ? size : 3
}
const tensor = fc.oneof(
  {
    weight: 12,
    arbitrary: shape.chain((of) =>
      fc
        .oneof({ weight: 5, arbitrary: fc.constant(sizeOf(of)) }, { weight: 1, arbitrary: fc.nat(20) })
        .chain((length) => dataOf(length).map((data) => ({ shape: of, data }))),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(null, undefined, 3, 'x', [], {}, { shape: [1] }, { data: Float32Array.of(1) }),
  },
) as fc.Arbitrary<S.Tensor<S.Reals>>

const name = fc.oneof(
  fc.string({ maxLength: 6 }),
  fc.constantFrom('input', 'frames', 't', 'x', 'y', 'p', '', '__metadata__', '\ud800', 'classifier.weight'),
)
const tensors = fc.oneof(
  { weight: 8, arbitrary: fc.array(fc.tuple(name, tensor), { maxLength: 5 }).map((entries) => new Map(entries)) },
  { weight: 1, arbitrary: fc.constantFrom<unknown>(null, undefined, {}, [], new Map([[3, null]])) },
) as fc.Arbitrary<ReadonlyMap<string, S.Tensor>>

const checkpoint = S.syntheticCheckpoint(digits, 7)

/** A network's own checkpoint, some of its tensors replaced, dropped or added. */
const weights = fc
  .tuple(fc.array(fc.tuple(fc.nat(400), fc.option(tensor)), { maxLength: 3 }), tensors)
  .map(([changes, more]) => {
    const own = new Map<string, S.Tensor>(checkpoint)
    const keys = [...own.keys()]
    for (const [at, replaced] of changes) {
      const key = keys[at % keys.length]!
      if (replaced === null) own.delete(key)
      else own.set(key, replaced)
    }
    return more instanceof Map && changes.length > 1 ? new Map([...own, ...more]) : own
  })

const number = fc.oneof(fc.nat(4), fc.constantFrom(Number.NaN, -1, 0.5, 1e9, Number.POSITIVE_INFINITY, 2 ** 53))
const size = fc.record({ height: number, width: number })
const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 60 }),
  fc.constantFrom<unknown>(null, undefined, 'x', new ArrayBuffer(9), new Float32Array(9), [1, 2]),
) as fc.Arbitrary<Uint8Array>
const picture = fc.record({
  height: number,
  width: number,
  channels: fc.constantFrom<1 | 3>(1, 3),
  pixels: bytes,
}) as fc.Arbitrary<S.Image>
const columns = fc.record({
  t: fc.array(number),
  x: fc.array(number),
  y: fc.array(number),
  p: fc.array(number),
}) as fc.Arbitrary<unknown> as fc.Arbitrary<S.Events>
const options = fc.record({
  invert: fc.boolean(),
  steps: fc.option(number),
  layout: fc.constantFrom('TB' as const, 'BT' as const, null),
  sensor: fc.option(size),
  split: fc.constantFrom('number' as const, 'time' as const, null),
})
const config = fc.constantFrom(digits, cifar, dvsg)
const json = fc.oneof(
  fc.jsonValue(),
  fc.record(
    {
      extends: fc.constantFrom('digits', 'ti', 'x'),
      steps: fc.jsonValue(),
      image: fc.jsonValue(),
      stages: fc.jsonValue(),
    },
    { requiredKeys: ['extends'] },
  ),
)

const parameters = (() => {
  const parsed = S.parse(digits)(checkpoint)
  if (parsed._tag === 'Left') throw new Error('the synthetic checkpoint is a network')
  return parsed.right
})()
const nets = [S.compile({ kernels: 'fast' })(parameters), S.compile({ kernels: 'wasm' })(parameters)]
const net = fc.constantFrom(...nets)
const folder = mkdtempSync(join(tmpdir(), 'surface-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
/** Nothing leaves the folder: no separator, no drive, no dots. */
const path = fc.stringMatching(/^[a-z]{0,3}$/).map((stem) => join(folder, `f${stem}`))
const source = bytes.map((own) => ({
  size: (own as Uint8Array | null)?.length ?? 0,
  read: async (from: number, length: number) => own.subarray(from, from + length),
}))

/** Two stages of the digits network, a block each: small enough to train in every run of the tests. */
const small: S.Config = { ...digits, stages: digits.stages.slice(0, 2).map((stage) => ({ ...stage, depth: 1 })) }
const engine = T.trainingEngine(1)()
afterAll(async () => {
  const made = await engine
  if (made._tag === 'Right') made.right.close()
})
const label = fc.oneof({ weight: 8, arbitrary: fc.nat(9) }, { weight: 1, arbitrary: number })
const dataset = fc
  .oneof(
    { weight: 4, arbitrary: fc.constantFrom([1, 16, 16], [4, 1, 16, 16]) },
    { weight: 1, arbitrary: fc.array(fc.nat(20), { maxLength: 5 }) },
  )
  .chain((of) =>
    fc.array(label, { maxLength: 3 }).chain((labels) =>
      fc
        .oneof(
          { weight: 4, arbitrary: fc.constant(labels.length * S.sizeOf(of)) },
          { weight: 1, arbitrary: fc.nat(300) },
        )
        .chain((length) => fc.oneof(fc.constant(new Float32Array(Math.min(length, 5000)).fill(0.5)), dataOf(3)))
        .map((data): T.Dataset => ({ shape: of, data: data as Float32Array, labels })),
    ),
  )
const recipe = fc
  .record(
    {
      epochs: number,
      batch: number,
      steps: number,
      size: number,
      rate: number,
      minimum: number,
      smoothing: number,
      mixup: number,
      cutmix: number,
      shift: number,
      warmup: fc.record({ epochs: number, from: number }),
      optimiser: fc.record({
        betas: fc.tuple(number, number),
        eps: number,
        weightDecay: number,
        decays: fc.constantFrom('all' as const, 'matrices' as const),
      }),
    },
    { requiredKeys: [] },
  )
  .map((own): T.Recipe => ({ ...T.recipes.digits, ...own }))
const fresh = T.freshWeights(small, 1)
const probabilities = S.tensor(
  [2, 10],
  Float64Array.from({ length: 20 }, (_, i) => (i === 3 || i === 18 ? 1 : 0)),
)
const planned: T.Plan = {
  config: small,
  recipe: T.recipes.digits,
  seed: 1,
  training: { shape: [1, 16, 16], data: new Float32Array(256), labels: [0] },
  test: null,
}
/** Numbers by key, as gradients, moments and statistics are: some of other lengths, or of other keys. */
const numbers = fc.array(fc.tuple(fc.nat(40), fc.option(fc.nat(3)), value), { maxLength: 3 }).map((changes) => {
  const own = new Map([...fresh].map(([key, { data }]) => [key, new Float32Array(data.length)]))
  const keys = [...own.keys()]
  for (const [at, length, filled] of changes) {
    const key = keys[at % keys.length]!
    own.set(length === 3 ? 'x' : key, new Float32Array(length ?? own.get(key)!.length).fill(filled))
  }
  return own
})
/** Of them those that a step has. */
const only = (all: ReadonlyMap<string, Float32Array>, measured: boolean) =>
  new Map([...all].filter(([key]) => /running_|firing_rate/.test(key) === measured && !key.includes('num_batches')))
const ownOr = (made: fc.Arbitrary<ReadonlyMap<string, S.Tensor>>) =>
  fc.oneof({ weight: 2, arbitrary: fc.constant(fresh) }, { weight: 1, arbitrary: made })
const using = async <A>(run: (one: T.TrainingEngine) => A): Promise<A> => {
  const made = await engine
  if (made._tag === 'Left') throw new Error('one thread is always there')
  return run(made.right)
}

/** What may refuse, by name: an example of a call. */
const refusing: Readonly<Record<string, fc.Arbitrary<() => unknown>>> = {
  compile: fc.tuple(net, tensor, number, fc.boolean()).map(([on, given, steps, measured]) => () => {
    const ways = measured ? on.measured : on
    return [ways.still(Math.min(steps, 40))(given), ways.frames(given), ways.step(given)(new Map())]
  }),
  compileThreads: fc
    .tuple(tensor, fc.constantFrom(0, 1, 0.5, Number.NaN, -1, 1e9))
    .map(([given, threads]) => async () => {
      const team = await S.compileThreads({ threads })(parameters)()
      if (team._tag === 'Left') return [team]
      const results = await Promise.all([
        team.right.still(2)(given),
        team.right.frames(given),
        team.right.step(given)(new Map()),
      ])
      team.right.close()
      return results
    }),
  decodeSafetensors: bytes.map((given) => () => S.decodeSafetensors(given)),
  decodeSafetensorsSource: source.map((given) => () => S.decodeSafetensorsSource(given)()),
  digitSample: fc.tuple(config, fc.array(number, { maxLength: 70 })).map(
    ([c, values]) =>
      () =>
        S.digitSample(c)('x', { values, label: 0 }),
  ),
  digitsInput: fc
    .oneof(fc.array(number), fc.array(fc.nat(16), { minLength: 64, maxLength: 64 }))
    .map((values) => () => S.digitsInput(values)),
  encodeSafetensors: fc.tuple(tensors, fc.dictionary(fc.string(), fc.string())).map(
    ([given, meta]) =>
      () =>
        S.encodeSafetensors(given, meta),
  ),
  evaluationInput: fc.tuple(size, picture).map(
    ([target, given]) =>
      () =>
        S.evaluationInput(target)(given),
  ),
  evaluationPixels: fc.tuple(size, picture).map(
    ([target, given]) =>
      () =>
        S.evaluationPixels(target)(given),
  ),
  imageOf: fc.tuple(size, fc.constantFrom<1 | 3>(1, 3), bytes).map(
    ([of, channels, pixels]) =>
      () =>
        S.imageOf(of, channels, pixels),
  ),
  imageSample: fc.tuple(config, options, picture).map(
    ([c, how, given]) =>
      () =>
        S.imageSample(c, how)('x', given),
  ),
  integrateEvents: fc.tuple(size, number, columns, fc.constantFrom('number' as const, 'time' as const)).map(
    ([sensor, steps, events, split]) =>
      () =>
        S.integrateEvents({ ...sensor, steps, split })(events),
  ),
  load: fc.tuple(weights, fc.record({ steps: number, imageSize: size }, { requiredKeys: [] })).map(
    ([given, how]) =>
      () =>
        S.load(how)({ tensors: given, metadata: {} }),
  ),
  networkInput: fc.tuple(tensor, fc.constantFrom('TB' as const, 'BT' as const)).map(
    ([given, layout]) =>
      () =>
        S.networkInput({ channels: 1, height: 16, width: 16, layout })(given),
  ),
  parse: weights.map((given) => () => S.parse(digits)(given)),
  parseConfig: json.map((given) => () => S.parseConfig(given)),
  parseConfigText: fc
    .oneof(
      fc.string(),
      json.map((given) => JSON.stringify(given)),
    )
    .map((given) => () => S.parseConfigText(given)),
  parseDigits: fc.string().map((given) => () => S.parseDigits(given)),
  recognise: fc.tuple(tensors, fc.dictionary(fc.constant('config'), fc.string())).map(
    ([given, metadata]) =>
      () =>
        S.recognise({ tensors: given, metadata }),
  ),
  tensorSamples: fc.tuple(config, options, tensors).map(
    ([c, how, given]) =>
      () =>
        S.tensorSamples(c, how)('x', given),
  ),
  validate: fc
    .record(
      {
        steps: number,
        classes: number,
        channels: number,
        ratio: number,
        groupWidth: number,
        threshold: number,
        image: size,
      },
      { requiredKeys: [] },
    )
    .map((own) => () => S.validate({ ...digits, ...own })),
  decodeImage: fc.uint8Array({ maxLength: 80 }).map((given) => () => N.decodeImage(given)()),
  readCheckpoint: path.map((at) => () => N.readCheckpoint(at)()),
  readImage: path.map((at) => () => N.readImage(at)()),
  readSafetensors: path.map((at) => () => N.readSafetensors(at)()),
  readWeights: fc.tuple(path, fc.option(fc.string())).map(
    ([at, of]) =>
      () =>
        N.readWeights({ weights: of })(at)(),
  ),
  withFile: path.map(
    (at) => () =>
      N.withFile(
        ({ size: length }) =>
          async () =>
            ({ _tag: 'Right', right: length }) as const,
      )(at)(),
  ),
  writeFileAtomically: fc.tuple(path, fc.oneof(fc.uint8Array(), fc.string())).map(
    ([at, given]) =>
      () =>
        N.writeFileAtomically(at, given)(),
  ),
  writePytorch: fc.tuple(path, tensors).map(
    ([at, given]) =>
      () =>
        N.writePytorch(at, given)(),
  ),
  writeSafetensors: fc.tuple(path, tensors).map(
    ([at, given]) =>
      () =>
        N.writeSafetensors(at, given)(),
  ),
  decodePytorch: source.map((given) => () => P.decodePytorch(given)()),
  encodePytorch: tensors.map((given) => () => P.encodePytorch(given)()),
  readPytorch: source.map((given) => () => P.readPytorch()(given)()),
  accuracyOf: fc.tuple(ownOr(weights), dataset).map(
    ([own, data]) =>
      () =>
        using(({ interpreter }) => T.accuracyOf(interpreter, small)(own, data)),
  ),
  epoch: fc.tuple(ownOr(weights), recipe, number, dataset, fc.option(dataset)).map(
    ([own, how, seed, training, test]) =>
      () =>
        using((one) => {
          const running = T.epoch(one, { config: small, recipe: how, seed, training, test }, T.untrained(own))
          for (;;) {
            const { done, value: reached } = running.next()
            if (done) return reached
          }
        }),
  ),
  batchOf: fc.tuple(dataset, fc.array(number, { maxLength: 3 }), fc.nat(1)).map(
    ([data, samples, smoothing]) =>
      () =>
        T.batchOf(small, smoothing)(data, samples),
  ),
  descend: fc.tuple(ownOr(weights), numbers, numbers, numbers, number).map(
    ([own, gradients, moments, statistics, rate]) =>
      () =>
        T.descend(small, T.recipes.digits.optimiser)(
          rate,
          own,
          { powers: [rate, 0.5], first: only(moments, false), second: only(moments, false) },
          { gradients: only(gradients, false), statistics: only(statistics, true) },
        ),
  ),
  resumed: fc
    .tuple(weights, fc.dictionary(fc.constantFrom('circumstances', 'history'), fc.string()), fc.boolean())
    .map(([given, metadata, true_]) => () => {
      const state = T.stateFile(planned, 'x', T.untrained(fresh))
      return T.resumed(planned, 'x')({ tensors: given, metadata: true_ ? state.metadata : metadata })
    }),
  learnBy: fc.tuple(ownOr(weights), tensor, tensor, fc.boolean()).map(
    ([own, images, wanted, fitting]) =>
      () =>
        using(({ trace }) =>
          T.learnBy(trace, small, { kind: 'mean' })(own, {
            images: fitting ? S.tensor([1, 2, 1, 16, 16], new Float32Array(512).fill(0.5)) : images,
            targets: fitting && own === fresh ? probabilities : wanted,
          }),
        ),
  ),
  trainingEngine: fc.constantFrom(0, 0.5, Number.NaN, -1, 9, 1e9).map((threads) => T.trainingEngine(threads)),
  transferred: weights.map((given) => () => T.transferred({ ...digits, classes: 3 }, 1)(given)),
}

/** What always has a result, of arguments that the type checker or another function has checked; or is a task, or a value. */
const total = [
  ...[
    'JOULES_PER_MAC',
    'JOULES_PER_SOP',
    'architectureOf',
    'beginning',
    'confusionOf',
    'costs',
    'denseMacs',
    'describe',
  ],
  ...['digitsValues', 'dssa', 'energy', 'featureMaps', 'flatten', 'followed', 'forward', 'forwardFrames', 'fromRest'],
  ...['goldenRow', 'gwsffn', 'headScale', 'inFile', 'layout', 'mapParameters', 'membranesOf', 'movingRate', 'network'],
  ...['observed', 'parameterCount', 'preprocessings', 'recipeOf', 'reference', 'samplesOf', 'sizeOf', 'sourceOfBlob'],
  ...[
    'sourceOfBytes',
    'splitDigits',
    'step',
    'still',
    'summary',
    'syntheticCheckpoint',
    'syntheticInput',
    'tensor',
    'topOf',
  ],
  ...[
    'total',
    'usualPreprocessing',
    'valuesOf',
    'variants',
    'bundledCheckpoint',
    'bundledDigits',
    'maxPixels',
    'maxSide',
  ],
  ...['sha256'],
  ...[
    'adamW',
    'augmented',
    'curves',
    'draws',
    'freshWeights',
    'networkFile',
    'noMoments',
    'rateOf',
    'recipes',
    'samplesMet',
    'shuffled',
  ],
  ...['stateFile', 'untrained'],
]

it('names everything that the entry points export', () => {
  const exported = [S, N, P, T].flatMap((entry) => Object.keys(entry))
  expect([...Object.keys(refusing), ...total].sort()).toEqual([...new Set(exported)].sort())
})

describe.each(Object.entries(refusing))('%s', (_, calls) => {
  it('gives what fits, or faults', async () => {
    await fc.assert(
      fc.asyncProperty(calls, async (call) => {
        const results = await call()
        for (const result of Array.isArray(results) ? results : [results]) await settled(result)
      }),
      { numRuns },
    )
  })
})
