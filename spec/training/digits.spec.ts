/** The gradient of the whole digits network in training mode, against PyTorch's autograd (`scripts/golden-gradient.py`). */
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { decodeSafetensors } from '../../src/checkpoint/safetensors.js'
import { type Reals, tensor } from '../../src/core/tensor.js'
import { digitsInput } from '../../src/input/digits.js'
import { asTheAuthors } from '../../src/interpreters/gradient/performed.js'
import { tensorInterpreter } from '../../src/interpreters/interpreter.js'
import { reference } from '../../src/interpreters/reference.js'
import { digits } from '../../src/model/config.js'
import { layout } from '../../src/model/parameters.js'
import { bundledDigits } from '../../src/node/bundled.js'
import { readCheckpoint } from '../../src/node/weights.js'
import { targets } from '../../src/tasks/training/loss.js'
import { learn } from '../../src/tasks/training/step.js'
import { off, reals, right } from '../golden.js'

const read = (path: string) =>
  right(decodeSafetensors(new Uint8Array(readFileSync(new URL(path, import.meta.url))))).tensors

it('every gradient and statistic of four digits is 1e-10 near to autograd', async () => {
  const golden = read('../golden/training/digits-gradient.safetensors')
  const four = right(await bundledDigits()).slice(0, 4)
  const pixels = four.flatMap(({ values }) => Array.from(right(digitsInput(values)).data))
  const base = tensorInterpreter(reference('float64'))
  const checkpoint = right(await readCheckpoint('spec/golden/digits.pth')())
  const { loss, logits, gradients, statistics } = right(
    learn(
      base,
      digits,
      { kind: 'mean' },
      asTheAuthors('float64'),
    )(checkpoint, {
      images: tensor([1, 4, 1, 16, 16], Float64Array.from(pixels)),
      targets: targets(
        four.map(({ label }) => label),
        10,
        0.1,
      ),
    }),
  )
  const found = new Map<string, Reals>([
    ['logits', logits.data],
    ['loss', Float64Array.of(loss)],
    ...[...gradients].map(([key, value]) => [`grad.${key}`, value] as const),
    ...[...statistics].map(([key, value]) => [`after.${key}`, value] as const),
  ])
  expect([...found.keys()].sort()).toEqual([...golden.keys()].sort())
  expect(gradients.size).toBe(layout(digits).filter(({ role }) => /weight|gain|bias/.test(role)).length)
  const apart = [...found].map(([key, value]) => [key, off(value, reals(golden, key).data)] as const)
  expect(apart.filter(([, by]) => !(by < 1e-10))).toEqual([])
})
