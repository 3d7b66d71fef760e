/** A run of a network as a row of golden data, to compare a port with. @module */
import type { Spikes } from '../core/tensor.js'
import { type Parameters, parameterCount } from '../model/parameters.js'
import { total } from '../observers/ledger.js'
import { architectureOf } from './architecture.js'
import type { Chunk } from './observed.js'

/** The two convolutions of an attention block before its two products, as the golden rows have them. */
const ATTENTION = ['W', 'Wproj', 'matmul1', 'matmul2']

const goldenOrder = (paths: readonly string[]): readonly string[] =>
  paths.flatMap((path) => {
    const name = path.slice(path.lastIndexOf('.') + 1)
    const block = path.slice(0, path.length - name.length)
    return name === 'W' ? ATTENTION.map((other) => block + other) : ATTENTION.includes(name) ? [] : [path]
  })

/** The SHA-256 of bytes in hexadecimal digits: every platform has its own. */
export type Sha256 = (bytes: Uint8Array) => string

const layerOf = (sha256: Sha256, layer: string, { shape, data }: Spikes) => ({
  layer,
  shape,
  spikes: data.reduce((sum, spike) => sum + spike, 0),
  sha256: sha256(data),
})

const indices = (length: number): readonly number[] => Array.from({ length }, (_, i) => i)

/**
 * The golden row of a run whose steps are one chunk, of which at least the neurons were kept: the fields, names and
 * order of `networks.json`.
 *
 * `layers` has each neuron layer's shape, number of spikes and the SHA-256 of its spikes as bytes 0 and 1 in row-major
 * order `[T, B, ...]`; `sops` the synaptic operations of each operation that consumes spikes; `meanLogits`
 * `[B][classes]` means over the steps, `logitsPerStepSum` `[T][B]` sums over the classes. `image` is the side of a
 * square, or `[height, width]`.
 */
export const goldenRow = (
  parameters: Parameters,
  { seed, frames, sha256 }: { readonly seed: number; readonly frames: boolean; readonly sha256: Sha256 },
  { logits, costs, lines }: Chunk,
) => {
  const { name, image } = parameters.config
  const [T, B, classes] = logits.shape as readonly [number, number, number]
  const at = (t: number, b: number): readonly number[] =>
    Array.from(logits.data.subarray((t * B + b) * classes, (t * B + b + 1) * classes))
  const meanLogits = indices(B).map((b) =>
    indices(classes).map((k) => indices(T).reduce((sum, t) => sum + at(t, b)[k]!, 0) / T),
  )
  const consumers = [...architectureOf(parameters)]
    .filter(([, { operation }]) => ['synapse', 'dstT', 'dst'].includes(operation))
    .map(([path]) => path)
  return {
    variant: name,
    image: image.height === image.width ? image.height : [image.height, image.width],
    T,
    classes,
    batch: B,
    seed,
    frames,
    parameters: parameterCount(parameters.config).all,
    sops: Object.fromEntries(goldenOrder(consumers).map((path) => [path, costs.get(path)!.sops])),
    sopsTotal: total(costs).sops,
    layers: [...lines]
      .filter(([, { operation }]) => operation === 'fire')
      .map(([path, { output }]) => layerOf(sha256, path, output[0] as Spikes)),
    meanLogits,
    logitsPerStepSum: indices(T).map((t) => indices(B).map((b) => at(t, b).reduce((sum, x) => sum + x, 0))),
    top1: meanLogits.map((row) => row.indexOf(Math.max(...row))),
  }
}
