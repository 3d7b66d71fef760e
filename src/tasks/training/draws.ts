/** What training draws, from a seed: nothing is drawn twice, and nothing depends on what was drawn before. @module */
import { cos, exp, log } from '../../core/functions.js'
import { fnv1a, hash32 } from '../../core/random.js'

/**
 * Numbers in (0, 1) by place: the i-th of a name and a seed, an odd multiple of 2^-25. The hash is mixed once more than
 * `sym`'s: after one round, some starts leave a trace in 4000 normal draws.
 *
 * @example
 * const [draw, again] = [draws('shift 0', 7), draws('shift 0', 7)]
 * draw(3) // => again(3)
 */
export const draws = (name: string, seed: number): ((i: number) => number) => {
  const start = fnv1a(name) ^ hash32(seed)
  return (i) => ((hash32(hash32(start ^ hash32(i)) + 0x9e3779b9) >>> 8) + 0.5) / 2 ** 24
}

/**
 * The numbers 0 to `length - 1` in an order drawn from a name and a seed (Fisher and Yates).
 *
 * @example
 * [...shuffled(4, draws('order', 7))].sort() // => [0, 1, 2, 3]
 */
export const shuffled = (length: number, draw: (i: number) => number): readonly number[] => {
  const order = Array.from({ length }, (_, i) => i)
  for (let i = length - 1; i > 0; i--) {
    const other = Math.floor(draw(i) * (i + 1))
    const [a, b] = [order[i]!, order[other]!]
    order[i] = b
    order[other] = a
  }
  return order
}

/**
 * The i-th draw of a normal distribution of mean 0 and variance 1 (Box and Muller: `sqrt(-2 ln u) cos(2 pi v)`).
 *
 * @example
 * Math.abs(normal(draws('weight', 7))(0)) < 6 // => true
 */
export const normal =
  (draw: (i: number) => number) =>
  (i: number): number =>
    Math.sqrt(-2 * log(draw(2 * i))) * cos(2 * Math.PI * draw(2 * i + 1))

/**
 * A draw of Beta(alpha, alpha): `x / (x + y)` of the first `x = u^(1/alpha)`, `y = v^(1/alpha)` whose sum is at most 1
 * (Joehnk); for alpha above 1, where that would take ever more draws, `(1 + sqrt(1 - u^(2/(2 alpha - 1))) cos(2 pi v)) / 2`
 * (Ulrich).
 *
 * @example
 * beta(1, draws('mixup', 7)) < 1 // => true
 */
export const beta = (alpha: number, draw: (i: number) => number): number => {
  if (alpha > 1) return (1 + Math.sqrt(1 - exp((2 * log(draw(0))) / (2 * alpha - 1))) * cos(2 * Math.PI * draw(1))) / 2
  for (let i = 0; ; i += 2) {
    const [x, y] = [exp(log(draw(i)) / alpha), exp(log(draw(i + 1)) / alpha)]
    if (x + y <= 1) return x + y > 0 ? x / (x + y) : draw(i) > draw(i + 1) ? 1 : 0
  }
}
