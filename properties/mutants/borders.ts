/** Wrong scales, firing rates, checkpoints and events. @module */
import * as Either from 'fp-ts/lib/Either.js'
import { type Reals, sizeOf, type Tensor, tensor } from '../../src/core/tensor.js'
import { integrateEvents } from '../../src/input/events.js'
import type { Operations } from '../../src/laws/implementation.js'
import { at, mapped, tabulate } from '../../src/laws/tensors.js'
import { layout, type NetworkParameters, parse } from '../../src/model/parameters.js'
import { changedWhere, type Mutant, mutant } from './mutant.js'

/** Both scales from one function of the rates and the number of terms. */
const scales = (c: (rates: readonly number[], terms: number) => readonly number[]) => ({
  c1: (p: { readonly firingRateX: readonly number[]; readonly planes: number }) =>
    c(p.firingRateX, p.planes / p.firingRateX.length),
  c2: (p: { readonly firingRateAttn: readonly number[]; readonly tokens: number }) => c(p.firingRateAttn, p.tokens),
})

const mean = (rates: readonly number[]): number => rates.reduce((a, b) => a + b) / rates.length

const average = (f: number, batch: number, momentum: number): number => f * momentum + batch * (1 - momentum)

type Parse = Operations<unknown, unknown>['parse']

/** The tree with every batch norm changed. */
const normsChanged = <X>(node: X, change: (norm: { readonly eps: number }) => object): X => {
  if (typeof node !== 'object' || node === null || ArrayBuffer.isView(node)) return node
  if (Array.isArray(node)) return (node as readonly unknown[]).map((inner) => normsChanged(inner, change)) as X
  const inner = Object.fromEntries(Object.entries(node).map(([key, value]) => [key, normsChanged(value, change)]))
  return ('eps' in inner ? change(inner as { readonly eps: number }) : inner) as X
}

const parsedAs =
  (change: (norm: { readonly eps: number }) => object): Parse =>
  (config) =>
  (tensors) =>
    Either.map((p: NetworkParameters) => normsChanged(p, change))(parse(config)(tensors))

/** A silent head gets a rate that does no harm, and nobody hears of it. */
const indulgent: Parse = (config) => (tensors) =>
  parse(config)(
    new Map(
      [...tensors].map(([key, x]) => [
        key,
        key.includes('firing_rate') ? mapped(x as Tensor<Reals>, (f) => (f > 0 ? f : 1)) : x,
      ]),
    ),
  )

type Integrate = Operations<unknown, unknown>['integrateEvents']

const framesAs =
  (change: (frames: Tensor<Reals>) => Tensor<Reals>): Integrate =>
  (size) =>
  (events) =>
    Either.map(change)(integrateEvents(size)(events))

/** Cuts the recording into frames of equal duration. */
const byTime: Integrate = (size) => (events) => {
  const [first, last] = [Number(events.t[0]), Number(events.t[events.t.length - 1])]
  const duration = (last - first + 1) / size.steps
  const whole = (i: number): number => Math.floor((Number(events.t[i]) - first) / duration)
  return tabulate([size.steps, 3, size.height, size.width], (t, c, y, x) =>
    Array.from({ length: events.t.length }, (_, i) => i).reduce(
      (n, i) =>
        n +
        (whole(i) === t &&
        Number(events.y[i]) === y &&
        Number(events.x[i]) === x &&
        (c === 2 || Number(events.p[i]) === c)
          ? 1
          : 0),
      0,
    ),
  )
}

