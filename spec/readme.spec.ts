import { existsSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Command } from 'commander'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { classifyCommand } from '../src/cli/classify.js'
import { compareCommand } from '../src/cli/compare.js'
import { convertCommand } from '../src/cli/convert.js'
import { evaluateCommand } from '../src/cli/evaluate.js'
import { inspectCommand } from '../src/cli/inspect.js'
import { type Io, type Perform, silent } from '../src/cli/io.js'
import { lawsCommand } from '../src/cli/laws.js'
import { traceCommand } from '../src/cli/trace.js'
import { trainCommand } from '../src/cli/train.js'
import { vectorsCommand } from '../src/cli/vectors.js'
import {
  blocksOf,
  givenNames,
  inFreshFolder,
  type Names,
  pages,
  programOf,
  read,
  root,
  runExample,
} from './examples.js'

/** Reads a command line of the package as the program would, and does nothing; bad usage is thrown. */
const parseUsage = async (argv: readonly string[]): Promise<void> => {
  let said = ''
  const say = (text: string): void => {
    said += text
  }
  const io: Io = { out: say, err: say, colour: false, bar: () => silent }
  const perform = async (): Promise<void> => undefined
  const program = new Command('spikingresformer').exitOverride().configureOutput({ writeOut: say, writeErr: say })
  const train = (world: Io, act: Perform) => trainCommand(world, act, '0')
  const make = [
    classifyCommand,
    evaluateCommand,
    inspectCommand,
    traceCommand,
    compareCommand,
    lawsCommand,
    convertCommand,
    train,
  ]
  for (const command of [...make.map((of) => of(io, perform)), vectorsCommand(perform)])
    program.addCommand(command.copyInheritedSettings(program))
  await program.parseAsync(argv, { from: 'user' }).catch(() => Promise.reject(new Error(said)))
}

const scriptsOf = (folder: string): Names => JSON.parse(read(join(folder, 'package.json'))).scripts

/** What is wrong with a shell command in a folder of the repository; nothing, if it is one that can be given there. */
const faultsOf = async (command: string, folder: string): Promise<readonly string[]> => {
  const words = [...command.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, word]) => quoted ?? word!)
  const [program = '', first = '', ...rest] = words.slice(words.findIndex((word) => !/^[A-Z_]+=/.test(word)))
  const there = (file: string): readonly string[] =>
    existsSync(join(root, folder, file)) ? [] : [`${command}: there is no ${file}`]
  switch (program === 'npx' || program === 'npm' ? `${program} ${first}` : program) {
    case 'npx spikingresformer':
      return parseUsage(rest).then(
        () => [],
        ({ message }: Error) => [`${command}: ${message}`],
      )
    case 'npm run':
      return rest[0]! in scriptsOf(folder) ? [] : [`${command}: there is no such script`]
    case 'npm start':
    case 'npm test':
      return first in scriptsOf(folder) ? [] : [`${command}: there is no such script`]
    case 'npm ci':
    case 'npm install':
    case 'npx tsc':
    case 'npx vitest':
    case 'npx wasm2wat':
      return []
    case 'cd':
      return there(first)
    case 'node':
      return there(first)
    default:
      return program.includes('/') ? there(program) : [`${command}: what is ${program}?`]
  }
}

/** What is wrong with a line of a shell: its commands in order, each in the folder the last `cd` went to. */
const faultsOfLine = async (line: string): Promise<readonly string[]> => {
  const commands = line
    .replace(/(^|\s)#.*/, '')
    .split('&&')
    .map((command) => command.trim())
  const folders = commands.map((_, i) =>
    commands
      .slice(0, i)
      .findLast((other) => other.startsWith('cd '))
      ?.slice(3),
  )
  const faults = await Promise.all(commands.map((command, i) => faultsOf(command, folders[i] ?? '.')))
  return faults.flat()
}

/** The lines of a page's `sh` blocks, and the commands in its text. */
const linesOf = (page: string): readonly string[] => [
  ...blocksOf(page, 'sh').flatMap(({ text }) => text.trim().split('\n')),
  ...[...read(page).matchAll(/`((?:[A-Z_]+=\S+ )*(?:npx|npm|node|cd) [^`\n]+)`/g)].map(([, line]) => line!),
]

describe('what the documentation says', () => {
  let given: Names = {}
  let leave = (): void => undefined

  beforeAll(async () => {
    given = await givenNames()
    leave = inFreshFolder(given)
  })
  afterAll(() => leave())

  it.each(pages)('%s links to files that are there', (page) => {
    const links = [...read(page).matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)].map(([, link]) => link!)
    const missing = links.filter((link) => !/^https?:/.test(link) && !existsSync(join(root, dirname(page), link)))
    expect(missing).toEqual([])
  })

  it.each(pages.filter((page) => programOf(page).text !== ''))(
    '%s is a program that runs, and states true values',
    async (page) => {
      await runExample(programOf(page), given)
    },
  )

  it.each(pages)('%s names commands that can be given', async (page) => {
    const faults = await Promise.all(linesOf(page).map(faultsOfLine))
    expect(faults.flat()).toEqual([])
  })

  it('the help of the command line does too', async () => {
    const commands = readdirSync(join(root, 'src/cli')).flatMap((file) =>
      [...read(`src/cli/${file}`).matchAll(/^ {2}\$ (spikingresformer .*?)`?[,;)]*$/gm)].map(
        ([, line]) => `npx ${line}`,
      ),
    )
    expect(commands.length).toBeGreaterThan(10)
    const faults = await Promise.all(commands.map(faultsOfLine))
    expect(faults.flat()).toEqual([])
  })
})
