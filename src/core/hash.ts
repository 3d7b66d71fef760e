/** What a hash is: every platform has its own. @module */

/** A SHA-256 that is given its bytes piece by piece, each time a new one: every platform has its own. */
export interface Hash {
  /** The hash of more bytes. */
  readonly update: (bytes: Uint8Array) => Hash
  /** In hexadecimal digits. */
  readonly hex: () => string
}
