/** What the numbers and choices of a recipe must be. @module */
import type { Fault } from '../../core/fault.js'
import type { Scaling } from '../../interpreters/gradient/training.js'
import type { Loss } from './loss.js'
import type { AdamW } from './optimiser.js'
import type { Recipe } from './recipe.js'

/** A rule of one number: what it is called, which it is, what it must be. */
type Rule<A> = readonly [name: string, of: (value: A) => number, must: string, may: (x: number) => boolean]

const finite = (x: number): boolean => x >= 0 && x < Infinity

const ofOptimiser: readonly Rule<AdamW>[] = [
  ['betas[0]', ({ betas }) => betas[0], 'from 0 to below 1', (x) => x >= 0 && x < 1],
  ['betas[1]', ({ betas }) => betas[1], 'from 0 to below 1', (x) => x >= 0 && x < 1],
  ['eps', ({ eps }) => eps, 'above 0', (x) => x > 0 && x < Infinity],
  ['weightDecay', ({ weightDecay }) => weightDecay, 'at least 0', finite],
]

const ofRecipe: readonly Rule<Recipe>[] = [
  ['epochs', ({ epochs }) => epochs, 'a whole number of at least 1', (x) => Number.isSafeInteger(x) && x >= 1],
  ['batch', ({ batch }) => batch, 'a whole number of at least 2', (x) => Number.isSafeInteger(x) && x >= 2],
  ['rate', ({ rate }) => rate, 'at least 0', finite],
  ['warmup.epochs', ({ warmup }) => warmup.epochs, 'a whole number', (x) => Number.isSafeInteger(x) && x >= 0],
  ['warmup.from', ({ warmup }) => warmup.from, 'at least 0', finite],
  ['minimum', ({ minimum }) => minimum, 'at least 0', finite],
  ['smoothing', ({ smoothing }) => smoothing, 'from 0 to 1', (x) => x >= 0 && x <= 1],
  ['mixup', ({ mixup }) => mixup, 'at least 0', finite],
  ['cutmix', ({ cutmix }) => cutmix, 'at least 0', finite],
  ['shift', ({ shift }) => shift, 'a whole number', (x) => Number.isSafeInteger(x) && x >= 0],
]

/** A field of a recipe that cannot be. */
export const fieldFault = (name: string, problem: string): Fault => ({
  _tag: 'Configuration',
  field: `recipe.${name}`,
  problem,
})

const broken = <A>(rules: readonly Rule<A>[], value: A, prefix = ''): readonly Fault[] =>
  rules.flatMap(([name, of, must, may]) =>
    may(of(value)) ? [] : [fieldFault(`${prefix}${name}`, `must be ${must}, not ${of(value)}`)],
  )

/** What of an optimiser's settings cannot be. */
export const optimiserFaults = (settings: AdamW): readonly Fault[] => [
  ...broken(ofOptimiser, settings, 'optimiser.'),
  ...(['all', 'matrices'].includes(settings.decays)
    ? []
    : [fieldFault('optimiser.decays', `must be all or matrices, not ${settings.decays}`)]),
]

/** What of a loss cannot be; a program without types may give anything. */
export const lossFaults = (loss: Loss): readonly Fault[] => {
  const {
    kind,
    phi = 0,
    lambda = 0,
  } = loss as { readonly kind: string; readonly phi?: number; readonly lambda?: number }
  return kind === 'mean' || (kind === 'tet' && Number.isFinite(phi) && lambda >= 0 && lambda <= 1)
    ? []
    : [fieldFault('loss', 'must be of kind mean, or of kind tet with a finite phi and a lambda from 0 to 1')]
}

/** What of a scaling cannot be. */
export const scalingFaults = (scaling: Scaling): readonly Fault[] =>
  scaling.kind === 'rates' || Number.isFinite(scaling.factor)
    ? []
    : [fieldFault('scaling', 'must be of kind rates, or of kind constant with a finite factor')]

/** What of a recipe cannot be, whatever the network. */
export const recipeFaults = (recipe: Recipe): readonly Fault[] => [
  ...broken(ofRecipe, recipe),
  ...optimiserFaults(recipe.optimiser),
  ...lossFaults(recipe.loss),
  ...scalingFaults(recipe.scaling),
]
