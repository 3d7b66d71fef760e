/**
 * Vectors: one call of one operation with its parameters, inputs and right outputs, in a precision, as tensors and text.
 *
 * A vector is a request of the process protocol whose tensors are kept under names: a port replays it without any
 * process. The numbers use all bits of the precision, so a vector is equal only where every rounding is as specified.
 * @module
 */
import * as Either from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { syntheticCheckpoint } from '../checkpoint/synthetic.js'
import { sym } from '../core/random.js'
import {
  type Currents,
  type Precision,
  type Reals,
  type Shape,
  type Size,
  type Spikes,
  sizeOf,
  type Tensor,
  tensor,
  toPrecision,
} from '../core/tensor.js'
import { reference } from '../interpreters/reference.js'
import { type Config, ti } from '../model/config.js'
import { dssa } from '../model/dssa.js'
import { gwsffn, layer } from '../model/gwsffn.js'
import type { BatchNorm, Charge, Convolution, Membranes, Neuron, Pool, Reset, Synapse } from '../model/kernels.js'
import { network } from '../model/network.js'
import { applyOf, type InputsOf, type OperationName, type ParametersOf } from '../model/operation.js'
import { type NetworkParameters, parse } from '../model/parameters.js'
import { c1, c2 } from '../model/scaling.js'
import type { Operation } from './implementation.js'
import { encode } from './protocol.js'

/** A vector as a file has it: all its tensors by name, and text that refers to them. */
export interface Vector {
  /** `synapse.grouped.float32`: the file's name without its ending. */
  readonly name: string
  readonly operation: Operation
  readonly precision: Precision
  /** The requirements of the specification that it shows. */
  readonly requirements: readonly string[]
  /** What is special about its numbers. */
  readonly note: string
  readonly tensors: ReadonlyMap<string, Tensor>
  readonly metadata: { readonly [key: string]: string }
}

/** A call and what came of it, before its tensors have names. */
interface Made {
  readonly parameters: unknown
  readonly inputs: readonly unknown[]
  readonly outputs: readonly unknown[]
}

/** A vector to be made. */
interface Plan {
  readonly name: string
  readonly operation: Operation
  readonly requirements: readonly string[]
  readonly note: string
  readonly make: (precision: Precision) => Made
}

// Numbers that use all bits of a precision: thirds of the synthetic ones.

const rough = (precision: Precision, name: string, shape: Shape, scale = 1, shift = 0): Tensor<Reals> =>
  tensor(
    shape,
    toPrecision(
      precision,
      sym(name, 11, sizeOf(shape)).map((r) => (r / 3) * scale + shift),
    ),
  )

/** Spikes, a share of all. */
const spikes = (name: string, shape: Shape, share = 0.4): Spikes =>
  tensor(
    shape,
    Uint8Array.from(sym(name, 12, sizeOf(shape)), (r) => (r < 2 * share - 1 ? 1 : 0)),
  )

const norm = (precision: Precision, name: string, channels: number): BatchNorm => ({
  key: `${name}.norm`,
  weight: rough(precision, `${name}.weight`, [channels], 1, 1),
  bias: rough(precision, `${name}.bias`, [channels]),
  mean: rough(precision, `${name}.mean`, [channels]),
  variance: rough(precision, `${name}.variance`, [channels], 1, 0.7),
  eps: 1e-5,
})

type Geometry = Pick<Convolution, 'stride' | 'padding' | 'groups'>

const synapseOf = (
  precision: Precision,
  name: string,
  [out, into, kernel]: readonly [number, number, number],
  { stride = 1, padding = 0, groups = 1 }: Partial<Geometry> = {},
): Synapse => ({
  convolution: {
    key: name,
    weight: rough(precision, name, [out, into / groups, kernel, kernel]),
    stride,
    padding,
    groups,
  },
  norm: norm(precision, name, out),
})

