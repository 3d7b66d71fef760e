/** Checkpoints on disk, of either format, whole or in parts: which of their weights are the network's. @module */
import { basename, dirname, join } from 'node:path'
import * as Either from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TaskEither from 'fp-ts/lib/TaskEither.js'
import { decodePytorch, readPytorch } from '../checkpoint/pytorch.js'
import { decodeSafetensorsSource, type Safetensors } from '../checkpoint/safetensors.js'
import { readRange, type Source } from '../checkpoint/source.js'
import { weightsAmong } from '../checkpoint/weights.js'
import { describe, type Faults, inFile, reasonOf, refuse } from '../core/fault.js'
import type { Tensor } from '../core/tensor.js'
import { adviceFor, kindBytes, kindOf, startsAsSafetensors } from '../input/kind.js'
import { withFile } from './files.js'

/** A checkpoint: its weights under the network's own keys, its metadata, and what a reader should know of both. */
export interface Checkpoint extends Safetensors {
  readonly notes: readonly string[]
}

/** Of a safetensors file too: one prefix taken off, a profiler's bookkeeping left out, the averaged weights of two. */
const ownKeys =
  (wanted: string | null) =>
  ({ tensors, metadata }: Safetensors): Either.Either<Faults, Checkpoint> =>
    pipe(
      weightsAmong(wanted)([{ name: '', keys: [...tensors.keys()] }]),
      Either.map(({ keys, notes }) => ({
        tensors: new Map([...keys].map(([own, key]) => [own, tensors.get(key)!])),
        metadata,
        notes,
      })),
    )

const notCheckpoint = (start: Uint8Array): Faults => {
  const kind = kindOf(start)
  return [
    {
      _tag: 'Format',
      format: 'checkpoint',
      problem: kind === null ? 'it is neither a safetensors file nor a PyTorch checkpoint' : `it is ${kind}`,
      advice: adviceFor(kind) ?? 'give a .safetensors file, or a .pth file written by torch.save',
    },
  ]
}

/** The format is told by the first bytes: those of a zip archive, a bare pickle, or a length and a JSON object. */
const decodeEither =
  (wanted: string | null) =>
  (source: Source): TaskEither.TaskEither<Faults, Checkpoint> =>
    pipe(
      readRange(source, 0, Math.min(kindBytes, source.size)),
      TaskEither.chain((start) => {
        const zip = start[0] === 0x50 && start[1] === 0x4b
        const json = startsAsSafetensors(start)
        if (zip || (start[0] === 0x80 && !json))
          return pipe(
            source,
            readPytorch({ weights: wanted }),
            TaskEither.map((read) => ({ ...read, metadata: {} })),
          )
        return json
          ? pipe(decodeSafetensorsSource(source), TaskEither.chainEitherK(ownKeys(wanted)))
          : TaskEither.left(notCheckpoint(start))
      }),
    )

/** The files that hold a checkpoint in parts, of one of them or of their index; null for a file that is whole. */
const shardsOf = (path: string): TaskEither.TaskEither<Faults, readonly string[] | null> => {
  const folder = dirname(path)
  const [, stem, number, count, extension] =
    /^(.*)-(\d{5})-of-(\d{5})\.(safetensors|bin|pt|pth)$/.exec(basename(path)) ?? []
  if (count !== undefined && number !== undefined && Number(count) <= MOST_SHARDS)
    return TaskEither.right(
      Array.from({ length: Number(count) }, (_, i) =>
        join(folder, `${stem}-${String(i + 1).padStart(5, '0')}-of-${count}.${extension}`),
      ),
    )
  if (!/\.index\.json$/.test(path)) return TaskEither.right(null)
  return pipe(
    path,
    withFile((source) =>
      pipe(
        readRange(source, 0, Math.min(source.size, LONGEST_INDEX)),
        TaskEither.chainEitherK((bytes) => indexed(new TextDecoder().decode(bytes))),
      ),
    ),
    TaskEither.map((names) => names.map((name) => join(folder, name))),
    TaskEither.chain(([first, ...rest]) =>
      pipe(
        shardsOf(first!),
        TaskEither.map((all) => (all === null ? [first!, ...rest] : [...new Set([...all, ...rest])])),
      ),
    ),
  )
}

