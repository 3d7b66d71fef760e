/** Node's threads, which a page does not have. @module */
export const parentPort = null
