// What the commands about training share: what trains, batch norm's statistics from one batch, and Eithers opened.
import { describe } from '../dist/core/fault.js'
import { tensor } from '../dist/core/tensor.js'
import { freshTraining } from '../dist/interpreters/gradient/training.js'
import { forward, network } from '../dist/model/network.js'
import { layout, parse } from '../dist/model/parameters.js'
import { trainingEngine } from '../dist/tasks/training/choice.js'
import { measurable } from '../dist/tasks/training/step.js'

/** The right of an Either, or the end of the command by its faults. */
export const right = (either) => {
  if (either._tag === 'Right') return either.right
  throw new Error(either.left.map(describe).join('\n'))
}

/** What trains, on one thread: the bits of all are the same. */
export const engine = right(await trainingEngine(1)())

/** A number to four digits, as the files have it. */
export const rounded = (value) => Number(value.toPrecision(4))

/** The weights with batch norm's statistics of one batch, and with its firing rates where none are recorded. */
export const withStatistics = (config, scaling, weights, { images }) => {
  const parameters = right(parse(config)(measurable(config, weights)))
  const entries = layout(config)
  const rates = new Map(
    entries.filter(({ role }) => role === 'rate').map(({ key }) => [key, [...weights.get(key).data]]),
  )
  const training = { ...freshTraining, scaling, rates, momentum: 1, rateMomentum: 1, repeats: config.steps }
  const text = (K) => forward(network(K)(parameters))(config.steps)
  const { statistics } = right(engine.trace(text, images, training))
  return new Map(
    entries.map(({ key }) => {
      const [value, found] = [weights.get(key), statistics.get(key)]
      return [key, found === undefined ? value : tensor(value.shape, found)]
    }),
  )
}