/** More parts than any checkpoint has, and a longer index. */
const MOST_SHARDS = 1000
const LONGEST_INDEX = 1 << 26

/** The files that an index names, which lie beside it. */
const indexed = (json: string): Either.Either<Faults, readonly [string, ...string[]]> => {
  const wrong = (problem: string): Either.Either<Faults, never> =>
    Either.left([
      {
        _tag: 'Format',
        format: 'index of a checkpoint',
        problem,
        advice: 'give its shards, or the checkpoint in one file',
      },
    ])
  const read = Either.tryCatch(() => JSON.parse(json) as unknown, reasonOf)
  if (Either.isLeft(read)) return wrong('it is not JSON')
  const map =
    typeof read.right === 'object' && read.right !== null && 'weight_map' in read.right ? read.right.weight_map : null
  const [first, ...rest] = new Set<unknown>(typeof map === 'object' && map !== null ? Object.values(map) : [])
  const names = [first, ...rest]
  return names.every((name): name is string => typeof name === 'string' && /^[^/\\]+$/.test(name) && name !== '..')
    ? Either.right(names as unknown as readonly [string, ...string[]])
    : wrong('its weight_map is not a map from keys to files beside it')
}

/** The parts as one; what was chosen in each is chosen in all. */
const joined = (parts: readonly Safetensors[]): Safetensors => ({
  tensors: new Map(parts.flatMap(({ tensors }) => [...tensors])),
  metadata: Object.assign({}, ...parts.map(({ metadata }) => metadata)) as Readonly<Record<string, string>>,
})

/** A part of a checkpoint, its keys as they are; one that is not there is named as the part it is. */
const readShard = (path: string, part: number, parts: number): TaskEither.TaskEither<Faults, Safetensors> =>
  pipe(
    path,
    withFile((source) =>
      pipe(
        readRange(source, 0, Math.min(kindBytes, source.size)),
        TaskEither.chain(
          (start): TaskEither.TaskEither<Faults, Safetensors> =>
            startsAsSafetensors(start)
              ? decodeSafetensorsSource(source)
              : start[0] === 0x50
                ? pipe(
                    decodePytorch(source),
                    TaskEither.map((tensors) => ({ tensors, metadata: {} })),
                  )
                : TaskEither.left(notCheckpoint(start)),
        ),
      ),
    ),
    TaskEither.mapLeft((faults) =>
      faults[0]._tag === 'File'
        ? refuse(
            `the checkpoint is in ${parts} parts, and part ${part} cannot be read (${describe(faults[0])})`,
            'put all parts into one folder',
          )
        : faults,
    ),
  )

/**
 * Reads a checkpoint of either format, told apart by its bytes, not its name: its weights under the network's own keys
 * (see `readPytorch` for which they are), its metadata, and notes on what was chosen and left out. Of a checkpoint in
 * parts (`-00001-of-00002`, or its `.index.json`) all parts are read.
 *
 * @example
 * const checkpoint = await pipe(bundledCheckpoint, TaskEither.chain(readWeights()))()
 * pipe(checkpoint, Either.map(({ notes }) => notes)) // => Either.right([])
 */
export const readWeights =
  ({ weights: wanted = null }: { readonly weights?: string | null } = {}) =>
  (path: string): TaskEither.TaskEither<Faults, Checkpoint> =>
    pipe(
      shardsOf(path),
      TaskEither.chain((shards) =>
        shards === null
          ? withFile(decodeEither(wanted))(path)
          : pipe(
              shards,
              TaskEither.traverseSeqArray((shard) => readShard(shard, shards.indexOf(shard) + 1, shards.length)),
              TaskEither.map(joined),
              TaskEither.chainEitherK((whole) => pipe(ownKeys(wanted)(whole), Either.mapLeft(inFile(path)))),
            ),
      ),
    )

/**
 * The tensors of `readWeights` alone.
 *
 * @example
 * const tensors = await pipe(bundledCheckpoint, TaskEither.chain(readCheckpoint))()
 * pipe(tensors, Either.chain(parse(variants.digits))) // => Either.right(parameters)
 */
export const readCheckpoint = (path: string): TaskEither.TaskEither<Faults, ReadonlyMap<string, Tensor>> =>
  pipe(
    readWeights()(path),
    TaskEither.map(({ tensors }) => tensors),
  )
