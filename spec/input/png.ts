import { deflateSync } from 'node:zlib'

const crcTable = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n
  for (let k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1
  return c
})

const crc32 = (bytes: Uint8Array): number => {
  let c = 0xffffffff
  for (const byte of bytes) c = crcTable[(c ^ byte) & 255]! ^ (c >>> 8)
  return ~c >>> 0
}

/** A PNG chunk with its length and checksum. */
export const chunk = (type: string, data: Uint8Array): Uint8Array => {
  const bytes = Buffer.alloc(12 + data.length)
  bytes.writeUInt32BE(data.length, 0)
  bytes.write(type, 4, 'latin1')
  bytes.set(data, 8)
  bytes.writeUInt32BE(crc32(bytes.subarray(4, 8 + data.length)), 8 + data.length)
  return bytes
}

/** PNG colour types. */
export const colourType = { grey: 0, rgb: 2, palette: 3, greyAlpha: 4, rgba: 6 } as const

/** A PNG of the given header; `scanlines` have a filter byte each; `extra` chunks come before the pixels. */
export const png = (
  width: number,
  height: number,
  depth: number,
  type: number,
  scanlines: readonly number[],
  extra: readonly Uint8Array[] = [],
): Uint8Array => {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header[8] = depth
  header[9] = type
  return new Uint8Array(
    Buffer.concat([
      Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a),
      chunk('IHDR', header),
      ...extra,
      chunk('IDAT', deflateSync(Uint8Array.from(scanlines))),
      chunk('IEND', new Uint8Array(0)),
    ]),
  )
}
