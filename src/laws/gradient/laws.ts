/** Laws of differentiation: what any gradient of the network must be, whoever computes it. @module */
import fc from 'fast-check'
import type { Currents } from '../../core/tensor.js'
import { forwardFrames } from '../../model/network.js'
import type { NetworkParameters } from '../../model/parameters.js'
import { type Law, law, type Verdict } from '../law.js'
import { joined, mapped, range, take } from '../tensors.js'
import { all, same } from '../verdict.js'
import {
  AUTHORS,
  added,
  alongTangent,
  batches,
  CASES,
  cotangent,
  differs,
  drawn,
  FIRST,
  given,
  hard,
  image,
  near,
  nearAll,
  nearness,
  ofSilent,
  plain,
  product,
  real,
  surrogate,
  tangent,
  throughFirst,
  weightsOf,
  withStem,
} from './cases.js'
import type { How, Named } from './derivative.js'

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
    needs: ['differentiate', 'pushForward'],
    atMost: CASES,
    given: fc.record({ case: batches, statistics: fc.constantFrom('frozen' as const, 'batch' as const) }),
    holds:
      ({ differentiate, pushForward }, about) =>
      ({ case: { p, x, seed }, statistics }) => {
        const how: How = { ...plain, statistics }
        const derivative = differentiate(how)(p)(image(x))
        const [v, w] = [tangent(p, x, seed), cotangent(derivative, seed)]
        const [left, right] = [product(pushForward(how)(p)(image(x))(v), w), product(v, derivative.pull(w))]
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
    needs: ['differentiate', 'pushForward'],
    atMost: CASES,
    given,
    holds:
      ({ differentiate, pushForward }, about) =>
      ({ p, x }) => {
        const { values } = differentiate(plain)(p)(image(x))
        const along = pushForward(plain)(p)(image(x))(new Map([['classifier.weight', p.classifier]]))
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
    needs: ['differentiate', 'pushForward'],
    atMost: CASES,
    given: real,
    holds:
      ({ differentiate, pushForward }, about) =>
      (drawnCase) => {
        const { p, x, v, moved } = alongTangent(drawnCase)
        const how: How = { ...plain, reset: 'attached', spike: 'smooth' }
        const derivative = differentiate(how)(p)(image(x))
        const w = cotangent(derivative, drawnCase.seed)
        return differs(about, product(pushForward(how)(p)(image(x))(v), w), (step) => {
          const to = moved(step)
          return product(differentiate(how)(to.p)(image(to.x)).values, w).value
        })
      },
  }),
  law({
    id: 'gradient.training',
    statement: "In training, a gradient goes through the batch's mean and variance too: finite differences say so.",
    formula:
      '\\partial y / \\partial z = \\tfrac{\\gamma}{\\sqrt{\\sigma_B^2 + \\epsilon}} \\bigl(I - \\tfrac{1}{n} 1 1^{\\top} - \\tfrac{1}{n} \\hat{z} \\hat{z}^{\\top}\\bigr)',
    source: AUTHORS,
    needs: ['differentiate'],
    atMost: CASES,
    given: real,
    holds:
      ({ differentiate }, about) =>
      (drawnCase) => {
        const { p, x, v, moved } = alongTangent(drawnCase)
        const how: How = { ...plain, statistics: 'batch', reset: 'attached', spike: 'smooth' }
        const derivative = differentiate(how)(p)(image(x))
        // The first neuron follows the stem: no firing rate, which counts as a constant, is on the way to its membrane.
        const w = new Map([[FIRST, drawn(FIRST, drawnCase.seed, derivative.values.get(FIRST)!.shape)]])
        return differs(about, product(v, derivative.pull(w)), (step) => {
          const to = moved(step)
          return product(differentiate(how)(to.p)(image(to.x)).values, w).value
        })
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
