/** PyTorch checkpoints, as `torch.save` writes them: read without Python and without executing anything. @module */

import * as Either from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { isNonEmpty } from 'fp-ts/lib/ReadonlyArray.js'
import * as TaskEither from 'fp-ts/lib/TaskEither.js'
import { type Fault, type Faults, refuse, shortened, unlessFaulty } from '../core/fault.js'
import { sizeOf, type Tensor } from '../core/tensor.js'
import { mapFaults, wellFormed } from '../core/well-formed.js'
import { unpickle } from './pickle.js'
import { pickleStateDict } from './pickle-state-dict.js'
import { quote } from './safetensors-header.js'
import { contain, readRange, type Source } from './source.js'
import { type Reference, type StateDict, stateDict } from './state-dict.js'
import { rowMajor } from './strided.js'
import { type Archive, openZip, readEntry, writeZip } from './zip.js'

/** The longest pickle read, in bytes: the authors' largest has a tenth of a megabyte. */
const LONGEST_PICKLE = 1 << 23

/** The most elements made from a file: views may repeat the elements of a storage, but not without end. */
const mostElements = (source: Source): number => Math.min(2 ** 29, 2 * source.size + 2 ** 23)

const RESAVE = 'save the state dict of the model again with torch.save'

const fault = (problem: string, advice: string = RESAVE): Fault => ({
  _tag: 'Format',
  format: 'PyTorch checkpoint',
  problem,
  advice,
})

const refuseOthers = (start: Uint8Array): Either.Either<Faults, void> =>
  start[0] === 0x50 && start[1] === 0x4b
    ? Either.right(undefined)
    : Either.left([
        start[0] === 0x80
          ? fault(
              'it is a bare pickle, as PyTorch before 1.6 wrote',
              'load it and save it again with torch 1.6 or later',
            )
          : fault('it is not a zip archive'),
      ])

/** What an archive without one pickle is, as far as its names tell. */
const foreignArchive = (names: readonly string[]): Faults => {
  const inner = names.filter((name) => /\.(pth|pt|bin|tar|safetensors|ckpt)$/i.test(name))
  if (inner.length > 0)
    return [
      fault(
        `it is a zip archive around ${inner.slice(0, 3).map(shortened).join(', ')}`,
        'unzip it, and give what is inside',
      ),
    ]
  return names.some((name) => name.endsWith('.npy'))
    ? [fault('it is a NumPy archive (.npz)', 'give the .pth or .safetensors file of the weights')]
    : [fault('its archive has no data.pkl')]
}

/** The folder of the archive that holds the pickle, with its slash: torch names it after the file. */
const folderOf = (archive: Archive): Either.Either<Faults, string> => {
  const names = [...archive.keys()]
  const [name, ...others] = names.filter((entry) => /^([^/]+\/)?data\.pkl$/.test(entry))
  if (name === undefined) return Either.left(foreignArchive(names))
  if (others.length > 0) return Either.left([fault('its archive has more than one data.pkl')])
  const folder = name.slice(0, -'data.pkl'.length)
  return names.some((entry) => entry.startsWith(`${folder}code/`) || entry === `${folder}constants.pkl`)
    ? Either.left([fault('it is a TorchScript module', 'load it with torch.jit.load and save its state_dict()')])
    : Either.right(folder)
}

type ReadEntry = ReturnType<typeof readEntry>

/** New archives say in which order the bytes of their numbers are; old ones are little-endian. */
const checkByteOrder = (read: ReadEntry, archive: Archive, folder: string): TaskEither.TaskEither<Faults, void> =>
  archive.has(`${folder}byteorder`)
    ? pipe(
        read(`${folder}byteorder`, 'little'.length),
        TaskEither.filterOrElse(
          (bytes): bytes is Uint8Array => new TextDecoder().decode(bytes) === 'little',
          (): Faults => [fault('its numbers are not little-endian', 'save it again on a little-endian machine')],
        ),
        TaskEither.map(() => undefined),
      )
    : TaskEither.right(undefined)

