// node bench/program.mjs classify checkpoint.safetensors s images.. | evaluate: what a user of the library would write, to
// compare the command line with (bench/commands.mjs): reads, decodes, runs compile() and prints the best classes.
import { pipe } from '../node_modules/fp-ts/lib/function.js'
import * as TaskEither from '../node_modules/fp-ts/lib/TaskEither.js'
import { compile } from '../dist/compiled/network.js'
import { digitsInput, splitDigits } from '../dist/input/digits.js'
import { evaluationInput } from '../dist/input/evaluation.js'
import { digits, variants } from '../dist/model/config.js'
import { parse } from '../dist/model/parameters.js'
import { bundledCheckpoint, bundledDigits } from '../dist/node/bundled.js'
import { readImage } from '../dist/node/decode.js'
import { readCheckpoint } from '../dist/node/weights.js'

const right = (either) => {
  if (either._tag === 'Left') throw new Error(JSON.stringify(either.left))
  return either.right
}

/** The class of the largest mean over the steps. */
const best = ({ shape: [steps, , classes], data }) => {
  const means = Array.from({ length: classes }, (_, k) => {
    let sum = 0
    for (let t = 0; t < steps; t++) sum += data[t * classes + k]
    return sum / steps
  })
  return means.indexOf(Math.max(...means))
}

const networkOf = async (file, config) => {
  const parameters = right(await pipe(file, TaskEither.chain(readCheckpoint), TaskEither.chainEitherK(parse(config)))())
  const run = compile()(parameters).still(config.steps)
  return ({ shape, data }) => best(right(run({ shape: [1, ...shape.slice(-4)], data })))
}

const [task, checkpoint, variant, ...images] = process.argv.slice(2)
if (task === 'classify') {
  const config = variants[variant]
  const classOf = await networkOf(TaskEither.right(checkpoint), config)
  for (const file of images) {
    const { shape, data } = right(evaluationInput(config.image)(right(await readImage(file)())))
    console.log(file, classOf({ shape: [1, 1, ...shape.slice(-3)], data }))
  }
} else {
  const classOf = await networkOf(bundledCheckpoint, digits)
  const { test } = splitDigits(right(await bundledDigits()))
  const correct = test.filter(({ values, label }) => {
    const { data } = right(digitsInput(values))
    return classOf({ shape: [1, 1, 1, 16, 16], data }) === label
  })
  console.log(`${correct.length} of ${test.length}`)
}
