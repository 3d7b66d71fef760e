// A program as a user writes it: a network on one thread and on two.
import {
  compile,
  compileThreads,
  describe,
  forward,
  network,
  parse,
  reference,
  syntheticCheckpoint,
  syntheticInput,
  tensor,
  variants,
} from 'spikingresformer'

const right = (result) => {
  if (result._tag === 'Left') throw new Error(result.left.map(describe).join('; '))
  return result.right
}

const bits = ({ data }) => Array.from(new Uint32Array(data.buffer, data.byteOffset, data.length))

globalThis.runAll = async () => {
  const image = tensor([1, 1, 3, 32, 32], syntheticInput([1, 3, 32, 32], 7).data)
  const parameters = right(parse(variants.cifar)(syntheticCheckpoint(variants.cifar, 7)))
  const one = compile()(parameters)
  const two = right(await compileThreads({ threads: 2 })(parameters)())
  const runs = [right(one.still(4)(image)), right(await two.still(4)(image))]
  two.close()
  return {
    logits: runs.map(bits),
    threads: [one.threads, two.threads],
    kernels: [one.kernels, two.kernels],
    notice: two.notice,
  }
}

globalThis.runReference = () => {
  const image = tensor([1, 1, 3, 32, 32], syntheticInput([1, 3, 32, 32], 7).data)
  const net = network(reference('float32'))(right(parse(variants.cifar)(syntheticCheckpoint(variants.cifar, 7))))
  return bits(forward(net)(4)(image))
}
