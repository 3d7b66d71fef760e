/**
 * A call of the dictionary as data: which operation, where, with which parameters, from which values to which.
 *
 * Who needs to treat all operations alike (observers, the way between carriers, a drawn graph, the tape of a gradient,
 * the messages to another process) writes one function of a call, and makes {@link Kernels} of it with {@link kernelsOf};
 * nobody lists the dictionary again.
 * @module
 */
import type { Reals, Size, Tensor } from '../core/tensor.js'
import type { Kernels, Neuron, Stem, Synapse } from './kernels.js'

/** One operation: its parameters, the values it takes and the values it gives. */
export interface Signature<P, I extends readonly unknown[], O extends readonly unknown[]> {
  readonly parameters: P
  readonly inputs: I
  readonly outputs: O
}

/**
 * Every operation of {@link Kernels}, over spikes `S`, currents `C` and membranes `M`, which are currents that a layer
 * keeps from chunk to chunk; a membrane of `null` is a layer at rest.
 */
export interface Signatures<S, C, M = C> {
  readonly stem: Signature<Stem, readonly [image: C], readonly [current: C]>
  /** The parameter is the number of steps. */
  readonly hold: Signature<number, readonly [current: C], readonly [held: C]>
  readonly fire: Signature<Neuron, readonly [current: C, membrane: M | null], readonly [spikes: S, membrane: M]>
  readonly synapse: Signature<Synapse, readonly [spikes: S], readonly [current: C]>
  /** The parameter is the number of heads. */
  readonly splitHeads: Signature<number, readonly [y: C], readonly [y1: C, y2: C]>
  /** The parameter is the scale, one number a head. */
  readonly dstT: Signature<readonly number[], readonly [y: C, x: S], readonly [scores: C]>
  /** The parameter is the scale, one number a head. */
  readonly dst: Signature<readonly number[], readonly [y: C, attn: S], readonly [mixed: C]>
  /** The parameter is the size of the feature map. */
  readonly mergeHeads: Signature<Size, readonly [y: C], readonly [merged: C]>
  readonly add: Signature<null, readonly [a: C, b: C], readonly [sum: C]>
  readonly meanPool: Signature<null, readonly [x: C], readonly [mean: C]>
  /** The parameter is the weight, `[classes, C]`. */
  readonly classify: Signature<Tensor<Reals>, readonly [x: C], readonly [logits: C]>
}

/** The name of an operation of the dictionary. */
export type OperationName = keyof Signatures<never, never>

/** The parameters of an operation. */
export type ParametersOf<N extends OperationName> = Signatures<never, never>[N]['parameters']

/** The values an operation takes. */
export type InputsOf<N extends OperationName, S, C> = Signatures<S, C>[N]['inputs']

/** The values an operation gives. */
export type OutputsOf<N extends OperationName, S, C> = Signatures<S, C>[N]['outputs']

/** A call that was made. */
export type Call<S, C> = {
  readonly [N in OperationName]: {
    readonly operation: N
    /** Where, such as `layers.0.0.W`. */
    readonly path: string
    readonly parameters: ParametersOf<N>
    readonly inputs: InputsOf<N, S, C>
    readonly outputs: OutputsOf<N, S, C>
  }
}[OperationName]

/** An operation with its parameters applied: from values to values. */
export type Run<N extends OperationName, S, C> = (...inputs: InputsOf<N, S, C>) => OutputsOf<N, S, C>

/** All operations as one function, in two stages: its parameters (the compile step), then its values (the run). */
export type Apply<S, C> = <N extends OperationName>(
  operation: N,
  parameters: ParametersOf<N>,
  path: string,
) => Run<N, S, C>

/** All operations, each written on its own: what an interpreter that treats them differently is. */
export type Definitions<S, C> = {
  readonly [N in OperationName]: (parameters: ParametersOf<N>, path: string) => Run<N, S, C>
}

/**
 * Definitions as one function: it looks the operation up.
 *
 * @example
 * const sizes = applyIn<number, number>({
 *   stem: () => (x) => [x], hold: (steps) => (x) => [steps * x], fire: () => (x) => [x, x], synapse: () => (x) => [x],
 *   splitHeads: () => (y) => [y / 2, y / 2], dstT: () => (y, x) => [y * x], dst: () => (y, x) => [y * x],
 *   mergeHeads: () => (y) => [y], add: () => (a) => [a], meanPool: () => (x) => [x], classify: () => (x) => [x],
 * })
 * sizes('hold', 4, 'hold')(10) // => [40]
 */
