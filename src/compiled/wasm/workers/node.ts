/** Node's worker: what `#worker_threads` of package.json means under the condition `node`. @module */
import { Worker } from 'node:worker_threads'

/** What starts a thread of Node; null where there is no Node. */
export const nodeWorker = (): typeof Worker | null => Worker
