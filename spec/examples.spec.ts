import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { typeErrors } from './example-types.js'
import {
  docstrings,
  entries,
  givenNames,
  inFreshFolder,
  isPublic,
  type Names,
  pages,
  pasted,
  placeOf,
  programOf,
  read,
  root,
  runExample,
} from './examples.js'

const moduleOf = async (file: string): Promise<Names> => (await import(join(root, file))) as Names

describe('the examples of the docstrings', () => {
  let given: Names = {}
  let leave = (): void => undefined

  beforeAll(async () => {
    await Promise.all(docstrings.map(({ file }) => moduleOf(file)))
    given = await givenNames()
    leave = inFreshFolder(given)
  })
  afterAll(() => leave())

  it.each(docstrings.map((example) => [placeOf(example), example] as const))('%s', async (_, example) => {
    if (isPublic(example)) await runExample(pasted(example), { console: given['console'] })
    else await runExample(example, { ...given, ...(await moduleOf(example.file)) })
  })

  it.each(Object.entries(entries))('every function of %s is in one of its file', async (_, entry) => {
    const shown = await Promise.all(
      docstrings.map(async ({ file, text }) =>
        Object.entries(await moduleOf(file)).flatMap(([name, value]) =>
          new RegExp(`\\b${name}\\b`).test(text) ? [value] : [],
        ),
      ),
    )
    const known = new Set(shown.flat())
    const bare = Object.keys(entry).filter((name) => typeof entry[name] === 'function' && !known.has(entry[name]))
    expect(bare).toEqual([])
  })
})

describe('all examples', () => {
  it('are well typed, those of the pages too', () => {
    expect(typeErrors([...docstrings, ...pages.map(programOf)])).toEqual([])
  })

  it('know every entry point of the package', () => {
    const { exports } = JSON.parse(read('package.json')) as { readonly exports: Names }
    const paths = Object.keys(exports).filter((path) => path !== './package.json')
    expect(Object.keys(entries)).toEqual(paths.map((path) => `spikingresformer${path.slice(1)}`))
  })
})
