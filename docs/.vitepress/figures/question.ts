/** What the figures ask the digits network, and what it answers. @module */
import type { Cell, Query } from './query'
import type { Drawn, Measured } from './random'
import type { Dialled } from './scale'

export type Question =
  | { readonly kind: 'query'; readonly values: readonly number[]; readonly cell: Cell }
  | { readonly kind: 'dial'; readonly values: readonly number[]; readonly dial: number; readonly layer: number }
  | { readonly kind: 'random'; readonly drawn: Drawn }

export type Answer =
  | {
      readonly kind: 'query'
      readonly query: Query
      readonly sops: readonly Readonly<Record<string, number>>[]
      readonly answer: number
    }
  | { readonly kind: 'dial'; readonly dialled: Dialled }
  | { readonly kind: 'random'; readonly measured: readonly Measured[] }
