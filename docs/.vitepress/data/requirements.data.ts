import { sourcePage } from '../repository'
import { type Requirement, requirements } from '../requirements'

/** A requirement, its files with the pages they have. */
export interface Listed extends Omit<Requirement, 'code' | 'vectors'> {
  readonly code: readonly { readonly path: string; readonly page: string | null }[]
}

declare const data: readonly Listed[]

export { data }

export default {
  watch: ['../../specification.md'],
  load: (): readonly Listed[] =>
    requirements.map(({ id, title, laws, code }) => ({
      id,
      title,
      laws,
      code: code.map((path) => ({ path, page: sourcePage(path) })),
    })),
}
