/** What the laws of differentiation are asked of, and how near is near. @module */
import fc, { type Arbitrary } from 'fast-check'
import * as Either from 'fp-ts/lib/Either.js'
import { syntheticCheckpoint } from '../../checkpoint/synthetic.js'
import { describe, type Faults } from '../../core/fault.js'
import { sigmoid } from '../../core/functions.js'
import { sym } from '../../core/random.js'
import { type Currents, type Reals, type Shape, sizeOf, type Tensor, tensor } from '../../core/tensor.js'
import type { Config } from '../../model/config.js'
import type { Charge } from '../../model/kernels.js'
import { layout, type NetworkParameters, parse } from '../../model/parameters.js'
import { whole } from '../given.js'
import { configuration, tiny } from '../given-network.js'
import type { About, Verdict } from '../law.js'
import { mapped, sum, take } from '../tensors.js'
import { all } from '../verdict.js'
import type { Derivative, How, Named } from './derivative.js'

export const AUTHORS = "the authors' code: SpikingJelly's surrogate.ATan, PyTorch's BatchNorm2d in training"

/** As the authors differentiate, at recorded statistics. */
export const plain: How = { statistics: 'frozen', reset: 'detached', spike: 'step', truncate: null }

/** The first neuron, whose membrane is told apart. */
export const FIRST = 'layers.0.0.activation_in'

/** What is learnt, with its shape. */
const learntOf = ({ config }: NetworkParameters): readonly (readonly [key: string, shape: Shape])[] =>
  layout(config).flatMap(({ key, shape, role }) =>
    ['weight', 'gain', 'bias', 'leak'].includes(role) ? [[key, shape] as const] : [],
  )

/** A vector from a seed, of numbers in [-1, 1). */
export const drawn = (name: string, seed: number, shape: Shape): Currents =>
  tensor(shape, sym(name, seed, sizeOf(shape)))

export const image = (x: Currents): Named => new Map([['image', x]])

/** A tangent of the image and of everything that is learnt. */
export const tangent = (p: NetworkParameters, { shape }: Currents, seed: number): Named =>
  new Map([
    ['image', drawn('image', seed, shape)],
    ...learntOf(p).map(([key, of]) => [key, drawn(key, seed, of)] as const),
  ])

/** A cotangent of all that a run gave. */
export const cotangent = ({ values }: Derivative, seed: number): Named =>
  new Map([...values].map(([key, { shape }]) => [key, drawn(key, seed, shape)]))

/** `<a, b>` over the names both have, and the sum of the terms' magnitudes, which says how near is near. */
export const product = (a: Named, b: Named): { readonly value: number; readonly size: number } => {
  const terms = [...a].flatMap(([key, { data }]) =>
    b.has(key) ? Array.from(data, (x, i) => x * b.get(key)!.data[i]!) : [],
  )
  const total = (of: readonly number[]): number => of.reduce((before, x) => before + x, 0)
  return { value: total(terms), size: total(terms.map(Math.abs)) }
}

/** How near sums come, as a part of their terms: some bits of what the precision has. */
export const nearness = ({ precision }: About): number => (precision === 'float64' ? 2 ** -34 : 2 ** -9)

export const near = (name: string, found: number, expected: number, size: number, within: number): Verdict =>
  Math.abs(found - expected) <= within * (size + Math.abs(expected))
    ? true
    : `${name} = ${found}, should be ${expected}`

/** Every number of every vector near, as a part of its vector's largest. */
export const nearAll = (found: Named, expected: Named, within: number): Verdict =>
  all(
    ...[...expected].map(([key, { data }]): Verdict => {
      const own = found.get(key)?.data ?? data.map(() => 0)
      const largest = Math.max(...Array.from(data, Math.abs), ...Array.from(own, Math.abs))
      const wrong = Array.from(data).findIndex((x, i) => !(Math.abs(x - own[i]!) <= within * largest))
      return wrong < 0 ? true : `the cotangent of ${key}[${wrong}] = ${own[wrong]}, should be ${data[wrong]}`
    }),
  )

/** Vectors added, by name. */
export const added = (a: Named, b: Named): Named =>
  new Map([...a, ...[...b].map(([key, x]) => [key, a.has(key) ? sum(a.get(key)!, x) : x] as const)])

/** The cotangents of what is learnt alone. */
export const weightsOf = (named: Named): Named => new Map([...named].filter(([key]) => /\.(weight|bias|w)$/.test(key)))

/** The same network with another stem norm. */
export const withStem = (p: NetworkParameters, mean: number, variance: number): NetworkParameters => ({
  ...p,
  stem: {
    ...p.stem,
    norm: {
      ...p.stem.norm,
      mean: mapped(p.stem.norm.mean, (x) => x + mean),
      variance: mapped(p.stem.norm.variance, (x) => x + variance),
    },
  },
})

