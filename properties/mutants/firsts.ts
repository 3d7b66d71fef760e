/** What a network with a mutant's mistake first differs in: the data behind `compare`'s likely causes. @module */
import * as Either from 'fp-ts/lib/Either.js'
import { syntheticCheckpoint, syntheticInput } from '../../src/checkpoint/synthetic.js'
import { type Currents, type Precision, type Spikes, sameShape, type Tensor, tensor } from '../../src/core/tensor.js'
import { reference } from '../../src/interpreters/reference.js'
import type { Operations } from '../../src/laws/implementation.js'
import { type Config, digits } from '../../src/model/config.js'
import { dssa } from '../../src/model/dssa.js'
import { gwsffn, layer } from '../../src/model/gwsffn.js'
import type { Kernels, Membranes, Stateful } from '../../src/model/kernels.js'
import { applyOf, carriers, kernelsOf } from '../../src/model/operation.js'
import { type NetworkParameters, parse } from '../../src/model/parameters.js'
import type { Cause } from '../../src/tasks/causes.js'
import { difference, type Kind } from '../../src/tasks/difference.js'
import { inOrder } from '../../src/tasks/order.js'
import { right as exact, type Mutant } from './mutant.js'

type Judged = Partial<Operations<Spikes, Currents>>
type Values = Map<string, Tensor>

/** A small network with everything that a published one has, and what it is shown. */
interface Probe {
  readonly parameters: NetworkParameters
  readonly frames: boolean
  readonly input: Currents
}

const probe = (config: Config, frames: boolean, batch: number): Probe => {
  const parsed = parse(config)(syntheticCheckpoint(config, 7))
  if (Either.isLeft(parsed)) throw new Error(`${config.name} is no network`)
  const { channels, image, steps } = config
  const shape = [frames ? steps : 1, batch, channels, image.height, image.width]
  return { parameters: parsed.right, frames, input: tensor(shape, syntheticInput(shape, 7).data) }
}

/**
 * The digits network; one with the stem of ImageNet, three channels, PLIF neurons, frames and an odd batch; and one with
 * three channels on a plain stem, a map that is no square and no power of two, and more steps.
 */
export const probes = (): readonly Probe[] => [
  probe(digits, false, 1),
  probe(
    {
      ...digits,
      name: 'probe',
      image: { height: 32, width: 32 },
      channels: 3,
      stem: { kind: 'imagenet' },
      charge: { kind: 'PLIF', w: 0.3 },
      steps: 3,
    },
    true,
    3,
  ),
  probe({ ...digits, name: 'probe', image: { height: 16, width: 24 }, channels: 3, steps: 6 }, false, 2),
]

/**
 * Every value of a run and the last membranes, by name, of an implementation's own parts where it has them. The parts of
 * the mutants are written over the right kernels `exact`, which are listened to while they run.
 */
const valuesOf = (judged: Judged, precision: Precision, { parameters, frames, input }: Probe): Values => {
  const values: Values = new Map()
  const plain = { ...reference(precision) }
  const own: Kernels<Spikes, Currents> = {
    ...plain,
    ...(judged as Partial<Kernels<Spikes, Currents>>),
    scope: () => own,
  }
  const attention = new Map(
    parameters.stages.flatMap(({ blocks }, L) => blocks.map(({ attention: a, index }) => [`layers.${L}.${index}`, a])),
  )
  let inside = ''
  const listening = (kernels: Kernels<Spikes, Currents>): Kernels<Spikes, Currents> => {
    const apply = applyOf({ ...kernels, scope: () => kernels })
    return kernelsOf<Spikes, Currents>((operation, p, label) => {
      const place = inside
      const path = [place, label].filter((part) => part !== '').join('.')
      const { c1, c2 } = judged
      const block = attention.get(place)
      const scaled =
        operation === 'dstT' && c1 !== undefined && block !== undefined
          ? c1(block)
          : operation === 'dst' && c2 !== undefined && block !== undefined
            ? c2(block)
            : p
      const run = apply(operation, scaled as typeof p, '')
      return (...inputs) => {
        const outputs = run(...inputs)
        const shown = (outputs as readonly Tensor[]).filter((_, i) => carriers[operation].outputs[i] !== 'membrane')
        if (label !== '')
          for (const [i, value] of shown.entries()) values.set(shown.length === 1 ? path : `${path}.${i}`, copy(value))
        return outputs
      }
    })
  }
  const K = listening(own)
  const parts = judged.dssa !== undefined || judged.gwsffn !== undefined || judged.downsample !== undefined
  const before = { ...exact }
  if (parts) Object.assign(exact, listening(plain))
  try {
    type Part<P> = (p: P) => (x: Currents) => Stateful<Currents, Currents>
    let membranes: Membranes<Currents> = new Map()
    const through = <P>(path: string, last: string, part: Part<P>, isOwn: boolean, p: P, x: Currents): Currents => {
      inside = path
      const [y, after] = part(p)(x)(membranes)
      if (isOwn) values.set(`${path}.${last}`, copy(y))
      membranes = after
      return y
    }
    let x = K.scope('prologue').stem(parameters.stem)(input)
    if (!frames) x = K.scope('hold').hold(parameters.config.steps)(x)
    for (const [L, { downsample, blocks }] of parameters.stages.entries()) {
      if (downsample !== null)
        x = through(
          `layers.${L}.0`,
          'conv',
          judged.downsample ?? ((p) => layer(K)('activation', 'conv', p)),
          judged.downsample !== undefined,
          downsample,
          x,
        )
      for (const { attention: a, feedForward, index } of blocks) {
        x = through(`layers.${L}.${index}`, 'residual', judged.dssa ?? dssa(K), judged.dssa !== undefined, a, x)
        const ffn = `layers.${L}.${index + 1}`
        x = through(ffn, 'residual', judged.gwsffn ?? gwsffn(K), judged.gwsffn !== undefined, feedForward, x)
      }
    }
    inside = ''
    K.scope('classifier').classify(parameters.classifier)(K.scope('pool').meanPool(x))
    for (const [key, membrane] of membranes) values.set(`membrane ${key}`, copy(membrane))
  } finally {
    Object.assign(exact, before)
  }
  return values
}

