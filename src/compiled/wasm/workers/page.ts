/** No worker of Node: what `#worker_threads` of package.json means in a bundle for pages, which then names no Node. @module */

/** What starts a thread of Node; null where there is no Node. */
export const nodeWorker = (): null => null
