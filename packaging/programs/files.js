// What needs the package's files, and what needs files of the user.
import { describe } from 'spikingresformer'
import { bundledCheckpoint, bundledDigits, readCheckpoint, writeSafetensors } from 'spikingresformer/node'

console.log('loaded')
const say = (result, show) =>
  console.log(result._tag === 'Left' ? result.left.map(describe).join('; ') : show(result.right))
const main = async () => {
  const path = await bundledCheckpoint()
  say(path, (right) => right.replace(/^.*[\\/](?=data)/, ''))
  say(await bundledDigits(), (right) => right.length)
  const [, , own = path.right] = process.argv
  const tensors = await readCheckpoint(own)()
  say(tensors, (right) => right.size)
  say(await writeSafetensors('written.safetensors', tensors.right)(), () => 'written')
}
void main()