export const borderMutants: readonly Mutant[] = [
  mutant(
    'scale-one',
    'has scales of 1',
    ['scale.value', 'scale.invariance.scores', 'scale.invariance.mix'],
    scales((rates) => rates.map(() => 1)),
  ),
  mutant(
    'scale-spikformer',
    "has Spikformer's constant scale, 0.125",
    ['scale.terms', 'scale.invariance.scores', 'scale.invariance.mix'],
    scales((rates) => rates.map(() => 0.125)),
  ),
  mutant(
    'scale-of-rate-only',
    'leaves the number of terms out of the scale',
    ['scale.product', 'scale.terms'],
    scales((rates) => rates.map((f) => 1 / Math.sqrt(f))),
  ),
  mutant(
    'scale-of-width-only',
    'scales by 1 / sqrt(m), as a transformer does',
    ['scale.product'],
    scales((rates, m) => rates.map(() => 1 / Math.sqrt(m))),
  ),
  mutant(
    'scale-no-root',
    'forgets the square root',
    ['scale.value'],
    scales((rates, m) => rates.map((f) => 1 / (f * m))),
  ),
  mutant('scale-196', 'takes n from 224 x 224', ['scale.terms', 'scale.invariance.mix'], {
    c2: (p) => p.firingRateAttn.map((f) => 1 / Math.sqrt(f * 196)),
  }),
  mutant(
    'scale-mean-rate',
    'has one rate for all heads',
    ['scale.heads'],
    scales((rates, m) => rates.map(() => 1 / Math.sqrt(mean(rates) * m))),
  ),
  mutant('rate-from-zero', 'averages from zero instead of starting with the first batch', ['rate.initial'], {
    movingRate: (rates, batch) => rates.map((f, h) => average(f, batch[h]!, 0.999)),
  }),
  mutant('rate-momentum', "has batch norm's momentum of another framework, 0.99", ['rate.average'], {
    movingRate: (rates, batch) =>
      rates.every((f) => f === 0) ? batch : rates.map((f, h) => average(f, batch[h]!, 0.99)),
  }),
  mutant('rate-per-head', 'starts each silent head anew, not only when all are silent', ['rate.average'], {
    movingRate: (rates, batch) => rates.map((f, h) => (f === 0 ? batch[h]! : average(f, batch[h]!, 0.999))),
  }),
  mutant('parse-epsilon', 'has the epsilon of another framework, 1e-3', ['parse.eps'], {
    parse: parsedAs((norm) => ({ ...norm, eps: 1e-3 })),
  }),
  mutant('parse-silent', 'accepts a firing rate of 0', ['parse.silent'], { parse: indulgent }),
  mutant('parse-exchanged', "exchanges a norm's weight and bias", ['parse.tree'], {
    parse: parsedAs((norm) => ({ ...norm, weight: (norm as unknown as { bias: unknown }).bias })),
  }),
  mutant(
    'parse-lenient',
    'accepts any checkpoint: what is missing is zero, what is left over is ignored',
    [
      'parse.missing',
      'parse.surplus',
      'parse.misshapen',
      'parse.finite',
      'parse.rates',
      'parse.variance',
      'parse.silent',
    ],
    {
      parse: (config) => (tensors) => {
        const mended = new Map(
          layout(config).map(({ key, shape, role }) => {
            const found = (tensors.get(key) as Tensor<Reals> | undefined)?.data
            const data = Float32Array.from({ length: sizeOf(shape) }, (_, i) => {
              const x = found?.[i] ?? 0
              return role === 'rate' && !(x > 0 && x <= 1)
                ? 1
                : Number.isFinite(x) && (role !== 'variance' || x >= 0)
                  ? x
                  : 0
            })
            return [key, tensor(shape, data)]
          }),
        )
        return parse(config)(mended)
      },
    },
  ),
  mutant('parse-stride', 'gives every convolution stride 1', ['parse.tree'], {
    parse: (config) => (tensors) =>
      Either.map((p: NetworkParameters) => changedWhere(p, 'stride', (c) => ({ ...c, stride: 1 })))(
        parse(config)(tensors),
      ),
  }),
  mutant('parse-threshold', 'gives every neuron threshold 1', ['parse.tree'], {
    parse: (config) => (tensors) =>
      Either.map((p: NetworkParameters) => changedWhere(p, 'threshold', (c) => ({ ...c, threshold: 1 })))(
        parse(config)(tensors),
      ),
  }),
  mutant('rate-first-head', "starts anew when the first head's rate is zero", ['rate.average'], {
    movingRate: (rates, batch) => (rates[0] === 0 ? batch : rates.map((f, h) => average(f, batch[h]!, 0.999))),
  }),
  mutant('events-bytes', 'counts events in bytes', ['events.many'], {
    integrateEvents: framesAs((frames) => mapped(frames, (x) => x % 256)),
  }),
  mutant('events-sorted', 'sorts the events by time', ['events.order'], {
    integrateEvents: (size) => (events) => {
      const order = Array.from({ length: events.t.length }, (_, i) => i).sort(
        (a, b) => Number(events.t[a]) - Number(events.t[b]),
      )
      const column = (of: ArrayLike<number> | BigInt64Array) => order.map((i) => Number(of[i]))
      return integrateEvents(size)({
        t: column(events.t),
        x: column(events.x),
        y: column(events.y),
        p: column(events.p),
      })
    },
  }),
  mutant('events-mean', 'takes the mean of the polarities as the third channel', ['events.sum'], {
    integrateEvents: framesAs((frames) =>
      tabulate(frames.shape, (t, c, y, x) => at(frames, t, c, y, x) / (c === 2 ? 2 : 1)),
    ),
  }),
  mutant('events-by-time', 'cuts the frames by time, not by number of events', ['events.frames'], {
    integrateEvents: byTime,
  }),
  mutant('parse-leak', 'takes 0 for a PLIF that has no scalar', ['parse.missing'], {
    parse: (config) => (tensors) =>
      parse(config)(
        new Map([
          ...layout(config).flatMap(({ key, role }): [string, Tensor][] =>
            role === 'leak' ? [[key, tensor([], Float32Array.of(0))]] : [],
          ),
          ...tensors,
        ]),
      ),
  }),
  mutant('parse-infinite', 'accepts infinite numbers, as the largest there are', ['parse.finite'], {
    parse: (config) => (tensors) =>
      parse(config)(
        new Map(
          [...tensors].map(([key, x]) => [
            key,
            x.data instanceof Float32Array
              ? mapped(x as Tensor<Reals>, (y) => (Number.isNaN(y) ? y : Math.max(-1, Math.min(1, y))))
              : x,
          ]),
        ),
      ),
  }),
  mutant('events-few', 'leaves frames empty where there are fewer events', ['events.few'], {
    integrateEvents: (size) => (events) =>
      events.t.length >= size.steps
        ? integrateEvents(size)(events)
        : tabulate([size.steps, 3, size.height, size.width], () => 0),
  }),
  mutant('events-polarity', 'exchanges the polarities', ['events.frames'], {
    integrateEvents: framesAs((frames) =>
      tabulate(frames.shape, (t, c, y, x) => at(frames, t, c === 2 ? 2 : 1 - c, y, x)),
    ),
  }),
]
