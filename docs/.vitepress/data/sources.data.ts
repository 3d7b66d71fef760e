import { anchorOf, sourcePage, sources } from '../repository'

export interface Folder {
  readonly folder: string
  readonly anchor: string
  readonly files: readonly { readonly name: string; readonly page: string }[]
}

declare const data: readonly Folder[]

export { data }

const parentOf = (path: string): string => (path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : 'top')

/** The source files by folder. */
export default {
  load: (): readonly Folder[] =>
    [...new Set(sources.map(parentOf))].sort().map((folder) => ({
      folder,
      anchor: anchorOf(folder),
      files: sources
        .filter((path) => parentOf(path) === folder)
        .map((path) => ({ name: path.slice(path.lastIndexOf('/') + 1), page: sourcePage(path) ?? '' })),
    })),
}