export const applyIn =
  <S, C>(definitions: Definitions<S, C>): Apply<S, C> =>
  (operation, parameters, path) =>
    definitions[operation](parameters, path)

/**
 * The dictionary, of one function of all its operations. A path is the labels of the scopes, joined by points.
 *
 * @example
 * const { kernels } = tensorInterpreter(reference('float64'))
 * const seen: string[] = []
 * const K = kernelsOf<Spikes, Currents>((operation, parameters, path) => {
 *   seen.push(`${path}: ${operation}`)
 *   return applyOf(kernels)(operation, parameters, path)
 * })
 * K.scope('head').scope('pool').meanPool(tensor([1, 1, 1, 1, 2], Float64Array.of(1, 2))).data // => Float64Array.of(1.5)
 * seen // => ['head.pool: meanPool']
 */
export const kernelsOf = <S, C>(apply: Apply<S, C>): Kernels<S, C> => {
  const at = (path: string): Kernels<S, C> => ({
    stem: (p) => single(apply('stem', p, path)),
    hold: (steps) => single(apply('hold', steps, path)),
    fire: (p) => {
      const run = apply('fire', p, path)
      return (current) => (membranes) => {
        const [spikes, membrane] = run(current, membranes.get(p.key) ?? null)
        return [spikes, new Map([...membranes, [p.key, membrane]])]
      }
    },
    synapse: (p) => single(apply('synapse', p, path)),
    splitHeads: (heads) => apply('splitHeads', heads, path),
    dstT: (scale) => single(apply('dstT', scale, path)),
    dst: (scale) => single(apply('dst', scale, path)),
    mergeHeads: (size) => single(apply('mergeHeads', size, path)),
    add: (a, b) => apply('add', null, path)(a, b)[0],
    meanPool: (x) => apply('meanPool', null, path)(x)[0],
    classify: (weight) => single(apply('classify', weight, path)),
    scope: (label) => at(path === '' ? label : `${path}.${label}`),
  })
  return at('')
}

const single =
  <A extends readonly unknown[], B>(run: (...inputs: A) => readonly [B]): ((...inputs: A) => B) =>
  (...inputs) =>
    run(...inputs)[0]

/**
 * The dictionary as one function of all its operations: what {@link kernelsOf} undoes. Each operation runs at its path's
 * scope.
 *
 * @example
 * const [run, x] = [applyOf(reference('float64'))('add', null, 'residual'), tensor([1], Float64Array.of(2))]
 * run(x, x)[0].data // => Float64Array.of(4)
 */
export const applyOf = <S, C>(K: Kernels<S, C>): Apply<S, C> => {
  const at = (path: string): Kernels<S, C> => (path === '' ? K : K.scope(path))
  return applyIn<S, C>({
    stem: (p, path) => tupled(at(path).stem(p)),
    hold: (steps, path) => tupled(at(path).hold(steps)),
    fire: (p, path) => {
      const run = at(path).fire(p)
      return (current, membrane) => {
        const [spikes, after] = run(current)(new Map(membrane === null ? [] : [[p.key, membrane]]))
        return [spikes, after.get(p.key)!]
      }
    },
    synapse: (p, path) => tupled(at(path).synapse(p)),
    splitHeads: (heads, path) => at(path).splitHeads(heads),
    dstT: (scale, path) => tupled(at(path).dstT(scale)),
    dst: (scale, path) => tupled(at(path).dst(scale)),
    mergeHeads: (size, path) => tupled(at(path).mergeHeads(size)),
    add: (_, path) => tupled(at(path).add),
    meanPool: (_, path) => tupled(at(path).meanPool),
    classify: (weight, path) => tupled(at(path).classify(weight)),
  })
}

const tupled =
  <A extends readonly unknown[], B>(run: (...inputs: A) => B): ((...inputs: A) => readonly [B]) =>
  (...inputs) => [run(...inputs)]

/** What a value of a call is: spikes, currents, or a layer's membrane (a current that may be null, at rest). */
export type Carrier = 'spikes' | 'currents' | 'membrane'

/** What each value of one operation's calls is. */
export type CarriersOf<N extends OperationName> = {
  readonly [side in 'inputs' | 'outputs']: Signatures<'spikes', 'currents', 'membrane'>[N][side] & readonly Carrier[]
}

