/** Laws of differentiation: what any gradient of the network must be, whoever computes it. @module */
import fc, { type Arbitrary } from 'fast-check'
import * as Either from 'fp-ts/lib/Either.js'
import { syntheticCheckpoint } from '../../checkpoint/synthetic.js'
import { describe, type Faults } from '../../core/fault.js'
import { sigmoid } from '../../core/functions.js'
import { sym } from '../../core/random.js'
import { type Currents, type Reals, type Shape, sizeOf, type Tensor, tensor } from '../../core/tensor.js'
import type { Charge } from '../../model/kernels.js'
import { forwardFrames } from '../../model/network.js'
import { layout, type NetworkParameters, parse } from '../../model/parameters.js'
import { whole } from '../given.js'
import { configuration, tiny } from '../given-network.js'
import { type About, type Law, law, type Verdict } from '../law.js'
import { joined, mapped, range, sum, take } from '../tensors.js'
import { all, same } from '../verdict.js'
import type { Derivative, How, Named } from './derivative.js'

const AUTHORS = "the authors' code: SpikingJelly's surrogate.ATan, PyTorch's BatchNorm2d in training"

/** As the authors differentiate, at recorded statistics. */
const plain: How = { statistics: 'frozen', reset: 'detached', spike: 'step', truncate: null }

/** The first neuron, whose membrane is told apart. */
const FIRST = 'layers.0.0.activation_in'

/** What is learnt, with its shape. */
const learntOf = ({ config }: NetworkParameters): readonly (readonly [key: string, shape: Shape])[] =>
  layout(config).flatMap(({ key, shape, role }) =>
    ['weight', 'gain', 'bias', 'leak'].includes(role) ? [[key, shape] as const] : [],
  )

/** A vector from a seed, of numbers in [-1, 1). */
const drawn = (name: string, seed: number, shape: Shape): Currents => tensor(shape, sym(name, seed, sizeOf(shape)))

const image = (x: Currents): Named => new Map([['image', x]])

/** A tangent of the image and of everything that is learnt. */
const tangent = (p: NetworkParameters, { shape }: Currents, seed: number): Named =>
  new Map([
    ['image', drawn('image', seed, shape)],
    ...learntOf(p).map(([key, of]) => [key, drawn(key, seed, of)] as const),
  ])

/** A cotangent of all that a run gave. */
const cotangent = ({ values }: Derivative, seed: number): Named =>
  new Map([...values].map(([key, { shape }]) => [key, drawn(key, seed, shape)]))

/** `<a, b>` over the names both have, and the sum of the terms' magnitudes, which says how near is near. */
const product = (a: Named, b: Named): { readonly value: number; readonly size: number } => {
  const terms = [...a].flatMap(([key, { data }]) =>
    b.has(key) ? Array.from(data, (x, i) => x * b.get(key)!.data[i]!) : [],
  )
  const total = (of: readonly number[]): number => of.reduce((before, x) => before + x, 0)
  return { value: total(terms), size: total(terms.map(Math.abs)) }
}

/** How near sums come, as a part of their terms: some bits of what the precision has. */
const nearness = ({ precision }: About): number => (precision === 'float64' ? 2 ** -34 : 2 ** -9)

const near = (name: string, found: number, expected: number, size: number, within: number): Verdict =>
  Math.abs(found - expected) <= within * (size + Math.abs(expected))
    ? true
    : `${name} = ${found}, should be ${expected}`

/** Every number of every vector near, as a part of its vector's largest. */
const nearAll = (found: Named, expected: Named, within: number): Verdict =>
  all(
    ...[...expected].map(([key, { data }]): Verdict => {
      const own = found.get(key)?.data ?? data.map(() => 0)
      const largest = Math.max(...Array.from(data, Math.abs), ...Array.from(own, Math.abs))
      const wrong = Array.from(data).findIndex((x, i) => !(Math.abs(x - own[i]!) <= within * largest))
      return wrong < 0 ? true : `the cotangent of ${key}[${wrong}] = ${own[wrong]}, should be ${data[wrong]}`
    }),
  )

/** Vectors added, by name. */
const added = (a: Named, b: Named): Named =>
  new Map([...a, ...[...b].map(([key, x]) => [key, a.has(key) ? sum(a.get(key)!, x) : x] as const)])

/** The cotangents of what is learnt alone. */
const weightsOf = (named: Named): Named => new Map([...named].filter(([key]) => /\.(weight|bias|w)$/.test(key)))

