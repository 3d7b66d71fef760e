/** Gradients of weights: cotangents of sums added over the events that met a weight, sixteen weights at a time. */
import { TOGETHER } from '../../../machine/pairs'
import { before, behind } from './inputs'

/** Copies sixteen numbers of each position of `[rows, columns]`, rows of numbers so many bytes apart, into the middle of zeros. */
function frameIn(
  from: usize,
  fromRow: usize,
  rows: i32,
  columns: i32,
  top: i32,
  left: i32,
  bottom: i32,
  right: i32,
  to: usize,
): void {
  const line: usize = ((left + columns + right) as usize) << 6
  memory.fill(to, 0, (top as usize) * line)
  to += (top as usize) * line
  for (let r = 0; r < rows; r++) {
    memory.fill(to, 0, (left as usize) << 6)
    to += (left as usize) << 6
    for (let c = 0; c < columns; c++) {
      v128.store(to, v128.load(from))
      v128.store(to, v128.load(from, 16), 16)
      v128.store(to, v128.load(from, 32), 32)
      v128.store(to, v128.load(from, 48), 48)
      to += 64
      from += fromRow
    }
    memory.fill(to, 0, (right as usize) << 6)
    to += (right as usize) << 6
  }
  memory.fill(to, 0, (bottom as usize) * line)
}

/** `row += sum over the events of what lies `off` bytes from each`. */
// @ts-ignore: decorator
@inline
function gather(events: usize, end: usize, off: usize, row: usize): void {
  let a = v128.load(row)
  let b = v128.load(row, 16)
  let c = v128.load(row, 32)
  let d = v128.load(row, 48)
  for (; events < end; events += 4) {
    const at: usize = load<u32>(events) + off
    a = f32x4.add(a, v128.load(at))
    b = f32x4.add(b, v128.load(at, 16))
    c = f32x4.add(c, v128.load(at, 32))
    d = f32x4.add(d, v128.load(at, 48))
  }
  v128.store(row, a)
  v128.store(row, b, 16)
  v128.store(row, c, 32)
  v128.store(row, d, 48)
}

/**
 * Some frames, and some of a group's input channels: spikes (bytes) and cotangents of the group's sums, added
 * to rows `[tap, channel, outputs of the group in blocks of sixteen]`. A row meets its events by frame, row and column.
 */