/** How h follows the membrane. */
const leakOf = (charge: Charge): number => {
  switch (charge.kind) {
    case 'IF':
      return 1
    case 'LIF':
      return 1 - 1 / charge.tau
    case 'PLIF':
      return 1 - sigmoid(charge.w)
  }
}

/** A small network, frames, a frame after them, and a seed for vectors. */
interface Drawn {
  readonly p: NetworkParameters
  readonly x: Currents
  readonly later: Currents
  readonly seed: number
}

export const given: Arbitrary<Drawn> = fc
  .tuple(tiny, whole(0, 2 ** 16))
  .map(([{ p, x, later }, seed]) => ({ p, x, later, seed }))

/** Batches of which every channel has two elements at least, or it has no variance. */
export const batches = given.map(({ x, ...rest }) => ({ ...rest, x: x.shape[1] === 1 ? take(x, 1, [0, 0]) : x }))

export const hard = given.filter(({ p }) => p.config.reset.kind === 'hard')

/** A network of real numbers, which nothing asks to be exact. */
export interface RealCase {
  readonly config: Config
  readonly seed: number
  readonly tensors: ReadonlyMap<string, Tensor<Reals>>
}

export const real: Arbitrary<RealCase> = fc
  .record({ config: configuration, seed: whole(0, 2 ** 16) })
  .map(({ config, seed }) => ({ config, seed, tensors: syntheticCheckpoint(config, seed) }))

const parsed = (config: Config, tensors: ReadonlyMap<string, Tensor>): NetworkParameters =>
  Either.match(
    (faults: Faults): NetworkParameters => {
      throw new Error(faults.map(describe).join('; '))
    },
    (p: NetworkParameters) => p,
  )(parse(config)(tensors))

/** A network, frames, a tangent of both, and where so much of it leads. */
export const alongTangent = ({ config, seed, tensors }: RealCase) => {
  const p = parsed(config, tensors)
  const x = drawn('frames', seed, [config.steps, 1, config.channels, config.image.height, config.image.width])
  const v = tangent(p, x, seed)
  const shifted = (own: Tensor<Reals>, along: Currents | undefined, step: number): Currents =>
    tensor(
      own.shape,
      Float64Array.from(own.data, (y, i) => y + step * (along?.data[i] ?? 0)),
    )
  return {
    p,
    x,
    v,
    moved: (step: number) => ({
      p: parsed(config, new Map([...tensors].map(([key, own]) => [key, shifted(own, v.get(key), step)]))),
      x: shifted(x, v.get('image'), step),
    }),
  }
}

/** Finite differences of a function of the step, held against its derivative. */
export const differs = (
  { precision }: About,
  derivative: { readonly value: number; readonly size: number },
  f: (step: number) => number,
): Verdict => {
  const [by, within] = precision === 'float64' ? [2 ** -20, 2 ** -16] : [2 ** -11, 2 ** -6]
  const over = (step: number): number => (f(step) - f(-step)) / (2 * step)
  const [long, short] = [over(by), over(by / 2)]
  // Where the network bends, a difference is off by the square of its step: by a third of what half the step changes.
  return near('the difference', short, derivative.value, derivative.size + Math.abs(long - short) / within, within)
}

/** The cotangent of the first neuron's membrane before a step, given ones after it, and that membrane after it. */
export const throughFirst = (
  differentiate: (how: How) => (p: NetworkParameters) => (inputs: Named) => Derivative,
  reset: How['reset'],
  { p, later, seed }: Drawn,
): { readonly after: Currents; readonly before: Reals } => {
  const run = differentiate({ ...plain, reset })(p)
  const { shape } = run(image(later)).values.get(FIRST)!
  const { values, pull } = run(new Map([...image(later), [FIRST, drawn(FIRST, seed, shape)]]))
  const after = values.get(FIRST)!
  return { after, before: pull(new Map([[FIRST, mapped(after, () => 1)]])).get(FIRST)!.data }
}

/** A claim of the first neuron where it did not fire; where it did, its membrane is the reset's value. */
export const ofSilent =
  (slope: (h: number, threshold: number, rest: number) => number) =>
  ({ p }: Drawn, { after, before }: ReturnType<typeof throughFirst>, within: number): Verdict => {
    const { threshold, reset, charge } = p.stages[0]!.blocks[0]!.attention.in
    const rest = reset.kind === 'hard' ? reset.value : 0
    return all(
      ...Array.from(after.data, (h, i): Verdict => {
        if (h === rest) return true
        const expected = leakOf(charge) * slope(h, threshold, rest)
        return near(`the cotangent of membrane ${i}`, before[i]!, expected, 1, within)
      }),
    )
  }

/** The slope of the authors' surrogate. */
export const surrogate = (u: number): number => 1 / (1 + Math.PI * u * (Math.PI * u))

/** A case is some runs of a network, and few suffice. */
export const CASES = 12