const called = <N extends OperationName>(
  precision: Precision,
  operation: N,
  parameters: ParametersOf<N>,
  inputs: InputsOf<N, Spikes, Currents>,
): Made => ({
  parameters,
  inputs,
  outputs: applyOf(reference(precision))(operation, parameters, '')(...inputs),
})

const lif: Charge = { kind: 'LIF', tau: 2 }
const toZero: Reset = { kind: 'hard', value: 0 }
const neuron = (charge: Charge, reset: Reset, threshold = 1): Neuron => ({ key: 'neuron', charge, threshold, reset })

const firePlan = (
  name: string,
  requirements: readonly string[],
  note: string,
  p: Neuron,
  { before = false, shape = [6, 2, 3, 2, 3] as Shape, scale = 6, shift = 0.4 } = {},
): Plan => ({
  name: `fire.${name}`,
  operation: 'fire',
  requirements,
  note,
  make: (precision) =>
    called(precision, 'fire', p, [
      rough(precision, `fire.${name}`, shape, scale, shift),
      before ? rough(precision, `fire.${name}.before`, shape.slice(1), 2) : null,
    ]),
})

/** A drive in sixteenths: potentials meet the threshold exactly, again and again. */
const ties: Plan = {
  name: 'fire.ties',
  operation: 'fire',
  requirements: ['SRF-FIRE-3'],
  note: 'dyadic drive: potentials equal to the threshold, which fire',
  make: (precision) =>
    called(precision, 'fire', neuron(lif, toZero), [
      tensor(
        [6, 1, 4, 1, 1],
        toPrecision(
          precision,
          Float64Array.of(2, 1, 3, 2, 0, 1.5, -1, 2, 2, 1.25, 2, 1, 1, 1, 1, 1, 2, 3, -2, 2, 1, 1, 4, 2),
        ),
      ),
      null,
    ]),
}

const synapsePlan = (
  name: string,
  requirements: readonly string[],
  note: string,
  [T, B, C, H, W]: readonly [number, number, number, number, number],
  [out, kernel]: readonly [number, number],
  geometry: Partial<Geometry>,
  share = 0.4,
): Plan => ({
  name: `synapse.${name}`,
  operation: 'synapse',
  requirements,
  note,
  make: (precision) =>
    called(precision, 'synapse', synapseOf(precision, `synapse.${name}`, [out, C, kernel], geometry), [
      spikes(`synapse.${name}`, [T, B, C, H, W], share),
    ]),
})

const stemPlan = (
  name: string,
  note: string,
  [B, c, H, W]: readonly [number, number, number, number],
  [out, kernel, stride]: readonly [number, number, number],
  pool: Pool | null,
): Plan => ({
  name: `stem.${name}`,
  operation: 'stem',
  requirements: ['SRF-STEM-1', 'SRF-SUM-4', ...(pool === null ? [] : ['SRF-STEM-2'])],
  note,
  make: (precision) => {
    const p = synapseOf(precision, `stem.${name}`, [out, c, kernel], { stride, padding: (kernel - 1) / 2 })
    // Biases below 0, so that a pool padded with zeros would give itself away.
    const bias = rough(precision, `stem.${name}.low`, [out], 1, -3)
    return called(precision, 'stem', { ...p, norm: { ...p.norm, bias }, pool }, [
      rough(precision, `stem.${name}.image`, [1, B, c, H, W], 6),
    ])
  },
})

/** The least number below 0, a quarter of which is -0, beside 0: where a shift of -0 keeps both, their larger is 0. */
const stemZeros: Plan = {
  name: 'stem.zeros',
  operation: 'stem',
  requirements: ['SRF-STEM-2'],
  note: 'windows of -0 and 0, in either order',
  make: (precision) => {
    const of = (shape: Shape, ...data: readonly number[]): Tensor<Reals> =>
      tensor(shape, toPrecision(precision, Float64Array.from(data)))
    const least = precision === 'float32' ? -(2 ** -149) : -(2 ** -1074)
    const p: Synapse = {
      convolution: { key: 'stem.zeros', weight: of([1, 1, 1, 1], 1), stride: 1, padding: 0, groups: 1 },
      norm: {
        key: 'norm',
        weight: of([1], 0.25),
        bias: of([1], -0),
        mean: of([1], 0),
        variance: of([1], 0.75),
        eps: 0.25,
      },
    }
    return called(precision, 'stem', { ...p, pool: { kernel: 2, stride: 1, padding: 0 } }, [
      of([1, 1, 1, 2, 4], least, 0, least, least, least, least, least, least),
    ])
  },
}

