/** What the playground starts from: a kernel as a port might write it, each with one mistake. @module */

/** A kernel to edit and the laws that judge it. */
export interface Preset {
  readonly name: string
  /** A pattern of law ids. */
  readonly laws: string
  readonly code: string
}

const neuron = (
  spike: string,
  charge: string,
  after: string,
): string => `// a LIF neuron with a hard reset: p.charge.tau, p.threshold, p.reset.value
export const kernels = {
  fire: (p) => (x) => (membranes) => {
    const n = x.data.length / x.shape[0] // neurons of a step, all samples
    const r = p.reset.value ?? 0
    const v = Float64Array.from(membranes.get(p.key)?.data ?? new Float64Array(n).fill(r))
    const s = new Uint8Array(x.data.length)
    for (let i = 0; i < s.length; i++) {
      const h = ${charge}
      s[i] = ${spike} ? 1 : 0
      v[i % n] = s[i] ? ${after} : h
    }
    return [{ shape: x.shape, data: s }, new Map(membranes).set(p.key, { shape: x.shape.slice(1), data: v })]
  },
}
`

const CHARGE = 'v[i % n] + (x.data[i] - (v[i % n] - r)) / p.charge.tau'

const product = (scale: string): string => `// the scores y^T x of every head, times its scale
export const kernels = {
  dstT: (scale) => (y, x) => {
    const [T, B, heads, d, n] = y.shape
    const HW = x.shape[3] * x.shape[4]
    const out = new Float64Array(T * B * heads * n * HW)
    for (let f = 0, o = 0; f < T * B * heads; f++)
      for (let token = 0; token < n; token++)
        for (let p = 0; p < HW; p++, o++) {
          for (let c = 0; c < d; c++) if (x.data[(f * d + c) * HW + p]) out[o] += y.data[(f * d + c) * n + token]
          out[o] *= ${scale}
        }
    return { shape: [T, B, heads, n, HW], data: out }
  },
}
`

const FOLDED = `// time folded into the batch: the membrane of one sample goes on into the next
export const kernels = {
  fire: (p) => (x) => (membranes) => {
    const n = x.data.length / x.shape[0] / x.shape[1] // neurons of one sample
    const r = p.reset.value ?? 0
    const v = new Float64Array(n).fill(r)
    const s = new Uint8Array(x.data.length)
    for (let i = 0; i < s.length; i++) {
      const h = v[i % n] + (x.data[i] - (v[i % n] - r)) / p.charge.tau
      s[i] = h >= p.threshold ? 1 : 0
      v[i % n] = s[i] ? r : h
    }
    const left = Float64Array.from({ length: n * x.shape[1] }, (_, i) => v[i % n])
    return [{ shape: x.shape, data: s }, new Map(membranes).set(p.key, { shape: x.shape.slice(1), data: left })]
  },
}
`

export const presets: readonly Preset[] = [
  { name: 'fires on > instead of >=', laws: 'fire.tie', code: neuron('h > p.threshold', CHARGE, 'r') },
  { name: 'soft reset', laws: 'fire.reset.hard', code: neuron('h >= p.threshold', CHARGE, 'h - p.threshold') },
  {
    name: 'the input does not leak',
    laws: 'fire.charge',
    code: neuron('h >= p.threshold', 'v[i % n] / 2 + x.data[i]', 'r'),
  },
  { name: 'time folded into batch', laws: 'fire.samples', code: FOLDED },
  { name: 'one scale for all heads', laws: 'dstT.*', code: product('scale[0]') },
  { name: 'right: the scores', laws: 'dstT.*', code: product('scale[f % heads]') },
  {
    name: 'never answers',
    laws: 'add.sum',
    code: 'export const kernels = {\n  add: () => {\n    while (true) {}\n  },\n}\n',
  },
]
