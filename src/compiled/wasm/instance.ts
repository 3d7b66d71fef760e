/** The compiled kernels as a module, and whether this engine takes it. @module */
import * as Either from 'fp-ts/lib/Either.js'
import { reasonOf } from '../../core/fault.js'
import { PLAIN, SHARED } from './generated/kernels.js'
import { SHARED as SHARED_TRAINING, PLAIN as TRAINING } from './generated/training.js'

const decode = (base64: string): Uint8Array<ArrayBuffer> => Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))

/** The bytes of the compiled kernels, for a plain or a shared memory. */
export const binary = (shared: boolean): Uint8Array<ArrayBuffer> => decode(shared ? SHARED : PLAIN)

/** Whether this engine has WebAssembly with SIMD. */
export const hasSimd = (): boolean => typeof WebAssembly === 'object' && WebAssembly.validate(binary(false))

/** Whether memory may be shared with threads here: always in Node, in a page only when it is cross-origin isolated. */
export const mayShare = (): boolean =>
  typeof SharedArrayBuffer === 'function' &&
  (globalThis as { readonly crossOriginIsolated?: boolean }).crossOriginIsolated !== false

/** The compiled kernels of training, as {@link compiledKernels}. */
export const trainingModule = (shared: boolean): Either.Either<string, WebAssembly.Module> =>
  moduleOf(shared ? SHARED_TRAINING : TRAINING)

/** The compiled kernels, or why this engine does not take them: it may lack SIMD, or forbid code made at run time. */
export const compiledKernels = (shared: boolean): Either.Either<string, WebAssembly.Module> =>
  moduleOf(shared ? SHARED : PLAIN)

const moduleOf = (base64: string): Either.Either<string, WebAssembly.Module> =>
  hasSimd()
    ? Either.tryCatch(
        () => new WebAssembly.Module(decode(base64)),
        (reason) => `This engine refused WebAssembly (${reasonOf(reason)})`,
      )
    : Either.left('This engine has no WebAssembly SIMD')
