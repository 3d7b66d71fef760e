/** Vectors as files: one safetensors file a vector, and a manifest of them. @module */
import { join } from 'node:path'
import { pipe } from 'fp-ts/lib/function.js'
import * as TaskEither from 'fp-ts/lib/TaskEither.js'
import type { Faults } from '../core/fault.js'
import { type Vector, vectors } from '../laws/vectors.js'
import { writeSafetensors } from './files.js'
import { makeFolder } from './folder.js'
import { writeFileAtomically } from './write.js'

/** The version of the vectors: of their files' form and of the numbers in them. */
export const VECTORS_VERSION = 1

const fileOf = ({ name }: Vector): string => `${name}.safetensors`

const manifest = (all: readonly Vector[]): string =>
  `${JSON.stringify(
    {
      version: VECTORS_VERSION,
      vectors: all.map((vector) => ({
        file: fileOf(vector),
        operation: vector.operation,
        precision: vector.precision,
        requirements: vector.requirements,
        note: vector.note,
      })),
    },
    null,
    1,
  )}\n`

/** Writes every vector into a folder, made where it is not there, and `manifest.json` last; gives how many there are. */
export const writeVectors = (folder: string): TaskEither.TaskEither<Faults, number> => {
  const all = [...vectors()]
  return pipe(
    makeFolder(folder),
    TaskEither.chain(() =>
      pipe(
        all,
        TaskEither.traverseSeqArray((vector) =>
          writeSafetensors(join(folder, fileOf(vector)), vector.tensors, vector.metadata),
        ),
      ),
    ),
    TaskEither.chain(() => writeFileAtomically(join(folder, 'manifest.json'), manifest(all))),
    TaskEither.map(() => all.length),
  )
}