/** What is given now may be written into later. */
const copy = ({ shape, data }: Tensor): Tensor => tensor(shape, data.slice())

const isMembrane = (name: string): boolean => name.startsWith('membrane ')

/** The numbers as the right run has them, where they are of the same carrier. */
const alike = ({ data }: Tensor, { shape, data: mine }: Tensor): Tensor =>
  tensor(
    shape,
    data instanceof Uint8Array
      ? Uint8Array.from(mine as Uint8Array)
      : data instanceof Float32Array
        ? Float32Array.from(mine as Float32Array)
        : Float64Array.from(mine as Float64Array),
  )

/** The first difference of one run to another, as `compare` would name it; what a part of its own does not show is passed over. */
const firstOf = (wanted: Values, mine: Values): Pick<Cause, 'name' | 'kind' | 'share'> | null => {
  const names = [...wanted.keys()]
  for (const name of [...inOrder(names.filter((each) => !isMembrane(each))), ...names.filter(isMembrane)]) {
    const [a, b] = [wanted.get(name)!, mine.get(name)]
    if (b === undefined) continue
    const kindOr = (kind: Kind): Kind => (isMembrane(name) ? 'membranes' : kind)
    const bare = name.replace('membrane ', '')
    if (!sameShape(a.shape, b.shape)) return { name: bare, kind: kindOr('values'), share: 1 }
    // A spike that is no byte is of another type than those wanted.
    if (a.data instanceof Uint8Array !== b.data instanceof Uint8Array) return { name, kind: 'spikes', share: 1 }
    const found = difference(a, alike(a, b))
    if (found !== null) return { name: bare, kind: kindOr(found.kind), share: found.count / found.size }
  }
  return null
}

/** Runs of the right network, which all mutants are compared with. */
const rights = new Map<string, Values>()

/**
 * What each mutant's network first differs in, of the first probe that shows it; mutants that none shows are left out:
 * what they do wrong, no published network has.
 */
export const causesAmong = (mutants: readonly Mutant[]): readonly Cause[] =>
  mutants.flatMap(({ id, mistake, dies, operations, implementation }) => {
    const precision = implementation.precision ?? 'float64'
    // Who does its scales otherwise is asked for them, so that the products are seen.
    const asked = operations.filter((name) => name !== 'dssa' || !operations.includes('c1'))
    const judged = Object.fromEntries(asked.map((name) => [name, implementation.kernels[name]])) as Judged
    for (const [i, each] of probes().entries()) {
      const of = `${precision} ${i}`
      const wanted = rights.get(of) ?? valuesOf({}, precision, each)
      rights.set(of, wanted)
      try {
        const first = firstOf(wanted, valuesOf(judged, precision, each))
        if (first !== null) return [{ id, mistake, law: dies[0], ...first, share: Number(first.share.toPrecision(2)) }]
      } catch {
        // It does not run at all: nothing that could be compared.
      }
    }
    return []
  })
