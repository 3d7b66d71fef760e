/** What a step of training is: stages of calls of kernels, over one memory. @module */

/**
 * A place in the memory of whoever computes some samples: how far in, how many bytes each sample has there, and how far
 * beyond the beginning of each.
 */
export interface Local {
  readonly local: number
  readonly bytes: number
  readonly beyond: number
}

/** Where something lies: in the memory of all, or in that of whoever computes its sample. */
export type Spot = number | Local

/** A call of a kernel for some samples: `per` units a sample. */
export interface Call {
  readonly kernel: string
  readonly per: number
  readonly args: readonly Spot[]
}

/**
 * Calls that follow each other. Of `samples`, each sample goes through all of them, `chunk` samples at a time; a stage of
 * the `whole` needs what all samples left.
 */
export type Stage =
  | { readonly kind: 'samples'; readonly calls: readonly Call[]; readonly chunk: number }
  | { readonly kind: 'whole'; readonly calls: readonly Call[] }