export function weightsOf(
  spikes: usize,
  sums: usize,
  rows: usize,
  scratch: usize,
  frames: i32,
  group: i32,
  first: i32,
  height: i32,
  width: i32,
  groups: i32,
  inGroup: i32,
  outGroup: i32,
  kernelHeight: i32,
  kernelWidth: i32,
  stride: i32,
  padding: i32,
  outHeight: i32,
  outWidth: i32,
): void {
  const channels = groups * inGroup
  const outBytes: usize = (groups * outGroup) as usize << 2
  const count = min(TOGETHER, inGroup - first)
  const top = before(kernelHeight, stride, padding)
  const left = before(kernelWidth, stride, padding)
  const bottom = behind(height, stride, padding, outHeight)
  const right = behind(width, stride, padding, outWidth)
  const line = left + outWidth + right
  const frameBytes: usize = (((top + outHeight + bottom) * line) as usize) << 6
  const classes = stride * stride
  // How long a list may be: all positions of a class.
  const room: usize = (frames * ((height + stride - 1) / stride) * ((width + stride - 1) / stride)) as usize << 2
  const ends = scratch + 64
  const lists: usize = ends + ((classes * TOGETHER) as usize << 2)
  const framed: usize = (lists + ((classes * TOGETHER) as usize) * room + 15) & ~15
  for (let list = 0; list < classes * TOGETHER; list++)
    store<u32>(ends + (list << 2), (lists + (list as usize) * room) as u32)
  let spike: usize = spikes + ((group * inGroup + first) as usize)
  for (let f = 0; f < frames; f++) {
    const frame: usize = framed + (f as usize) * frameBytes
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++) {
        const event: usize = frame + ((((y / stride) * line + x / stride) as usize) << 6)
        let end: usize = ends + ((((y % stride) * stride + (x % stride)) * TOGETHER) as usize << 2)
        for (let c = 0; c < count; c += 16) {
          let bits = i8x16.bitmask(i8x16.neg(v128.load(spike + (c as usize)))) & ((1 << min(16, count - c)) - 1)
          while (bits != 0) {
            const list: usize = end + ((ctz(bits) as usize) << 2)
            const to: usize = load<u32>(list)
            store<u32>(to, event as u32)
            store<u32>(list, (to + 4) as u32)
            bits &= bits - 1
          }
          end += 64
        }
        spike += channels
      }
  }
  const rowBytes: usize = (((outGroup + 15) & ~15) as usize) << 2
  for (let o = 0; o < outGroup; o += 16) {
    for (let f = 0; f < frames; f++)
      frameIn(sums + ((f * outHeight * outWidth) as usize) * outBytes + ((group * outGroup + o) as usize << 2), outBytes, outHeight, outWidth, top, left, bottom, right, framed + (f as usize) * frameBytes)
    for (let cy = 0; cy < stride; cy++)
      for (let cx = 0; cx < stride; cx++) {
        const own: i32 = (cy * stride + cx) * TOGETHER
        for (let ky = (cy + padding) % stride; ky < kernelHeight; ky += stride)
          for (let kx = (cx + padding) % stride; kx < kernelWidth; kx += stride) {
            const down = top + (cy + padding - ky) / stride
            const over = left + (cx + padding - kx) / stride
            const off: usize = ((down * line + over) as usize) << 6
            let row: usize = rows + (((ky * kernelWidth + kx) * channels + group * inGroup + first) as usize) * rowBytes + ((o as usize) << 2)
            for (let c = 0; c < count; c++) {
              gather(lists + ((own + c) as usize) * room, load<u32>(ends + ((own + c) << 2)), off, row)
              row += rowBytes
            }
          }
      }
  }
}

/**
 * Some samples' frames, `together` at a time, added to the rows of their share: shares are so many samples, and the first of
 * a share begins at zero.
 */
export function toWeights(
  first: i32,
  count: i32,
  scratch: usize,
  spikes: usize,
  sums: usize,
  rows: usize,
  share: i32,
  steps: i32,
  together: i32,
  height: i32,
  width: i32,
  groups: i32,
  inGroup: i32,
  outGroup: i32,
  kernelHeight: i32,
  kernelWidth: i32,
  stride: i32,
  padding: i32,
  outHeight: i32,
  outWidth: i32,
): void {
  const channels = groups * inGroup
  const bytes: usize = ((kernelHeight * kernelWidth * channels * ((outGroup + 15) & ~15)) as usize) << 2
  const own: usize = rows + ((first / share) as usize) * bytes
  if (first % share == 0) memory.fill(own, 0, bytes)
  const spikesFrame: usize = (height * width * channels) as usize
  const sumsFrame: usize = ((outHeight * outWidth * groups * outGroup) as usize) << 2
  const end = (first + count) * steps
  for (let f = first * steps; f < end; f += together)
    for (let group = 0; group < groups; group++)
      for (let c = 0; c < inGroup; c += TOGETHER)
        weightsOf(spikes + (f as usize) * spikesFrame, sums + (f as usize) * sumsFrame, own, scratch, min(together, end - f), group, c, height, width, groups, inGroup, outGroup, kernelHeight, kernelWidth, stride, padding, outHeight, outWidth)
}

/** The sum of what so many shares have, each so many numbers: shares in order, four numbers at a time. */
export function joinShares(_first: i32, _count: i32, _scratch: usize, rows: usize, shares: i32, length: i32, to: usize): void {
  const bytes: usize = (length as usize) << 2
  for (let i: usize = 0; i < bytes; i += 16) {
    let sum = v128.load(rows + i)
    for (let s: usize = 1; s < (shares as usize); s++) sum = f32x4.add(sum, v128.load(rows + s * bytes + i))
    v128.store(to + i, sum)
  }
}
