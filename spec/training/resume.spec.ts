/** What a state that is not as it was written says where training should go on from it: one sentence, of every damage. */
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { decodeSafetensors } from '../../src/checkpoint/safetensors.js'
import type { Reals, Tensor } from '../../src/core/tensor.js'
import { cli, greyPng, saved, temporary } from '../cli/cli.js'
import { trainings } from '../cli/trainings.js'
import { right } from '../right.js'

const file = temporary()
const { train } = trainings(file)
const { code, err } = await cli(...train('one'))
if (code !== 0) throw new Error(err)
const path = file('damaged/training.safetensors')
mkdirSync(file('damaged'))
const bytes = new Uint8Array(readFileSync(file('one/training.safetensors')))
const { tensors, metadata } = right(decodeSafetensors(bytes))
const keys = [...tensors.keys()]

/** What is said of the file, which is checked to be one sentence that names it and says what to do. */
const said = async (): Promise<string> => {
  const { code: ended, out, err: sentence } = await cli(...train('damaged', '--resume'))
  expect([ended, out]).toEqual([1, ''])
  expect(sentence.startsWith(`error: ${path}: `)).toBe(true)
  expect(sentence).toMatch(/^[^\n]*; [^\n]*(copy of it back|begin anew|folder that train wrote)[^\n]*\n$/)
  return sentence
}

const saidOf = (
  change: (all: Map<string, Tensor>) => unknown,
  described: Readonly<Record<string, string>> = metadata,
): Promise<string> => {
  const all = new Map(tensors)
  change(all)
  saved(path, Object.fromEntries(all), described)
  return said()
}

const headerEnd = 8 + Number(new DataView(bytes.buffer).getBigUint64(0, true))

describe('resuming says in one sentence', () => {
  it('that all epochs are done, and nothing is wrong', async () => {
    saved(path, Object.fromEntries(tensors), metadata)
    expect(await cli(...train('damaged', '--resume'))).toMatchObject({ code: 0, err: 'note: all epochs are done: 2\n' })
  })

  it.each([0, 1, 7, 8, 9, 100, headerEnd - 1, headerEnd, headerEnd + 1, bytes.length >> 1, bytes.length - 1])(
    'that a state of %i bytes is damaged',
    async (length) => {
      writeFileSync(path, bytes.subarray(0, length))
      expect(await said()).toContain('it is a damaged state of training: ')
    },
  )

  it('that bytes follow which belong to none', async () => {
    writeFileSync(path, [...bytes, 0].map((byte) => String.fromCharCode(byte)).join(''), 'latin1')
    expect(await said()).toContain('it is a damaged state of training: the tensors end at byte')
  })

  it.each([
    ['text', () => writeFileSync(path, 'epoch 1 of 2\n')],
    ['a picture', () => writeFileSync(path, greyPng(8, new Uint8Array(64)))],
  ])('that it is another file: %s', async (_, write) => {
    write()
    expect(await said()).toContain('it is a damaged state of training: its header claims')
  })

  it('that it is no network, to every command that takes one', async () => {
    const state = file('one/training.safetensors')
    for (const argv of [
      ['inspect', state],
      ['classify', '--checkpoint', state],
      ['convert', state, file('converted.pth')],
      train('transferred', '--from', state),
    ]) {
      const { code, out, err } = await cli(...argv)
      expect([code, out]).toEqual([1, ''])
      expect(err).toContain(
        `error: ${state}: it is the state of a training, not a network; give network.safetensors beside it\n`,
      )
    }
  })

  it('that it is a network, no state', async () => {
    copyFileSync(file('one/network.safetensors'), path)
    expect(await said()).toContain('it is no state of training; ')
  })

  it.each(keys.filter((_, i) => i % 7 === 0 || keys[i] === 'optimizer.powers'))('what of %s is wrong', async (key) => {
    const { shape, data } = tensors.get(key)!
    expect(await saidOf((all) => all.delete(key))).toContain(`: ${key} is missing; `)
    expect(await saidOf((all) => all.set(key, { shape: [1, ...shape], data }))).toContain(
      `: ${key} has shape [1${shape.map((n) => `, ${n}`).join('')}], not [${shape.join(', ')}]; `,
    )
    expect(await saidOf((all) => all.set(key, { shape, data: new Uint8Array(data.length) }))).toContain(
      `: ${key} has numbers of type uint8, not `,
    )
    if (data instanceof BigInt64Array) return
    const odd = (data as Reals).slice()
    odd[odd.length - 1] = Number.NaN
    expect(await saidOf((all) => all.set(key, { shape, data: odd }))).toContain(
      `: element ${odd.length - 1} of ${key} is NaN; `,
    )
  })

  it('how many more are wrong', async () => {
    const none = await saidOf((all) => all.clear())
    expect(none).toContain(`: prologue.0.weight is missing, and ${keys.length - 1} more are wrong; `)
    const surplus = { shape: [1], data: Float32Array.of(1) }
    expect(await saidOf((all) => all.set('x\u001b[31m', surplus))).toContain(': x\u{fffd}[31m is no tensor of it; ')
    expect(await saidOf((all) => all.set('x', surplus).set('y', surplus))).toContain(
      ': x is no tensor of it, and 1 more are wrong; ',
    )
  })

  it.each([
    ...['', 'null', '1', '"x"', '{}', '[null]', '[1]', '[{}]', '[[]]'],
    JSON.stringify(JSON.parse(metadata['history']!).slice(1)),
    metadata['history']!.replace('"loss":', '"lost":'),
    metadata['history']!.replace(/"loss":[\d.]+/, '"loss":"1"'),
    metadata['history']!.replace(/"testAccuracy":[\d.]+/, '"testAccuracy":null'),
    JSON.stringify(
      JSON.parse(metadata['history']!).concat({ epoch: 3, rate: 1, loss: 1, accuracy: 1, testAccuracy: 1 }),
    ),
  ])('that its history cannot be read: %s', async (history) => {
    expect(await saidOf(() => undefined, { ...metadata, history })).toContain(': its history cannot be read; ')
  })

  it('that it has no history', async () => {
    const { history, ...others } = metadata
    expect(await saidOf(() => undefined, others)).toContain(': its history cannot be read; ')
  })

  const fields = JSON.parse(metadata['circumstances']!) as Readonly<Record<string, unknown>>
  it.each([
    ...['', 'null', '1', '"x"', '{}', '[]', '{"version":"0.1.0"'],
    ...Object.keys(fields).map((field) => JSON.stringify({ ...fields, [field]: undefined })),
  ])('that its circumstances cannot be read: %s', async (circumstances) => {
    expect(await saidOf(() => undefined, { ...metadata, circumstances })).toContain(
      ': its circumstances cannot be read; ',
    )
  })

  it.each([
    ['another version', { version: 1 }],
    ['another seed', { seed: '1' }],
    ['another recipe (warmup: none there, ', { recipe: null }],
    ['another recipe (warmup: none there, ', { recipe: 'x' }],
    ['another recipe (rate: "aaa', { recipe: { ...(fields['recipe'] as object), rate: 'a'.repeat(9999) } }],
    ['another configuration (classes: 4 there, 3 here)', { config: { ...(fields['config'] as object), classes: 4 } }],
    ['other data', { data: 'x' }],
  ])('that it was trained with %s', async (words, changed) => {
    const circumstances = JSON.stringify({ ...fields, ...changed })
    const sentence = await saidOf(() => undefined, { ...metadata, circumstances })
    expect(sentence).toContain(`it was trained with ${words}`)
    expect(sentence.length).toBeLessThan(500)
  })
})
