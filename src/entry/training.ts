/**
 * Training: gradients of a batch by the compiled kernels or the reference, to the same bits on any number of threads, and
 * the weights that follow. Every state is a value; what is drawn follows from a seed.
 *
 * @example
 * ```ts
 * import { digitsInput, splitDigits, variants } from 'spikingresformer'
 * import { bundledDigits } from 'spikingresformer/node'
 * import { epoch, freshWeights, recipes, trainingEngine, untrained } from 'spikingresformer/training'
 *
 * const right = <A>(result: { _tag: 'Left' } | { _tag: 'Right'; right: A }): A => {
 *   if (result._tag === 'Left') throw new Error('refused')
 *   return result.right
 * }
 * const some = splitDigits(right(await bundledDigits())).training.slice(0, 64)
 * const training = {
 *   shape: [1, 16, 16],
 *   data: Float32Array.from(some.flatMap(({ values }) => [...right(digitsInput(values)).data])),
 *   labels: some.map(({ label }) => label),
 * }
 * const plan = { config: variants.digits, recipe: recipes.digits, seed: 1, training, test: null }
 * const engine = right(await trainingEngine(1)())
 * const running = epoch(engine, plan, untrained(freshWeights(plan.config, plan.seed)))
 * const next = () => {
 *   for (;;) {
 *     const { done, value } = running.next()
 *     if (done) return right(value)
 *   }
 * }
 * next().history.length // => 1
 * engine.close()
 * ```
 * @module spikingresformer/training
 */

// Recipes
export type { Scaling, Training } from '../interpreters/gradient/training.js'
export type { Loss } from '../tasks/training/loss.js'
export type { AdamW } from '../tasks/training/optimiser.js'
export type { Recipe, RecipeName } from '../tasks/training/recipe.js'
export { rateOf, recipes } from '../tasks/training/recipe.js'

// Weights
export type { Weights } from '../tasks/training/given.js'
export { freshWeights, transferred } from '../tasks/training/weights.js'

// Epochs
export type { TrainingEngine } from '../tasks/training/choice.js'
export { trainingEngine } from '../tasks/training/choice.js'
export type { Engine, Metrics, Trained } from '../tasks/training/epoch.js'
export { accuracyOf, epoch, samplesMet, untrained } from '../tasks/training/epoch.js'
export type { Dataset, Plan } from '../tasks/training/given.js'

// Steps
export { augmented } from '../tasks/training/augment.js'
export { batchOf } from '../tasks/training/batches.js'
export { descend } from '../tasks/training/descent.js'
export { draws, shuffled } from '../tasks/training/draws.js'
export type { Batch } from '../tasks/training/given.js'
export type { Judged } from '../tasks/training/loss.js'
export type { Moments } from '../tasks/training/optimiser.js'
export { adamW, noMoments } from '../tasks/training/optimiser.js'
export type { Learn, Learned, Text, Trace } from '../tasks/training/step.js'
export { learnBy } from '../tasks/training/step.js'

// Files
export type { NamedPlan } from '../tasks/training/circumstances.js'
export { curves } from '../tasks/training/curves.js'
export { networkFile, resumed, stateFile } from '../tasks/training/state.js'

// Types that the declarations name, so that a program's own declarations can name them too
export type { Either } from 'fp-ts/lib/Either.js'
export type { ReadonlyNonEmptyArray } from 'fp-ts/lib/ReadonlyNonEmptyArray.js'
export type { TaskEither } from 'fp-ts/lib/TaskEither.js'
export type { Safetensors } from '../checkpoint/safetensors.js'
export type { Traced } from '../compiled/training.js'
export type { Fault, Faults } from '../core/fault.js'
export type { Currents, Numbers, Precision, Reals, Shape, Tensor } from '../core/tensor.js'
export type { CurrentValue, SpikeValue } from '../interpreters/graph.js'
export type { Interpreter } from '../interpreters/interpreter.js'
export type { Config } from '../model/config.js'
export type { Kernels } from '../model/kernels.js'
