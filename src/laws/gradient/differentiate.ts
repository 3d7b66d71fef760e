/** The derivative of the network by the interpreters of this package. @module */
import { type Currents, type Precision, type Reals, type Tensor, tensor, toPrecision } from '../../core/tensor.js'
import { type Dual, dual } from '../../interpreters/gradient/forward.js'
import type { Value, Vector } from '../../interpreters/gradient/map.js'
import { asTheAuthors, type Base, type Differentiation } from '../../interpreters/gradient/performed.js'
import { detached, reverse, type Traced } from '../../interpreters/gradient/reverse.js'
import { smooth } from '../../interpreters/gradient/smooth.js'
import { atan } from '../../interpreters/gradient/surrogate.js'
import { freshTraining } from '../../interpreters/gradient/training.js'
import { tensorInterpreter } from '../../interpreters/interpreter.js'
import { reference } from '../../interpreters/reference.js'
import type { Membranes } from '../../model/kernels.js'
import { network, step } from '../../model/network.js'
import { flatten, type NetworkParameters } from '../../model/parameters.js'
import { joined, range, steps } from '../tensors.js'
import type { Derivative, How, Named } from './derivative.js'

/** The recorded firing rates by key. */
const ratesOf = (p: NetworkParameters): ReadonlyMap<string, readonly number[]> =>
  new Map(
    [...flatten(p)].flatMap(([key, { data }]) =>
      key.includes('firing_rate') ? [[key, Array.from(data as Reals)] as const] : [],
    ),
  )

const vectorsOf = (named: Named): ReadonlyMap<string, Reals> =>
  new Map([...named].map(([key, { data }]) => [key, data]))

/** A run in chunks of steps: what each chunk was given and gave, and the membranes after the last. */
interface Ran<C> {
  readonly images: readonly C[]
  readonly logits: readonly C[]
  readonly after: Membranes<C>
}

const chunked =
  <C>(run: (frames: C) => (membranes: Membranes<C>) => [C, Membranes<C>], cut: (membrane: C) => C) =>
  (images: readonly C[], before: Membranes<C>): Ran<C> =>
    images.reduce<Ran<C>>(
      ({ logits, after }, image, i) => {
        const kept = i === 0 ? after : new Map([...after].map(([key, membrane]) => [key, cut(membrane)]))
        const [out, next] = run(image)(kept)
        return { images, logits: [...logits, out], after: next }
      },
      { images, logits: [], after: before },
    )

const present = (entries: readonly (readonly [string, Currents['shape'], Vector])[]): Named =>
  new Map(entries.flatMap(([key, shape, data]) => (data === null ? [] : [[key, tensor(shape, data)]])))

/** What a network is run on: frames in chunks, where it is truncated, and membranes; everything rounded once. */
const given = (precision: Precision, { truncate }: How, inputs: Named) => {
  const rounded = ({ shape, data }: Currents): Currents => tensor(shape, toPrecision(precision, data))
  const image = inputs.get('image')!
  const T = image.shape[0]!
  const length = truncate ?? T
  const starts = range(Math.ceil(T / length)).map((i) => i * length)
  const cut = (whole: Currents): readonly Currents[] =>
    starts.map((from) => rounded(steps(whole, from, Math.min(T, from + length))))
  const membranes = [...inputs].flatMap(([key, value]) => (key === 'image' ? [] : [[key, rounded(value)] as const]))
  return { rounded, image, cut, membranes }
}

