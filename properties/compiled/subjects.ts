/** The fast paths, as the laws judge them. @module */
import { fast, type LazyInterpreter, wasm } from '../../src/compiled/interpreter.js'
import type { CurrentValue, SpikeValue } from '../../src/interpreters/graph.js'
import { tensorKernels } from '../../src/interpreters/interpreter.js'
import type { Implementation } from '../../src/laws/implementation.js'
import { referenceSubject, whole } from '../subjects.js'

/** Values of a graph, read at the end of each part of the model, so that layers are fused; what surrounds them is the reference's. */
const fused = ({ kernels, ...of }: LazyInterpreter<'value'>): Implementation<SpikeValue, CurrentValue> => {
  const { c1, c2, movingRate, parse, integrateEvents } = referenceSubject('float32').kernels
  return {
    kernels: { ...({ c1, c2, movingRate, parse, integrateEvents } as object), ...kernels },
    carriers: {
      fromSpikes: of.fromSpikes,
      toSpikes: of.toSpikes,
      fromCurrents: of.fromCurrents,
      toCurrents: of.toCurrents,
    },
    precision: 'float32',
  }
}

/** Plain TypeScript, fused. It counts no operations: `sops` is missing. */
export const fastFused = fused(fast())

/** WebAssembly, fused. It counts no operations: `sops` is missing. */
export const wasmFused = fused(wasm())

/** Plain TypeScript, operation by operation. */
export const fastStepwise: Implementation = { ...whole(tensorKernels(fast())), precision: 'float32' }

/** WebAssembly, operation by operation. */
export const wasmStepwise: Implementation = { ...whole(tensorKernels(wasm())), precision: 'float32' }
