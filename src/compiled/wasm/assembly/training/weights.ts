/** Gradients of weights: cotangents of sums added over the events that met a weight, sixteen weights at a time. */
import { PAIRS } from '../../../machine/pairs'
import { before, behind } from './inputs'

/** Copies sixteen numbers of each position of `[rows, columns]`, positions `next` bytes apart, to lines so many bytes apart. */
function frameIn(from: usize, next: usize, rows: i32, columns: i32, to: usize, line: usize): void {
  for (let r = 0; r < rows; r++) {
    let at = to
    for (let c = 0; c < columns; c++) {
      v128.store(at, v128.load(from))
      v128.store(at, v128.load(from, 16), 16)
      v128.store(at, v128.load(from, 32), 32)
      v128.store(at, v128.load(from, 48), 48)
      at += 64
      from += next
    }
    to += line
  }
}

/** For each of some channels `row += sum over its events of what lies `off` bytes from each`, sixteen numbers wide. */
function gather(starts: usize, count: i32, off: usize, row: usize, rowBytes: usize): void {
  let event: usize = load<u32>(starts)
  for (let channel = 0; channel < count; channel++) {
    starts += 4
    const end: usize = load<u32>(starts)
    let a = v128.load(row)
    let b = v128.load(row, 16)
    let c = v128.load(row, 32)
    let d = v128.load(row, 48)
    for (; event < end; event += 4) {
      const at: usize = load<u32>(event) + off
      a = f32x4.add(a, v128.load(at))
      b = f32x4.add(b, v128.load(at, 16))
      c = f32x4.add(c, v128.load(at, 32))
      d = f32x4.add(d, v128.load(at, 48))
    }
    v128.store(row, a)
    v128.store(row, b, 16)
    v128.store(row, c, 32)
    v128.store(row, d, 48)
    row += rowBytes
  }
}

/**
 * For each of a group's channels where its spikes have their framed sums, by frame, row and column, of the inputs at one place
 * `cy`, `cx` within the stride: one list behind the other, from where to where into `starts`; gives where they end. Of up to eight
 * positions of a row, the spikes of each channel become a byte, and the byte a list from the table of pairs.
 */
function eventsOf(
  spikes: usize,
  frames: i32,
  inGroup: i32,
  channels: i32,
  cy: i32,
  cx: i32,
  height: i32,
  width: i32,
  stride: i32,
  framed: usize,
  frameBytes: usize,
  line: usize,
  masks: usize,
  starts: usize,
  lists: usize,
): usize {
  const next: usize = (stride * channels) as usize
  const size: usize = (16 + ((inGroup + 15) & ~15)) as usize
  let mask = masks
  for (let f = 0; f < frames; f++)
    for (let y = cy; y < height; y += stride)
      for (let x = cx; x < width; x += 8 * stride) {
        store<u32>(mask, (framed + (f as usize) * frameBytes + ((y / stride) as usize) * line + ((x / stride) as usize << 6)) as u32)
        const first: usize = spikes + ((((f * height + y) * width + x) * channels) as usize)
        const last: usize = first + (min(8, (width - x + stride - 1) / stride) as usize) * next
        for (let c: usize = 0; c < size - 16; c += 16) {
          let bits = i8x16.splat(0)
          for (let at = last; at > first; ) {
            at -= next
            bits = v128.or(i8x16.add(bits, bits), v128.load(at + c))
          }
          v128.store(mask + c, bits, 16)
        }
        mask += size
      }
  for (let c: usize = 0; c < (inGroup as usize); c++) {
    store<u32>(starts + (c << 2), lists as u32)
    for (let from = masks; from < mask; from += size) {
      const bits: u32 = load<u8>(from + c, 16)
      const base = v128.load32_splat(from)
      const places = v128.load((PAIRS as usize) + ((bits as usize) << 4))
      v128.store(lists, i32x4.add(base, i32x4.shl(i32x4.extend_low_i16x8_u(places), 6)))
      v128.store(lists, i32x4.add(base, i32x4.shl(i32x4.extend_high_i16x8_u(places), 6)), 16)
      lists += (popcnt<u32>(bits) as usize) << 2
    }
  }
  store<u32>(starts + ((inGroup as usize) << 2), lists as u32)
  return lists
}

/**
 * Some frames of a group: spikes (bytes) and cotangents of the group's sums, added to rows `[tap, channel, outputs of the group
 * in blocks of sixteen]`. A row meets its events by frame, row and column.
 */
export function weightsOf(
  spikes: usize,
  sums: usize,
  rows: usize,
  scratch: usize,
  frames: i32,
  group: i32,
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
  if (kernelHeight * kernelWidth * stride == 1 && padding == 0) {
    // All positions are one row.
    width *= frames * height
    outWidth = width
    height = outHeight = frames = 1
  }
  const top = before(kernelHeight, stride, padding)
  const left = before(kernelWidth, stride, padding)
  const bottom = behind(height, stride, padding, outHeight)
  const right = behind(width, stride, padding, outWidth)
  const line: usize = ((left + outWidth + right) as usize) << 6
  const frameBytes: usize = ((top + outHeight + bottom) as usize) * line
  const framed = (scratch + 127) & ~63
  const starts: usize = framed + (frames as usize) * frameBytes
  const ownStarts: usize = ((inGroup + 1) as usize) << 2
  const masks: usize = (starts + ((stride * stride) as usize) * ownStarts + 15) & ~15
  const blocks = frames * ((height + stride - 1) / stride) * (((width + stride - 1) / stride + 7) >> 3)
  let lists: usize = masks + (blocks as usize) * ((16 + ((inGroup + 15) & ~15)) as usize)
  for (let cy = 0; cy < stride; cy++)
    for (let cx = 0; cx < stride; cx++) {
      const own: usize = starts + ((cy * stride + cx) as usize) * ownStarts
      lists = eventsOf(spikes + ((group * inGroup) as usize), frames, inGroup, channels, cy, cx, height, width, stride, framed, frameBytes, line, masks, own, lists)
    }
  memory.fill(framed, 0, (frames as usize) * frameBytes)
  const middle: usize = framed + (top as usize) * line + ((left as usize) << 6)
  const rowBytes: usize = (((outGroup + 15) & ~15) as usize) << 2
  for (let o = 0; o < outGroup; o += 16) {
    const from: usize = sums + ((group * outGroup + o) as usize << 2)
    for (let f: usize = 0; f < (frames as usize); f++)
      frameIn(from + f * ((outHeight * outWidth) as usize) * outBytes, outBytes, outHeight, outWidth, middle + f * frameBytes, line)
    for (let cy = 0; cy < stride; cy++)
      for (let cx = 0; cx < stride; cx++)
        for (let ky = (cy + padding) % stride; ky < kernelHeight; ky += stride)
          for (let kx = (cx + padding) % stride; kx < kernelWidth; kx += stride) {
            const down: usize = (top + (cy + padding - ky) / stride) as usize
            const over: usize = (left + (cx + padding - kx) / stride) as usize
            const row: usize = rows + (((ky * kernelWidth + kx) * channels + group * inGroup) as usize) * rowBytes + ((o as usize) << 2)
            gather(starts + ((cy * stride + cx) as usize) * ownStarts, inGroup, down * line + (over << 6), row, rowBytes)
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
      weightsOf(spikes + (f as usize) * spikesFrame, sums + (f as usize) * sumsFrame, own, scratch, min(together, end - f), group, height, width, groups, inGroup, outGroup, kernelHeight, kernelWidth, stride, padding, outHeight, outWidth)
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
