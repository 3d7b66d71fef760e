import type { Command } from 'commander'
import { program } from '../../../dist/cli/program.js'

/** A command as its help has it. */
export interface CommandLine {
  readonly name: string
  readonly about: string
  readonly rows: readonly { readonly name: string; readonly about: string; readonly otherwise: string }[]
}

declare const data: readonly CommandLine[]

export { data }

const silent = {
  out: () => undefined,
  err: () => undefined,
  colour: false,
  bar: () => ({ advance: () => undefined, stop: () => undefined }),
}

const shown = (value: unknown): string =>
  value === undefined || value === false ? '' : typeof value === 'string' ? value : JSON.stringify(value)

const lineOf = (command: Command): CommandLine => ({
  name: `${command.name()} ${command.registeredArguments.map((given) => (given.required ? `<${given.name()}>` : `[${given.name()}${given.variadic ? '...' : ''}]`)).join(' ')}`.trim(),
  about: command.description(),
  rows: [
    ...command.registeredArguments.map((given) => ({
      name: given.name(),
      about: given.description,
      otherwise: shown(given.defaultValue),
    })),
    ...command.options
      .filter(({ hidden }) => !hidden)
      .map(({ flags, description, argChoices, defaultValue, defaultValueDescription }) => ({
        name: flags,
        about: `${description}${argChoices === undefined ? '' : ` (${argChoices.join(', ')})`}`,
        otherwise: defaultValueDescription ?? shown(defaultValue),
      })),
  ],
})

/** Every command with its arguments and options, from the program itself. */
export default {
  load: async (): Promise<readonly CommandLine[]> =>
    (await program(undefined, silent, async () => undefined)).commands.map(lineOf),
}
