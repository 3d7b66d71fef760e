/** The fast paths, as the laws judge them. @module */

import { right } from '../../spec/right.js'
import { fast, type LazyInterpreter, wasm } from '../../src/compiled/interpreter.js'
import { compile, type FastKernels } from '../../src/compiled/network.js'
import type { CurrentValue, SpikeValue } from '../../src/interpreters/graph.js'
import { tensorKernels } from '../../src/interpreters/interpreter.js'
import type { Implementation, Operations } from '../../src/laws/implementation.js'
import { referenceSubject, whole } from '../subjects.js'

/** Values of a graph, read at the end of each part of the model, so that layers are fused; what surrounds them is the reference's. */
const fused = (
  { kernels, ...of }: LazyInterpreter<'value'>,
  name: FastKernels,
): Implementation<SpikeValue, CurrentValue> => {
  const { c1, c2, movingRate, parse, integrateEvents } = referenceSubject('float32').kernels
  /** The synaptic operations of a run of the compiled network, as it counts them where the spikes lie. */
  const sops: Operations<SpikeValue, CurrentValue>['sops'] = (p) => (steps) => (image) => {
    const [, costs] = right(compile({ kernels: name })(p).measured.still(steps)(of.toCurrents(image)))
    return new Map([...costs].map(([path, cost]) => [path, cost.sops]))
  }
  return {
    kernels: { ...({ c1, c2, movingRate, parse, integrateEvents } as object), ...kernels, sops },
    carriers: {
      fromSpikes: of.fromSpikes,
      toSpikes: of.toSpikes,
      fromCurrents: of.fromCurrents,
      toCurrents: of.toCurrents,
    },
    precision: 'float32',
  }
}

/** Plain TypeScript, fused; a compiled network counts its operations. */
export const fastFused = fused(fast(), 'fast')

/** WebAssembly, fused; a compiled network counts its operations. */
export const wasmFused = fused(wasm(), 'wasm')

/** Plain TypeScript, operation by operation. */
export const fastStepwise: Implementation = { ...whole(tensorKernels(fast())), precision: 'float32' }

/** WebAssembly, operation by operation. */
export const wasmStepwise: Implementation = { ...whole(tensorKernels(wasm())), precision: 'float32' }
