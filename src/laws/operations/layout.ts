/** Laws of the operations that only move numbers (heads, hold) and of the residual. @module */
import fc from 'fast-check'
import { extents, reals, whole } from '../given.js'
import { type Law, law } from '../law.js'
import { at, sum, tabulate } from '../tensors.js'
import { all, same } from '../verdict.js'

const CODE = "the authors' code (DSSA.forward)"

export const layoutLaws: readonly Law[] = [
  law({
    id: 'heads.split',
    statement: 'y1 is the first d rows of each head and y2 the last d: not the two halves of all channels.',
    formula: '(y_1)_{h,c} = y_{2 d h + c}, \\quad (y_2)_{h,c} = y_{2 d h + d + c}',
    source: CODE,
    needs: ['splitHeads'],
    given: fc
      .record({ heads: whole(1, 3), d: whole(1, 2), shape: extents(2, 2, 1, 2, 2) })
      .chain(({ heads, d, shape }) => fc.record({ heads: fc.constant(heads), y: reals(shape.with(2, 2 * d * heads)) })),
    holds:
      ({ splitHeads }) =>
      ({ heads, y }) => {
        const [T, B, C2, h, w] = y.shape as [number, number, number, number, number]
        const d = C2 / heads / 2
        const half = (from: number) =>
          tabulate([T, B, heads, d, h * w], (t, b, head, c, n) =>
            at(y, t, b, 2 * d * head + from + c, Math.floor(n / w), n % w),
          )
        const [y1, y2] = splitHeads(heads)(y)
        return all(same('y1', y1, half(0)), same('y2', y2, half(d)))
      },
  }),
  law({
    id: 'heads.merge',
    statement: 'Merging puts the heads side by side in the channels and the positions back in rows: layout only.',
    formula: 'o_{d h + c,\\, y,\\, x} = o_{h,\\, c,\\, W y + x}',
    source: CODE,
    needs: ['mergeHeads'],
    given: fc
      .record({ dims: extents(2, 2, 3, 2, 2), height: whole(1, 3), width: whole(1, 3) })
      .chain(({ dims: [T, B, heads, d], height, width }) =>
        fc.record({
          size: fc.constant({ height, width }),
          y: reals([T!, B!, heads!, d!, height * width]),
        }),
      ),
    holds:
      ({ mergeHeads }) =>
      ({ size, y }) => {
        const [T, B, heads, d] = y.shape as [number, number, number, number]
        return same(
          'out',
          mergeHeads(size)(y),
          tabulate([T, B, heads * d, size.height, size.width], (t, b, c, row, column) =>
            at(y, t, b, Math.floor(c / d), c % d, row * size.width + column),
          ),
        )
      },
  }),
  law({
    id: 'add.sum',
    statement: 'The residual is the sum of the currents: nothing is clipped, no spike is merged with another.',
    formula: '(a + b)_i = a_i + b_i',
    source: "the paper's section 4; the authors' code adds currents to currents",
    needs: ['add'],
    given: extents(2, 2, 2, 2, 2).chain((shape) => fc.record({ a: reals(shape), b: reals(shape) })),
    holds:
      ({ add }) =>
      ({ a, b }) =>
        same('sum', add(a, b), sum(a, b)),
  }),
  law({
    id: 'hold.repeat',
    statement: 'Holding repeats a current at every step, undivided.',
    formula: '\\mathrm{hold}_T(x)[t] = x',
    source: 'the input is the same image at every step',
    needs: ['hold'],
    given: extents(1, 2, 2, 2, 2).chain((shape) => fc.record({ T: whole(1, 4), x: reals(shape) })),
    holds:
      ({ hold }) =>
      ({ T, x }) =>
        same(
          'current',
          hold(T)(x),
          tabulate(x.shape.with(0, T), (_, ...rest) => at(x, 0, ...rest)),
        ),
  }),
]