/** The same network with another stem norm. */
const withStem = (p: NetworkParameters, mean: number, variance: number): NetworkParameters => ({
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

const given: Arbitrary<Drawn> = fc
  .tuple(tiny, whole(0, 2 ** 16))
  .map(([{ p, x, later }, seed]) => ({ p, x, later, seed }))

/** Batches of which every channel has two elements at least, or it has no variance. */
const batches = given.map(({ x, ...rest }) => ({ ...rest, x: x.shape[1] === 1 ? take(x, 1, [0, 0]) : x }))

const hard = given.filter(({ p }) => p.config.reset.kind === 'hard')

/** A network of real numbers, which nothing asks to be exact. */
const real = fc
  .record({ config: configuration, seed: whole(0, 2 ** 16) })
  .map(({ config, seed }) => ({ config, seed, tensors: syntheticCheckpoint(config, seed) }))

const parsed = (config: Parameters<typeof parse>[0], tensors: ReadonlyMap<string, Tensor>): NetworkParameters =>
  Either.match(
    (faults: Faults): NetworkParameters => {
      throw new Error(faults.map(describe).join('; '))
    },
    (p: NetworkParameters) => p,
  )(parse(config)(tensors))

/** The cotangent of the first neuron's membrane before a step, given ones after it, and that membrane after it. */
const throughFirst = (
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
const ofSilent =
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
const surrogate = (u: number): number => 1 / (1 + Math.PI * u * (Math.PI * u))

/** A case is some runs of a network, and few suffice. */
const CASES = 12

export const gradientLaws: readonly Law[] = [
  law({
    id: 'gradient.primal',
    statement: 'Differentiating a network changes nothing of what it computes.',
    formula: 'f(x + \\mathrm{d}x) = f(x) + J\\,\\mathrm{d}x, \\text{ the same } f(x)',
    source: 'automatic differentiation: the primal is unchanged',
    needs: ['differentiate', 'network'],
    after: ['network.definition'],
    atMost: CASES,
    given,
    holds:
      ({ differentiate, network }) =>
      ({ p, x }) =>
        same('logits', differentiate(plain)(p)(image(x)).values.get('logits')!, forwardFrames(network(p))(x)),
  }),
  law({
    id: 'gradient.transpose',
    statement: 'Reverse mode is the transpose of forward mode, in training mode too.',
    formula: '\\langle J v, w \\rangle = \\langle v, J^{\\top} w \\rangle',
    source: 'the definition of the adjoint',
    needs: ['differentiate'],
    atMost: CASES,
    given: fc.record({ case: batches, statistics: fc.constantFrom('frozen' as const, 'batch' as const) }),
    holds:
      ({ differentiate }, about) =>
      ({ case: { p, x, seed }, statistics }) => {
        const derivative = differentiate({ ...plain, statistics })(p)(image(x))
        const [v, w] = [tangent(p, x, seed), cotangent(derivative, seed)]
        const [left, right] = [product(derivative.push(v), w), product(v, derivative.pull(w))]
        return near('<J v, w> - <v, J^T w>', left.value - right.value, 0, left.size + right.size, nearness(about))
      },
  }),
  law({
    id: 'gradient.linear',
    statement: 'A gradient is linear in the cotangents: twice and against, and of two at once.',
    formula: "J^{\\top}(-2 w) = -2 J^{\\top} w, \\quad J^{\\top}(w + w') = J^{\\top} w + J^{\\top} w'",
    source: 'the derivative is a linear map',
    needs: ['differentiate'],
    atMost: CASES,
    given,
    holds:
      ({ differentiate }, about) =>
      ({ p, x, seed }) => {
        const derivative = differentiate(plain)(p)(image(x))
        const [w, other] = [cotangent(derivative, seed), cotangent(derivative, seed + 1)]
        const scaled = (named: Named, by: number): Named =>
          new Map([...named].map(([key, value]) => [key, mapped(value, (y) => by * y)]))
        const once = derivative.pull(w)
        return all(
          nearAll(derivative.pull(scaled(w, -2)), scaled(once, -2), nearness(about)),
          nearAll(derivative.pull(added(w, other)), added(once, derivative.pull(other)), 16 * nearness(about)),
        )
      },
  }),
  law({
    id: 'gradient.classifier',
    statement: "Logits are linear in the classifier's weight, so along that weight the derivative is the logits.",
    formula: 'J_W W = f(x)',
    source: "Euler's theorem for the last layer, y = W z",
    needs: ['differentiate'],
    atMost: CASES,
    given,
    holds:
      ({ differentiate }, about) =>
      ({ p, x }) => {
        const { values, push } = differentiate(plain)(p)(image(x))
        const along = push(new Map([['classifier.weight', p.classifier]]))
        const logits = new Map([['logits', values.get('logits')!]])
        return nearAll(new Map([['logits', along.get('logits')!]]), logits, nearness(about))
      },
  }),
  law({
    id: 'gradient.batch',
    statement: "With recorded statistics, a batch's gradient is the sum of its samples' gradients.",
    formula: '\\nabla_\\theta \\sum_b L_b = \\sum_b \\nabla_\\theta L_b',
    source: 'samples share nothing but the weights',
    needs: ['differentiate'],
    atMost: CASES,
    given: batches,
    holds:
      ({ differentiate }, about) =>
      ({ p, x, seed }) => {
        const run = differentiate(plain)(p)
        const whole = run(image(x))
        const w = drawn('logits', seed, whole.values.get('logits')!.shape)
        const each = range(x.shape[1]!).map((b) =>
          weightsOf(run(image(take(x, 1, [b]))).pull(new Map([['logits', take(w, 1, [b])]]))),
        )
        return nearAll(weightsOf(whole.pull(new Map([['logits', w]]))), each.reduce(added), 16 * nearness(about))
      },
  }),
  law({
    id: 'gradient.chunks',
    statement: 'Back through time in chunks, with the cotangents of membranes handed over the border, is the whole.',
    formula: 'J_{2 \\circ 1}^{\\top} = J_1^{\\top} J_2^{\\top}',
    source: 'the chain rule over time',
    needs: ['differentiate'],
    atMost: CASES,
    given,
    holds:
      ({ differentiate }, about) =>
      ({ p, x, later, seed }) => {
        const run = differentiate(plain)(p)
        const whole = run(image(joined(x, later)))
        const w = drawn('logits', seed, whole.values.get('logits')!.shape)
        const T = x.shape[0]!
        const first = run(image(x))
        const membranes = [...first.values].filter(([key]) => key !== 'logits')
        const second = run(new Map([...image(later), ...membranes]))
        const back = second.pull(new Map([['logits', take(w, 0, [T])]]))
        const handed = new Map([...back].filter(([key]) => first.values.has(key)))
        const before = first.pull(new Map([...handed, ['logits', take(w, 0, range(T))]]))
        return nearAll(
          added(weightsOf(before), weightsOf(back)),
          weightsOf(whole.pull(new Map([['logits', w]]))),
          16 * nearness(about),
        )
      },
  }),
  law({
    id: 'gradient.truncated',
    statement: 'Truncated after every step, nothing flows back over a border: the steps add their own gradients.',
    formula: '\\nabla_\\theta = \\sum_t \\nabla_\\theta L_t \\big|_{v_{t-1} \\text{ constant}}',
    source: 'truncated backpropagation through time',
    needs: ['differentiate'],
    atMost: CASES,
    given,
    holds:
      ({ differentiate }, about) =>
      ({ p, x, later, seed }) => {
        const frames = joined(x, later)
        const cut = differentiate({ ...plain, truncate: 1 })(p)(image(frames))
        const w = drawn('logits', seed, cut.values.get('logits')!.shape)
        const run = differentiate(plain)(p)
        const steps = range(frames.shape[0]!).reduce<{ readonly membranes: Named; readonly total: Named }>(
          ({ membranes, total }, t) => {
            const step = run(new Map([...image(take(frames, 0, [t])), ...membranes]))
            const own = weightsOf(step.pull(new Map([['logits', take(w, 0, [t])]])))
            const after = new Map([...step.values].filter(([key]) => key !== 'logits'))
            return { membranes: after, total: added(total, own) }
          },
          { membranes: new Map(), total: new Map() },
        )
        return nearAll(weightsOf(cut.pull(new Map([['logits', w]]))), steps.total, 16 * nearness(about))
      },
  }),
  law({
    id: 'gradient.detached',
    statement:
      'Detached, the spike of a reset is a constant: a membrane below the threshold passes its cotangent by the leak alone.',
    formula: '\\partial v_{t+1} / \\partial v_t = (1 - s)\\, \\partial h / \\partial v',
    source: AUTHORS,
    needs: ['differentiate'],
    atMost: CASES,
    given: hard,
    holds:
      ({ differentiate }, about) =>
      (drawnCase) =>
        ofSilent(() => 1)(drawnCase, throughFirst(differentiate, 'detached', drawnCase), nearness(about)),
  }),
  law({
    id: 'gradient.attached',
    statement: "Attached, the reset is differentiated too: the surrogate's slope takes away from the leak.",
    formula:
      '\\partial v_{t+1} / \\partial v_t = \\bigl(1 - s + \\tfrac{r - h}{1 + (\\pi (h - \\theta))^2}\\bigr)\\, \\partial h / \\partial v',
    source: AUTHORS,
    needs: ['differentiate'],
    atMost: CASES,
    given: hard,
    holds:
      ({ differentiate }, about) =>
      (drawnCase) =>
        ofSilent((h, threshold, rest) => 1 + surrogate(h - threshold) * (rest - h))(
          drawnCase,
          throughFirst(differentiate, 'attached', drawnCase),
          nearness(about),
        ),
  }),
  law({
    id: 'gradient.differences',
    statement: "With the smooth spike in the step's place, finite differences are the derivative.",
    formula: '\\frac{f(\\theta + \\epsilon v) - f(\\theta - \\epsilon v)}{2 \\epsilon} \\to J v',
    source: 'the definition of the derivative',
    needs: ['differentiate'],
    atMost: CASES,
    given: real,
    holds:
      ({ differentiate }, { precision }) =>
      ({ config, seed, tensors }) => {
        const [by, within] = precision === 'float64' ? [2 ** -20, 2 ** -16] : [2 ** -11, 2 ** -6]
        const p = parsed(config, tensors)
        const x = drawn('frames', seed, [config.steps, 1, config.channels, config.image.height, config.image.width])
        const v = tangent(p, x, seed)
        const run = differentiate({ ...plain, reset: 'attached', spike: 'smooth' })
        const moved = (step: number): Named => {
          const shifted = (own: Tensor<Reals>, along: Currents | undefined): Currents =>
            tensor(
              own.shape,
              Float64Array.from(own.data, (y, i) => y + step * (along?.data[i] ?? 0)),
            )
          const other = new Map([...tensors].map(([key, own]) => [key, shifted(own, v.get(key))]))
          return run(parsed(config, other))(image(shifted(x, v.get('image')))).values
        }
        const derivative = run(p)(image(x))
        const w = cotangent(derivative, seed)
        const over = (step: number): number =>
          (product(moved(step), w).value - product(moved(-step), w).value) / (2 * step)
        const [long, short] = [over(by), over(by / 2)]
        const along = product(derivative.push(v), w)
        // Where the network bends, a difference is off by the square of its step: by a third of what half the step changes.
        return near('the difference', short, along.value, along.size + Math.abs(long - short) / within, within)
      },
  }),
  law({
    id: 'gradient.momentum',
    statement: "In training, nine tenths of batch norm's recorded statistics stay.",
    formula: "\\mu' = 0.9\\, \\mu + 0.1\\, \\mu_B, \\quad {\\sigma^2}' = 0.9\\, \\sigma^2 + 0.1\\, \\sigma_B^2",
    source: AUTHORS,
    needs: ['differentiate'],
    atMost: CASES,
    given: batches,
    holds:
      ({ differentiate }, about) =>
      ({ p, x }) => {
        const key = p.stem.norm.key
        const of = (q: NetworkParameters): Named =>
          differentiate({ ...plain, statistics: 'batch' })(q)(image(x)).statistics
        const [one, other] = [of(p), of(withStem(p, 1, 2))]
        return all(
          ...(['running_mean', 'running_var'] as const).flatMap((name, i): readonly Verdict[] =>
            Array.from(one.get(`${key}.${name}`)!.data, (value, c) => {
              const moved = other.get(`${key}.${name}`)!.data[c]! - value
              return near(`${key}.${name}[${c}] moves`, moved, 0.9 * (i + 1), Math.abs(value) + 2, nearness(about))
            }),
          ),
        )
      },
  }),
  law({
    id: 'gradient.unbiased',
    statement:
      "The recorded variance takes the batch's unbiased estimate: over n - 1, so a batch met twice counts less.",
    formula: "{\\sigma^2}' - 0.9\\, \\sigma^2 = 0.1\\, \\tfrac{n}{n - 1}\\, \\sigma_B^2",
    source: AUTHORS,
    needs: ['differentiate'],
    atMost: CASES,
    given: batches,
    holds:
      ({ differentiate }, about) =>
      ({ p, x }) => {
        const key = `${p.stem.norm.key}.running_var`
        const from = (frames: Currents): readonly number[] => {
          const run = differentiate({ ...plain, statistics: 'batch' })(p)(image(frames))
          const found = run.statistics.get(key)!.data
          return Array.from(found, (value, c) => value - 0.9 * p.stem.norm.variance.data[c]!)
        }
        const positions = differentiate(plain)(p)(image(x)).values.get(FIRST)!.shape
        const poolless = p.stem.pool === null ? positions[2]! * positions[3]! : 4 * positions[2]! * positions[3]!
        const n = x.shape[0]! * x.shape[1]! * poolless
        const [once, twice] = [from(x), from(take(x, 1, [...range(x.shape[1]!), ...range(x.shape[1]!)]))]
        return all(
          ...once.map((value, c) =>
            near(
              `the variance of channel ${c} twice`,
              twice[c]!,
              (value * ((n - 1) / n) * (2 * n)) / (2 * n - 1),
              Math.abs(p.stem.norm.variance.data[c]!) / 8,
              nearness(about) / 8,
            ),
          ),
        )
      },
  }),
]
