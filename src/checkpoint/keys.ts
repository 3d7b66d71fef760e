/** The authors' checkpoint keys of what an operation learns and measures. @module */

/**
 * A place is an operation's path and a part of it, `layers.0.0.W.norm.weight`; the authors name a few otherwise: a batch
 * norm stands beside its convolution under a name of its own, the stem is a sequence, and a product's rates are the
 * block's.
 */
const NAMES: readonly (readonly [place: RegExp, key: string])[] = [
  [/^prologue\.weight$/, 'prologue.0.weight'],
  [/^prologue\.norm\./, 'prologue.1.bn.'],
  [/\.W\.norm\./, '.norm.bn.'],
  [/\.Wproj\.norm\./, '.norm_proj.bn.'],
  [/\.conv\.norm\./, '.norm.bn.'],
  [/\.1\.norm\./, '.2.bn.'],
  [/\.matmul1\.rate$/, '.firing_rate_x'],
  [/\.matmul2\.rate$/, '.firing_rate_attn'],
]

/**
 * The authors' key of a place in the network.
 *
 * @example
 * checkpointKey('layers.0.0.W.norm.running_mean') // => 'layers.0.0.norm.bn.running_mean'
 * checkpointKey('layers.0.1.conv.0.1.norm.bias') // => 'layers.0.1.conv.0.2.bn.bias'
 * checkpointKey('layers.0.0.matmul1.rate') // => 'layers.0.0.firing_rate_x'
 * checkpointKey('layers.0.0.activation_in.w') // => 'layers.0.0.activation_in.w'
 */
export const checkpointKey = (place: string): string => {
  const name = NAMES.find(([pattern]) => pattern.test(place))
  return name === undefined ? place : place.replace(name[0], name[1])
}