const readPickle = (
  read: ReadEntry,
  archive: Archive,
  folder: string,
  wanted: string | null,
): TaskEither.TaskEither<Faults, StateDict> => {
  const name = `${folder}data.pkl`
  const size = archive.get(name)?.uncompressedSize ?? 0
  return size > LONGEST_PICKLE
    ? TaskEither.left([fault(`its pickle has ${size} bytes, more than the ${LONGEST_PICKLE} allowed`)])
    : pipe(
        read(name, size),
        TaskEither.chainEitherK((bytes) => unpickle(bytes, () => true)),
        TaskEither.chainEitherK(stateDict(wanted)),
      )
}

const refuseExcess = (source: Source, all: readonly Reference[]): Either.Either<Faults, readonly Reference[]> => {
  const elements = all.reduce((sum, { shape }) => sum + sizeOf(shape), 0)
  return elements <= mostElements(source)
    ? Either.right(all)
    : Either.left([fault(`its tensors have ${elements} elements, too many for a file of ${source.size} bytes`)])
}

/** The references by their storage, so that every storage is read once and then let go. */
const byStorage = (all: readonly Reference[]): readonly (readonly [Reference, ...Reference[]])[] => {
  const groups = new Map<string, [Reference, ...Reference[]]>()
  for (const reference of all) {
    const group = groups.get(reference.storage)
    if (group === undefined) groups.set(reference.storage, [reference])
    else group.push(reference)
  }
  return [...groups.values()]
}

const bytesOf = ({ length, dtype }: Reference): number => length * dtype.width

/** Reads one storage and makes the tensors that are views of it. */
const readGroup =
  (read: ReadEntry, folder: string) =>
  (
    group: readonly [Reference, ...Reference[]],
  ): TaskEither.TaskEither<Faults, readonly (readonly [string, Tensor])[]> => {
    const [first] = group
    const other = group.find((reference) => bytesOf(reference) !== bytesOf(first))
    return other === undefined
      ? pipe(
          read(`${folder}data/${first.storage}`, bytesOf(first)),
          TaskEither.chainEitherK((bytes) =>
            pipe(
              [...new Set(group.map(({ dtype }) => dtype))],
              Either.traverseArray((dtype) =>
                pipe(
                  dtype.read(bytes),
                  Either.bimap(
                    (problem): Faults => [fault(`its storage ${first.storage}: ${problem}`)],
                    (numbers) => [dtype, numbers] as const,
                  ),
                ),
              ),
              Either.map((read) => {
                const numbers = new Map(read)
                return group.map((reference): readonly [string, Tensor] => [
                  reference.key,
                  { shape: reference.shape, data: rowMajor(numbers.get(reference.dtype)!, reference) },
                ])
              }),
            ),
          ),
        )
      : TaskEither.left([fault(`${first.key} and ${other.key} disagree on the size of their storage ${first.storage}`)])
  }

/** A checkpoint's weights, and what a reader should know: which of several were taken, what was left out. */
export interface Read {
  readonly tensors: ReadonlyMap<string, Tensor>
  readonly notes: readonly string[]
}

/**
 * The weights of a PyTorch checkpoint (`.pth`, `.pt`, `.bin`: a zip archive of a pickle and storages), under the
 * network's own keys, and notes for who reads them.
 *
 * The weights are the dictionary whose keys, after one common prefix (`module.`, `_orig_mod.`, `model.`, any), are the
 * network's, under whatever name it is kept; of several the averaged one, `state_dict_ema`, as timm takes it, unless
 * `weights` names another. A checkpoint without a network gives what it holds under `model`, `state_dict`, or itself.
 *
 * Only the archive's directory, its pickle and the storages of these tensors are read, one at a time. Nothing is
 * executed: the pickle is read as data, and what is outside the chosen dictionary is skipped, whatever it names.
 *
 * float64, float32, int64 and 8-bit tensors keep their type, float16 and bfloat16 widen exactly to float32, shorter
 * integers to int64. Views of shared storages and any strides become row-major tensors.
 *
 * Refuses: files before torch 1.6, tensors that reach beyond their storage, storages of another size than claimed,
 * duplicate entries, wrong checksums, and contents out of proportion to the file.
 *
 * @example
 * const tensors = new Map([['w', tensor([2], Float32Array.of(1, 2))]])
 * await pipe(encodePytorch(tensors), TaskEither.map(sourceOfBytes), TaskEither.chain(readPytorch()))()
 * // => Either.right({ tensors, notes: [] })
 */
