/** A call of the dictionary on a base interpreter, as it is or in training mode, and all that its linear map needs. @module */
import type { Currents, Precision, Spikes } from '../../core/tensor.js'
import type { Stem, Synapse } from '../../model/kernels.js'
import {
  type Apply,
  applyOf,
  type Carrier,
  carriers,
  type InputsOf,
  type OperationName,
  type OutputsOf,
  type ParametersOf,
} from '../../model/operation.js'
import type { Interpreter } from '../interpreter.js'
import { affine, maxPool } from '../reference/convolution.js'
import { type Connect, connect } from './bilinear.js'
import { linearisation } from './linear.js'
import type { Linear, Value } from './map.js'
import type { Slopes } from './neuron.js'
import { atan } from './surrogate.js'
import { batchNorm, batchScale, identityNorm, type Statistics, type Training } from './training.js'

/** The interpreter that is differentiated. Its spikes are read as bytes `V`, or as reals where they are smooth. */
export interface Base<S, C, V extends Value = Spikes> extends Omit<Interpreter<S, C>, 'toSpikes'> {
  /** Spikes, read: as bytes, or as reals where they are smooth. */
  readonly toSpikes: (spikes: S) => V
}

/** How an interpreter is differentiated. */
export interface Differentiation extends Slopes {
  /** That of the base, and of every gradient. */
  readonly precision: Precision
  /** The gradients of synapses: readably, or fast with the same bits. */
  readonly connect: Connect
  /** Training mode, or null: statistics as recorded. */
  readonly training: Training | null
}

/**
 * How the authors differentiate: the arctangent, the reset's spike detached; statistics as recorded.
 *
 * @example
 * asTheAuthors('float64').reset // => 'detached'
 */
export const asTheAuthors = (precision: Precision): Differentiation => ({
  precision,
  surrogate: atan,
  reset: 'detached',
  connect: connect(precision),
  training: null,
})

/** A call that was performed. */
export interface Performed<S, C, N extends OperationName> {
  readonly operation: N
  readonly path: string
  /** Those it ran with: in training mode, the batch's. */
  readonly parameters: ParametersOf<N>
  readonly inputs: InputsOf<N, S, C>
  readonly outputs: OutputsOf<N, S, C>
  readonly raw: Currents | null
  /** The new statistics by checkpoint key; none but in training mode. */
  readonly statistics: Statistics
}

/** The values of a call as tensors. */
const valuesOf = <S, C>(
  { toSpikes, toCurrents }: Base<S, C, Value>,
  kinds: readonly Carrier[],
  values: readonly (S | C | null)[],
): readonly (Value | null)[] =>
  values.map((value, i) =>
    value === null ? null : kinds[i] === 'spikes' ? toSpikes(value as S) : toCurrents(value as C),
  )

/** The linear map of a call that was performed. */
export const linearOf =
  <S, C>(base: Base<S, C, Value>, { precision, training, connect: connected, ...slopes }: Differentiation) =>
  <N extends OperationName>({ operation, parameters, inputs, outputs, raw }: Performed<S, C, N>): Linear =>
    linearisation(
      precision,
      connected,
      slopes,
    )(operation, {
      parameters,
      inputs: valuesOf(base, carriers[operation].inputs, inputs),
      outputs: valuesOf(base, carriers[operation].outputs, outputs) as readonly Value[],
      raw,
      centre: training === null ? 'frozen' : 'batch',
    })

/** Performs calls on the base: as they are, or in training mode with what they take from the batch. */
export const performing =
  <S, C>(base: Base<S, C, Value>, { precision, training }: Differentiation) =>
  <N extends OperationName>(operation: N, parameters: ParametersOf<N>, path: string) => {
    const apply: Apply<S, C> = applyOf(base.kernels)
    const run = (inputs: InputsOf<N, S, C>, used: ParametersOf<N>): Performed<S, C, N> => {
      const outputs = apply(operation, used, path)(...inputs)
      return { operation, path, parameters: used, inputs, outputs, raw: null, statistics: [] }
    }
    if (training === null) {
      const applied = apply(operation, parameters, path)
      return (...inputs: InputsOf<N, S, C>): Performed<S, C, N> => ({
        operation,
        path,
        parameters,
        inputs,
        outputs: applied(...inputs),
        raw: null,
        statistics: [],
      })
    }
    const normed = (inputs: InputsOf<N, S, C>): Performed<S, C, N> => {
      const p = parameters as Synapse & Partial<Stem>
      const bare = { ...p, norm: identityNorm(p.norm), pool: null } as ParametersOf<N>
      const raw = base.toCurrents(apply(operation, bare, path)(...inputs)[0] as C)
      const repeats = operation === 'stem' ? training.repeats : 1
      const { norm, statistics } = batchNorm(precision, training, p.norm, raw, repeats)
      const whole = affine(precision, norm)(raw)
      const output = p.pool == null ? whole : maxPool(precision, p.pool)(whole)
      return {
        operation,
        path,
        parameters: { ...p, norm },
        inputs,
        outputs: [base.fromCurrents(output)] as unknown as OutputsOf<N, S, C>,
        raw,
        statistics,
      }
    }
    const scaled = (inputs: InputsOf<N, S, C>, product: 'dstT' | 'dst'): Performed<S, C, N> => {
      const values = valuesOf(base, carriers[operation].inputs, inputs) as readonly [Value, Value]
      const { scale, statistics } = batchScale(precision, training, product, path, values)
      return { ...run(inputs, scale), statistics }
    }
    return (...inputs: InputsOf<N, S, C>): Performed<S, C, N> => {
      switch (operation) {
        case 'stem':
        case 'synapse':
          return normed(inputs)
        case 'dstT':
        case 'dst':
          return scaled(inputs, operation)
        case 'hold':
        case 'fire':
        case 'splitHeads':
        case 'mergeHeads':
        case 'add':
        case 'meanPool':
        case 'classify':
          return run(inputs, parameters)
      }
    }
  }
