/** Folders, in Node: made where they are not there. @module */
import { mkdir, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import * as TaskEither from 'fp-ts/lib/TaskEither.js'
import { codeOf, type Faults, fileFaults } from '../core/fault.js'

/** Whether there is something at a path. */
export const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  )

/**
 * Makes a folder in its own, and that first where it is missing. Node's recursive way tries for ever where a folder that is
 * there takes no other, as `/proc` does.
 */
const made = async (path: string): Promise<void> => {
  if (path === '') throw new Error('its name is empty')
  try {
    await mkdir(path)
  } catch (error) {
    const above = dirname(path)
    switch (codeOf(error)) {
      case 'EEXIST':
        if (!(await isThere(path))) throw new Error('it is a link that leads nowhere', { cause: error })
        if (!(await stat(path)).isDirectory()) throw new Error('it is no folder', { cause: error })
        return
      case 'ENOENT':
        if (above === path || (await isThere(above)))
          throw new Error(`no folder can be made in ${above}`, { cause: error })
        await made(above)
        return made(path)
      default:
        throw error
    }
  }
}

/**
 * Makes a folder, and those that it is in, where they are not there. Faults: `File`, where one of them cannot be made.
 *
 * @example
 * await makeFolder('a/b')() // => Either.right(undefined)
 */
export const makeFolder = (path: string): TaskEither.TaskEither<Faults, void> =>
  TaskEither.tryCatch(() => made(path), fileFaults(path, 'write'))
