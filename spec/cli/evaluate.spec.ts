import { expect, it } from 'vitest'
import { json as golden, worst } from '../golden.js'
import { cli, json } from './cli.js'

it('evaluate digits gives the golden accuracy, predictions and logits', async () => {
  const expected = golden('digits-test.json')
  const result = await json(
    ...['evaluate', 'digits', '--checkpoint', 'spec/golden/digits.pth', '--precision', 'float64', '--json'],
  )
  expect(result).toMatchObject({ dataset: 'digits', total: 360, correct: 347, precision: 'float64', steps: 4 })
  expect(result.accuracy).toBe(347 / 360)
  expect(Math.fround(result.accuracy)).toBe(expected.accuracy)
  expect(result.predictions).toEqual(expected.predictions)
  expect(worst(result.logits.slice(0, 4).flat(), expected.logits_first4.flat())).toBeLessThan(1e-9)
  const { confusion, labels, predictions } = result
  for (let truth = 0; truth < 10; truth++)
    for (let read = 0; read < 10; read++)
      expect(confusion[truth][read]).toBe(
        labels.filter((label: number, i: number) => label === truth && predictions[i] === read).length,
      )
  expect(result.meanEnergyJoules).toBeCloseTo(result.meanSops * 0.9e-12, 18)
})

it('evaluate digits reads at least as many with the bundled network', async () => {
  const result = await json('evaluate', 'digits', '--kernels', 'wasm', '--json')
  expect(result.correct).toBeGreaterThanOrEqual(347)
})

it('evaluate digits draws the confusion matrix', async () => {
  const { code, out, err } = await cli('evaluate', 'digits', '--steps', '1', '--kernels', 'wasm')
  expect({ code, err }).toEqual({ code: 0, err: '' })
  expect(out).toMatch(/^accuracy \d\d\.\d %: \d+ of 360 test digits\n\nis \\ read as {3}0/)
  expect(
    out
      .split('\n')
      .slice(4, 14)
      .map((line) => line[0]),
  ).toEqual([...'0123456789'])
  expect(out).toMatch(/^a digit: .* spikes, firing rate .* %, .* SOPs\nenergy .*J, .*J with the stem/m)
})
