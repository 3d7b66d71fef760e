/** PyTorch checkpoints, as `torch.save` writes them: read without Python and without executing anything. @module */

import * as Either from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { isNonEmpty } from 'fp-ts/lib/ReadonlyArray.js'
import * as TaskEither from 'fp-ts/lib/TaskEither.js'
import { type Fault, type Faults, refuse, unlessFaulty } from '../core/fault.js'
import { sizeOf, type Tensor } from '../core/tensor.js'
import { mapFaults, wellFormed } from '../core/well-formed.js'
import { unpickle } from './pickle.js'
import { pickleStateDict } from './pickle-state-dict.js'
import { quote } from './safetensors-header.js'
import { contain, readRange, type Source } from './source.js'
import { isKnownName, type Reference, references } from './state-dict.js'
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

/** The folder of the archive that holds the pickle, with its slash: torch names it after the file. */
const folderOf = (archive: Archive): Either.Either<Faults, string> => {
  const [name, ...others] = [...archive.keys()].filter((entry) => /^([^/]+\/)?data\.pkl$/.test(entry))
  return name === undefined || others.length > 0
    ? Either.left([fault(`its archive has ${name === undefined ? 'no' : 'more than one'} data.pkl`)])
    : Either.right(name.slice(0, -'data.pkl'.length))
}

type Read = ReturnType<typeof readEntry>

/** New archives say in which order the bytes of their numbers are; old ones are little-endian. */
const checkByteOrder = (read: Read, archive: Archive, folder: string): TaskEither.TaskEither<Faults, void> =>
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
  read: Read,
  archive: Archive,
  folder: string,
): TaskEither.TaskEither<Faults, readonly Reference[]> => {
  const name = `${folder}data.pkl`
  const size = archive.get(name)?.uncompressedSize ?? 0
  return size > LONGEST_PICKLE
    ? TaskEither.left([fault(`its pickle has ${size} bytes, more than the ${LONGEST_PICKLE} allowed`)])
    : pipe(
        read(name, size),
        TaskEither.chainEitherK((bytes) => unpickle(bytes, isKnownName)),
        TaskEither.chainEitherK(references),
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
  (read: Read, folder: string) =>
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

/**
 * The tensors of a PyTorch checkpoint (`.pth`, a zip archive of a pickle and storages) by the keys of its state dict.
 *
 * The state dict is what the checkpoint holds under `model` (or `state_dict`), or the checkpoint itself. Only the
 * archive's directory, its pickle and the storages of these tensors are read, one at a time; an optimizer's state is
 * skipped. Nothing is executed: the pickle is read as data, and any name in it but those of a state dict and of
 * `torch.optim` is refused.
 *
 * float64, float32, int64 and 8-bit tensors keep their type, float16 and bfloat16 widen exactly to float32, int32 to
 * int64. Views of shared storages and any strides become row-major tensors.
 *
 * Refuses: files before torch 1.6, foreign names, tensors that reach beyond their storage, storages of another size
 * than claimed, duplicate entries, wrong checksums, and contents out of proportion to the file.
 *
 * @example
 * const tensors = new Map([['w', tensor([2], Float32Array.of(1, 2))]])
 * await pipe(encodePytorch(tensors), TaskEither.map(sourceOfBytes), TaskEither.chain(decodePytorch))()
 * // => Either.right(tensors)
 */
export const decodePytorch = (source: Source): TaskEither.TaskEither<Faults, ReadonlyMap<string, Tensor>> =>
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
            readPickle(read, archive, folder),
            TaskEither.chainEitherK((all) => refuseExcess(source, all)),
            TaskEither.chain((all) =>
              pipe(
                byStorage(all),
                TaskEither.traverseSeqArray(readGroup(read, folder)),
                TaskEither.map((groups) => {
                  const tensors = new Map(groups.flat())
                  return new Map(all.map(({ key }) => [key, tensors.get(key)!]))
                }),
              ),
            ),
          ),
        ),
      )
    }),
    contain,
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
export const encodePytorch = (
  tensors: ReadonlyMap<string, Tensor>,
): TaskEither.TaskEither<Faults, Uint8Array<ArrayBuffer>> =>
  pipe(
    TaskEither.fromEither(writable(tensors)),
    TaskEither.chain(() => contain(archived(tensors))),
  )

const archived =
  (tensors: ReadonlyMap<string, Tensor>): TaskEither.TaskEither<Faults, Uint8Array<ArrayBuffer>> =>
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
