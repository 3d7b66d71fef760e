/** What an instruction needs beside the values: scratch memory of the thread that runs it. @module */
import { inEights, tableBytes } from './events.js'
import type { Instruction, LayerInstruction, Sum } from './program.js'

/** Bytes a block of sixteen channels takes in a row of sums. */
export const ROW = 64

/**
 * Bytes for the events of so many rows if every neuron fires, and the starts of the lists; and 64 bytes, since past the end
 * of a list `extract` writes up to eight and `concat` up to 32.
 */
const listBytes = (rows: number, terms: number): number => (rows + 1) * 4 + rows * inEights(terms) + 64

/** Bytes of the largest table of pairs of a sum: groups are cut alike, and no slab has more rows than the first. */
export const largestTable = ({ groups }: Sum): number => tableBytes(groups[0]![0]!.rows)

/** Scratch bytes of a layer: table of pairs, sums, starts and lists, for the case that every neuron fires. */
const layerScratch = (step: LayerInstruction): number => {
  const rows = step.steps * step.tile
  if (step.source.kind === 'current') return rows * ROW
  const { groups, overlap } = step.source.sum
  const lists = groups.map((slabs) => slabs.reduce((bytes, slab) => bytes + listBytes(rows, slab.rows), 0))
  const bytes = largestTable(step.source.sum) + rows * ROW + Math.max(...lists)
  if (overlap === null) return bytes
  const lines = Math.min(
    overlap.height,
    (Math.ceil(step.tile / overlap.outWidth) + 1) * overlap.stride + overlap.kernelHeight,
  )
  return bytes + listBytes(step.steps * lines * overlap.width, overlap.channels)
}

/** Scratch bytes a thread needs for an instruction. */
export const scratchOf = (instruction: Instruction): number => {
  switch (instruction.kind) {
    case 'layer':
      return layerScratch(instruction)
    case 'dense':
      return instruction.outWidth * ROW
    case 'pool':
    case 'mean':
    case 'pack':
    case 'copy':
    case 'tally':
      return 0
  }
}