const productPlan = (
  operation: 'dstT' | 'dst',
  name: string,
  note: string,
  [T, B, heads, d, n]: readonly [number, number, number, number, number],
  { height, width }: Size,
  scale: readonly number[],
): Plan => ({
  name: `${operation}.${name}`,
  operation,
  requirements: [operation === 'dstT' ? 'SRF-DSTT-1' : 'SRF-DST-1', 'SRF-SUM-2', 'SRF-SUM-3', 'SRF-SCALE-3'],
  note,
  make: (precision) =>
    called(precision, operation, scale, [
      rough(precision, `${operation}.${name}`, [T, B, heads, d, n], 3),
      spikes(
        `${operation}.${name}`,
        operation === 'dstT' ? [T, B, heads * d, height, width] : [T, B, heads, n, height * width],
        0.5,
      ),
    ]),
})

/** A network of three stages in which no two extents are equal, small enough for a file. */
const tiny = (charge: Charge): Config => ({
  ...ti,
  name: 'tiny',
  image: { height: 16, width: 32 },
  stem: { kind: 'plain' },
  stages: [
    { planes: 4, heads: 1, patch: 4, depth: 1 },
    { planes: 6, heads: 3, patch: 2, depth: 1 },
    { planes: 10, heads: 2, patch: 1, depth: 2 },
  ],
  ratio: 2,
  groupWidth: 4,
  classes: 5,
  charge,
  steps: 3,
})

const parametersOf = (charge: Charge): NetworkParameters =>
  pipe(
    parse(tiny(charge))(syntheticCheckpoint(tiny(charge), 11)),
    Either.getOrElse<unknown, NetworkParameters>(() => {
      throw new Error('the configuration of the vectors is not one')
    }),
  )

const fromRest: Membranes<Currents> = new Map()

/** The stem's current of the tiny network: held, or one frame a step. */
const embedded = (precision: Precision, p: NetworkParameters, steps: number): Currents => {
  const { embed } = network(reference(precision))(p)
  return embed(rough(precision, 'network.image', [steps, 2, 3, 16, 32], 6))
}

const networkPlans: readonly Plan[] = [
  {
    name: 'network.chunk.first',
    operation: 'network',
    requirements: ['SRF-NETWORK-1', 'SRF-NETWORK-2', 'SRF-FIRE-5', 'SRF-SYNTHETIC-2'],
    note: 'two steps of PLIF from rest, synthetic numbers of seed 11; the second chunk goes on from its membranes',
    make: (precision) => {
      const p = parametersOf({ kind: 'PLIF', w: 0 })
      const x = embedded(precision, p, 2)
      const [logits, membranes] = network(reference(precision))(p).respond(x)(fromRest)
      return { parameters: p, inputs: [x, fromRest], outputs: [logits, membranes] }
    },
  },
  {
    name: 'network.chunk.second',
    operation: 'network',
    requirements: ['SRF-NETWORK-1', 'SRF-NETWORK-2', 'SRF-FIRE-5'],
    note: 'one step more, from the membranes of the first chunk',
    make: (precision) => {
      const p = parametersOf({ kind: 'PLIF', w: 0 })
      const { respond } = network(reference(precision))(p)
      const [, before] = respond(embedded(precision, p, 2))(fromRest)
      const all = embedded(precision, p, 3)
      const x = tensor([1, ...all.shape.slice(1)], all.data.slice((all.data.length / 3) * 2))
      const [logits, membranes] = respond(x)(before)
      return { parameters: p, inputs: [x, before], outputs: [logits, membranes] }
    },
  },
]

