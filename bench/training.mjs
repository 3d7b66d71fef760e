// npm run bench:training -- [--networks digits,cifar] [--threads 1,2] [--steps 5] [--rounds 2] [--keep all,borders,spikes]
//   [--kernels]
// A step of training (forward in training mode, loss, backward; the optimiser apart): digits at batch 64, cifar at batch 16,
// T = 4, and PyTorch's with the same layers in the same run, where /usr/bin/python3 has torch (Debian's python3-torch). Both
// by turns, the least of all steps; on a machine that does other work, compare the columns of processor time. The dense
// products are those of the gradients of inputs: what they take at a core's peak of additions, no step can be faster than.
// A step keeps all of the way forward; --keep says to keep less as well, as a step does that would not fit in a memory.
// --kernels: the milliseconds of a step that the calling thread spent in each kernel, the least of all steps.
import { spawnSync } from 'node:child_process'
import { availableParallelism, cpus } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { syntheticInput } from '../dist/checkpoint/synthetic.js'
import { planOf } from '../dist/compiled/training/plan.js'
import { threadedTrainer, wasmTrainer } from '../dist/compiled/training.js'
import { variants } from '../dist/model/config.js'
import { readSafetensors } from '../dist/node/files.js'
import { targets } from '../dist/tasks/training/loss.js'
import { compiledTracing, learnBy } from '../dist/tasks/training/step.js'
import { freshWeights } from '../dist/tasks/training/weights.js'
import { right } from './subject.mjs'

const { values } = parseArgs({
  options: {
    networks: { type: 'string', default: 'digits,cifar' },
    threads: { type: 'string', default: availableParallelism() > 1 ? '1,2' : '1' },
    steps: { type: 'string', default: '5' },
    rounds: { type: 'string', default: '2' },
    keep: { type: 'string', default: 'all' },
    kernels: { type: 'boolean', default: false },
  },
})

/** What kernels took since this was emptied, in milliseconds: those of instances that are made with a clock around each. */
const spent = new Map()
if (values.kernels) {
  const { Instance } = WebAssembly
  const clocked = (name, kernel) => (...args) => {
    const began = performance.now()
    kernel(...args)
    spent.set(name, (spent.get(name) ?? 0) + performance.now() - began)
  }
  const made = /** @type {any} */ (function (module, imports) {
    const { exports } = new Instance(module, imports)
    return { exports: Object.fromEntries(Object.entries(exports).map(([name, kernel]) => [name, clocked(name, kernel)])) }
  })
  WebAssembly.Instance = made
}

const list = (text) => text.split(',').filter((part) => part !== '')
const path = (name) => fileURLToPath(new URL(name, import.meta.url))
const BATCHES = { digits: 64, cifar: 16 }

/** How many pairs of a place along an axis of the inputs and a tap meet a place of the sums. */
const meetings = (size, kernel, stride, padding, outSize) => {
  const inside = (at) => at >= 0 && at < size
  const places = Array.from({ length: outSize }, (_, place) => place * stride - padding)
  return places.reduce((sum, at) => sum + Array.from({ length: kernel }, (_, tap) => at + tap).filter(inside).length, 0)
}

/** Multiplications and additions of the gradients of inputs, which alone are dense: of synapses, and of attention's products. */
const denseOf = ({ backward, samples }) =>
  backward
    .flatMap(({ calls }) => calls)
    .map(({ kernel, per, args }) => {
      if (kernel === 'toInputs') {
        const [height, width, groups, ins, outs, kh, kw, stride, padding, oh, ow] = args.slice(4)
        return per * groups * ins * outs * meetings(height, kh, stride, padding, oh) * meetings(width, kw, stride, padding, ow)
      }
      return kernel === 'productBack' ? per * args.slice(-4).reduce((a, b) => a * b, 1) : 0
    })
    .reduce((a, b) => a + b * samples, 0)