const reversed =
  <S, V extends Value>(base: Base<S, Currents, V>, options: Differentiation, how: How, p: NetworkParameters) =>
  (inputs: Named): Derivative => {
    const { rounded, image, cut, membranes } = given(options.precision, how, inputs)
    const R = reverse(base, options)
    const before = new Map(membranes.map(([key, value]) => [key, R.fromCurrents(value)]))
    const net = step(network(R.kernels)(p))
    const ran = chunked<Traced<S, Currents, Currents>>(net, detached)(cut(image).map(R.fromCurrents), before)
    const results = [...ran.logits, ...ran.after.values()]
    const logits = ran.logits.map(R.toCurrents).reduce(joined)
    return {
      values: new Map([['logits', logits], ...[...ran.after].map(([key, v]) => [key, R.toCurrents(v)] as const)]),
      statistics: new Map([...R.statistics(results)].map(([key, data]) => [key, tensor([data.length], data)])),
      pull: (cotangents) => {
        const ofLogits = cotangents.get('logits')
        const parts = ofLogits === undefined ? ran.logits.map(() => null) : cut(ofLogits).map(({ data }) => data)
        const { of, learnt } = R.pullback([
          ...ran.logits.map((out, i) => [out, parts[i]!] as const),
          ...[...ran.after].map(
            ([key, v]) => [v, cotangents.has(key) ? rounded(cotangents.get(key)!).data : null] as const,
          ),
        ])
        const zero = ({ shape, data }: Currents): Currents =>
          tensor(
            shape,
            data.map(() => 0),
          )
        const ofImage = ran.images.map((x) => {
          const vector = of(x)
          return vector === null ? zero(R.toCurrents(x)) : tensor(x.value.shape, vector)
        })
        return new Map([
          ['image', ofImage.reduce(joined)],
          ...present([...before].map(([key, v]) => [key, v.value.shape, of(v)])),
          ...present([...learnt].map(([key, data]) => [key, [data.length], data])),
        ])
      },
    }
  }

const forwards =
  <S, V extends Value>(base: Base<S, Currents, V>, options: Differentiation, how: How, p: NetworkParameters) =>
  (inputs: Named) =>
  (tangents: Named): Named => {
    const { rounded, image, cut, membranes } = given(options.precision, how, inputs)
    const F = dual(base, options, vectorsOf(tangents))
    const at = (value: Currents, tangent: Currents | undefined): Dual<Currents> => ({
      value: base.fromCurrents(value),
      tangent: tangent === undefined ? null : rounded(tangent).data,
    })
    const ofImage = tangents.get('image')
    const along = ofImage === undefined ? undefined : cut(ofImage)
    const images = cut(image).map((part, i) => at(part, along?.[i]))
    const before = new Map(membranes.map(([key, value]) => [key, at(value, tangents.get(key))]))
    const pushed = chunked<Dual<Currents>>(step(network(F.kernels)(p)), ({ value }) => ({ value, tangent: null }))(
      images,
      before,
    )
    const zeroed = ({ value, tangent }: Dual<Currents>): Tensor<Reals> =>
      tensor(value.shape, tangent ?? value.data.map(() => 0))
    return new Map([
      ['logits', pushed.logits.map(zeroed).reduce(joined)],
      ...[...pushed.after].map(([key, v]) => [key, zeroed(v)] as const),
    ])
  }

const optionsOf = (precision: Precision, how: How, p: NetworkParameters): Differentiation => ({
  ...asTheAuthors(precision),
  reset: how.reset,
  training: how.statistics === 'frozen' ? null : { ...freshTraining, rates: ratesOf(p) },
})

/**
 * The network on frames and its gradients there, in training mode or not, by reverse mode over the reference.
 *
 * @example
 * const how = { statistics: 'frozen', reset: 'detached', spike: 'step', truncate: null } as const
 * const { values } = differentiated('float64')(how)(parameters)(new Map([['image', image]]))
 * values.get('logits') // => forwardFrames(network(reference('float64'))(parameters))(image)
 */
export const differentiated =
  (precision: Precision) =>
  (how: How) =>
  (p: NetworkParameters): ((inputs: Named) => Derivative) => {
    const options = optionsOf(precision, how, p)
    switch (how.spike) {
      case 'step':
        return reversed(tensorInterpreter(reference(precision)), options, how, p)
      case 'smooth':
        return reversed(smooth(precision, atan), options, how, p)
    }
  }

/**
 * The derivative of the network along tangents, in training mode or not, by forward mode over the reference.
 *
 * @example
 * const how = { statistics: 'frozen', reset: 'detached', spike: 'step', truncate: null } as const
 * const along = pushedForward('float64')(how)(parameters)(new Map([['image', image]]))
 * along(new Map()).get('logits')?.data.every((x) => x === 0) // => true
 */
export const pushedForward =
  (precision: Precision) =>
  (how: How) =>
  (p: NetworkParameters): ((inputs: Named) => (tangents: Named) => Named) => {
    const options = optionsOf(precision, how, p)
    switch (how.spike) {
      case 'step':
        return forwards(tensorInterpreter(reference(precision)), options, how, p)
      case 'smooth':
        return forwards(smooth(precision, atan), options, how, p)
    }
  }
