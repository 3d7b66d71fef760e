/** Weights `[output, input of its group, tap]` as the kernels of training take them, and the gradients they make as weights. */

/** `[group, block of sixteen outputs, tap, eight inputs, 9, 16]`: every ninth row is zero. */
export function packForward(_first: i32, _count: i32, _scratch: usize, weights: usize, to: usize, groups: i32, inGroup: i32, outGroup: i32, taps: i32): void {
  const tapBytes: usize = (((inGroup + 7) >> 3) * 9) as usize << 6
  const row: usize = (inGroup * taps) as usize << 2
  for (let group = 0; group < groups; group++)
    for (let o = 0; o < outGroup; o += 16) {
      const from: usize = weights + ((group * outGroup + o) as usize) * row
      const end: usize = from + (min(16, outGroup - o) as usize) * row
      memory.fill(to, 0, (taps as usize) * tapBytes)
      let at = from
      for (let c = 0; c < inGroup; c++)
        for (let tap = 0; tap < taps; tap++) {
          let lane: usize = to + (tap as usize) * tapBytes + ((((c >> 3) * 9 + (c & 7)) as usize) << 6)
          for (let w = at; w < end; w += row) {
            store<f32>(lane, load<f32>(w))
            lane += 4
          }
          at += 4
        }
      to += (taps as usize) * tapBytes
    }
}

/** `[group, class, block of eight inputs, tap of the class, output of the group, 8]`, as `inputsOf` has its classes. */
export function packBackward(
  _first: i32,
  _count: i32,
  _scratch: usize,
  weights: usize,
  to: usize,
  groups: i32,
  inGroup: i32,
  outGroup: i32,
  kernelHeight: i32,
  kernelWidth: i32,
  stride: i32,
  padding: i32,
): void {
  const taps: usize = (kernelHeight * kernelWidth) as usize << 2
  const row: usize = (inGroup as usize) * taps
  const tapBytes: usize = (outGroup as usize) << 5
  for (let group = 0; group < groups; group++)
    for (let cy = 0; cy < stride; cy++)
      for (let cx = 0; cx < stride; cx++)
        for (let c = 0; c < inGroup; c += 8) {
          const lanes: usize = min(8, inGroup - c) as usize
          let end = to
          for (let o = 0; o < outGroup; o++) {
            const from: usize = weights + ((group * outGroup + o) as usize) * row + (c as usize) * taps
            let at: usize = to + ((o as usize) << 5)
            for (let ky = (cy + padding) % stride; ky < kernelHeight; ky += stride)
              for (let kx = (cx + padding) % stride; kx < kernelWidth; kx += stride) {
                let w: usize = from + ((ky * kernelWidth + kx) as usize << 2)
                for (let lane: usize = 0; lane < 8; lane++) {
                  store<f32>(at + (lane << 2), lane < lanes ? load<f32>(w) : 0)
                  w += taps
                }
                at += tapBytes
              }
            end = at - ((o as usize) << 5)
          }
          to = end
        }
}

/** Rows `[tap, channel, outputs of its group in blocks of sixteen]`. */
export function packRows(_first: i32, _count: i32, _scratch: usize, weights: usize, to: usize, groups: i32, inGroup: i32, outGroup: i32, taps: i32): void {
  const width: usize = ((outGroup + 15) & ~15) as usize << 2
  const row: usize = (inGroup * taps) as usize << 2
  for (let tap = 0; tap < taps; tap++)
    for (let group = 0; group < groups; group++)
      for (let c = 0; c < inGroup; c++) {
        memory.fill(to, 0, width)
        let w: usize = weights + ((group * outGroup) as usize) * row + ((c * taps + tap) as usize << 2)
        for (let o: usize = 0; o < (outGroup as usize) << 2; o += 4) {
          store<f32>(to + o, load<f32>(w))
          w += row
        }
        to += width
      }
}

/** Input channels whose rows are summed before their weights are written: a line of a cache. */
const LINE = 16

/** The sum of what so many shares have of such rows, shares in order, left in the first's: then as weights. */
export function joinRows(_first: i32, _count: i32, _scratch: usize, rows: usize, shares: i32, to: usize, groups: i32, inGroup: i32, outGroup: i32, taps: i32): void {
  const width: usize = ((outGroup + 15) & ~15) as usize << 2
  const tapBytes: usize = ((groups * inGroup) as usize) * width
  const bytes: usize = (taps as usize) * tapBytes
  const end: usize = rows + (shares as usize) * bytes
  const step: usize = (taps as usize) << 2
  for (let group = 0; group < groups; group++)
    for (let c = 0; c < inGroup; c += LINE)
      for (let tap = 0; tap < taps; tap++) {
        const own: usize = rows + (tap as usize) * tapBytes + ((group * inGroup + c) as usize) * width
        const ownEnd: usize = own + (min(LINE, inGroup - c) as usize) * width
        for (let at = own; at < ownEnd; at += 16) {
          let sum = v128.load(at)
          for (let share: usize = at + bytes; share < end; share += bytes) sum = f32x4.add(sum, v128.load(share))
          v128.store(at, sum)
        }
        for (let o = 0; o < outGroup; o++) {
          let weight: usize = to + ((((group * outGroup + o) * inGroup + c) * taps + tap) as usize << 2)
          for (let at: usize = own + ((o as usize) << 2); at < ownEnd; at += width) {
            store<f32>(weight, load<f32>(at))
            weight += step
          }
        }
      }
}
