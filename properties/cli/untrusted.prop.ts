import { readFileSync, writeFileSync } from 'node:fs'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { cli, greyPng, type Ran, saved, temporary } from '../../spec/cli/cli.js'
import { syntheticInput } from '../../src/checkpoint/synthetic.js'
import { ti } from '../../src/model/config.js'
import { damaged } from '../checkpoint/mutations.js'

const file = temporary()

/** A result, or a few sentences about the file and nothing else. */
const graceful = ({ code, out, err }: Ran, path: string): void => {
  expect(err).not.toContain('internal error')
  if (code === 0) {
    expect(err).toBe('')
    expect(out).not.toBe('')
    return
  }
  expect({ code, out }).toEqual({ code: 1, out: '' })
  const lines = err.trimEnd().split('\n')
  expect(lines.length).toBeLessThan(22)
  for (const line of lines.slice(0, 20))
    expect(
      [`error: ${path}: `, 'error: configuration: ', 'error: this needs more memory '].some((start) =>
        line.startsWith(start),
      ),
    ).toBe(true)
}

const input = saved(file('good-input.safetensors'), { input: syntheticInput([1, 1, 16, 16], 1) })

it.each([
  ['a safetensors checkpoint', 'data/digits.safetensors', 'x.safetensors', ['inspect', '--variant', 'digits'], 40],
  ['a PyTorch checkpoint', 'spec/golden/digits.pth', 'x.pth', ['inspect', '--variant', 'digits'], 40],
  ['a tensor', input, 'y.safetensors', ['classify', '--steps', '1', '--json'], 60],
] as const)('damage to %s never crashes a command', async (_, good, name, argv, numRuns) => {
  const bytes = new Uint8Array(readFileSync(good))
  await fc.assert(
    fc.asyncProperty(damaged([bytes]), async (bad) => {
      writeFileSync(file(name), bad)
      graceful(await cli(...argv, file(name)), file(name))
    }),
    { numRuns },
  )
})

it('damage to an image never crashes a command', async () => {
  const bytes = greyPng(
    8,
    Uint8Array.from({ length: 64 }, (_, i) => 4 * i),
  )
  await fc.assert(
    fc.asyncProperty(damaged([bytes]), async (bad) => {
      writeFileSync(file('x.png'), bad)
      graceful(await cli('classify', '--steps', '1', file('x.png')), file('x.png'))
    }),
    { numRuns: 60 },
  )
})

it('any JSON, and any damage to a configuration, never crashes a command', async () => {
  const good = new TextEncoder().encode(JSON.stringify(ti))
  const text = fc.oneof(
    fc.json().map((json) => new TextEncoder().encode(json)),
    damaged([good]),
  )
  await fc.assert(
    fc.asyncProperty(text, async (json) => {
      writeFileSync(file('x.json'), json)
      graceful(await cli('inspect', file('x.json')), file('x.json'))
    }),
    { numRuns: 200 },
  )
})