/** Which values of each operation are spikes, currents and membranes: the signatures, as data. */
export const carriers: { readonly [N in OperationName]: CarriersOf<N> } = {
  stem: { inputs: ['currents'], outputs: ['currents'] },
  hold: { inputs: ['currents'], outputs: ['currents'] },
  fire: { inputs: ['currents', 'membrane'], outputs: ['spikes', 'membrane'] },
  synapse: { inputs: ['spikes'], outputs: ['currents'] },
  splitHeads: { inputs: ['currents'], outputs: ['currents', 'currents'] },
  dstT: { inputs: ['currents', 'spikes'], outputs: ['currents'] },
  dst: { inputs: ['currents', 'spikes'], outputs: ['currents'] },
  mergeHeads: { inputs: ['currents'], outputs: ['currents'] },
  add: { inputs: ['currents', 'currents'], outputs: ['currents'] },
  meanPool: { inputs: ['currents'], outputs: ['currents'] },
  classify: { inputs: ['currents'], outputs: ['currents'] },
}

/** The names of the dictionary's operations. */
export const operationNames = Object.keys(carriers) as readonly OperationName[]

/** One function for each kind of value: from carriers `S`, `C` to `S2`, `C2`. */
export interface Translation<S, C, S2, C2> {
  /** Of spikes. */
  readonly spikes: (spikes: S) => S2
  /** Of currents. */
  readonly currents: (currents: C) => C2
  /** Of a membrane that is not at rest. */
  readonly membrane: (membrane: C) => C2
}

const translateValues = <S, C, S2, C2>(
  kinds: readonly Carrier[],
  values: readonly (S | C | null)[],
  by: Translation<S, C, S2, C2>,
): readonly (S2 | C2 | null)[] => values.map((value, i) => (value === null ? null : by[kinds[i]!](value as S & C)))

/**
 * The inputs of an operation in other carriers; a membrane at rest stays at rest.
 *
 * @example
 * const by = { spikes: (s: number) => `spikes ${s}`, currents: (c: number) => `currents ${c}`, membrane: String }
 * translateInputs('dstT', [1, 2], by) // => ['currents 1', 'spikes 2']
 * translateInputs('fire', [1, null], by) // => ['currents 1', null]
 */
export const translateInputs = <N extends OperationName, S, C, S2, C2>(
  operation: N,
  inputs: InputsOf<N, S, C>,
  by: Translation<S, C, S2, C2>,
): InputsOf<N, S2, C2> => translateValues(carriers[operation].inputs, inputs, by) as unknown as InputsOf<N, S2, C2>

/**
 * The outputs of an operation in other carriers.
 *
 * @example
 * const by = { spikes: (s: number) => `spikes ${s}`, currents: String, membrane: (m: number) => `membrane ${m}` }
 * translateOutputs('fire', [1, 2], by) // => ['spikes 1', 'membrane 2']
 */
export const translateOutputs = <N extends OperationName, S, C, S2, C2>(
  operation: N,
  outputs: OutputsOf<N, S, C>,
  by: Translation<S, C, S2, C2>,
): OutputsOf<N, S2, C2> => translateValues(carriers[operation].outputs, outputs, by) as unknown as OutputsOf<N, S2, C2>

/**
 * A call in other carriers.
 *
 * @example
 * const by = { spikes: (s: number) => `spikes ${s}`, currents: String, membrane: (m: number) => `membrane ${m}` }
 * translateCall({ operation: 'add', path: 'residual', parameters: null, inputs: [1, 2], outputs: [3] }, by)
 * // => { operation: 'add', path: 'residual', parameters: null, inputs: ['1', '2'], outputs: ['3'] }
 */
export const translateCall = <S, C, S2, C2>(call: Call<S, C>, by: Translation<S, C, S2, C2>): Call<S2, C2> =>
  ({
    ...call,
    inputs: translateValues(carriers[call.operation].inputs, call.inputs, by),
    outputs: translateValues(carriers[call.operation].outputs, call.outputs, by),
  }) as unknown as Call<S2, C2>

/**
 * The call that an operation made, as a value.
 *
 * @example
 * callOf('add', 'residual', null, [1, 2], [3])
 * // => { operation: 'add', path: 'residual', parameters: null, inputs: [1, 2], outputs: [3] }
 */
export const callOf = <N extends OperationName, S, C>(
  operation: N,
  path: string,
  parameters: ParametersOf<N>,
  inputs: InputsOf<N, S, C>,
  outputs: OutputsOf<N, S, C>,
): Call<S, C> => ({ operation, path, parameters, inputs, outputs }) as unknown as Call<S, C>
