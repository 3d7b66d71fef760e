/** How a file's image is to be read: what its own bytes say of it, before a decoder sees them. @module */
import type { Fault, Faults } from '../../core/fault.js'
import type { Size } from '../../core/tensor.js'
import type { Window } from '../../input/image.js'

/** The formats that are read. */
export type Format = 'PNG' | 'JPEG' | 'WebP' | 'TIFF' | 'GIF'

/**
 * What the decoder's samples are, and so what PIL makes of them:
 *
 * - `bytes`: 8-bit greys or colours, or 16-bit colours, whose high byte counts;
 * - `multiplied`: colours that are multiplied by the fourth sample, which PIL divides by;
 * - `greys`: greys of 16 bits, which PIL clips at 255;
 * - `negativeGreys`: the same, turned to their negative by the decoder, which PIL does not do;
 * - `inks`: CMYK of 8 bits; `deepInks`: of 16, whose high byte counts.
 */
export type Samples = 'bytes' | 'multiplied' | 'greys' | 'negativeGreys' | 'inks' | 'deepInks'

/** A picture that a canvas is larger than: where it lies, and the colour around it. */
export interface Canvas extends Size {
  readonly picture: Window
  readonly colour: readonly [number, number, number]
}

/** How an image is read: the bytes for the decoder, what comes back, and what is done to it. */
export interface Reading {
  readonly bytes: Uint8Array
  readonly samples: Samples
  /** Whether PIL turns the image as its orientation says: of TIFF alone. */
  readonly turned: boolean
  /** Where the picture is a part of the image. */
  readonly canvas: Canvas | null
}

/** A file that is read as it is. */
export const plain = (bytes: Uint8Array): Reading => ({ bytes, samples: 'bytes', turned: false, canvas: null })

/** Says no to a file of a format. */
export const malformed = (format: Format | 'image', problem: string, advice: string): Faults => [
  { _tag: 'Format', format, problem, advice } satisfies Fault,
]
