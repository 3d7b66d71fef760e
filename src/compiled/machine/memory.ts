/** Memories that programs run in: how large one may be. @module */
import * as Either from 'fp-ts/lib/Either.js'
import { type Faults, reasonOf } from '../../core/fault.js'

/** The most bytes a memory may have: addresses are signed 32-bit numbers in places. */
export const MOST_BYTES = 2 ** 31 - 2 ** 16

/** Bytes as people read them. */
export const megabytes = (bytes: number): string => `${Math.ceil(bytes / 1e6).toLocaleString('en')} MB`

/**
 * Makes a memory of at least so many bytes for what needs it, where that is possible: what needs more than a memory may have
 * is refused, and so is that for which the engine has no memory left. It says what to do then.
 */
export const memoryFor =
  (what: string, advice: string) =>
  <A>(bytes: number, make: () => A): Either.Either<Faults, A> =>
    bytes > MOST_BYTES
      ? Either.left([
          {
            _tag: 'Unavailable',
            what: `${what} needs ${megabytes(bytes)}, and one memory has at most ${megabytes(MOST_BYTES)} (2 GiB)`,
            advice,
          },
        ])
      : Either.tryCatch(
          make,
          (reason): Faults => [
            {
              _tag: 'Unavailable',
              what: `${what} needs ${megabytes(bytes)} of memory, which this engine refused (${reasonOf(reason)})`,
              advice,
            },
          ],
        )

/** The same for a run. */
export const within = memoryFor('the run', 'take a smaller batch, or fewer steps at a time')
