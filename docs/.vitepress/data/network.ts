/** The bundled network and digits, for what is drawn at build. @module */
import { readFile } from 'node:fs/promises'
import { type Digit, decodeSafetensors, type NetworkParameters, parse, splitDigits, variants } from 'spikingresformer'
import { bundledCheckpoint, bundledDigits } from 'spikingresformer/node'
import { rightOf } from '../figures/record'

/** The trained network. */
export const bundledNetwork = async (): Promise<NetworkParameters> => {
  const bytes = new Uint8Array(await readFile(rightOf(await bundledCheckpoint())))
  return rightOf(parse(variants.digits)(rightOf(decodeSafetensors(bytes)).tensors))
}

/** One digit of the test set of each class. */
export const samples = async (): Promise<readonly Digit[]> => {
  const { test } = splitDigits(rightOf(await bundledDigits()))
  return Array.from({ length: 10 }, (_, label) => test.find((digit) => digit.label === label) ?? test[0]!)
}
