import * as Either from 'fp-ts/lib/Either.js'
import { describe, type Faults } from '../src/core/fault.js'

/** What a result holds, where it holds one; a test that expects one fails with the fault. */
export const right = <A>(result: Either.Either<Faults, A>): A => {
  if (Either.isLeft(result)) throw new Error(result.left.map(describe).join('\n'))
  return result.right
}

/** Every sentence of a refusal; none where there is a result. */
export const sentences = (result: Either.Either<Faults, unknown>): readonly string[] =>
  Either.isLeft(result) ? result.left.map(describe) : []