const partPlan = (
  name: string,
  operation: 'dssa' | 'gwsffn' | 'downsample',
  requirements: readonly string[],
  note: string,
): Plan => ({
  name,
  operation,
  requirements,
  note,
  make: (precision) => {
    const { stages } = parametersOf(lif)
    const [{ attention, feedForward }, halving] = [stages[1]!.blocks[0]!, stages[1]!.downsample!]
    const K = reference(precision)
    const shape = operation === 'downsample' ? [3, 2, 4, 7, 5] : [3, 2, 6, 8, 16]
    const x = rough(precision, name, shape, 6, 0.3)
    const [parameters, run] =
      operation === 'dssa'
        ? [attention, dssa(K)(attention)]
        : operation === 'gwsffn'
          ? [feedForward, gwsffn(K)(feedForward)]
          : [halving, layer(K)('activation', 'conv', halving)]
    const [y, membranes] = run(x)(fromRest)
    return { parameters, inputs: [x, fromRest], outputs: [y, membranes] }
  },
})

const numbersPlan = (
  name: string,
  operation: 'c1' | 'c2',
  requirements: readonly string[],
  parameters: unknown,
  numbers: readonly number[],
): Plan => ({
  name,
  operation,
  requirements,
  note: 'computed in float64 whatever the precision',
  make: () => ({ parameters, inputs: [], outputs: [tensor([numbers.length], Float64Array.from(numbers))] }),
})

const scalesOf = { firingRateX: [0.1, 0.07, 1], firingRateAttn: [0.05, 0.3, 0.9], planes: 21, tokens: 49 }

