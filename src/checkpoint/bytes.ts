/** Bytes from outside: whether they are bytes, and the text in them. @module */
import * as Either from 'fp-ts/lib/Either.js'
import type { Faults } from '../core/fault.js'
import { tensor } from '../core/tensor.js'
import { wellFormed } from '../core/well-formed.js'

/** The bytes of a file, where they are a `Uint8Array` of any realm that still has its buffer. */
export const bytesIn = (name: string, value: unknown): Either.Either<Faults, Uint8Array> => {
  const length = typeof value === 'object' && value !== null && 'length' in value ? value.length : 0
  const checked = wellFormed(name, ['uint8'])(tensor([length as number], value as Uint8Array))
  return Either.isLeft(checked) ? checked : Either.right(value as Uint8Array)
}

/** Text in UTF-8, or the decoder's exception. A decoder takes no memory that is shared: the bytes are copied first. */
export const utf8 = (bytes: Uint8Array): Either.Either<unknown, string> =>
  Either.tryCatch(
    () => new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(new Uint8Array(bytes)),
    (error) => error,
  )
