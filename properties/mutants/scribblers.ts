/** Operations that write into what they were given: one mutant each. @module */
import type { Currents, Reals, Spikes, Tensor } from '../../src/core/tensor.js'
import type { Kernels } from '../../src/model/kernels.js'
import { type Mutant, mutant, right } from './mutant.js'

/** Writes a number into a tensor it does not own. */
const scribble = <A>(tensor: Tensor<Reals | Uint8Array>, answer: A): A => {
  const { data } = tensor
  data[0] = data[0] === 0 ? 1 : 0
  return answer
}

type Unary = 'stem' | 'hold' | 'synapse' | 'splitHeads' | 'mergeHeads' | 'classify'

const unary = (name: Unary): Mutant => {
  const run = right[name] as (p: unknown) => (x: Currents & Spikes) => unknown
  const wrong = (p: unknown) => (x: Currents & Spikes) => scribble(x, run(p)(x))
  return mutant(`scribbling-${name}`, `${name} writes into its argument`, [`pure.${name}`], {
    [name]: wrong,
  })
}

const product = (name: 'dstT' | 'dst'): Mutant =>
  mutant(`scribbling-${name}`, `${name} writes into its argument`, [`pure.${name}`], {
    [name]: ((scale) => (y, s) => scribble(y, right[name](scale)(y, s))) satisfies Kernels<
      Spikes,
      Currents
    >[typeof name],
  })

export const scribblers: readonly Mutant[] = [
  ...(['stem', 'hold', 'synapse', 'splitHeads', 'mergeHeads', 'classify'] as const).map(unary),
  product('dstT'),
  product('dst'),
  mutant('scribbling-add', 'add is in place', ['pure.add'], {
    add: (a, b) => {
      const total = right.add(a, b)
      a.data.set(total.data)
      return total
    },
  }),
  mutant('scribbling-meanPool', 'meanPool writes into its argument', ['pure.meanPool'], {
    meanPool: (x) => scribble(x, right.meanPool(x)),
  }),
]
