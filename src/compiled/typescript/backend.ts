/** The back end that runs wherever JavaScript runs. @module */
import { type Backend, onThisThread } from '../backend.js'
import { runWhole } from '../execute/instructions.js'
import { typescriptMemory } from './memory.js'

/** Plain TypeScript on the calling thread. */
export const typescriptBackend = (): Backend<'value'> => onThisThread(typescriptMemory(), runWhole)
