/** What a derivative of the network is to the laws: a linear map between vectors by name. @module */
import type { Currents } from '../../core/tensor.js'

/** Values, tangents or cotangents by name: `image`, `logits`, membranes and what is learnt by the authors' keys. */
export type Named = ReadonlyMap<string, Currents>

/** How a network is differentiated. */
export interface How {
  /** Batch norm and firing rates as recorded, or those of the batch, through which the derivative then goes too. */
  readonly statistics: 'frozen' | 'batch'
  /** Whether the spike that resets a membrane counts as a constant. */
  readonly reset: 'detached' | 'attached'
  /** Steps, which have the surrogate's slope, or the smooth spike that really has it. */
  readonly spike: 'step' | 'smooth'
  /** Membranes are cut off after every so many steps; null: never. */
  readonly truncate: number | null
}

/** The network at an input, and its derivative there, backwards. */
export interface Derivative {
  /** `logits`, and each membrane after the last step. */
  readonly values: Named
  /** The transpose of the derivative: cotangents of the logits and of membranes; those that are not there are 0. */
  readonly pull: (cotangents: Named) => Named
  /** The new recorded statistics; none where they are frozen. */
  readonly statistics: Named
}