const plans = (): readonly Plan[] => [
  ties,
  firePlan('lif', ['SRF-FIRE-1', 'SRF-FIRE-4'], 'negative currents among others', neuron(lif, toZero)),
  firePlan('lif.chunk', ['SRF-FIRE-5'], 'goes on from a membrane', neuron(lif, toZero), { before: true }),
  firePlan(
    'lif.tau',
    ['SRF-FIRE-1'],
    'tau 3: a division, no multiplication by 1/3',
    neuron({ kind: 'LIF', tau: 3 }, toZero),
  ),
  firePlan(
    'plif',
    ['SRF-FIRE-1', 'SRF-FUNCTIONS-1', 'SRF-FUNCTIONS-2'],
    'w = 0.3',
    neuron({ kind: 'PLIF', w: 0.3 }, toZero),
  ),
  firePlan(
    'plif.negative',
    ['SRF-FIRE-1', 'SRF-FUNCTIONS-1', 'SRF-FUNCTIONS-2'],
    'w = -1.7',
    neuron({ kind: 'PLIF', w: -1.7 }, toZero),
  ),
  firePlan('if', ['SRF-FIRE-1'], 'no leak', neuron({ kind: 'IF' }, toZero)),
  firePlan('soft', ['SRF-FIRE-4'], 'soft reset, threshold 0.7', neuron(lif, { kind: 'soft' }, 0.7)),
  firePlan(
    'reset',
    ['SRF-FIRE-2', 'SRF-FIRE-4', 'SRF-FIRE-5'],
    'reset to -0.3, from rest: the membrane begins there',
    neuron(lif, { kind: 'hard', value: -0.3 }),
  ),
  firePlan(
    'reset.plif',
    ['SRF-FIRE-2', 'SRF-FIRE-4'],
    'reset to 0.1 with a learnt leak, from a membrane',
    neuron({ kind: 'PLIF', w: 0.3 }, { kind: 'hard', value: 0.1 }),
    { before: true },
  ),
  synapsePlan(
    'one',
    ['SRF-SUM-1', 'SRF-SUM-2', 'SRF-NORM-1', 'SRF-NORM-2', 'SRF-NORM-3'],
    '1 x 1, 9 channels: a last group of one',
    [2, 3, 9, 3, 5],
    [7, 1],
    {},
  ),
  synapsePlan(
    'many',
    ['SRF-SUM-2', 'SRF-SUM-3'],
    '1 x 1, 65 channels, most of them active',
    [1, 2, 65, 2, 2],
    [3, 1],
    {},
    0.8,
  ),
  synapsePlan('patch', ['SRF-GEOMETRY-1', 'SRF-SUM-3'], '4 x 4 of stride 4', [2, 1, 8, 8, 12], [6, 4], { stride: 4 }),
  synapsePlan(
    'grouped',
    ['SRF-GEOMETRY-2', 'SRF-SUM-3'],
    '3 x 3, padding 1, two groups of 11 channels',
    [1, 2, 22, 5, 3],
    [6, 3],
    { padding: 1, groups: 2 },
  ),
  synapsePlan(
    'halving',
    ['SRF-GEOMETRY-1', 'SRF-SUM-3'],
    '3 x 3, stride 2, padding 1, odd sizes',
    [2, 2, 10, 7, 5],
    [5, 3],
    { stride: 2, padding: 1 },
  ),
  synapsePlan('all', ['SRF-SUM-2'], 'every input fires', [1, 1, 19, 3, 3], [4, 3], { padding: 1 }, 1),
  synapsePlan(
    'none',
    ['SRF-SUM-1', 'SRF-NORM-3'],
    'nothing fires: the shift alone',
    [1, 2, 9, 3, 3],
    [4, 3],
    { padding: 1 },
    0,
  ),
  stemPlan('imagenet', '7 x 7 of stride 2, then a pool; odd sizes', [2, 3, 21, 17], [5, 7, 2], {
    kernel: 3,
    stride: 2,
    padding: 1,
  }),
  stemPlan('plain', '3 x 3 of stride 1', [3, 3, 6, 5], [4, 3, 1], null),
  stemZeros,
  {
    name: 'hold',
    operation: 'hold',
    requirements: ['SRF-HOLD-1'],
    note: 'five steps',
    make: (precision) => called(precision, 'hold', 5, [rough(precision, 'hold', [1, 2, 3, 2, 3])]),
  },
  {
    name: 'splitHeads',
    operation: 'splitHeads',
    requirements: ['SRF-SPLIT-1'],
    note: '3 heads of 2 channels',
    make: (precision) => called(precision, 'splitHeads', 3, [rough(precision, 'split', [2, 2, 12, 2, 3])]),
  },
  productPlan('dstT', 'channels', '2 heads of 9 channels', [2, 3, 2, 9, 6], { height: 3, width: 5 }, [0.7, 1.9]),
  productPlan('dstT', 'wide', '1 head of 64 channels', [1, 1, 1, 64, 4], { height: 4, width: 2 }, [0.3]),
  productPlan(
    'dst',
    'tokens',
    '3 heads, 17 tokens: a last group of one',
    [2, 2, 3, 2, 17],
    { height: 3, width: 3 },
    [0.7, 1.9, 0.1],
  ),
  productPlan('dst', 'many', '1 head, 196 tokens', [1, 1, 1, 3, 196], { height: 2, width: 2 }, [0.21]),
  {
    name: 'mergeHeads',
    operation: 'mergeHeads',
    requirements: ['SRF-MERGE-1'],
    note: 'a map of 2 x 3',
    make: (precision) =>
      called(precision, 'mergeHeads', { height: 2, width: 3 }, [rough(precision, 'merge', [2, 1, 3, 2, 6])]),
  },
  {
    name: 'add',
    operation: 'add',
    requirements: ['SRF-ADD-1'],
    note: 'numbers of two sizes: every sum is rounded',
    make: (precision) =>
      called(precision, 'add', null, [
        rough(precision, 'add.a', [2, 2, 3, 2, 3], 1000),
        rough(precision, 'add.b', [2, 2, 3, 2, 3]),
      ]),
  },
  {
    name: 'meanPool',
    operation: 'meanPool',
    requirements: ['SRF-HEAD-1'],
    note: '35 positions: a division that rounds',
    make: (precision) => called(precision, 'meanPool', null, [rough(precision, 'pool', [2, 3, 5, 7, 5], 5)]),
  },
  {
    name: 'classify',
    operation: 'classify',
    requirements: ['SRF-HEAD-2'],
    note: '67 channels',
    make: (precision) =>
      called(precision, 'classify', rough(precision, 'classifier', [11, 67]), [
        rough(precision, 'classify', [2, 3, 67], 5),
      ]),
  },
  numbersPlan('c1', 'c1', ['SRF-SCALE-1'], { firingRateX: scalesOf.firingRateX, planes: 21 }, c1(scalesOf)),
  numbersPlan('c2', 'c2', ['SRF-SCALE-2'], { firingRateAttn: scalesOf.firingRateAttn, tokens: 49 }, c2(scalesOf)),
  partPlan(
    'dssa',
    'dssa',
    ['SRF-DSSA-1', 'SRF-DSSA-2', 'SRF-DSSA-3', 'SRF-DSSA-4'],
    '3 heads of 2 channels, 32 tokens',
  ),
  partPlan('gwsffn', 'gwsffn', ['SRF-GWSFFN-1', 'SRF-GWSFFN-2'], '12 hidden channels in groups of 4'),
  partPlan('downsample', 'downsample', ['SRF-NETWORK-3'], '7 x 5 to 4 x 3'),
  ...networkPlans,
]

