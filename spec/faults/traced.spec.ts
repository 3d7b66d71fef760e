/** What is no trace, and a catalogue of causes that is none. */
import { truncateSync, writeFileSync } from 'node:fs'
import * as Either from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { describe, expect, it } from 'vitest'
import { describe as sentenceOf } from '../../src/core/fault.js'
import { parseCauses } from '../../src/tasks/causes.js'
import { parseTrace } from '../../src/tasks/traced.js'
import { cli, temporary } from '../cli/cli.js'

const file = temporary()
const sha256 = 'a'.repeat(64)
const layer = { layer: 'prologue', shape: [1], sha256 }
const operation = { path: 'prologue', operation: 'stem', shape: [1], sha256 }
const membrane = { key: 'prologue', shape: [1], sha256 }

const said = (fields: object): readonly string[] =>
  pipe(
    parseTrace(JSON.stringify(fields)),
    Either.match(
      (faults) => faults.map(sentenceOf),
      () => [],
    ),
  )

describe('a trace', () => {
  it('is read', () => {
    expect(said({ layers: [layer], operations: [operation], membranes: [membrane] })).toEqual([])
  })

  it.each([
    [[], 'it is not a JSON object'],
    [{ layers: 1 }, 'layers is not a list'],
    [{ layers: [layer, layer] }, 'layers has prologue twice'],
    [{ layers: [{ ...layer, sha256: 'A' }] }, 'layers[0] has not the layer, shape and sha256'],
    [{ layers: [], operations: {} }, 'operations is not a list'],
    [{ layers: [], operations: [operation, operation] }, 'operations has prologue twice'],
    [
      { layers: [], operations: [{ ...operation, operation: 1 }] },
      'operations[0] has not the path, operation, shape and sha256',
    ],
    [{ layers: [], membranes: null }, 'membranes is not a list'],
    [{ layers: [], membranes: [membrane, membrane] }, 'membranes has prologue twice'],
    [{ layers: [], membranes: [null] }, 'membranes[0] has not the key, shape and sha256'],
  ])('%j is none: %s', (fields, problem) => {
    const [sentence, ...others] = said(fields)
    expect(others).toEqual([])
    expect(sentence).toContain(`it is no trace: ${problem}`)
  })

  it('of more bytes than any has is not read', async () => {
    writeFileSync(file('long.json'), ' '.repeat(8))
    truncateSync(file('long.json'), 2 ** 28 + 1)
    const { code, err } = await cli('compare', file('long.json'), file('long.json'))
    expect({ code, err }).toMatchObject({
      code: 1,
      err: expect.stringContaining('it is no trace: it has too many bytes'),
    })
  })
})

it.each(['', '{}', '[{ "id": 1 }]'])('%j is no catalogue of causes', (text) => {
  expect(
    pipe(
      parseCauses(text),
      Either.mapLeft((faults) => faults.map(sentenceOf)),
    ),
  ).toEqual(Either.left(['the catalogue of causes is damaged; install the package again']))
})
