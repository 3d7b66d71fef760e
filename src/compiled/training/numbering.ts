/** What a step's kernels can number: the rows of weights that a pair of spikes picks have sixteen bits each. @module */
import { type Fault, refuse } from '../../core/fault.js'
import type { Node } from '../../interpreters/graph.js'
import { blocksOf } from './pack.js'

const MOST_ROWS = 2 ** 16

/** Inputs become rows by eights, and a ninth row of zeros. */
const rows = (taps: number, inputs: number): number => taps * blocksOf(inputs, 8) * 9

/** The rows of weights among which the spikes of a node pick. */
const rowsOf = (node: Node): number => {
  switch (node.operation) {
    case 'synapse': {
      const [, inGroup, kernelHeight, kernelWidth] = node.parameters.convolution.weight.shape
      return rows(kernelHeight! * kernelWidth!, inGroup!)
    }
    case 'dstT':
      return rows(1, node.inputs[0].shape[3]!)
    case 'dst':
      return rows(1, node.inputs[0].shape[4]!)
    case 'stem':
    case 'hold':
    case 'fire':
    case 'splitHeads':
    case 'mergeHeads':
    case 'add':
    case 'meanPool':
    case 'classify':
      return 0
  }
}

/** Why a node cannot be compiled, if it cannot. */
export const numberingFaults = (node: Node): readonly Fault[] =>
  rowsOf(node) > MOST_ROWS
    ? refuse(
        `${node.path}: ${rowsOf(node)} rows of weights meet in one sum, and a step of training can number ${MOST_ROWS}`,
        'take smaller patches or images, or fewer channels',
      )
    : []