export const readPytorch =
  ({ weights: wanted = null }: { readonly weights?: string | null } = {}) =>
  (source: Source): TaskEither.TaskEither<Faults, Read> =>
    pipe(
      readRange(source, 0, Math.min(2, source.size)),
      TaskEither.chainEitherK(refuseOthers),
      TaskEither.chain(() => openZip(source)),
      TaskEither.chain((archive) => {
        const read = readEntry(source, archive)
        return pipe(
          TaskEither.fromEither(folderOf(archive)),
          TaskEither.chainFirst((folder) => checkByteOrder(read, archive, folder)),
          TaskEither.chain((folder) =>
            pipe(
              readPickle(read, archive, folder, wanted),
              TaskEither.chainFirstEitherK(({ references }) => refuseExcess(source, references)),
              TaskEither.chain(({ references: all, notes }) =>
                pipe(
                  byStorage(all),
                  TaskEither.traverseSeqArray(readGroup(read, folder)),
                  TaskEither.map((groups) => {
                    const tensors = new Map(groups.flat())
                    return { tensors: new Map(all.map(({ key }) => [key, tensors.get(key)!])), notes }
                  }),
                ),
              ),
            ),
          ),
        )
      }),
      contain,
    )

/**
 * The tensors of `readPytorch` alone.
 *
 * @example
 * const tensors = new Map([['w', tensor([2], Float32Array.of(1, 2))]])
 * await pipe(encodePytorch(tensors), TaskEither.map(sourceOfBytes), TaskEither.chain(decodePytorch))()
 * // => Either.right(tensors)
 */
export const decodePytorch = (source: Source): TaskEither.TaskEither<Faults, ReadonlyMap<string, Tensor>> =>
  pipe(
    source,
    readPytorch(),
    TaskEither.map(({ tensors }) => tensors),
  )

/** What keeps tensors out of a checkpoint that `decodePytorch` reads. */
const writable = (tensors: ReadonlyMap<string, Tensor>): Either.Either<Faults, void> => {
  const notMap = mapFaults(tensors)
  if (isNonEmpty(notMap)) return Either.left(notMap)
  return unlessFaulty(
    [...tensors].flatMap(([name, value]): readonly Fault[] => {
      if (typeof name !== 'string' || /\p{Surrogate}/u.test(name))
        return refuse(`a tensor is named by ${quote(name)}, which is not text`, 'name it by a text')
      const checked = wellFormed(`tensor ${quote(name)}`)(value)
      return Either.isLeft(checked) ? checked.left : []
    }),
    () => undefined,
  )
}

/**
 * A PyTorch checkpoint `{'model': OrderedDict(tensors)}` that `torch.load` (1.6 or later) reads: float64, float32,
 * int64 and uint8 tensors, each with its own storage, aligned to 64 bytes. Refuses data that do not fit their shape or
 * are of another type (see `wellFormed`), naming every one.
 *
 * @example
 * const file = await encodePytorch(new Map([['w', tensor([2], Float32Array.of(1, 2))]]))()
 * pipe(file, Either.map((bytes) => String.fromCharCode(...bytes.slice(0, 2)))) // => Either.right('PK')
 */
export const encodePytorch = (tensors: ReadonlyMap<string, Tensor>): TaskEither.TaskEither<Faults, Uint8Array> =>
  pipe(
    TaskEither.fromEither(writable(tensors)),
    TaskEither.chain(() => contain(archived(tensors))),
  )

const archived =
  (tensors: ReadonlyMap<string, Tensor>): TaskEither.TaskEither<Faults, Uint8Array> =>
  () => {
    const storages = [...tensors.values()].map(({ data }, i): [string, Uint8Array] => [
      `archive/data/${i}`,
      new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
    ])
    return writeZip(
      new Map<string, Uint8Array>([
        ['archive/data.pkl', pickleStateDict(tensors)],
        ['archive/byteorder', new TextEncoder().encode('little')],
        ...storages,
        ['archive/version', new TextEncoder().encode('3\n')],
      ]),
    )()
  }
