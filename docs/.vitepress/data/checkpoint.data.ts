import { readFile } from 'node:fs/promises'
import { sourceOfBytes } from 'spikingresformer'
import { bundledCheckpoint } from 'spikingresformer/node'
import { classified, type Told } from '../figures/checkpoint'
import { rightOf } from '../figures/record'
import { samples } from './network'

declare const data: Told

export { data }

/** What the bundled network answers to the recorded digit. */
export default {
  load: async (): Promise<Told> => {
    const [bytes, digits] = [new Uint8Array(await readFile(rightOf(await bundledCheckpoint()))), await samples()]
    const subject = { kind: 'digit', values: digits[2]!.values } as const
    return rightOf(
      await classified(sourceOfBytes(bytes), subject, { network: '', invert: false, side: 0 }, () => undefined)(),
    )
  },
}
