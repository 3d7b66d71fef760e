/** The nodes of a graph, planned forward; each gives how it is planned back. @module */
import { type Node, type NodeOf, nodeOf, type Value } from '../../interpreters/graph.js'
import { type Builder, sampleBytes, type Term } from './builder.js'
import { stem, synapse } from './layers.js'
import { fire } from './neuron.js'
import { product } from './products.js'
import type { Mode } from './runs.js'
import { type Back, batchOf, inShares, stepsOf } from './values.js'

/** The same values under another shape. */
const merge = (b: Builder, node: NodeOf<'mergeHeads'>): Back => {
  const [[from], [to]] = [node.inputs, node.outputs]
  b.made(to, () => b.placeOf(from))
  return () => {
    b.pass(to, from)
    b.release(to)
  }
}

const hold = (b: Builder, node: NodeOf<'hold'>): Back => {
  const [[current], [held]] = [node.inputs, node.outputs]
  b.made(held, () => ({ ...b.placeOf(current), step: 0 }))
  return () => {
    const dy = b.cotangentOf(held)!
    b.receive(current, (to) => {
      b.call('sumSteps', 1, [dy, to, stepsOf(held.shape), sampleBytes(current.shape) / 4])
    })
    b.release(held)
  }
}

const add = (b: Builder, node: NodeOf<'add'>, isRead: (value: Value) => boolean): Back => {
  const [[first, second], [sum]] = [node.inputs, node.outputs]
  const terms = (): readonly Term[] => [...b.termsOf(first), ...b.termsOf(second)]
  if (isRead(sum))
    b.held(sum, (to) => {
      b.add(terms(), sum.shape, to)
    })
  else b.summed(sum, terms)
  return () => {
    b.pass(sum, first)
    b.pass(sum, second)
    b.release(sum)
  }
}

const meanPool = (b: Builder, node: NodeOf<'meanPool'>): Back => {
  const [[x], [mean]] = [node.inputs, node.outputs]
  const sizes = [x.shape[3]! * x.shape[4]!, x.shape[2]!]
  b.held(mean, (to) => {
    b.call('mean', stepsOf(x.shape), [b.placeOf(x).at, to, ...sizes])
  })
  return () => {
    const dy = b.cotangentOf(mean)!
    b.receive(x, (to) => {
      b.call('meanBack', stepsOf(x.shape), [dy, to, ...sizes])
    })
    b.release(mean)
  }
}

const classify = (b: Builder, node: NodeOf<'classify'>): Back => {
  const [[x], [logits]] = [node.inputs, node.outputs]
  const [classes, channels] = node.parameters.shape as readonly [number, number]
  const length = classes * channels
  const [T, batch] = [stepsOf(x.shape), batchOf(x.shape)]
  const weight = b.keep(4 * length)
  b.before(({ floats }, run) => {
    floats(weight, length).set(run.node(node).parameters.data)
  })
  b.held(logits, (to) => {
    b.call('classify', T, [b.placeOf(x).at, weight, to, channels, classes])
  })
  return () => {
    const dy = b.cotangentOf(logits)!
    const padded = Math.ceil(length / 4) * 4
    inShares(
      b,
      [batch, `${node.path}.weight`],
      [padded, length],
      (rows, share) => {
        b.call('classifyWeights', 1, [b.placeOf(x).at, dy, rows, share, T, channels, classes])
      },
      (rows, shares, sum) => ['joinShares', [rows, shares, padded, sum]],
    )
    b.receive(x, (to) => {
      b.call('classifyBack', T, [dy, weight, to, channels, classes])
    })
    b.release(logits)
  }
}

/** Plans a node; `readers` are the nodes that read a value. */
export const planNode = (b: Builder, mode: Mode, node: Node, readers: (value: Value) => readonly Node[]): Back => {
  switch (node.operation) {
    case 'stem':
      return stem(b, mode, node)
    case 'hold':
      return hold(b, node)
    case 'fire':
      return fire(b, mode, node)
    case 'synapse':
      return synapse(b, mode, node)
    case 'splitHeads':
      return () => undefined
    case 'dstT':
    case 'dst':
      return product(b, mode, node)
    case 'mergeHeads':
      return merge(b, node)
    case 'add':
      return add(b, node, (value) => readers(value).some(({ operation }) => operation !== 'fire'))
    case 'meanPool':
      return meanPool(b, node)
    case 'classify':
      return classify(b, node)
  }
}

/** Whether the cotangent of a value comes and goes before all samples meet: one reader gives it, and its maker takes it. */
export const isPassing = (value: Value, readers: (value: Value) => readonly Node[]): boolean => {
  const node = nodeOf(value)
  if (readers(value).length !== 1) return false
  return ['fire', 'dstT', 'dst', 'mergeHeads'].includes(node?.operation ?? '')
}
