/** Batches of a data set: samples with what the network should say of them. @module */
import type * as Either from 'fp-ts/lib/Either.js'
import { type Faults, refuse, unlessFaulty } from '../../core/fault.js'
import { type Currents, sizeOf, tensor } from '../../core/tensor.js'
import type { Config } from '../../model/config.js'
import { type Batch, type Dataset, labelFaults, sampleFaults } from './given.js'
import { targets } from './loss.js'

/** Some samples, time first, and their labels: samples that are there. */
export const gathered = (
  { shape, data, labels }: Dataset,
  samples: readonly number[],
): { readonly images: Currents; readonly labels: readonly number[] } => {
  const [T, frame] = shape.length === 4 ? [shape[0]!, shape.slice(1)] : [1, shape]
  const size = sizeOf(frame)
  const images = new Float32Array(T * samples.length * size)
  samples.forEach((sample, b) => {
    for (let t = 0; t < T; t++) {
      const from = (sample * T + t) * size
      images.set(data.subarray(from, from + size), (t * samples.length + b) * size)
    }
  })
  return { images: tensor([T, samples.length, ...frame], images), labels: samples.map((sample) => labels[sample]!) }
}

/**
 * Some samples of a data set as a batch: images `[1, B, c, H, W]` or frames `[T, B, c, H, W]`, and of each label
 * `1 - smoothing`, the rest spread over all classes, `[B, classes]`.
 *
 * Fails with `Input` where the data are not the network's, a sample is not there, there is none or its label is no class.
 *
 * @example
 * const data = { shape: [1, 16, 16], data: new Float32Array(512), labels: [5, 6] }
 * const batch = batchOf(variants.digits, 0)(data, [1])
 * pipe(batch, Either.map(({ images, targets }) => [images.shape, targets.data.indexOf(1)])) // => Either.right([[1, 1, 1, 16, 16], 6])
 */
export const batchOf =
  (config: Config, smoothing: number) =>
  (given: Dataset, samples: readonly number[]): Either.Either<Faults, Batch> => {
    const { length } = given.labels
    const odd = samples.find((sample) => !(Number.isInteger(sample) && sample >= 0 && sample < length))
    const wrong = [
      ...(smoothing >= 0 && smoothing <= 1
        ? []
        : refuse(`the label smoothing is ${smoothing}`, 'give a number from 0 to 1')),
      ...(samples.length > 0 ? [] : refuse('the batch has no samples', 'give the numbers of some')),
      ...sampleFaults(config, 'batch', given),
      ...(odd === undefined
        ? labelFaults(
            config,
            'batch',
            samples.map((sample) => given.labels[sample]!),
          )
        : refuse(`there is no sample ${odd}`, `the data have the samples 0 to ${length - 1}`)),
    ]
    return unlessFaulty(wrong, () => {
      const { images, labels } = gathered(given, samples)
      return { images, targets: targets(labels, config.classes, smoothing) }
    })
  }
