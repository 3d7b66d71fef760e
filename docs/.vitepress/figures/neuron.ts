/** A neuron step by step, as the package computes it. @module */
import { type Neuron, reference, tensor } from 'spikingresformer'

/** What one step did: the potential h before firing, whether it met the threshold exactly, and what was left. */
export interface Step {
  readonly input: number
  readonly before: number
  readonly h: number
  readonly spike: boolean
  readonly tie: boolean
  readonly after: number
}

const { fire } = reference('float64')

/** The potential h a neuron reaches: the same neuron with a threshold it cannot meet. */
const reach = (p: Neuron, input: number, before: number): number => {
  const never = { ...p, threshold: Number.POSITIVE_INFINITY }
  const [, after] = fire(never)(tensor([1, 1, 1], Float64Array.of(input)))(
    new Map([[p.key, tensor([1, 1], Float64Array.of(before))]]),
  )
  return after.get(p.key)?.data[0] ?? Number.NaN
}

/** Whether it fires, and what it leaves. */
type Fires = (p: Neuron, h: number, input: number, before: number) => readonly [spike: boolean, after: number]

const asPublished: Fires = (p, _, input, before) => {
  const [spikes, after] = fire(p)(tensor([1, 1, 1], Float64Array.of(input)))(
    new Map([[p.key, tensor([1, 1], Float64Array.of(before))]]),
  )
  return [spikes.data[0] === 1, after.get(p.key)?.data[0] ?? Number.NaN]
}

/** The mistake of many ports: a tie does not fire. */
const above: Fires = ({ threshold, reset }, h) => {
  const spike = h > threshold
  return [spike, !spike ? h : reset.kind === 'hard' ? reset.value : h - threshold]
}

/** A neuron's steps from rest. */
export const run = (p: Neuron, inputs: readonly number[], comparison: '>=' | '>' = '>='): readonly Step[] => {
  const rest = p.reset.kind === 'hard' ? p.reset.value : 0
  let before = rest
  return inputs.map((input) => {
    const h = reach(p, input, before)
    const [spike, after] = (comparison === '>=' ? asPublished : above)(p, h, input, before)
    const step = { input, before, h, spike, tie: h === p.threshold, after }
    before = after
    return step
  })
}

/** The first step a constant drive fires at, from the closed form `r + x (1 - q^n) >= threshold`; null: never. */
export const firstSpike = (p: Neuron, drive: number): number | null => {
  const rest = p.reset.kind === 'hard' ? p.reset.value : 0
  const need = p.threshold - rest
  if (drive <= 0) return null
  if (p.charge.kind === 'IF') return Math.max(1, Math.ceil(need / drive))
  const q = p.charge.kind === 'LIF' ? 1 - 1 / p.charge.tau : 1 / 2
  const meets = (n: number, power: number): number | null =>
    drive * (1 - power) >= need ? n : n > 200 ? null : meets(n + 1, power * q)
  return meets(1, q)
}