/** The numbers that a reader looks for first, each as text. */
const facts = (parameters: unknown, inputs: readonly unknown[]): { readonly [key: string]: string } => {
  const convolution = (parameters as Partial<Synapse> | null)?.convolution
  const [first] = inputs as readonly (Tensor | undefined)[]
  return {
    ...(convolution === undefined
      ? {}
      : {
          stride: String(convolution.stride),
          padding: String(convolution.padding),
          groups: String(convolution.groups),
        }),
    ...(first === undefined ? {} : { T: String(first.shape[0]), B: String(first.shape[1]) }),
  }
}

const vectorOf = ({ name, operation, requirements, note, make }: Plan, precision: Precision): Vector => {
  const { parameters, inputs, outputs } = make(precision)
  const tensors = new Map<string, Tensor>()
  const known = new Map<Tensor, string>()
  const naming =
    (side: string) =>
    (x: Tensor): unknown => {
      const found = known.get(x)
      if (found !== undefined) return { name: found }
      const fresh = `${side}.${[...tensors.keys()].filter((key) => key.startsWith(side)).length}`
      tensors.set(fresh, x)
      known.set(x, fresh)
      return { name: fresh }
    }
  const written = (side: string, value: unknown): string => JSON.stringify(encode(value, naming(side)))
  const metadata = {
    operation,
    precision,
    requirements: requirements.join(' '),
    note,
    ...facts(parameters, inputs),
    parameters: written('parameters', parameters),
    inputs: written('inputs', inputs),
    outputs: written('outputs', outputs),
  }
  return { name: `${name}.${precision}`, operation, precision, requirements, note, tensors, metadata }
}

/**
 * Every vector, one at a time: the reference's own numbers, the same every time.
 *
 * @example
 * const [first] = vectors()
 * first.name // => 'fire.ties.float64'
 */
export function* vectors(): Generator<Vector, void> {
  for (const plan of plans()) for (const precision of ['float64', 'float32'] as const) yield vectorOf(plan, precision)
}

/**
 * The names of the vectors without their precisions, and the requirements each shows.
 *
 * @example
 * vectorNames().get('hold') // => ['SRF-HOLD-1']
 */
export const vectorNames = (): ReadonlyMap<string, readonly string[]> =>
  new Map(plans().map(({ name, requirements }) => [name, requirements]))
