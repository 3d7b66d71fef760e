/** A small network that learns the digits, step by step, by the package's compiled training. @module */
import { type Digit, digitsInput, splitDigits, variants } from 'spikingresformer'
import {
  accuracyOf,
  batchOf,
  type Dataset,
  descend,
  draws,
  freshWeights,
  learnBy,
  noMoments,
  recipes,
  shuffled,
  type TrainingEngine,
  trainingEngine,
} from 'spikingresformer/training'
import { rightOf } from './record'

/** What a step came to; every tenth is also asked what it makes of test digits. */
export interface Learnt {
  readonly step: number
  readonly loss: number
  readonly accuracy: number | null
}

/** The first two stages of the digits network, a block each. */
const config = {
  ...variants.digits,
  name: 'small',
  stages: variants.digits.stages.slice(0, 2).map((stage) => ({ ...stage, depth: 1 })),
}
export const BATCH = 16
export const RATE = 5e-3
export const TESTED = 100
/** Steps that are drawn. */
export const STEPS = 120

const datasetOf = (digits: readonly Digit[]): Dataset => ({
  shape: [1, 16, 16],
  data: Float32Array.from(digits.flatMap(({ values }) => [...rightOf(digitsInput(values)).data])),
  labels: digits.map(({ label }) => label),
})

/** Step after step, without end, on one thread. */
function* stepsOf(
  { trace, interpreter }: TrainingEngine,
  digits: readonly Digit[],
  seed: number,
): Generator<Learnt, never> {
  const { training, test } = splitDigits(digits)
  const [met, unmet] = [datasetOf(training), datasetOf(test.slice(0, TESTED))]
  const learn = learnBy(trace, config, recipes.digits.loss)
  const batch = batchOf(config, 0.1)
  const next = descend(config, recipes.digits.optimiser)
  const accuracy = accuracyOf(interpreter, config)
  const perEpoch = Math.floor(met.labels.length / BATCH)
  let [weights, moments] = [freshWeights(config, seed), noMoments]
  for (let step = 0; ; step++) {
    const order = shuffled(met.labels.length, draws(`epoch ${Math.floor(step / perEpoch)} order`, seed))
    const from = (step % perEpoch) * BATCH
    const learned = rightOf(learn(weights, rightOf(batch(met, order.slice(from, from + BATCH)))))
    ;({ weights, moments } = rightOf(next(RATE, weights, moments, learned)))
    yield {
      step: step + 1,
      loss: learned.loss,
      accuracy: step % 10 === 9 ? rightOf(accuracy(weights, unmet)) : null,
    }
  }
}

/** Training on the digits from a seed. */
export const learning = async (digits: readonly Digit[], seed: number): Promise<Generator<Learnt, never>> =>
  stepsOf(rightOf(await trainingEngine(1)()), digits, seed)
