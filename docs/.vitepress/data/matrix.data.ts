import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** The kill matrix, as `npm run mutants` wrote it. */
export interface Matrix {
  readonly laws: readonly string[]
  readonly mutants: readonly {
    readonly id: string
    readonly mistake: string
    /** Which laws kill it, by their place in the list. */
    readonly killers: readonly number[]
  }[]
}

declare const data: Matrix

export { data }

const file = fileURLToPath(new URL('../../data/kill-matrix.json', import.meta.url))

interface Written {
  readonly laws: readonly string[]
  readonly mutants: readonly { readonly id: string; readonly mistake: string; readonly killers: readonly string[] }[]
}

export default {
  watch: [file],
  load: (): Matrix => {
    const { laws, mutants } = JSON.parse(readFileSync(file, 'utf8')) as Written
    return {
      laws,
      mutants: mutants.map(({ id, mistake, killers }) => ({
        id,
        mistake,
        killers: killers.map((k) => laws.indexOf(k)),
      })),
    }
  },
}
