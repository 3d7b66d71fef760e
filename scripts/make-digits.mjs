// Makes data/digits.safetensors from the PyTorch checkpoint of the digits network:
//   npm run build && node scripts/make-digits.mjs digits.pth [out.safetensors]
import { readFile, writeFile } from 'node:fs/promises'
import { decodePytorch } from '../dist/checkpoint/pytorch.js'
import { encodeSafetensors } from '../dist/checkpoint/safetensors.js'
import { sourceOfBytes } from '../dist/checkpoint/source.js'
import { describe } from '../dist/core/fault.js'

const metadata = {
  network: 'SpikingResformer, configuration "digits": 16 x 16, 1 channel, 10 classes, T = 4, LIF',
  training: 'rows 1 to 1437 of digits.csv; 347 of the 360 others are classified right (96.4 %)',
  data: 'UCI Optical Recognition of Handwritten Digits, test set, E. Alpaydin and C. Kaynak, CC BY 4.0',
}

const [checkpoint, out = new URL('../data/digits.safetensors', import.meta.url)] = process.argv.slice(2)
if (checkpoint === undefined) {
  console.error('usage: node scripts/make-digits.mjs CHECKPOINT.pth [OUT.safetensors]')
  process.exit(2)
}
const result = await decodePytorch(sourceOfBytes(new Uint8Array(await readFile(checkpoint))))()
if (result._tag === 'Left') {
  for (const fault of result.left) console.error(describe(fault))
  process.exit(1)
}
const file = encodeSafetensors(result.right, metadata)
if (file._tag === 'Left') throw new Error(JSON.stringify(file.left))
await writeFile(out, file.right)
