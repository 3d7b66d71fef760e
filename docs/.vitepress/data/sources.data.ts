import { anchorOf, folderOf, sourcePage, sources } from '../repository'

export interface Folder {
  readonly folder: string
  readonly anchor: string
  readonly files: readonly { readonly name: string; readonly page: string }[]
}

declare const data: readonly Folder[]

export { data }

/** The source files by folder. */
export default {
  load: (): readonly Folder[] =>
    [...new Set(sources.map(folderOf))].sort().map((folder) => ({
      folder,
      anchor: anchorOf(folder),
      files: sources
        .filter((path) => folderOf(path) === folder)
        .map((path) => ({ name: path.slice(path.lastIndexOf('/') + 1), page: sourcePage(path) ?? '' })),
    })),
}
