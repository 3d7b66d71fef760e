/** The folder of a training: which files it has, who may write there, and what training goes on from. @module */
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import * as Either from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TaskEither from 'fp-ts/lib/TaskEither.js'
import { type Faults, fileFaults, inFile, refuse } from '../core/fault.js'
import { readSafetensors, writeSafetensors } from '../node/files.js'
import { isThere, makeFolder } from '../node/folder.js'
import { alone } from '../node/lock.js'
import { writeFileAtomically } from '../node/write.js'
import type { NamedPlan } from '../tasks/training/circumstances.js'
import { curves } from '../tasks/training/curves.js'
import { type Trained, untrained } from '../tasks/training/epoch.js'
import type { Weights } from '../tasks/training/given.js'
import { isUnbegun, metricsText, networkFile, resumed, stateFile, unread } from '../tasks/training/state.js'

/** The files of a training, in its folder. */
export const FILES = {
  state: 'training.safetensors',
  network: 'network.safetensors',
  metrics: 'metrics.jsonl',
  curves: 'curves.svg',
}

/** The file that is there while a training runs. */
const LOCK = 'training.lock'

/** Everything an epoch leaves; the state first, from which the rest follows. Before the first epoch there is only a state. */
export const written = (
  folder: string,
  plan: NamedPlan,
  version: string,
  trained: Trained,
): TaskEither.TaskEither<Faults, void> => {
  const at = (name: keyof typeof FILES): string => join(folder, FILES[name])
  const [state, network] = [stateFile(plan, version, trained), networkFile(plan, version, trained)]
  const kept = writeSafetensors(at('state'), state.tensors, state.metadata)
  return trained.history.length === 0
    ? kept
    : pipe(
        kept,
        TaskEither.chain(() => writeSafetensors(at('network'), network.tensors, network.metadata)),
        TaskEither.chain(() => writeFileAtomically(at('metrics'), metricsText(trained.history))),
        TaskEither.chain(() => writeFileAtomically(at('curves'), curves(trained.history))),
      )
}

/** Refuses a folder that has a network already, or the state of a training that has ended an epoch. */
const isFree = (folder: string): TaskEither.TaskEither<Faults, void> => {
  const [state, network] = [join(folder, FILES.state), join(folder, FILES.network)]
  return async () => {
    if (await isThere(state)) {
      const read = await readSafetensors(state)()
      if (Either.isLeft(read) || !isUnbegun(read.right))
        return Either.left(
          refuse(`${state} is the state of a training`, 'go on with --resume, or choose another folder with --out'),
        )
    }
    return (await isThere(network))
      ? Either.left(refuse(`${network} is there already`, 'choose another folder with --out'))
      : Either.right(undefined)
  }
}

/** The state in the folder, from which training goes on. */
const goneOn = (folder: string, plan: NamedPlan, version: string): TaskEither.TaskEither<Faults, Trained> => {
  const path = join(folder, FILES.state)
  return pipe(
    readSafetensors(path),
    TaskEither.mapLeft(unread),
    TaskEither.chainEitherK(resumed(plan, version)),
    TaskEither.mapLeft(inFile(path)),
  )
}

/** Where training begins: with the state of its folder, or with fresh weights. */
export type Start = { readonly kind: 'resumed' } | { readonly kind: 'fresh'; readonly weights: Weights }

/**
 * Trains in a folder, which is made where it is not there: from the state that training begins with, which is in the folder
 * before its first step. No other process trains there meanwhile.
 */
export const inFolder =
  (folder: string, plan: NamedPlan, version: string, start: Start) =>
  <A>(train: (first: Trained) => TaskEither.TaskEither<Faults, A>): TaskEither.TaskEither<Faults, A> => {
    const state = join(folder, FILES.state)
    const ready: TaskEither.TaskEither<Faults, unknown> =
      start.kind === 'resumed' ? TaskEither.tryCatch(() => stat(state), fileFaults(state, 'read')) : makeFolder(folder)
    const first: TaskEither.TaskEither<Faults, Trained> =
      start.kind === 'resumed'
        ? goneOn(folder, plan, version)
        : pipe(
            isFree(folder),
            TaskEither.map(() => untrained(start.weights)),
          )
    return pipe(
      ready,
      TaskEither.chain(() =>
        pipe(
          first,
          TaskEither.chainFirst((begun) => written(folder, plan, version, begun)),
          TaskEither.chain(train),
          alone(join(folder, LOCK)),
        ),
      ),
    )
  }
