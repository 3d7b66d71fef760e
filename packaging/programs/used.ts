import {
  type Config,
  compile,
  describe,
  parse,
  sourceOfBlob,
  syntheticCheckpoint,
  tensor,
  variants,
} from 'spikingresformer'

export const config: Config = variants.cifar
export const read = (file: Parameters<typeof sourceOfBlob>[0]) => sourceOfBlob(file)
export const parameters = parse(variants.cifar)(syntheticCheckpoint(variants.cifar, 7))
export const both = [parameters, read] as const
if (parameters._tag === 'Right') {
  const result = compile({ kernels: 'wasm' })(parameters.right).still(4)(
    tensor([1, 1, 3, 32, 32], new Float32Array(3072)),
  )
  if (result._tag === 'Left') throw new Error(describe(result.left[0]))
}