/** A step of a network: the bundled digits, or fresh weights of another; what its memory has come to, and how much is dense. */
const stepOf = async (name, batch, threads, keeping) => {
  const config = variants[name]
  const weights =
    name === 'digits' ? right(await readSafetensors(path('../data/digits.safetensors'))()).tensors : freshWeights(config, 1)
  const shape = [1, batch, config.channels, config.image.height, config.image.width]
  const labels = Array.from({ length: batch }, (_, b) => b % config.classes)
  const given = {
    images: { shape, data: Float32Array.from(syntheticInput(shape, 7).data) },
    targets: targets(labels, config.classes, 0.1),
  }
  const team = right(threads === 1 ? wasmTrainer(keeping) : await threadedTrainer(threads, keeping))
  let dense = 0
  const counting = (logits, mode) => {
    dense = denseOf(planOf(logits, mode, keeping))
    return team.trainer(logits, mode)
  }
  right(learnBy(compiledTracing(counting, 'detached'), config, { kind: 'mean' })(weights, given))
  const learn = learnBy(compiledTracing(team.trainer, 'detached'), config, { kind: 'mean' })
  return { ...team, dense, step: () => right(learn(weights, given)) }
}

/** The least wall-clock and processor time of some steps, and the least that each kernel took, in milliseconds. */
const timed = (steps, step) => {
  const times = Array.from({ length: steps }, () => {
    spent.clear()
    const [began, before] = [performance.now(), process.cpuUsage()]
    step()
    const { user, system } = process.cpuUsage(before)
    return { wall: performance.now() - began, processor: (user + system) / 1000, kernels: Object.fromEntries(spent) }
  })
  return times.reduce(least, null)
}

/** PyTorch's, or null where there is none. */
const torch = (name, batch, threads) => {
  const { stages, ratio, groupWidth, classes, channels, image, steps } = variants[name]
  const of = {
    ...{ planes: stages.map((s) => s.planes), heads: stages.map((s) => s.heads), patches: stages.map((s) => s.patch) },
    ...{ depths: stages.map((s) => s.depth), ratio, group: groupWidth, steps, classes, batch, channels, side: image.height },
  }
  const args = [path('training.py'), JSON.stringify(of), String(threads), values.steps]
  const { status, stdout } = spawnSync('/usr/bin/python3', args, { encoding: 'utf8' })
  return status === 0 ? JSON.parse(stdout) : null
}

const least = (a, b) =>
  a === null
    ? b
    : {
        ...{ wall: Math.min(a.wall, b.wall), processor: Math.min(a.processor, b.processor) },
        kernels: Object.fromEntries(Object.entries(b.kernels ?? {}).map(([k, ms]) => [k, Math.min(ms, a.kernels[k])])),
      }
const columns = [9, 7, 9, 9, 9, 11, 7, 12, 12, 12, 8]
const print = (...cells) => console.log(cells.map((cell, i) => String(cell).padStart(columns[i] ?? 16)).join(''))

console.log(`${cpus()[0].model}, ${availableParallelism()} cores, Node ${process.version}, T = 4; ms a step`)
print('network', 'batch', 'threads', 'keeps', 'ms', 'cpu ms', 'MB', 'dense GMAC', 'PyTorch ms', 'cpu ms', 'ratio', 'ratio of cpu')
for (const name of list(values.networks))
  for (const threads of list(values.threads).map(Number)) {
    const batch = BATCHES[name]
    const ways = []
    for (const keeping of list(values.keep)) ways.push({ keeping, ...(await stepOf(name, batch, threads, keeping)) })
    let [ours, theirs] = [ways.map(() => null), null]
    try {
      for (const { step } of ways) timed(1, step)
      for (let round = 0; round < Number(values.rounds); round++) {
        ours = ways.map(({ step }, i) => least(ours[i], timed(Number(values.steps), step)))
        const found = torch(name, batch, threads)
        theirs = found === null ? null : least(theirs, found)
      }
    } finally {
      for (const { close } of ways) close()
    }
    const whole = (time) => (time === undefined ? '-' : time.toFixed(0))
    for (const [i, { keeping, dense, memory }] of ways.entries()) {
      print(
        ...[name, batch, threads, keeping, whole(ours[i].wall), whole(ours[i].processor)],
        ...[Math.round(memory().bytes / 1e6), (dense / 1e9).toFixed(2), whole(theirs?.wall), whole(theirs?.processor)],
        ...(theirs === null
          ? ['-', '-']
          : [theirs.wall / ours[i].wall, theirs.processor / ours[i].processor].map((r) => r.toFixed(2))),
      )
      for (const [kernel, ms] of Object.entries(ours[i].kernels).sort(([, a], [, b]) => b - a))
        print('', '', '', '', ms.toFixed(1), `  ${kernel}`)
    }
  }
