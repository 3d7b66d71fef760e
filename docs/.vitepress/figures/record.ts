/** The network's every value, step by step, as the package's reference computes it. @module */
import {
  type Currents,
  type Fault,
  type Membranes,
  type NetworkParameters,
  network,
  reference,
  type Spikes,
  step,
  tensor,
  total,
} from 'spikingresformer'
import { applyOf, type Call, callOf, kernelsOf, ledger, tensors, unobserved } from 'spikingresformer/interpreters'

/** The calls of one step, by path. */
export type Calls = ReadonlyMap<string, Call<Spikes, Currents>>

/** A run: the calls and the logits of each step. */
export interface Recording {
  readonly steps: readonly Calls[]
  readonly logits: readonly (readonly number[])[]
}

export const STEPS = 4

/** The value of an Either, or its faults thrown: what a figure is drawn from must be right. */
export const rightOf = <A>(
  either: { readonly _tag: 'Left'; readonly left: readonly Fault[] } | { readonly _tag: 'Right'; readonly right: A },
): A => {
  if (either._tag === 'Left') throw new Error(JSON.stringify(either.left))
  return either.right
}

/** Runs a still image from rest, every attention scale multiplied by `dial`. */
export const record =
  (parameters: NetworkParameters, dial = 1) =>
  (image: Currents): Recording => {
    const apply = applyOf(reference('float64'))
    const calls: Map<string, Call<Spikes, Currents>>[] = []
    const K = kernelsOf<Spikes, Currents>((operation, given, path) => {
      const own =
        operation === 'dstT' || operation === 'dst'
          ? ((given as readonly number[]).map((c) => c * dial) as typeof given)
          : given
      const run = apply(operation, own, path)
      return (...inputs) => {
        const outputs = run(...inputs)
        calls.at(-1)?.set(path, callOf(operation, path, own, inputs, outputs))
        return outputs
      }
    })
    const advance = step(network(K)(parameters))(image)
    const logits: number[][] = []
    let membranes: Membranes<Currents> = new Map()
    for (let t = 0; t < STEPS; t++) {
      calls.push(new Map())
      const [out, after] = advance(membranes)
      logits.push([...out.data])
      membranes = after
    }
    return { steps: calls, logits }
  }

/** The synaptic operations of each step, by the blocks' paths such as `layers.0.0`. */
export const operations =
  (parameters: NetworkParameters) =>
  (image: Currents): readonly Readonly<Record<string, number>>[] => {
    const advance = step(network(ledger(tensors)(reference('float64')))(parameters))(unobserved(image))
    let membranes: Parameters_<typeof advance> = new Map()
    return Array.from({ length: STEPS }, () => {
      const [{ notes }, after] = advance(membranes)
      membranes = after
      const sops: Record<string, number> = {}
      for (const [path, cost] of notes) {
        const block = /^layers\.\d+\.\d+/.exec(path)?.[0]
        if (block !== undefined) sops[block] = (sops[block] ?? 0) + total(new Map([[path, cost]])).sops
      }
      return sops
    })
  }

type Parameters_<F extends (x: never) => unknown> = F extends (x: infer X) => unknown ? X : never

/** A digit of 64 values as the network's input `[1, 1, 1, 16, 16]`, held for one step. */
export const imageOf = (pixels: Float64Array): Currents => tensor([1, 1, 1, 16, 16], pixels)
