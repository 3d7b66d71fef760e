/**
 * A port by someone who shares no code with this package: one time step at a time, channel-last, plain arrays of
 * numbers, and only a few operations. Its carriers are lists of frames.
 */

/** A plane of neurons, `pixels[(row * width + column) * channels + channel]`. */
export interface Plane {
  readonly height: number
  readonly width: number
  readonly channels: number
  readonly pixels: readonly number[]
}

/** One plane for each step and sample; `lead` says how many of them: `[steps, samples]`, or `[samples]` for membranes. */
export interface Film {
  readonly lead: readonly number[]
  readonly planes: readonly Plane[]
}

interface Flat {
  readonly shape: readonly number[]
  readonly data: ArrayLike<number>
}

const toFilm = ({ shape, data }: Flat): Film => {
  const [channels, height, width] = shape.slice(-3) as [number, number, number]
  const area = channels * height * width
  const lead = shape.slice(0, -3)
  const planes = Array.from({ length: data.length / area }, (_, plane) => ({
    height,
    width,
    channels,
    pixels: Array.from({ length: area }, (_, i) => {
      const [at, channel] = [Math.floor(i / channels), i % channels]
      return data[plane * area + channel * height * width + at]!
    }),
  }))
  return { lead, planes }
}

const fromFilm = ({ lead, planes }: Film): { shape: number[]; numbers: number[] } => {
  const { height, width, channels } = planes[0]!
  const numbers = planes.flatMap(({ pixels }) =>
    Array.from({ length: pixels.length }, (_, i) => {
      const [channel, at] = [Math.floor(i / (height * width)), i % (height * width)]
      return pixels[at * channels + channel]!
    }),
  )
  return { shape: [...lead, channels, height, width], numbers }
}

/** What the laws need to talk to this port. */
export const carriers = {
  fromSpikes: toFilm,
  fromCurrents: toFilm,
  toSpikes: (film: Film) => {
    const { shape, numbers } = fromFilm(film)
    return { shape, data: Uint8Array.from(numbers) }
  },
  toCurrents: (film: Film) => {
    const { shape, numbers } = fromFilm(film)
    return { shape, data: Float64Array.from(numbers) }
  },
}

/** One neuron, one step. */
interface Cell {
  readonly leak: (potential: number, drive: number) => number
  readonly floor: number
  readonly fires: (potential: number) => boolean
  readonly settle: (potential: number) => number
}

interface NeuronOptions {
  readonly key: string
  readonly charge: { readonly kind: string; readonly tau?: number; readonly w?: number }
  readonly threshold: number
  readonly reset: { readonly kind: string; readonly value?: number }
}

const cell = ({ charge, threshold, reset }: NeuronOptions): Cell => {
  const floor = reset.kind === 'hard' ? reset.value! : 0
  const share = charge.kind === 'PLIF' ? 1 / (1 + Math.exp(-charge.w!)) : 1 / (charge.tau ?? 1)
  return {
    floor,
    leak: (v, x) => (charge.kind === 'IF' ? v + x : v + (x - (v - floor)) * share),
    fires: (h) => h >= threshold,
    settle: (h) => (reset.kind === 'hard' ? floor : h - threshold),
  }
}

const fire = (options: NeuronOptions) => {
  const { leak, floor, fires, settle } = cell(options)
  return (input: Film) => (memory: ReadonlyMap<string, Film>) => {
    const [steps, samples] = input.lead as [number, number]
    const before = memory.get(options.key)?.planes
    const out: Plane[] = []
    let state = Array.from({ length: samples }, (_, b) => before?.[b]?.pixels)
    for (let step = 0; step < steps; step++)
      state = state.map((membrane, b) => {
        const plane = input.planes[step * samples + b]!
        const potential = plane.pixels.map((x, i) => leak(membrane?.[i] ?? floor, x))
        out.push({ ...plane, pixels: potential.map((h) => (fires(h) ? 1 : 0)) })
        return potential.map((h) => (fires(h) ? settle(h) : h))
      })
    const kept = state.map((pixels, b) => ({ ...input.planes[b]!, pixels: pixels! }))
    return [
      { lead: input.lead, planes: out },
      new Map([...memory, [options.key, { lead: [samples], planes: kept }]]),
    ] as [Film, ReadonlyMap<string, Film>]
  }
}

interface SynapseOptions {
  readonly convolution: {
    readonly weight: Flat
    readonly stride: number
    readonly padding: number
    readonly groups: number
  }
  readonly norm: {
    readonly weight: Flat
    readonly bias: Flat
    readonly mean: Flat
    readonly variance: Flat
    readonly eps: number
  }
}

/** Gathers: every output looks at its window. `reach` is where the last row and column of the frame end. */
const synapse =
  (edge: (size: number) => number) =>
  ({ convolution: { weight, stride, padding, groups }, norm }: SynapseOptions) => {
    const [out, fanIn, kh, kw] = weight.shape as [number, number, number, number]
    const see = (plane: Plane): Plane => {
      const height = Math.floor((plane.height + 2 * padding - kh) / stride) + 1
      const width = Math.floor((plane.width + 2 * padding - kw) / stride) + 1
      const pixels: number[] = []
      for (let row = 0; row < height; row++)
        for (let column = 0; column < width; column++)
          for (let o = 0; o < out; o++) {
            let total = 0
            for (let i = 0; i < fanIn; i++)
              for (let dy = 0; dy < kh; dy++)
                for (let dx = 0; dx < kw; dx++) {
                  const [y, x] = [row * stride + dy - padding, column * stride + dx - padding]
                  if (y < 0 || x < 0 || y >= edge(plane.height) || x >= edge(plane.width)) continue
                  const channel = Math.floor((o * groups) / out) * fanIn + i
                  if (plane.pixels[(y * plane.width + x) * plane.channels + channel] === 1)
                    total += weight.data[((o * fanIn + i) * kh + dy) * kw + dx]!
                }
            const deviation = Math.sqrt(norm.variance.data[o]! + norm.eps)
            pixels.push(((total - norm.mean.data[o]!) / deviation) * norm.weight.data[o]! + norm.bias.data[o]!)
          }
      return { height, width, channels: out, pixels }
    }
    return (film: Film): Film => ({ lead: film.lead, planes: film.planes.map(see) })
  }

const add = (a: Film, b: Film): Film => ({
  lead: a.lead,
  planes: a.planes.map((plane, i) => ({ ...plane, pixels: plane.pixels.map((x, j) => x + b.planes[i]!.pixels[j]!) })),
})

/** The port as it is. */
export const kernels = { fire, synapse: synapse((size) => size), add }

/** The port with one loop that ends a pixel early: frames of more than one row lose what happens in the last. */
export const buggyKernels = { ...kernels, synapse: synapse((size) => Math.max(1, size - 1)) }
